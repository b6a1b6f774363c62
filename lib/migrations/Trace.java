//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Sql.java ../sql/Statement.java

package lib.migrations;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;

/**
 * A thing in the catalog by which a migration can be recognised.
 *
 * @param kind table, column, index, constraint, type and so on
 * @param name the thing, or the table or type it is a part of
 * @param part empty for what is no part of something
 */
record Trace(String kind, Name name, String part) {
    private static final String IDENTIFIER = "(?:\"(?:[^\"]|\"\")+\"|[\\w$]+)";
    private static final String NAME = "(" + IDENTIFIER + "(?:\\s*\\.\\s*" + IDENTIFIER + ")?)";
    private static final Pattern OTHER = Pattern.compile("(?is)(CREATE|DROP)\\s+(OR\\s+REPLACE\\s+)?(?:RECURSIVE\\s+)?"
            + "(?:MATERIALIZED\\s+|CONSTRAINT\\s+)?(VIEW|FUNCTION|PROCEDURE|SEQUENCE|SCHEMA|EXTENSION|TRIGGER|POLICY|"
            + "TYPE|DOMAIN)\\s+(IF\\s+(?:NOT\\s+)?EXISTS\\s+)?" + NAME + "(.*)");
    private static final Pattern ON = Pattern.compile("(?is).*?\\bON\\s+(?:ONLY\\s+)?" + NAME + ".*");

    @Override
    public String toString() {
        return switch (kind) {
            case "column" -> "column " + name + "." + part;
            case "NOT NULL" -> "NOT NULL of " + name + "." + part;
            case "value" -> "value '" + part + "' of " + name;
            default -> kind + " " + (part.isEmpty() ? name : part + " of " + name);
        };
    }

    /** What one migration does to a thing; weak when the thing may have been there without it. */
    record Effect(boolean creates, boolean weak) {
    }

    /** The things of a folder's migrations, followed from file to file. */
    static final class Alive {
        private final Map<Trace, Boolean> state = new HashMap<>();
        private final Map<Name, Map<Trace, List<String>>> parts = new HashMap<>();
        private Map<Trace, Boolean> before = new HashMap<>();
        private Map<Trace, Effect> touched = new LinkedHashMap<>();

        void begin() {
            before = new HashMap<>();
            touched = new LinkedHashMap<>();
        }

        /** What this migration did in the end: a thing that it made and unmade again is none. */
        Map<Trace, Effect> net() {
            touched.entrySet().removeIf(each -> before.get(each.getKey()) == each.getValue().creates());
            return touched;
        }

        void take(Statement statement) {
            if (!statement.sql().matches("(?is)CREATE\\s+(?:LOCAL\\s+|GLOBAL\\s+)?TEMP(?:ORARY)?\\s.*")) {
                statement.actions().forEach(action -> take(statement, action.change()));
            }
        }

        private void take(Statement statement, Change change) {
            if (change instanceof Change.CreateTable made) {
                make(new Trace("table", made.table(), ""), made.table(), List.of());
                made.columns().forEach(column -> part("column", made.table(), column.name(), List.of(column.name())));
            } else if (change instanceof Change.DropTable gone) {
                unmakeTable(gone.table(), ifExists(statement));
            } else if (change instanceof Change.RenameTable renamed) {
                rename(renamed.table(), Name.of(renamed.table().schema(), renamed.to()));
            } else if (change instanceof Change.AddColumn added) {
                part("column", added.table(), added.column().name(), List.of(added.column().name()));
            } else if (change instanceof Change.DropColumn gone) {
                dropColumn(gone, ifExists(statement));
            } else if (change instanceof Change.RenameColumn renamed) {
                unmake(new Trace("column", renamed.table(), renamed.from()), false);
                part("column", renamed.table(), renamed.to(), List.of(renamed.to()));
            } else if (change instanceof Change.SetNotNull set) {
                part("NOT NULL", set.table(), set.column(), List.of(set.column()));
            } else if (change instanceof Change.DropNotNull set) {
                unmake(new Trace("NOT NULL", set.table(), set.column()), false);
            } else if (change instanceof Change.AddConstraint added && added.constraint().name() != null) {
                part("constraint", added.table(), added.constraint().name(), added.constraint().columns());
            } else if (change instanceof Change.DropConstraint gone) {
                unmake(new Trace("constraint", gone.table(), gone.name()), ifExists(statement));
            } else if (change instanceof Change.CreateIndex made && made.name() != null) {
                make(new Trace("index", Name.of(made.table().schema(), made.name()), ""), made.table(), made.columns());
            } else if (change instanceof Change.DropIndex gone) {
                unmake(new Trace("index", gone.index(), ""), ifExists(statement));
            } else if (change instanceof Change.CreateType made) {
                make(new Trace("type", made.type(), ""), made.type(), List.of());
            } else if (change instanceof Change.AddEnumValue added) {
                part("value", added.type(), added.value(), List.of());
            } else {
                other(Sql.withoutComments(statement.sql()));
            }
        }

        private void other(String sql) {
            Matcher made = OTHER.matcher(sql);
            if (!made.matches()) {
                return;
            }
            String kind = made.group(3).toLowerCase(java.util.Locale.ROOT).replace("procedure", "function")
                    .replace("domain", "type");
            Name name = Name.parse(made.group(5));
            Trace trace = new Trace(kind, name, "");
            Matcher on = ON.matcher(made.group(6));
            if (kind.equals("trigger") || kind.equals("policy")) {
                if (!on.matches()) {
                    return;
                }
                trace = new Trace(kind, Name.parse(on.group(1)), name.name());
            } else if (kind.equals("schema") || kind.equals("extension")) {
                trace = new Trace(kind, Name.of(kind.equals("schema") ? name.name() : "public", name.name()), "");
            }
            if (made.group(1).equalsIgnoreCase("DROP")) {
                unmake(trace, made.group(4) != null);
            } else {
                // It may have been there: to find it proves nothing, to miss it does.
                touch(trace, true, made.group(2) != null || made.group(4) != null);
                parts.computeIfAbsent(trace.name, key -> new HashMap<>()).put(trace, List.of());
            }
        }

        private static boolean ifExists(Statement statement) {
            return statement.sql().matches("(?is).*\\bIF\\s+EXISTS\\b.*");
        }

        private void part(String kind, Name table, String part, List<String> columns) {
            make(new Trace(kind, table, part), table, columns);
        }

        private void make(Trace trace, Name owner, List<String> columns) {
            touch(trace, true, false);
            parts.computeIfAbsent(owner, key -> new LinkedHashMap<>()).put(trace, columns);
        }

        private void unmake(Trace trace, boolean ifExists) {
            // Dropped in case it is there, and no file made it: nothing follows from its absence.
            if (!ifExists || state.containsKey(trace)) {
                touch(trace, false, false);
            }
        }

        private void unmakeTable(Name table, boolean ifExists) {
            unmake(new Trace("table", table, ""), ifExists);
            for (Trace trace : new ArrayList<>(parts.getOrDefault(table, Map.of()).keySet())) {
                if (Boolean.TRUE.equals(state.get(trace))) {
                    touch(trace, false, false);
                }
            }
            parts.remove(table);
        }

        private void dropColumn(Change.DropColumn gone, boolean ifExists) {
            unmake(new Trace("column", gone.table(), gone.column()), ifExists);
            parts.getOrDefault(gone.table(), Map.of()).forEach((trace, columns) -> {
                if (columns.contains(gone.column()) && Boolean.TRUE.equals(state.get(trace))) {
                    touch(trace, false, false);
                }
            });
        }

        private void rename(Name from, Name to) {
            touch(new Trace("table", from, ""), false, false);
            touch(new Trace("table", to, ""), true, false);
            Map<Trace, List<String>> moved = new LinkedHashMap<>();
            Set<Trace> same = new HashSet<>(Set.of(new Trace("table", from, "")));
            parts.getOrDefault(from, Map.of()).forEach((trace, columns) -> {
                boolean lives = Boolean.TRUE.equals(state.get(trace));
                if (lives && trace.name.equals(from) && !same.contains(trace)) {
                    Trace there = new Trace(trace.kind, to, trace.part);
                    touch(trace, false, false);
                    touch(there, true, false);
                    moved.put(there, columns);
                } else if (lives) {
                    moved.put(trace, columns);
                }
            });
            moved.put(new Trace("table", to, ""), List.of());
            parts.remove(from);
            parts.put(to, moved);
        }

        private void touch(Trace trace, boolean creates, boolean weak) {
            Boolean was = state.put(trace, creates);
            // What no file has touched yet was the opposite, or this one would not do it.
            before.putIfAbsent(trace, was == null ? !creates : was);
            touched.put(trace, new Effect(creates, weak));
        }
    }
}
