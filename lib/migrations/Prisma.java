//SOURCES ../Decoded.java ../Hash.java ../History.java ../Migration.java ../Postgres.java ../sql/Name.java
//SOURCES Astray.java DrizzleFolder.java HistoryTable.java JavaScript.java Troubles.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Decoded;
import lib.Hash;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;

/** The history of Prisma Migrate: a folder for each migration, and public._prisma_migrations. */
public final class Prisma implements History {
    private static final Name USUAL = Name.of("public", "_prisma_migrations");
    private static final String LOCK = "migration_lock.toml";
    private static final Pattern FILE = Pattern.compile("(?:(.*)/)?([^/]+)/migration\\.sql");
    private static final Pattern PROVIDER = Pattern.compile("(?m)^\\s*provider\\s*=\\s*\"(\\w+)\"");
    private static final List<String> COLUMNS = List.of("id", "checksum", "finished_at", "migration_name", "logs",
            "rolled_back_at", "started_at", "applied_steps_count");

    private final String folder;
    private final Clock clock;
    private final Map<String, Migration> local = new TreeMap<>();
    private final Map<String, Decoded.Flaw> broken = new LinkedHashMap<>();
    private final Set<String> empty = new TreeSet<>();
    private final Set<String> loose = new TreeSet<>();

    Prisma(Map<String, byte[]> files, String folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
        String home = DrizzleFolder.in(folder, "");
        files.forEach((path, bytes) -> {
            String inside = path.startsWith(home) ? path.substring(home.length()) : "";
            if (inside.indexOf('/') > 0) {
                String name = inside.substring(0, inside.indexOf('/'));
                if (inside.equals(name + "/migration.sql")) {
                    Decoded text = Decoded.of(bytes);
                    long time = Troubles.millis(name);
                    local.put(name, new Migration(name, path, text.text(), Hash.of(text.text()), Math.max(0, time)));
                    if (text.flaw() != null) {
                        broken.put(name, text.flaw());
                    }
                } else {
                    empty.add(name);
                }
            } else if (inside.endsWith(".sql")) {
                loose.add(inside);
            }
        });
        empty.removeAll(local.keySet());
    }

    /** The folders of a repository that Prisma would take for its own and for PostgreSQL. */
    static Set<String> folders(Map<String, byte[]> files) {
        Set<String> folders = new TreeSet<>();
        for (String path : files.keySet()) {
            Matcher file = FILE.matcher(path);
            if (file.matches() && !JavaScript.installed(path)) {
                String folder = file.group(1) == null ? "" : file.group(1);
                byte[] lock = files.get(DrizzleFolder.in(folder, LOCK));
                boolean placed = folder.matches("(.*/)?migrations")
                        && folder.concat("/").contains("prisma/") && file.group(2).matches("\\d+_.*");
                if (lock == null ? placed : postgres(lock)) {
                    folders.add(folder);
                }
            }
        }
        return folders;
    }

    private static boolean postgres(byte[] lock) {
        Matcher provider = PROVIDER.matcher(new String(lock, StandardCharsets.UTF_8));
        return !provider.find() || provider.group(1).startsWith("postgres");
    }

    @Override
    public String tool() {
        return "prisma";
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<Migration> local() {
        return List.copyOf(local.values());
    }

    /**
     * By the rule of prisma migrate deploy: whatever of the folder has no finished row runs, in the order of the names;
     * a row that neither finished nor was rolled back stops it (P3009).
     */
    @Override
    public State state(Connection connection) throws SQLException {
        Troubles troubles = new Troubles();
        HistoryTable table = HistoryTable.find(connection, USUAL, COLUMNS, "started_at, id", "migration_name",
                local.keySet(), troubles.all());
        Map<String, Map<String, String>> applied = new LinkedHashMap<>();
        Set<String> failed = new TreeSet<>();
        for (Map<String, String> row : table.rows()) {
            String name = row.get("migration_name");
            if (row.get("rolled_back_at") != null) {
                continue;
            }
            if (row.get("finished_at") == null) {
                failed(troubles, row, failed.add(name));
            } else if (applied.putIfAbsent(name, row) != null) {
                troubles.add("duplicated", name, name + " has two finished rows in " + table.sql()
                        + ": Prisma goes by either", "DELETE FROM " + table.sql() + " WHERE id = '" + row.get("id")
                        + "'", false);
            }
        }
        if (!table.exists() && HistoryTable.tables(connection, "public") > 0 && !local.isEmpty()) {
            troubles.add("unknown", table.sql(), table.sql() + " is not there, and the database is not empty: Prisma"
                    + " refuses that (P3005)", "is this the right database? If it is, tell Prisma what it has already:"
                    + " npx prisma migrate resolve --applied NAME", true);
        }
        List<Migration> pending = local.values().stream().filter(migration -> !applied.containsKey(migration.id())
                && !failed.contains(migration.id())).toList();
        String newest = applied.keySet().stream().filter(local::containsKey).max(String::compareTo).orElse("");
        applied.forEach((name, row) -> compare(troubles, table, name, row));
        for (Migration migration : pending) {
            if (migration.id().compareTo(newest) < 0) {
                troubles.add("order", migration.id(), migration.id() + " was never applied, and comes before " + newest
                        + ", which was: Prisma runs it now, after the newer ones",
                        "see in the rehearsal that it fits, or give it a newer time: git mv " + folder + "/"
                        + migration.id() + " …", false);
            }
            troubles.future(migration, clock, "every migration made until then runs before it in a new database, and"
                    + " after it where it is applied");
        }
        for (String name : empty) {
            troubles.add("deleted", name, DrizzleFolder.in(folder, name + "/migration.sql")
                    + " is not committed: prisma migrate deploy would stop (P3015)",
                    "git add -f " + DrizzleFolder.in(folder, name) + ", or remove that folder; Prisma takes every"
                    + " folder for a migration", true);
        }
        for (String name : loose) {
            String stem = name.substring(0, name.length() - 4);
            String own = DrizzleFolder.in(folder, stem.matches("\\d{14}_.*") ? stem : "20260131120000_" + stem);
            troubles.add("unknown", name, DrizzleFolder.in(folder, name) + " is no migration.sql in a folder of its"
                    + " own: Prisma passes over it without a word", "mkdir " + own + " && " + Astray.move(
                    DrizzleFolder.in(folder, name), own + "/migration.sql") + "   # by its own time; or move it out of "
                    + folder, name.matches("\\d.*"));
        }
        troubles.broken(pending, broken);
        return new State(table.name(), table.exists(), table.columns(),
                local.values().stream().filter(migration -> applied.containsKey(migration.id())).toList(), pending,
                List.copyOf(troubles.all()));
    }

    private void failed(Troubles troubles, Map<String, String> row, boolean first) {
        String name = row.get("migration_name");
        String logs = row.get("logs");
        String why = logs == null || logs.isBlank() ? "no reason is logged; it may be running now"
                : logs.strip().lines().limit(2).collect(Collectors.joining(": "));
        if (first) {
            troubles.add("failed", name, name + " failed at " + row.get("started_at") + " (" + why
                    + "): prisma migrate deploy refuses to go on (P3009)", "look at what it left behind, then either"
                    + " npx prisma migrate resolve --rolled-back " + name + " (it runs again) or --applied " + name
                    + " (it is finished by hand)", true);
        }
    }

    private void compare(Troubles troubles, HistoryTable table, String name, Map<String, String> row) {
        Migration migration = local.get(name);
        String place = "the row of " + name + " in " + table.sql();
        if (migration == null) {
            boolean newest = !local.isEmpty() && local.keySet().stream().allMatch(id -> id.compareTo(name) < 0);
            troubles.stranger(name, place, folder, newest, false, "prisma migrate deploy passes over it, prisma"
                    + " migrate dev wants to reset the database", "bring it back (git log --diff-filter=D --oneline --"
                    + " " + folder + "), unless it was squashed on purpose");
        } else if (!same(migration, row.get("checksum"))) {
            troubles.add("edited", name, name + " was changed after it was applied: its checksum is "
                    + migration.hash() + ", the row has " + row.get("checksum") + "; prisma migrate deploy is silent"
                    + " about it", "git log -p -- " + migration.file() + "; put the applied text back and make the"
                    + " change a new migration, or, where the database is as the file says now: UPDATE " + table.sql()
                    + " SET checksum = '" + migration.hash() + "' WHERE id = '" + row.get("id") + "'", true);
        }
    }

    /** Prisma itself takes a text for the same with the other kind of line ends (checksum.rs). */
    private static boolean same(Migration migration, String checksum) {
        String lf = migration.sql().replace("\r\n", "\n");
        return migration.hash().equals(checksum) || Hash.of(lf).equals(checksum)
                || Hash.of(lf.replace("\n", "\r\n")).equals(checksum);
    }

    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        String table = state.table().full();
        List<String> statements = new ArrayList<>();
        if (!state.exists()) {
            statements.add("CREATE TABLE " + table + " (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT"
                    + " NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT,"
                    + " rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),"
                    + " applied_steps_count INTEGER NOT NULL DEFAULT 0)");
        }
        for (Migration migration : migrations) {
            statements.add("INSERT INTO " + table + " (id, checksum, finished_at, migration_name, logs,"
                    + " rolled_back_at, started_at, applied_steps_count) VALUES (gen_random_uuid()::text, '"
                    + migration.hash() + "', now(), " + Postgres.literal(migration.id())
                    + ", NULL, NULL, now(), 1)");
        }
        return statements;
    }
}
