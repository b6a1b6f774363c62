//SOURCES Phrase.java

package lib.sql;

import java.util.Map;
import java.util.Set;

/** Names a statement the way the server does in its answer, and tells whether a transaction may hold it. */
final class Tag {

    private static final Set<String> MODIFIERS = Set.of("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE",
        "RECURSIVE", "CONSTRAINT", "TRUSTED", "PROCEDURAL");

    /** The second words that are followed by more of the object's kind. */
    private static final Map<String, Integer> LONG_KINDS = Map.of("MATERIALIZED", 2, "FOREIGN", 2, "EVENT", 2,
        "TEXT", 3, "ACCESS", 2, "DEFAULT", 2, "LARGE", 2);

    private static final Set<String> TWO_WORDS = Set.of("IMPORT", "REFRESH", "SECURITY", "REASSIGN");

    private static final Map<String, String> SAME = Map.of("ABORT", "ROLLBACK", "END", "COMMIT", "TABLE", "SELECT",
        "VALUES", "SELECT", "TRUNCATE", "TRUNCATE TABLE", "LOCK", "LOCK TABLE", "START", "START TRANSACTION",
        "(", "SELECT", "DECLARE", "DECLARE CURSOR");

    private static final Set<String> ALONE = Set.of("VACUUM", "ALTER SYSTEM", "CREATE DATABASE", "DROP DATABASE",
        "CREATE TABLESPACE", "DROP TABLESPACE", "CREATE SUBSCRIPTION", "DROP SUBSCRIPTION", "DISCARD ALL",
        "COMMIT PREPARED", "ROLLBACK PREPARED");

    private Tag() { }

    static String of(Phrase statement) {
        Phrase phrase = statement.copy();
        verb(phrase);
        String verb = phrase.sees('(') ? "(" : phrase.keyword();
        Phrase after = phrase.copy();
        after.next();
        switch (verb) {
            case "CREATE", "ALTER", "DROP" -> {
                return object(verb, after);
            }
            case "SELECT" -> {
                return phrase.has("INTO") ? "SELECT INTO" : verb;
            }
            case "GRANT", "REVOKE" -> {
                return after.has("ON") ? verb : verb + " ROLE";
            }
            case "SET" -> {
                return after.sees("CONSTRAINTS") ? "SET CONSTRAINTS" : verb;
            }
            case "COMMIT", "ROLLBACK" -> {
                return after.sees("PREPARED") ? verb + " PREPARED" : verb;
            }
            case "PREPARE" -> {
                return after.sees("TRANSACTION") ? "PREPARE TRANSACTION" : verb;
            }
            case "DISCARD" -> {
                return after.sees("ALL") ? "DISCARD ALL" : verb;
            }
            default -> {
                return TWO_WORDS.contains(verb) ? several(verb, after) : SAME.getOrDefault(verb, verb);
            }
        }
    }

    /** Steps over the queries of a WITH, up to the verb of the statement. */
    static void verb(Phrase phrase) {
        if (phrase.take("WITH")) {
            phrase.until(p -> p.position() > 1 && (p.sees("SELECT") || p.sees("INSERT") || p.sees("UPDATE")
                || p.sees("DELETE") || p.sees("MERGE") || p.sees("VALUES") || p.sees("TABLE")
                || p.sees('(') && p.previous().symbol(')')));
        }
    }

    /** Steps over OR REPLACE, TEMPORARY and the like. */
    static void modifiers(Phrase phrase) {
        while (phrase.take("OR REPLACE") || MODIFIERS.contains(phrase.keyword())
                || phrase.sees("DEFAULT CONVERSION")) {
            if (MODIFIERS.contains(phrase.keyword()) || phrase.sees("DEFAULT")) {
                phrase.next();
            }
        }
    }

    static boolean transactional(String tag, Phrase statement) {
        boolean concurrently = statement.has("CONCURRENTLY") || statement.copy().take("REINDEX")
            && statement.source().matches("(?is)REINDEX\\s*\\([^)]*\\bCONCURRENTLY\\b.*");
        return switch (tag) {
            case "CREATE INDEX", "DROP INDEX", "ALTER TABLE" -> !concurrently;
            case "REINDEX" -> !concurrently && !statement.has("DATABASE") && !statement.has("SYSTEM")
                && !statement.has("SCHEMA");
            case "CLUSTER" -> !statement.rest().folded().matches("cluster( verbose|\\s*\\([^)]*\\))?");
            case "ALTER DATABASE" -> !statement.has("SET TABLESPACE");
            case "ALTER SUBSCRIPTION" -> !statement.has("REFRESH") && !statement.has("PUBLICATION");
            default -> !ALONE.contains(tag);
        };
    }

    private static String object(String verb, Phrase phrase) {
        if (!verb.equals("ALTER")) {
            modifiers(phrase);
        }
        String kind = phrase.keyword();
        if (kind.equals("USER") || kind.equals("GROUP")) {
            phrase.next();
            return verb + (kind.equals("USER") && phrase.sees("MAPPING") ? " USER MAPPING" : " ROLE");
        }
        if (kind.equals("OPERATOR")) {
            phrase.next();
            boolean bare = !phrase.sees("CLASS") && !phrase.sees("FAMILY");
            return verb + " OPERATOR" + (bare ? "" : " " + phrase.keyword());
        }
        if (kind.equals("FOREIGN") && phrase.sees("FOREIGN DATA WRAPPER")) {
            return verb + " FOREIGN DATA WRAPPER";
        }
        StringBuilder tag = new StringBuilder(verb);
        for (int words = LONG_KINDS.getOrDefault(kind, 1); words > 0; words--) {
            tag.append(' ').append(phrase.keyword());
            phrase.next();
        }
        if (tag.toString().equals("CREATE TABLE") && phrase.has("AS")) {
            tag.append(" AS");
        }
        return tag.toString();
    }

    private static String several(String verb, Phrase after) {
        return switch (verb) {
            case "REFRESH" -> "REFRESH MATERIALIZED VIEW";
            case "IMPORT" -> "IMPORT FOREIGN SCHEMA";
            default -> verb + " " + after.keyword();
        };
    }
}
