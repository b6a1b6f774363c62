//SOURCES ../Copy.java ../Fingerprint.java ../History.java ../Postgres.java ../Target.java
//SOURCES ../trash/Trash.java Difference.java Differ.java Fingerprinted.java Platform.java Replay.java

package lib.schema;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import lib.Copy;
import lib.Fingerprint;
import lib.History;
import lib.Postgres;
import lib.Target;
import lib.trash.Trash;

/**
 * Where a database is not what the migrations it has make of an empty one: what somebody did there by hand.
 *
 * @param differences added is what no migration makes, removed what the database lacks
 * @param untold why it cannot be told; null when it was
 */
public record Drift(List<Difference> differences, String untold) {
    private static final Set<String> MANAGED = Set.of("extension", "event trigger", "publication",
            "default privileges");
    private static final Set<String> UNKNOWN = Set.of("deleted", "unknown", "edited", "failed", "partial",
            "undecidable", "read-only");

    /**
     * Compares a database with what its applied migrations make.
     *
     * @param state what the database has of them
     * @param server makes an empty database to run them in
     */
    public static Drift of(Target live, Connection connection, History history, History.State state,
                           Supplier<Copy> server) throws SQLException {
        String untold = untold(state);
        if (untold != null) {
            return new Drift(List.of(), untold);
        }
        try (Replay replay = Replay.of(server.get(), history.tool(), state.applied());
                Connection replayed = Postgres.read(replay.target(), "drift")) {
            Predicate<Difference> counts = counts(history, state);
            // Read in milliseconds, and enough when nothing differs.
            if (Fingerprinted.compare(Fingerprint.of(replayed), Fingerprint.of(connection)).stream()
                    .noneMatch(counts)) {
                return new Drift(List.of(), null);
            }
            return new Drift(new Differ().compare(replay.target(), live).stream().filter(counts).toList(), null);
        } catch (Replay.Stuck e) {
            return new Drift(List.of(), e.getMessage());
        }
    }

    private static String untold(History.State state) {
        if (state.applied().isEmpty()) {
            return "no migration is applied there";
        }
        return state.troubles().stream().filter(trouble -> UNKNOWN.contains(trouble.kind())).findFirst()
                .map(trouble -> "its history has " + trouble.migration() + ", " + trouble.kind()).orElse(null);
    }

    /** The same selection of differences for another comparison of the same application. */
    public static List<Difference> own(List<Difference> differences, History history, History.State state) {
        return differences.stream().filter(counts(history, state)).toList();
    }

    /** Not the tool's own table, what a platform brings along, and what a release put aside. */
    private static Predicate<Difference> counts(History history, History.State state) {
        List<String> platform = Platform.schemas(history.tool());
        String schema = state.table() == null ? "public" : state.table().schema();
        String table = state.table() == null ? null : state.table().name();
        String own = schema.equals("public") ? table : schema + "." + table;
        return difference -> {
            String object = difference.object();
            String home = object.contains(".") ? object.substring(0, object.indexOf('.')) : object;
            boolean kept = own != null && (object.startsWith(own)
                    || difference.kind().equals("schema") && object.equals(schema));
            boolean aside = home.startsWith(Trash.PREFIX) || platform.contains(home);
            boolean managed = !platform.isEmpty() && MANAGED.contains(difference.kind());
            return !kept && !aside && !managed;
        };
    }

    /** The differing objects that statements touch, told by the tables, views and types that these name. */
    public List<Difference> touched(Set<String> names) {
        return differences.stream().filter(each -> names.contains(each.object()) || names.contains(each.parent()))
                .toList();
    }

    /** One line for each, as people read it. */
    public static String text(Difference difference) {
        String object = difference.kind() + " " + difference.object();
        return switch (difference.change()) {
            case Difference.ADDED -> object + ": no migration makes it";
            case Difference.REMOVED -> object + ": a migration makes it, and it is not there";
            default -> object + ": not as the migrations make it";
        };
    }
}
