//SOURCES HistoryCase.java World.java ../lib/Failure.java ../lib/migrations/OwnMigrator.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Failure;
import lib.migrations.OwnMigrator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real node-pg-migrate of npm, run as an application would, on a database that is not production's. */
class OwnMigratorTest {
    private static final Path PACKAGES = World.ROOT.resolve("tests/node/node_modules");

    @TempDir
    Path repo;

    private OwnMigrator.Run run(HistoryCase test) {
        test.files.forEach((path, bytes) -> World.write(repo.resolve(path), test.text(path)));
        return OwnMigrator.run(repo, test.files, test.history(), test.database, repo.resolve("migrator.log"));
    }

    @Test
    void itFindsNothingToRunOrSaysWhatItRanAndReachesNoOtherDatabase() throws IOException {
        assertTrue(Files.isDirectory(PACKAGES.resolve("node-pg-migrate")),
                "the real migrators are not installed: npm ci --prefix tests/node");
        try (HistoryCase test = new HistoryCase("node-pg-migrate", "")) {
            test.files.remove("db.sql");
            Failure missing = assertThrows(Failure.class, () -> run(test));
            assertEquals(Failure.Exit.MISSING, missing.exit);
            assertTrue(missing.getMessage().startsWith("node-pg-migrate is not installed in "), missing::getMessage);

            Files.createSymbolicLink(repo.resolve("node_modules"), PACKAGES);
            World.write(repo.resolve(".env"), "PROD_DATABASE_URL=postgresql://real:secret@production/app\n"
                    + "DATABASE_URL=postgresql://real:secret@production/app\n");
            OwnMigrator.Run nothing = run(test);
            assertNull(nothing.error(), nothing::toString);
            assertEquals(List.of(), nothing.statements());
            assertTrue(World.read(repo.resolve("migrator.log")).contains("No migrations to run"));

            String seen = repo.resolve("seen").toString();
            test.file("migrations/9990000000030_x.cjs", "exports.up = (pgm) => { require('fs').writeFileSync('" + seen
                    + "', process.env.PROD_DATABASE_URL); pgm.sql('CREATE TABLE ran ()'); };\n");
            OwnMigrator.Run ran = run(test);
            assertEquals(1, ran.statements().size(), ran::toString);
            assertTrue(ran.statements().get(0).contains("9990000000030_x"), ran::toString);
            assertEquals("0", test.sql("SELECT count(*) FROM ran"));
            assertEquals("postgresql://nobody@127.0.0.1:1/not_in_a_rehearsal", Files.readString(Path.of(seen)));
        }
    }

    @Test
    void aMigratorThatIsNotRunHereIsSaid() {
        says("numbered files have none", "sql", "db/001_a.sql");
        says("the migrator of flyway is not one that is run here", "flyway", "db/V1__a.sql");
    }

    private void says(String words, String tool, String file) {
        try (HistoryCase test = new HistoryCase(null, null)) {
            test.file(file, "CREATE TABLE a ();");
            Failure failure = assertThrows(Failure.class, () -> OwnMigrator.run(repo, test.files,
                    HistoryCase.find(test.files, tool, "db"), test.database, repo.resolve("log")));
            assertEquals(Failure.Exit.MISSING, failure.exit);
            assertEquals(words, failure.getMessage());
        }
    }
}
