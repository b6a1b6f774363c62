//SOURCES ../History.java ../Migration.java ../Postgres.java ../sql/Name.java
//SOURCES FlywayFolder.java FlywayState.java HistoryTable.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;

/** The history of Flyway: versioned and repeatable scripts, and flyway_schema_history. */
public final class Flyway implements History {
    private static final Pattern CONFIG =
            Pattern.compile("(?:.*/)?(flyway\\.(?:user\\.)?(?:conf|toml)|application[\\w-]*\\.(?:properties|ya?ml))");
    private static final List<String> COLUMNS = List.of("installed_rank", "version", "description", "type", "script",
            "checksum", "installed_by", "installed_on", "execution_time", "success");

    private final FlywayFolder folder;
    private final Options options;

    /** What the repository's configuration says of it, as far as it is written down and not worked out. */
    record Options(String table, boolean outOfOrder, boolean placeholders) {
        static Options of(Map<String, byte[]> files) {
            String table = null;
            boolean outOfOrder = false;
            boolean placeholders = true;
            for (String path : new TreeSet<>(files.keySet())) {
                String text = CONFIG.matcher(path).matches() ? new String(files.get(path), StandardCharsets.UTF_8) : "";
                if (text.contains("flyway")) {
                    table = value(text, "table", table);
                    outOfOrder |= "true".equals(value(text, "out-?[oO]f-?[oO]rder", ""));
                    placeholders &= !"false".equals(value(text, "placeholder-?[rR]eplacement", ""));
                }
            }
            return new Options(table == null ? "flyway_schema_history" : table, outOfOrder, placeholders);
        }

        private static String value(String text, String key, String otherwise) {
            Matcher at = Pattern.compile("(?m)^\\s*(?:[\\w.-]*\\.)?" + key + "\\s*[=:]\\s*[\"']?([\\w$]+)")
                    .matcher(text);
            return at.find() ? at.group(1) : otherwise;
        }
    }

    Flyway(Map<String, byte[]> files, String folder) {
        this.folder = FlywayFolder.read(files, folder);
        this.options = Options.of(files);
    }

    @Override
    public String tool() {
        return "flyway";
    }

    @Override
    public String folder() {
        return folder.path();
    }

    @Override
    public List<Migration> local() {
        return folder.scripts().stream().map(FlywayFolder.Script::migration).toList();
    }

    @Override
    public State state(Connection connection) throws SQLException {
        Troubles troubles = new Troubles();
        TreeSet<String> scripts = new TreeSet<>(folder.scripts().stream().map(FlywayFolder.Script::script).toList());
        HistoryTable table = HistoryTable.find(connection, Name.of("public", options.table), COLUMNS, "installed_rank",
                "script", scripts, troubles.all());
        if (!table.exists() && !scripts.isEmpty() && HistoryTable.tables(connection, "public") > 0) {
            troubles.add("unknown", table.sql(), table.sql() + " is not there, and the schema is not empty: Flyway"
                    + " refuses that (\"Found non-empty schema(s) … but no schema history table\")",
                    "is this the right database? If it is, say which version it has: flyway baseline"
                    + " -baselineVersion=…", true);
        }
        return new FlywayState(folder, options, table, troubles).state();
    }

    /** The rows that Flyway would write, each one rank above the last. */
    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        String table = state.table().full();
        List<String> statements = new ArrayList<>();
        if (!state.exists()) {
            String name = state.table().name();
            statements.add("CREATE TABLE " + table + " (installed_rank INT NOT NULL, version VARCHAR(50),"
                    + " description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL,"
                    + " checksum INTEGER, installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT"
                    + " now(), execution_time INTEGER NOT NULL, success BOOLEAN NOT NULL)");
            statements.add("ALTER TABLE " + table + " ADD CONSTRAINT " + Name.quote(name + "_pk")
                    + " PRIMARY KEY (installed_rank)");
            statements.add("CREATE INDEX " + Name.quote(name + "_s_idx") + " ON " + table + " (success)");
        }
        for (FlywayFolder.Script script : folder.scripts()) {
            if (migrations.contains(script.migration())) {
                statements.add("INSERT INTO " + table + " (installed_rank, version, description, type, script,"
                        + " checksum, installed_by, execution_time, success) SELECT coalesce(max(installed_rank), 0)"
                        + " + 1, " + (script.version() == null ? "NULL" : Postgres.literal(script.version().text()))
                        + ", " + Postgres.literal(script.description()) + ", '" + (script.sql() ? "SQL" : "JDBC")
                        + "', " + Postgres.literal(script.script()) + ", " + (script.sql() ? script.checksum() : "NULL")
                        + ", current_user, 0, true FROM " + table);
            }
        }
        return statements;
    }
}
