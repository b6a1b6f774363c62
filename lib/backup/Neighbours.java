//SOURCES ../Hash.java ../Json.java ../Postgres.java ../Size.java ../sql/Name.java

package lib.backup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import lib.Hash;
import lib.Json;
import lib.Postgres;
import lib.Size;
import lib.sql.Name;

/**
 * The databases that stand beside a live one because a restore or a refresh made or kept them. Their names say what
 * they are, and the server itself holds, as the comment of each, how far it came: also for a run on another machine.
 */
public final class Neighbours {
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss");
    private static final String STAMP = "[0-9]{8}_[0-9]{6}";
    /** The bytes of a name that PostgreSQL keeps; it cuts the rest off without an error. */
    static final int NAME_BYTES = 63;
    private static final int LONGEST_END = "_before_refresh_20261121_101500".length();
    private static final int SHORT = 8;
    private static final int STAMP_LENGTH = 15;

    /** What a neighbour is for; the words are part of its name. */
    public enum Kind {
        /** A new database that is to take the live one's place. */
        RESTORE("_restore_"),
        /** The database that a restore replaced. */
        BEFORE("_before_"),
        /** The database that a refresh replaced. */
        REFRESHED("_before_refresh_"),
        /** One that was live after a restore and was put aside again. */
        UNDONE("_undone_"),
        /** Single tables of a backup. */
        TABLES("_tables_");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /**
     * One of them.
     *
     * @param state {@code loading} or {@code proven} as its maker noted; empty where nobody noted anything
     * @param bytes its size; 0 where the role may not ask
     */
    public record Neighbour(String name, Kind kind, long oid, String state, long bytes) {
        /** What it is, for people. */
        public String words() {
            String what = switch (kind) {
                case RESTORE -> state.equals("proven") ? "restored and proven, not swapped in"
                        : "half restored by a run that did not end";
                case BEFORE -> "what was live before a restore";
                case REFRESHED -> "what was live before the last refresh";
                case UNDONE -> "what was live before a restore was undone";
                case TABLES -> state.equals("proven") ? "single tables of a backup" : "single tables, half restored";
            };
            return name + ": " + what + ", " + Size.of(bytes);
        }
    }

    private final String live;

    /** The neighbours of the database of that name. */
    public Neighbours(String live) {
        this.live = live;
    }

    /** A name for a new one, of this moment. */
    public String fresh(Kind kind) {
        return stem() + kind.words + LocalDateTime.now().format(SECOND);
    }

    /** The name that belongs to another of the same run: equal to the last letter of its time. */
    public String fresh(Kind kind, String sibling) {
        return stem() + kind.words + sibling.substring(sibling.length() - STAMP_LENGTH);
    }

    // Cut by us, and the same way each time: what the server cuts off would be the part that tells names apart.
    private String stem() {
        int room = NAME_BYTES - LONGEST_END;
        if (live.getBytes(StandardCharsets.UTF_8).length <= room) {
            return live;
        }
        String cut = live;
        while (cut.getBytes(StandardCharsets.UTF_8).length > room - SHORT - 1) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
        }
        return cut + "_" + Hash.of(live).substring(0, SHORT);
    }

    /** Those that are there now, the oldest first. */
    public List<Neighbour> all(Connection connection) throws SQLException {
        List<Neighbour> found = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            String start = stem() + kind.words;
            for (List<String> row : Postgres.rows(connection, "SELECT datname, oid,"
                    + " shobj_description(oid, 'pg_database'), CASE WHEN has_database_privilege(oid, 'CONNECT')"
                    + " THEN pg_database_size(oid) ELSE 0 END"
                    + " FROM pg_database WHERE starts_with(datname, " + Postgres.literal(start) + ")"
                    + " AND substr(datname, " + (start.codePointCount(0, start.length()) + 1) + ") ~ '^" + STAMP + "$'"
                    + " ORDER BY right(datname, " + STAMP_LENGTH + "), datname")) {
                found.add(new Neighbour(row.get(0), kind, Long.parseLong(row.get(1)), state(row.get(2)),
                        Long.parseLong(row.get(3))));
            }
        }
        return found;
    }

    /** The comment that notes how far a new database came. */
    static String note(String database, String state, String sha256) {
        ObjectNode note = Json.object().put("madeBy", "backup.java").put("state", state).put("sha256", sha256);
        return "COMMENT ON DATABASE " + Name.quote(database) + " IS " + Postgres.literal(note.toString());
    }

    private static String state(String comment) {
        try {
            JsonNode note = comment == null ? Json.object() : Json.MAPPER.readTree(comment);
            return note.path("madeBy").asText().equals("backup.java") ? note.path("state").asText() : "";
        } catch (JsonProcessingException e) {
            // Somebody's own words.
            return "";
        }
    }
}
