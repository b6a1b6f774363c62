//SOURCES BackupWorldCase.java

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import lib.Exec;
import lib.Target;
import lib.sql.Name;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The plain SQL beside a backup: the schema, and the roles and tablespaces of the server. */
class ScriptTest extends BackupWorldCase {
    @BeforeAll
    void fillTheWorld() {
        world.execute("CREATE FUNCTION odd() RETURNS text LANGUAGE sql AS $$\n-- Dumped by pg_dump version 1\n"
                + "SELECT '\nSET transaction_timeout = 0;\n'\n$$",
                "COMMENT ON TABLE sessions IS '\n\\restrict abc\n\n\n'");
    }

    private static Path schema(Path backup) {
        return Path.of(backup.toString().replace(".dump", ".schema.sql"));
    }

    private static Path globals(Path backup) {
        return Path.of(backup.toString().replace(".dump", ".globals.sql"));
    }

    @Test
    void theSameSchemaGivesTheSameBytesOnAnyServerAndAnotherOneDoesNot() throws IOException {
        Path first = schema(backup(world));
        byte[] bytes = Files.readAllBytes(first);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(first)));

        // Loaded elsewhere by plain psql, under another owner and with other rows.
        Target other = World.rehearsal().target("script_test");
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS script_test",
                "CREATE DATABASE script_test");
        World.psql(other, Files.readString(first));
        World.execute(other, "INSERT INTO sessions SELECT * FROM sessions");
        world.environment.put("PROD_DATABASE_URL", other.url());
        assertArrayEquals(bytes, Files.readAllBytes(schema(backup(world))));

        World.execute(other, "ALTER TABLE sessions ADD COLUMN more integer");
        assertFalse(Arrays.equals(bytes, Files.readAllBytes(schema(backup(world)))));
        World.execute(World.rehearsal().target(null), "DROP DATABASE script_test");
    }

    @Test
    void theSchemaIsPlainSqlWithoutVersionsAndWithEveryLineOfTheObjects() throws IOException {
        String sql = Files.readString(schema(backup(world)));
        String head = sql.substring(0, sql.indexOf("-- Name: "));
        assertFalse(head.contains("ersion") || head.contains("\\restrict") || sql.contains("\n\\unrestrict"), head);
        assertTrue(sql.contains("$$\n-- Dumped by pg_dump version 1\nSELECT '\nSET transaction_timeout = 0;\n'\n$$"),
                sql);
        assertTrue(sql.contains("IS '\n\\restrict abc\n\n\n';"), sql);
        assertFalse(sql.contains("OWNER TO") || sql.contains("GRANT ") || sql.contains("COPY "), sql);
    }

    @Test
    void aDatabaseInAnotherEncodingKeepsItsBytes() throws IOException {
        Target admin = World.productionServer().target(null);
        World.execute(admin, "DROP DATABASE IF EXISTS latin", "CREATE DATABASE latin OWNER app ENCODING 'LATIN1'"
                + " LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        Target latin = new Target(admin.host(), admin.port(), "latin", "app", World.PASSWORD, admin.parameters());
        World.execute(latin, "CREATE TABLE caf\u00e9 (i integer)");
        world.environment.put("PROD_DATABASE_URL", latin.url());
        String sql = Files.readString(schema(backup(world)), StandardCharsets.ISO_8859_1);
        assertTrue(sql.contains("SET client_encoding = 'LATIN1'"), sql);
        assertTrue(sql.contains("CREATE TABLE public.\"caf\u00e9\"") || sql.contains("CREATE TABLE public.caf\u00e9"),
                sql);
        World.execute(admin, "DROP DATABASE latin");
    }

    @Test
    void rolesAreThereAndNoPasswordIs() throws IOException {
        World.execute(World.productionServer().target(null), "SET password_encryption = 'md5'",
                "DROP ROLE IF EXISTS old_school", "CREATE ROLE old_school LOGIN PASSWORD 'secret-of-old'");
        Path file = globals(backup(world));
        String sql = Files.readString(file);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertTrue(sql.contains("CREATE ROLE app;") && sql.contains("CREATE ROLE old_school;"), sql);
        for (String secret : List.of("SCRAM-SHA-256", "md5", "PASSWORD", "secret-of-old", "S3cret", "\\restrict")) {
            assertFalse(sql.contains(secret), secret + " in " + sql);
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(globals(backup(world))));
        World.execute(World.productionServer().target(null), "DROP ROLE old_school");
    }

    @Test
    void whereRolesMayNotBeSeenTheBackupStandsWithoutThemAndSaysSo() {
        Target admin = World.productionServer().target(world.production.database());
        World.execute(admin, "REVOKE SELECT ON pg_auth_members FROM PUBLIC");
        World.Result result = world.run("backup", "--json");
        World.execute(admin, "GRANT SELECT ON pg_auth_members TO PUBLIC");
        assertEquals(0, result.exit(), result::all);
        assertEquals("skip", result.gate("backup.globals").path("status").asText(), result::all);
        String message = result.gate("backup.globals").path("message").asText();
        assertTrue(message.startsWith("roles and tablespaces are not saved: ")
                && message.contains("permission denied for table pg_auth_members"), result::all);
        assertTrue(result.json().at("/facts/globalsFile").isMissingNode(), result::all);
        assertFalse(Files.exists(globals(world.repo.resolve(result.json().at("/facts/file").asText()))));
    }

    @Test
    void withoutPgDumpallTheBackupStandsAndSaysWhatIsMissing() throws IOException {
        standIn(world, "psql", "exec \"$real\" \"$@\"");
        Files.delete(world.folder.resolve("bin/pg_dumpall"));
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals("skip", result.gate("backup.globals").path("status").asText(), result::all);
        assertTrue(result.gate("backup.globals").path("message").asText().contains("pg_dumpall is not beside pg_dump"),
                result::all);
    }

    @Test
    void theSchemaIsTheArchivesOwnAsPgRestoreTellsIt() throws IOException {
        Path backup = backup(world);
        String plain = Exec.of(REAL.resolve("pg_restore").toString(), "--schema-only", "--no-owner", "--no-privileges",
                "--file=-", backup.toString()).run().out();
        String ours = Files.readString(schema(backup));
        List<String> objects = plain.lines().filter(line -> line.startsWith("-- Name: ")).toList();
        assertEquals(objects, ours.lines().filter(line -> line.startsWith("-- Name: ")).toList());
        assertTrue(objects.stream().anyMatch(line -> line.contains(Name.quote("sessions"))), plain);
        assertEquals(plain.substring(plain.indexOf("-- Name: "), plain.lastIndexOf("--\n-- PostgreSQL")),
                ours.substring(ours.indexOf("-- Name: "), ours.lastIndexOf("--\n-- PostgreSQL")));
    }
}
