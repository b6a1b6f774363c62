//SOURCES ../Decoded.java ../Failure.java ../History.java ../Json.java ../Migration.java ../Postgres.java
//SOURCES ../sql/Name.java Astray.java DrizzleFolder.java HistoryTable.java JavaScript.java Troubles.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Decoded;
import lib.Failure;
import lib.History;
import lib.Json;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;

/** The history of node-pg-migrate: numbered files of SQL or JavaScript, and public.pgmigrations. */
public final class NodePgMigrate implements History {
    private static final String OPTIONS = "(?:^|\\s)(?:%s)[ =][\"']?([^\\s\"']+)";
    // src/sqlMigration.ts
    private static final String MARK = "(?im)^\\s*--[\\s-]*%s\\s+migration";

    private final String folder;
    private final Name usual;
    private final Clock clock;
    private final Map<String, Migration> local = new LinkedHashMap<>();
    private final Map<String, Decoded.Flaw> broken = new LinkedHashMap<>();
    private final Troubles found = new Troubles();

    NodePgMigrate(Map<String, byte[]> files, String folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
        String scripts = scripts(files);
        this.usual = Name.of(option(scripts, "--migrations-schema", "public"),
                option(scripts, "-t|--migrations-table", "pgmigrations"));
        List<Migration> all = new ArrayList<>();
        files.forEach((path, bytes) -> {
            if (DrizzleFolder.parent(path).equals(folder)) {
                add(all, path, bytes);
            }
        });
        all.sort(Comparator.comparingLong(Migration::time).thenComparing(Migration::id,
                DrizzleFolder::compareAsJavaScript));
        for (Migration migration : all) {
            Migration other = local.put(migration.id(), migration);
            if (other != null) {
                throw Failure.stop(other.file() + " and " + migration.file() + " have one name: node-pg-migrate cannot"
                        + " tell them apart", "git rm " + migration.file() + "   # or give it a name of its own");
            }
        }
        new Astray(files, folder, found).below(all, "node-pg-migrate");
    }

    private void add(List<Migration> all, String path, byte[] bytes) {
        String name = path.substring(folder.isEmpty() ? 0 : folder.length() + 1);
        if (name.startsWith(".") || name.endsWith(".d.ts")) {
            return;
        }
        String id = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
        if (!name.matches("\\d+.*")) {
            throw Failure.stop(path + " does not begin with a number: node-pg-migrate refuses the whole folder"
                    + " (\"Cannot determine numeric prefix\")", "move it out of " + folder + ", or name it like the"
                    + " others");
        }
        Decoded text = Decoded.of(bytes);
        boolean sql = name.endsWith(".sql");
        if (sql && text.flaw() != null) {
            broken.put(id, text.flaw());
        }
        all.add(new Migration(id, path, sql ? up(text.text()) : "", null, number(name.replaceFirst("\\D.*", ""))));
    }

    /** What of a file runs upwards: from "-- Up Migration" to "-- Down Migration", or all of it. */
    static String up(String sql) {
        int up = at(sql, "up");
        int down = at(sql, "down");
        return up < 0 ? sql : sql.substring(up, down < up ? sql.length() : down);
    }

    private static int at(String sql, String direction) {
        Matcher mark = Pattern.compile(MARK.formatted(direction)).matcher(sql);
        return mark.find() ? mark.start() : -1;
    }

    // 17 digits are a UTC time with milliseconds (fileNameUtils.ts); any other number is compared as it is.
    private static long number(String digits) {
        if (digits.length() == 17 && Troubles.millis(digits.substring(0, 14)) > Long.MIN_VALUE) {
            return Troubles.millis(digits.substring(0, 14)) + Long.parseLong(digits.substring(14));
        }
        return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    /** The folders that the packages using node-pg-migrate keep their migrations in. */
    static Set<String> folders(Map<String, byte[]> files) {
        Set<String> folders = new TreeSet<>();
        for (String path : files.keySet()) {
            if ((path.equals("package.json") || path.endsWith("/package.json")) && !JavaScript.installed(path)
                    && uses(json(files.get(path)))) {
                String wanted = option(scripts(json(files.get(path))), "-m|--migrations-dir", "migrations");
                String folder = Path.of(DrizzleFolder.parent(path)).resolve(wanted).normalize().toString()
                        .replace('\\', '/');
                if (files.keySet().stream().anyMatch(file -> DrizzleFolder.parent(file).equals(folder)
                        && file.substring(folder.length()).matches("/?\\d.*"))) {
                    folders.add(folder);
                }
            }
        }
        return folders;
    }

    private static boolean uses(JsonNode json) {
        return json.path("dependencies").has("node-pg-migrate") || json.path("devDependencies").has("node-pg-migrate");
    }

    private static String scripts(Map<String, byte[]> files) {
        StringBuilder scripts = new StringBuilder();
        files.forEach((path, bytes) -> {
            if (path.matches("(.*/)?package\\.json") && !JavaScript.installed(path) && uses(json(bytes))) {
                scripts.append(scripts(json(bytes)));
            }
        });
        return scripts.toString();
    }

    private static String scripts(JsonNode json) {
        StringBuilder scripts = new StringBuilder();
        json.path("scripts").forEach(script -> {
            if (script.asText().contains("node-pg-migrate")) {
                scripts.append(script.asText()).append('\n');
            }
        });
        return scripts.toString();
    }

    private static String option(String scripts, String names, String otherwise) {
        Matcher option = Pattern.compile(OPTIONS.formatted(names)).matcher(scripts);
        return option.find() ? option.group(1) : otherwise;
    }

    private static JsonNode json(byte[] bytes) {
        try {
            return Json.MAPPER.readTree(bytes);
        } catch (IOException e) {
            return Json.MAPPER.missingNode();
        }
    }

    /** The table that the application's own scripts name. */
    Name table() {
        return usual;
    }

    @Override
    public String tool() {
        return "node-pg-migrate";
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<Migration> local() {
        return List.copyOf(local.values());
    }

    /** By the rule of its runner: the rows in their order must be the first files of the folder in theirs. */
    @Override
    public State state(Connection connection) throws SQLException {
        Troubles troubles = new Troubles();
        troubles.all().addAll(found.all());
        HistoryTable table = HistoryTable.find(connection, usual, List.of("id", "name", "run_on"), "run_on, id", "name",
                local.keySet(), troubles.all());
        List<String> names = table.rows().stream().map(row -> row.get("name")).toList();
        Set<String> applied = new HashSet<>();
        for (String name : names) {
            if (!applied.add(name)) {
                troubles.add("duplicated", name, name + " has two rows in " + table.sql() + ": node-pg-migrate counts"
                        + " both, and finds the order broken", "DELETE FROM " + table.sql() + " WHERE id = (SELECT"
                        + " max(id) FROM " + table.sql() + " WHERE name = " + Postgres.literal(name) + ")", true);
            }
        }
        List<Migration> all = local();
        List<Migration> pending = all.stream().filter(migration -> !applied.contains(migration.id())).toList();
        strangers(troubles, table, names);
        order(troubles, table, names, all);
        for (Migration migration : pending) {
            if (!migration.file().endsWith(".sql")) {
                troubles.add("unreadable", migration.id(), migration.file() + " is a program: what it does to the"
                        + " database cannot be read here", "npx node-pg-migrate up --dry-run shows its SQL: put that"
                        + " into " + DrizzleFolder.in(folder, migration.id() + ".sql") + " in its place (the name in"
                        + " the history stays the same)", true);
            }
            boolean ahead = migration.time() > clock.millis() + 86_400_000L;
            if (ahead && !own(migration) && all.stream().anyMatch(NodePgMigrate::own)) {
                troubles.add("future", migration.id(), "the number of " + migration.id() + " is compared as it is, and"
                        + " is larger than the milliseconds since 1970 of the others: once it is applied,"
                        + " node-pg-migrate refuses every migration that it makes itself", Astray.move(migration.file(),
                        DrizzleFolder.in(folder, clock.millis() + migration.file().substring(
                        migration.file().lastIndexOf('/') + 1).replaceFirst("^\\d+", ""))), false);
            } else if (ahead && own(migration)) {
                troubles.add("future", migration.id(), migration.id() + " is dated ahead of now: once it is applied,"
                        + " node-pg-migrate refuses every migration made until then", "give " + migration.file()
                        + " the time of today in its name, as long as no database has it", false);
            }
        }
        troubles.broken(pending, broken);
        return new State(table.name(), table.exists(), table.columns(),
                all.stream().filter(migration -> applied.contains(migration.id())).toList(), pending,
                List.copyOf(troubles.all()));
    }

    // fileNameUtils.ts: milliseconds since 1970, or a UTC time with milliseconds.
    private static boolean own(Migration migration) {
        return migration.id().matches("\\d{13}(\\D.*)?|\\d{17}(\\D.*)?");
    }

    private void strangers(Troubles troubles, HistoryTable table, List<String> names) {
        long last = local.values().stream().mapToLong(Migration::time).max().orElse(Long.MAX_VALUE);
        for (String name : names) {
            if (!local.containsKey(name)) {
                long time = name.matches("\\d.*") ? number(name.replaceFirst("(?s)\\D.*", "")) : 0;
                troubles.stranger(name, "the row of " + name + " in " + table.sql(), folder, time > last, true,
                        "node-pg-migrate then finds the order broken", "bring it back (git log --diff-filter=D"
                        + " --oneline -- " + folder + "), or DELETE FROM " + table.sql() + " WHERE name = "
                        + Postgres.literal(name));
            }
        }
    }

    // runner.ts, checkOrder: it stops at the first difference, and so does this.
    private void order(Troubles troubles, HistoryTable table, List<String> names, List<Migration> all) {
        for (int i = 0; i < Math.min(names.size(), all.size()); i++) {
            Migration migration = all.get(i);
            if (!names.get(i).equals(migration.id())) {
                boolean ran = names.contains(migration.id());
                troubles.add("order", migration.id(), "Not run migration " + migration.id() + " is preceding already"
                        + " run migration " + names.get(i) + ": node-pg-migrate refuses to go on" + (ran
                        ? "; it did run, and its row comes after that of one with a higher number" : ""), ran
                        ? "SELECT * FROM " + table.sql() + " ORDER BY run_on, id; set run_on so that the rows stand in"
                        + " the order of the files"
                        : "give it a newer number, when no other database has it: git mv " + migration.file() + " …;"
                        + " with --no-check-order it runs, and every later run must have that too", true);
                return;
            }
        }
    }

    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        String table = state.table().full();
        List<String> statements = new ArrayList<>();
        if (!state.exists()) {
            if (!state.table().schema().equals("public")) {
                statements.add("CREATE SCHEMA IF NOT EXISTS " + Name.quote(state.table().schema()));
            }
            statements.add("CREATE TABLE " + table
                    + " (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)");
        }
        for (Migration migration : migrations) {
            statements.add("INSERT INTO " + table + " (name, run_on) VALUES (" + Postgres.literal(migration.id())
                    + ", NOW())");
        }
        return statements;
    }
}
