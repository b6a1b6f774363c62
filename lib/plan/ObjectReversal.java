//SOURCES ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java Definitions.java Rollback.java Trail.java

package lib.plan;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/** Takes back statements about whole objects: views, functions, triggers, types, schemas, and renames of all kinds. */
final class ObjectReversal {
    private static final Set<String> KINDS = Set.of("VIEW", "MATERIALIZED VIEW", "FUNCTION", "PROCEDURE", "SEQUENCE",
            "TYPE", "DOMAIN", "SCHEMA", "EXTENSION");
    /** What leaves nothing behind that could be taken back. */
    private static final Set<String> PASSING = Set.of("SET", "RESET", "SET CONSTRAINTS", "LOCK TABLE", "ANALYZE",
            "VACUUM", "SHOW", "EXPLAIN", "SELECT", "REFRESH MATERIALIZED VIEW", "REINDEX", "CHECKPOINT", "NOTIFY");
    private static final String WORD = "(\"(?:[^\"]|\"\")+\"|[\\w$.]+|'(?:[^']|'')*')";
    private static final Pattern RENAME = Pattern.compile("(?is)(ALTER\\s+(?:TABLE|TYPE|INDEX|VIEW|SEQUENCE|FUNCTION)"
            + "\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?)(\\S+)(\\s+RENAME\\s+(?:CONSTRAINT\\s+|VALUE\\s+|ATTRIBUTE\\s+))"
            + WORD + "\\s+TO\\s+" + WORD);
    private static final Pattern RENAMED = Pattern.compile("(?is)ALTER\\s+(TYPE|INDEX|VIEW|SEQUENCE)"
            + "\\s+(?:IF\\s+EXISTS\\s+)?(\\S+)\\s+RENAME\\s+TO\\s+" + WORD);
    private static final Pattern SWITCH = Pattern.compile("(?is)(ALTER\\s+TABLE\\s+\\S+\\s+)(ENABLE|DISABLE)(\\s+(?:ROW"
            + "\\s+LEVEL\\s+SECURITY|TRIGGER\\s+\\S+))");
    private static final Pattern PUBLICATION = Pattern.compile("(?is)(ALTER\\s+PUBLICATION\\s+\\S+\\s+)(ADD|DROP)"
            + "(\\s+TABLE\\s+.*)");
    private static final Pattern PARTITION = Pattern.compile("(?is)ALTER\\s+TABLE\\s+(?:ONLY\\s+)?(\\S+)\\s+"
            + "(ATTACH|DETACH)\\s+PARTITION\\s+(\\S+).*");

    private final Statement statement;
    private final Trail trail;
    private final Definitions before;
    private final Rollback.Step step;

    ObjectReversal(Statement statement, Trail trail, Definitions before, Rollback.Step step) {
        this.statement = statement;
        this.trail = trail;
        this.before = before;
        this.step = step;
    }

    void reverse() {
        String tag = statement.tag();
        if (PASSING.contains(tag)) {
            return;
        }
        String kind = tag.replaceFirst("^(CREATE|DROP) ", "");
        Phrase phrase = Phrase.of(statement.sql());
        if (tag.startsWith("CREATE ") && KINDS.contains(kind)) {
            created(kind, phrase);
        } else if (tag.startsWith("DROP ") && KINDS.contains(kind)) {
            dropped(kind, phrase);
        } else if (kind.equals("TRIGGER")) {
            trigger(tag.startsWith("CREATE"), phrase);
        } else if (!other()) {
            step.losses().add(Rollback.head(statement) + ": is not taken back");
        }
    }

    private void created(String kind, Phrase phrase) {
        phrase.until(part -> part.take(kind));
        boolean lenient = phrase.take("IF NOT EXISTS");
        Name name = phrase.name();
        String was = definition(kind, name);
        if (was != null && lenient) {
            return;
        }
        // Where a function stood before, others depend on it: its old text replaces the new one.
        boolean replaced = was != null && (kind.equals("FUNCTION") || kind.equals("PROCEDURE"));
        if (!replaced) {
            step.statements().add("DROP " + kind + " " + written(kind, name));
        }
        if (was != null && (replaced || statement.sql().matches("(?is)CREATE\\s+OR\\s+REPLACE\\b.*"))) {
            again(kind, was);
        }
    }

    // A view reads tables by the names they had; types and functions are what tables are made of.
    private void again(String kind, String definition) {
        (kind.endsWith("VIEW") ? step.late() : step.statements()).add(definition);
    }

    private void dropped(String kind, Phrase phrase) {
        phrase.until(part -> part.take(kind));
        phrase.take("IF EXISTS");
        do {
            Name name = phrase.name();
            String was = definition(kind, name);
            if (was != null) {
                again(kind, was);
            }
            if (phrase.sees('(')) {
                phrase.group();
            }
        } while (takeComma(phrase));
    }

    private static boolean takeComma(Phrase phrase) {
        boolean more = phrase.sees(',');
        if (more) {
            phrase.skip();
        }
        return more;
    }

    private String definition(String kind, Name name) {
        return kind.equals("SCHEMA") || kind.equals("EXTENSION") ? before.other(kind, name.name())
                : before.other(kind, name);
    }

    private static String written(String kind, Name name) {
        return kind.equals("SCHEMA") || kind.equals("EXTENSION") ? Name.quote(name.name()) : name.sql();
    }

    private void trigger(boolean created, Phrase phrase) {
        phrase.until(part -> part.take("TRIGGER"));
        phrase.take("IF EXISTS");
        String name = phrase.identifier();
        phrase.until(part -> part.take("ON"));
        Name table = phrase.name();
        String was = before.other("TRIGGER", trail.before(table) + "." + name);
        if (created && !trail.made(table)) {
            step.statements().add("DROP TRIGGER " + Name.quote(name) + " ON " + table.sql());
        }
        if (was != null && (!created || statement.sql().matches("(?is)CREATE\\s+OR\\s+REPLACE\\b.*"))) {
            step.late().add(was);
        }
    }

    private boolean other() {
        String sql = statement.sql().strip();
        Matcher matcher = RENAME.matcher(sql);
        if (matcher.matches()) {
            step.statements().add(matcher.group(1) + matcher.group(2) + matcher.group(3) + matcher.group(5) + " TO "
                    + matcher.group(4));
            return true;
        }
        matcher = RENAMED.matcher(sql);
        if (matcher.matches()) {
            Name from = Name.parse(matcher.group(2));
            step.statements().add("ALTER " + matcher.group(1) + " "
                    + Name.of(from.schema(), Name.parse(matcher.group(3)).name()).sql() + " RENAME TO "
                    + Name.quote(from.name()));
            return true;
        }
        matcher = SWITCH.matcher(sql);
        if (matcher.matches()) {
            step.statements().add(matcher.group(1) + (matcher.group(2).equalsIgnoreCase("ENABLE") ? "DISABLE"
                    : "ENABLE") + matcher.group(3));
            return true;
        }
        matcher = PUBLICATION.matcher(sql);
        if (matcher.matches()) {
            step.statements().add(matcher.group(1) + (matcher.group(2).equalsIgnoreCase("ADD") ? "DROP" : "ADD")
                    + matcher.group(3));
            return true;
        }
        return moved() || partition(PARTITION.matcher(sql));
    }

    private boolean moved() {
        String schema = Trail.newSchema(statement);
        Name table = schema == null ? null : statement.writes().stream().findFirst().orElse(null);
        if (table != null) {
            step.statements().add("ALTER TABLE " + Name.of(schema, table.name()).sql() + " SET SCHEMA "
                    + Name.quote(table.schema()));
        }
        return table != null;
    }

    private boolean partition(Matcher matcher) {
        if (!matcher.matches()) {
            return false;
        }
        Name child = Name.parse(matcher.group(3));
        String was = before.other("PARTITION", trail.before(child));
        boolean attached = matcher.group(2).equalsIgnoreCase("ATTACH");
        List<String> back = attached ? List.of("ALTER TABLE " + matcher.group(1) + " DETACH PARTITION " + child.sql())
                : was == null ? List.of() : List.of(was);
        step.statements().addAll(back);
        return !back.isEmpty();
    }
}
