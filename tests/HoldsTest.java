//SOURCES HistoryCase.java World.java ../lib/Failure.java ../lib/Holds.java ../lib/migrations/Deploys.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Exec;
import lib.Failure;
import lib.History;
import lib.Holds;
import lib.Migration;
import lib.migrations.Deploys;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Migrations that wait: since when, how long, and where they cannot be left out. */
class HoldsTest {
    private static final Clock NOW = Clock.fixed(Instant.parse("2026-03-10T12:00:00Z"), ZoneOffset.UTC);

    @TempDir
    Path repo;
    private final Map<String, String> environment = new TreeMap<>();

    @BeforeEach
    void aRepositoryWithBothBranches() {
        World.isolated(repo).forEach((name, value) -> {
            if (value != null) {
                environment.put(name, value);
            }
        });
        git("2026-01-01T00:00:00Z", "init", "-q", "--initial-branch=main");
        git("2026-01-01T00:00:00Z", "commit", "-q", "--allow-empty", "-m", "begin");
        git("2026-01-01T00:00:00Z", "branch", "release");
    }

    private void git(String when, String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(repo).with(environment).with("GIT_COMMITTER_DATE", when)
                .with("GIT_AUTHOR_DATE", when).run();
        assertTrue(result.ok(), result.err());
    }

    private static Migration migration(String id, String sql) {
        return new Migration(id, "db/" + id + ".sql", sql, null, 0);
    }

    private Holds holds(Migration... pending) {
        return Holds.of(repo, "release", "main", List.of(pending), NOW);
    }

    private void committed(Migration migration, String when) {
        World.write(repo.resolve(migration.file()), migration.sql());
        git(when, "add", "--all");
        git(when, "commit", "-q", "-m", migration.id());
    }

    private void released(String when) {
        git(when, "switch", "-q", "release");
        git(when, "merge", "-q", "--no-ff", "-m", "release", "main");
        git(when, "switch", "-q", "main");
    }

    @Test
    void daysCountFromTheReleaseThatBroughtTheFileNotFromItsCommit() {
        Migration old = migration("1_drop", "-- drops what nobody reads any more\n-- hold: 7d\nDROP TABLE a;");
        committed(old, "2026-02-01T00:00:00Z");
        assertEquals("7d from this release on", holds(old).held().get(0).when());
        released("2026-03-05T08:30:00Z");
        assertEquals("1_drop (until 2026-03-12 08:30 UTC)", holds(old).words());
        assertEquals(List.of(), holds(old).due());
        Migration shorter = migration("1_drop", "-- hold: 36h\nDROP TABLE a;");
        assertEquals(List.of(shorter), holds(shorter).due());
        assertEquals(List.of("1_drop"), holds(migration("1_drop", "/* why */ -- Hold: 2 weeks\n;DROP TABLE a;")).ids());
    }

    @Test
    void withoutAReleaseBranchTheyCountFromTheCommit() {
        Migration old = migration("1_drop", "-- hold: 7d\nDROP TABLE a;");
        committed(old, "2026-02-01T00:00:00Z");
        assertEquals(List.of(old), Holds.of(repo, "origin/none", "main", List.of(old), NOW).due());
    }

    @Test
    void aDayIsADay() {
        assertEquals("a (until 2026-03-11)", holds(migration("a", "-- hold: until 2026-03-11\nSELECT 1;")).words());
        assertTrue(holds(migration("a", "-- hold: 2026-03-10\nSELECT 1;")).none());
        assertTrue(holds(migration("a", "SELECT 1;\n-- hold: 7d"), migration("b", "SELECT '-- hold: 7d';")).none());
    }

    @ParameterizedTest
    @CsvSource({"soon", "7", "until tomorrow", "2026-02-30", "''"})
    void whatCannotBeReadStops(String hold) {
        Failure failure = assertThrows(Failure.class, () -> holds(migration("a", "-- hold: " + hold + "\nSELECT 1;")));
        assertTrue(failure.getMessage().startsWith("db/a.sql: how long does \"-- hold: " + hold + "\" wait?"),
                failure::getMessage);
        assertTrue(failure.hint.contains("-- hold: 7d"), failure.hint);
    }

    @Test
    void aToolThatGoesByOrderCannotLeaveOneOutInTheMiddle() {
        Migration waits = migration("1_drop", "-- hold: 7d\nDROP TABLE a;");
        List<Migration> order = List.of(waits, migration("2_next", "SELECT 1;"));
        Holds holds = holds(order.toArray(Migration[]::new));
        Failure failure = assertThrows(Failure.class, () -> holds.check(tool("flyway"), order, null));
        assertTrue(failure.getMessage().contains("2_next behind it is not: flyway goes by order"), failure::getMessage);
        assertTrue(failure.hint.contains("take the line \"-- hold: 7d\" out of db/1_drop.sql"), failure.hint);
        holds.check(tool("prisma"), order, null);
        holds.check(tool("flyway"), order.subList(0, 1), null);
        assertTrue(assertThrows(Failure.class, () -> holds.check(tool("prisma"), order, "Procfile says so"))
                .getMessage().contains("the next deploy would run it: Procfile says so"));
    }

    private static History tool(String name) {
        String file = name.equals("flyway") ? "sql/V1__a.sql" : "prisma/migrations/20260101000000_a/migration.sql";
        return HistoryCase.find(files(Map.of(file, "SELECT 1;")), name, null);
    }

    private static Map<String, byte[]> files(Map<String, String> texts) {
        Map<String, byte[]> files = new TreeMap<>();
        texts.forEach((path, text) -> files.put(path, text.getBytes(StandardCharsets.UTF_8)));
        return files;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Procfile | release: npx prisma migrate deploy | Procfile says \"prisma migrate deploy\"",
        "Dockerfile | CMD [\"npx\", \"prisma\", \"migrate\", \"deploy\"] | "
            + "Dockerfile says \"prisma\", \"migrate\", \"deploy\"",
        "package.json | {\"scripts\": {\"start\": \"prisma migrate deploy && node .\"}} | "
            + "package.json says \"start\": \"prisma migrate deploy && node .\"",
        "package.json | {\"scripts\": {\"db:up\": \"prisma migrate deploy\", \"test\": \"npm run db:up\"}} | ",
        "railway.json | {\"deploy\": {\"startCommand\": \"prisma generate && node .\"}} | ",
        "docs/notes.md | prisma migrate deploy | "})
    void whatMigratesAtADeployIsFound(String path, String text, String found) {
        Map<String, byte[]> files = files(Map.of(path, text,
                "prisma/migrations/20260101000000_a/migration.sql", "SELECT 1;"));
        assertEquals(found, Deploys.found(repo, files, HistoryCase.find(files, "prisma", null)));
    }

    @Test
    void anApplicationThatMigratesByItselfIsFound() {
        Map<String, byte[]> files = files(Map.of("drizzle/meta/_journal.json", "{\"version\":\"7\","
                + "\"dialect\":\"postgresql\",\"entries\":[{\"idx\":0,\"when\":1,\"tag\":\"0000_a\"}]}",
                "drizzle/0000_a.sql",
                "SELECT 1;",
                "src/start.ts", "import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "await migrate(db, { migrationsFolder: './drizzle' });\n"));
        assertEquals("src/start.ts runs all that is pending",
                Deploys.found(repo, files, HistoryCase.find(files, "drizzle", null)));
    }
}
