//SOURCES Clients.java Demo.java DemoFiles.java Exec.java Failure.java Hash.java Json.java Postgres.java Run.java Target.java sql/Name.java sql/Sql.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import lib.sql.Name;
import lib.sql.Sql;

/**
 * The application of the demo: a repository as Drizzle leaves it, a production with rows, a stand-in for the hosting
 * provider.
 */
final class DemoApp {
    private static final long FIRST_MIGRATION = 1_767_225_600_000L;
    private static final long BETWEEN_MIGRATIONS = 86_400_000L;
    /** As providers make them up: everything in it means something in a URL. */
    private static final String PASSWORD = "p@ss:w/rd%41";

    private final Path folder;
    private final Path clone;
    private final Target admin;
    private final Target production;
    private final Clients.Client client;
    private long rows;

    DemoApp(Path folder, Target admin, String database, Clients.Client client) {
        this.folder = folder;
        this.clone = folder.resolve("guest-house");
        this.admin = admin;
        this.production = new Target(admin.host(), admin.port(), database, "guest_house", PASSWORD, admin.parameters());
        this.client = client;
    }

    /** Makes all of it and returns the clone; the stage that is to fail gets its reason. */
    Path build(Demo.Stage fail) throws SQLException, IOException {
        database();
        hosting(fail);
        repository(fail);
        sabotage(fail);
        return clone;
    }

    Target production() {
        return production;
    }

    long rows() {
        return rows;
    }

    private void database() throws SQLException {
        try (Connection connection = Postgres.write(admin, "demo")) {
            String role = Name.quote(production.user());
            Postgres.execute(connection, "CREATE ROLE " + role + " LOGIN PASSWORD "
                    + Postgres.literal(production.password()));
            Postgres.execute(connection, "CREATE DATABASE " + Name.quote(production.database()) + " OWNER " + role);
        }
        try (Connection connection = Postgres.write(production, "demo")) {
            for (String migration : List.of(DemoFiles.BOOKINGS, DemoFiles.REVIEWS)) {
                run(connection, migration);
            }
            run(connection, DemoFiles.ROWS);
            run(connection, DemoFiles.HISTORY);
            int number = 0;
            for (String migration : List.of(DemoFiles.BOOKINGS, DemoFiles.REVIEWS)) {
                Postgres.execute(connection, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at)"
                        + " VALUES ('" + Hash.of(migration) + "', " + when(number++) + ")");
            }
            rows = Long.parseLong(Postgres.one(connection, "SELECT (SELECT count(*) FROM bookings)"
                    + " + (SELECT count(*) FROM reviews) + (SELECT count(*) FROM wishlists)"
                    + " + (SELECT count(*) FROM cards) + (SELECT count(*) FROM logins)"));
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        for (Sql.Piece statement : Sql.split(sql)) {
            Postgres.execute(connection, statement.text());
        }
    }

    private static long when(int migration) {
        return FIRST_MIGRATION + migration * BETWEEN_MIGRATIONS;
    }

    private void hosting(Demo.Stage fail) throws IOException {
        Path password = folder.resolve("pgpass");
        write(password, "127.0.0.1:%d:*:%s:%s%n".formatted(production.port(), production.user(),
                production.password().replace("\\", "\\\\").replace(":", "\\:")), false);
        write(folder.resolve("environment"), "export DEMO_DATABASE_URL='%s'%n".formatted(production.url()), false);
        String failing = fail == Demo.Stage.stop ? "echo 'no deployment found for service web' >&2; exit 1"
                : fail == Demo.Stage.apply ? "\"$PSQL\" -Xqc 'ALTER TABLE logins ADD COLUMN somebody_was_here text'"
                : ":";
        Path hosting = folder.resolve("hosting");
        write(hosting, DemoFiles.HOSTING.formatted(folder, production.port(), production.user(),
                production.database(), password, client.tool("psql"), failing), true);
        Exec.of(hosting.toString(), "deploy").run().orStop("the hosting stand-in does not start", null);
    }

    private void repository(Demo.Stage fail) throws IOException {
        Path origin = folder.resolve("origin.git");
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", origin.toString());
        git(folder, "clone", "--quiet", origin.toString(), clone.toString());
        git(clone, "config", "user.name", "Demo");
        git(clone, "config", "user.email", "demo@example.com");
        git(clone, "config", "commit.gpgsign", "false");
        git(clone, "switch", "--quiet", "--create", "main");
        write(clone.resolve(".gitignore"), "_migrations/\n.env\nnode_modules/\n", false);
        write(clone.resolve("drizzle.config.ts"), DemoFiles.CONFIG, false);
        write(clone.resolve("MIGRATIONS.md"), DemoFiles.TEMPLATE, false);
        write(clone.resolve(".env.example"), "ALLOWED_EMAIL=\nDATABASE_URL=\n", false);
        String meanwhile = fail == Demo.Stage.backup ? DemoFiles.MEANWHILE.formatted(folder) : "";
        write(clone.resolve("check.sh"), DemoFiles.CHECK + meanwhile, true);
        write(clone.resolve("release.json"), DemoFiles.SETTINGS.formatted(folder), false);
        migrations(List.of("0000_bookings", "0001_reviews"), List.of(DemoFiles.BOOKINGS, DemoFiles.REVIEWS));
        commit("A guest house takes bookings");
        git(clone, "push", "--quiet", "origin", "main", "main:release");
        // Deploying is what the provider does with a push; not with the one that founded the repository.
        write(origin.resolve("hooks/post-receive"), DemoFiles.DEPLOY.formatted(folder), true);
        boolean unknown = fail == Demo.Stage.assess;
        String guests = DemoFiles.GUESTS + (unknown ? DemoFiles.UNKNOWN : "");
        migrations(List.of("0000_bookings", "0001_reviews", "0002_guests", "0003_by_guest"),
                List.of(DemoFiles.BOOKINGS, DemoFiles.REVIEWS, guests, DemoFiles.BY_GUEST));
        write(clone.resolve("MIGRATIONS.md"), DemoFiles.TEMPLATE + DemoFiles.ENTRY, false);
        write(clone.resolve(".env.example"), "ALLOWED_EMAILS=\nDATABASE_URL=\n", false);
        commit("Guests have an account");
        git(clone, "push", "--quiet", "origin", "main");
    }

    private void migrations(List<String> names, List<String> texts) throws IOException {
        ObjectNode journal = Json.object().put("version", "7").put("dialect", "postgresql");
        var entries = journal.putArray("entries");
        for (int i = 0; i < names.size(); i++) {
            write(clone.resolve("drizzle/" + names.get(i) + ".sql"), texts.get(i), false);
            entries.addObject().put("idx", i).put("version", "7").put("when", when(i)).put("tag", names.get(i))
                    .put("breakpoints", true);
        }
        write(clone.resolve("drizzle/meta/_journal.json"), Json.pretty(journal) + "\n", false);
    }

    private void sabotage(Demo.Stage fail) throws SQLException, IOException {
        if (fail == Demo.Stage.preflight) {
            write(clone.resolve("drizzle/forgotten.txt"), "not committed\n", false);
        } else if (fail == Demo.Stage.promote) {
            write(folder.resolve("origin.git/hooks/update"), DemoFiles.PROTECT, true);
        } else if (fail == Demo.Stage.validate) {
            try (Connection connection = Postgres.write(admin.database(production.database()), "demo")) {
                run(connection, DemoFiles.DUPLICATES);
            }
        }
    }

    private void commit(String message) {
        git(clone, "add", "--all");
        git(clone, "commit", "--quiet", "--message", message);
    }

    private static void git(Path where, String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.of(command).in(where).run().orStop("the demo repository cannot be made", Exec.typed(command));
    }

    static void write(Path file, String text, boolean executable) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Run.permit(file, executable ? "rwx------" : "rw-------");
    }

    /** Stops the hosting stand-in with its service, if it was made already. */
    static void stop(Path folder) {
        if (Files.exists(folder.resolve("hosting"))) {
            Exec.of(folder.resolve("hosting").toString(), "stop").run();
        }
    }

    static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
