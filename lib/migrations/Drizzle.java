//SOURCES ../History.java ../Migration.java ../sql/Name.java ../Postgres.java DrizzleConfig.java DrizzleFolder.java DrizzleState.java DrizzleTable.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lib.History;
import lib.Migration;
import lib.Postgres;

/** The history of Drizzle: 0.x with its journal, and 1.0 with a folder for each migration. */
public final class Drizzle implements History {
    private final DrizzleConfig config;
    private final DrizzleFolder folder;
    private final Clock clock;

    private Drizzle(DrizzleConfig config, DrizzleFolder folder, Clock clock) {
        this.config = config;
        this.folder = folder;
        this.clock = clock;
    }

    /**
     * Finds Drizzle's migrations among the committed files of a repository.
     *
     * @param folder the folder that release.json names, or null to look for it
     */
    public static Optional<History> find(Map<String, byte[]> files, String folder) {
        return find(files, folder, Clock.systemUTC()).map(drizzle -> drizzle);
    }

    /** The same with a clock of the caller's, by which a migration can lie in the future. */
    public static Optional<Drizzle> find(Map<String, byte[]> files, String folder, Clock clock) {
        return DrizzleConfig.find(files, folder).map(config -> of(config, files, clock));
    }

    /** The migrations among these files, with what a configuration would say about them. */
    static Drizzle of(DrizzleConfig config, Map<String, byte[]> files, Clock clock) {
        return new Drizzle(config, DrizzleFolder.read(files, config.folder()), clock);
    }

    @Override
    public String tool() {
        return "drizzle";
    }

    @Override
    public String folder() {
        return folder.path();
    }

    @Override
    public List<Migration> local() {
        return folder.migrations();
    }

    /** Which Drizzle the folder is made for. */
    public DrizzleFolder.Style style() {
        return folder.style();
    }

    /** What the repository says about it. */
    public DrizzleConfig config() {
        return config;
    }

    @Override
    public State state(Connection connection) throws SQLException {
        return DrizzleState.of(folder, DrizzleTable.find(connection, config, folder.migrations()), clock);
    }

    /** One INSERT for each migration; without a history yet, first the statements with which Drizzle makes one. */
    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        boolean folders = folder.style() == DrizzleFolder.Style.FOLDERS;
        String table = DrizzleTable.sql(state.table());
        List<String> statements = new ArrayList<>();
        if (!state.exists()) {
            statements.add("CREATE SCHEMA IF NOT EXISTS " + DrizzleTable.quoted(state.table().schema()));
            statements.add("CREATE TABLE IF NOT EXISTS " + table
                    + " (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint"
                    + (folders ? ", name text, applied_at timestamp with time zone DEFAULT now())" : ")"));
        }
        // A table of 0.x stays as it is: Drizzle 1.0 names its rows, but only while there is no column for it.
        boolean named = folders && (!state.exists() || state.columns().contains("name"));
        for (Migration migration : migrations) {
            statements.add("INSERT INTO " + table + (named ? " (\"hash\", \"created_at\", \"name\")"
                    : " (\"hash\", \"created_at\")")
                    + " VALUES (" + Postgres.literal(migration.hash()) + ", " + migration.time()
                    + (named ? ", " + Postgres.literal(migration.id()) : "") + ")");
        }
        return statements;
    }
}
