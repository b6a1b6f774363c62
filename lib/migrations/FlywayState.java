//SOURCES ../History.java ../Migration.java Flyway.java FlywayFolder.java HistoryTable.java Troubles.java

package lib.migrations;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.History;
import lib.Migration;

/** Compares a folder of Flyway with the rows of one database, by the rules of its validate and migrate. */
final class FlywayState {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{[^}\\s]+}");

    private final FlywayFolder folder;
    private final Flyway.Options options;
    private final HistoryTable table;
    private final Troubles troubles;
    private final Map<FlywayFolder.Version, Map<String, String>> versions = new TreeMap<>();
    private final Map<String, Map<String, String>> repeated = new LinkedHashMap<>();
    private final Map<FlywayFolder.Version, FlywayFolder.Script> local = new HashMap<>();
    private final Map<String, FlywayFolder.Script> repeatable = new HashMap<>();
    private FlywayFolder.Version baseline;

    FlywayState(FlywayFolder folder, Flyway.Options options, HistoryTable table, Troubles troubles) {
        this.folder = folder;
        this.options = options;
        this.table = table;
        this.troubles = troubles;
        for (FlywayFolder.Script script : folder.scripts()) {
            if (script.version() == null) {
                repeatable.put(script.description(), script);
            } else {
                local.put(script.version(), script);
            }
        }
    }

    History.State state() {
        troubles.all().addAll(folder.troubles().all());
        table.rows().forEach(this::row);
        FlywayFolder.Version newest = versions.keySet().stream().max(FlywayFolder.Version::compareTo).orElse(baseline);
        FlywayFolder.Version last = local.keySet().stream().max(FlywayFolder.Version::compareTo).orElse(null);
        List<Migration> applied = new ArrayList<>();
        List<Migration> pending = new ArrayList<>();
        versions.forEach((version, row) -> compare(version, row, last));
        repeated.forEach((description, row) -> {
            if (!repeatable.containsKey(description)) {
                missing(description, row, "the repeatable migration " + description);
            }
        });
        for (FlywayFolder.Script script : folder.scripts()) {
            Map<String, String> row = script.version() == null ? repeated.get(script.description())
                    : versions.get(script.version());
            if (row != null && (script.version() != null || unchanged(script, row))) {
                if (success(row)) {
                    applied.add(script.migration());
                }
            } else if (script.version() == null || runs(script, newest)) {
                pending.add(script.migration());
                readable(script);
            }
        }
        troubles.broken(pending, folder.broken());
        return new History.State(table.name(), table.exists(), table.columns(), applied, pending,
                List.copyOf(troubles.all()));
    }

    private void row(Map<String, String> row) {
        String version = row.get("version");
        String type = row.get("type");
        if (type.equals("SCHEMA") || type.equals("TABLE")) {
            return;
        }
        if (version != null && !version.matches("\\d+([._]\\d+)*")) {
            troubles.add("unknown", version, place(row) + " has the version " + version + ", which is no number",
                    "SELECT * FROM " + table.sql() + " ORDER BY installed_rank", true);
        } else if (version == null) {
            repeated.put(row.get("description"), row);
        } else if (type.equals("DELETE") || type.startsWith("UNDO")) {
            versions.remove(FlywayFolder.Version.of(version));
        } else if (type.contains("BASELINE")) {
            baseline = FlywayFolder.Version.of(version);
        } else {
            Map<String, String> other = versions.put(FlywayFolder.Version.of(version), row);
            if (other != null && success(other)) {
                troubles.add("duplicated", version, "version " + version + " has two rows: " + place(other) + " and "
                        + place(row), "DELETE FROM " + table.sql() + " WHERE installed_rank = "
                        + row.get("installed_rank"), false);
            }
        }
        if (!success(row)) {
            troubles.add("failed", row.get("script"), "Detected failed migration to version " + (version == null
                    ? row.get("description") : version) + ": " + row.get("script") + " failed at "
                    + row.get("installed_on") + " and may have left a part of it behind; Flyway runs nothing until it"
                    + " is repaired", "undo by hand what it left (an invalid index: DROP INDEX CONCURRENTLY …), then:"
                    + " flyway repair", true);
        }
    }

    private boolean runs(FlywayFolder.Script script, FlywayFolder.Version newest) {
        String id = script.migration().id();
        if (baseline != null && script.version().compareTo(baseline) <= 0) {
            return false;
        }
        if (newest == null || script.version().compareTo(newest) > 0) {
            return true;
        }
        troubles.add("order", id, "Detected resolved migration not applied to database: " + script.version() + "; "
                + newest + " was applied before it" + (options.outOfOrder()
                ? ", and outOfOrder lets it run now" : ", and Flyway refuses to go on"),
                options.outOfOrder() ? "see in the rehearsal that it fits"
                : "give it a newer version, when no other database has it: git mv " + script.migration().file()
                + " …; or run it with -outOfOrder=true", !options.outOfOrder());
        return options.outOfOrder();
    }

    private void readable(FlywayFolder.Script script) {
        String id = script.migration().id();
        Matcher hole = PLACEHOLDER.matcher(script.migration().sql());
        if (!script.sql()) {
            troubles.add("unreadable", id, script.migration().file() + " is a program: what it does to the database"
                    + " cannot be read here", "write it as SQL (" + id + ".sql), or give the release as a script of"
                    + " your own: jbang release.java --sql FILE", true);
        } else if (options.placeholders() && hole.find()) {
            troubles.add("unreadable", id, script.migration().file() + " has the placeholder " + hole.group()
                    + ", whose value only Flyway knows", "write the value into the file, or give the release as a"
                    + " script of your own: jbang release.java --sql FILE", true);
        }
    }

    // A repeatable script with placeholders is hashed after they are filled in: then only Flyway can tell.
    private boolean unchanged(FlywayFolder.Script script, Map<String, String> row) {
        return success(row) && (String.valueOf(script.checksum()).equals(row.get("checksum")) || !script.sql()
                || options.placeholders() && PLACEHOLDER.matcher(script.migration().sql()).find());
    }

    private void compare(FlywayFolder.Version version, Map<String, String> row, FlywayFolder.Version last) {
        FlywayFolder.Script script = local.get(version);
        if (script == null) {
            boolean below = baseline != null && version.compareTo(baseline) <= 0;
            if (!below && last != null && version.compareTo(last) > 0) {
                troubles.stranger(version.text(), place(row) + " (version " + version + ", " + row.get("script") + ")",
                        folder.path(), true, true, "", "");
            } else if (!below) {
                missing(version.text(), row, "version " + version);
            }
            return;
        }
        if (!success(row)) {
            return;
        }
        String id = script.migration().id();
        if (!Objects.equals(row.get("checksum"), script.sql() ? String.valueOf(script.checksum()) : null)
                && (script.sql() || row.get("type").equals("SQL"))) {
            troubles.add("edited", id, "Migration checksum mismatch for migration version " + version + ": " + id
                    + " was changed after it was applied: its checksum is " + script.checksum() + ", "
                    + place(row) + " has " + row.get("checksum") + "; Flyway refuses to go on",
                    "git log -p -- " + script.migration().file() + "; put the applied text back and make the change a"
                    + " new migration, or, where the database is as the file says now: flyway repair", true);
        } else if (!row.get("description").equals(script.description())) {
            troubles.add("edited", id, "Migration description mismatch for migration version " + version + ": the file"
                    + " says \"" + script.description() + "\", " + place(row) + " \"" + row.get("description") + "\"",
                    "rename the file back, or: flyway repair", true);
        }
    }

    private void missing(String id, Map<String, String> row, String what) {
        troubles.add("deleted", id, "Detected applied migration not resolved locally: " + what + " (" + place(row)
                + ", " + row.get("script") + ") is no longer in " + folder.path() + ", and Flyway refuses to go on",
                "bring it back (git log --diff-filter=D --oneline -- " + folder.path() + "), or, when it was taken out"
                + " on purpose: flyway repair", true);
    }

    private static boolean success(Map<String, String> row) {
        return "true".equals(row.get("success"));
    }

    private static String place(Map<String, String> row) {
        return "installed_rank " + row.get("installed_rank");
    }
}
