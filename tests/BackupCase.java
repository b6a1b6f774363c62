//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import lib.Clients;
import lib.Exec;
import lib.Hash;
import lib.Json;
import lib.backup.Archive;

/** What the tests of backup.java share: client programs that misbehave, and what lies in the run folder. */
abstract class BackupCase {
    static final Path REAL = Clients.fitting(15).bin();

    /** Client programs of which one does something else: $real is the real one, $file its output, $here our folder. */
    static void standIn(World world, String program, String misdeed) {
        standIn(world, REAL, program, misdeed);
    }

    /** The same, where the real ones are those of another folder. */
    static void standIn(World world, Path realBin, String program, String misdeed) {
        Path bin = world.folder.resolve("bin");
        for (String name : List.of("pg_dump", "pg_restore", "pg_dumpall", "psql")) {
            World.script(bin.resolve(name), "exec '" + realBin.resolve(name) + "' \"$@\"\n");
        }
        World.script(bin.resolve(program), """
                real='%s'
                case "$1" in --version) exec "$real" "$@";; esac
                for word; do case "$word" in --file=*) file="${word#--file=}";; esac; done
                here='%s'
                %s
                """.formatted(realBin.resolve(program), world.folder, misdeed));
        world.environment.put(Clients.VARIABLE, bin.toString());
    }

    /** Makes a backup and returns its path. */
    static Path backup(World world) {
        World.Result result = world.run("backup");
        assertTrue(result.exit() == 0, result::all);
        return world.repo.resolve(result.out().strip());
    }

    /** Everything of the run folder that is or could become a part of a backup. */
    static Set<String> files(World world) {
        Set<String> names = names(world);
        names.removeIf(name -> !name.contains("backup-") && !name.endsWith(".part"));
        return names;
    }

    /** The names of all that lies in the run folder. */
    static Set<String> names(World world) {
        Set<String> names = new TreeSet<>();
        Path folder = world.repo.resolve("_migrations");
        if (Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                files.map(file -> file.getFileName().toString()).forEach(names::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return names;
    }

    /** The files of the run folder that are not yet whole. */
    static List<String> parts(World world) {
        return files(world).stream().filter(name -> name.endsWith(".part")).toList();
    }

    /** A table large enough that a dump cut in half still holds a whole table of contents. */
    static void makeBallast(World world) {
        world.execute("CREATE TABLE ballast AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 20000) i");
    }

    /** A table that is large enough to be read by several, and to be at work for a while. */
    static void makeLarge(World world) {
        world.execute("CREATE TABLE large (t text)", "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
                "INSERT INTO large SELECT repeat('x', 8000) FROM generate_series(1, 34000)");
    }

    /** Backs up where the disk has room for so much only: there is a whole backup afterwards, or none and no half. */
    static void backUpOnASmallDisk(World world, int kilobytes, String... options) throws Exception {
        World small = world.again();
        try {
            small.commit("first");
            Path folder = Files.createDirectories(small.repo.resolve("_migrations"));
            assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k", "none", folder.toString())
                    .run().ok(), "only root may make a small disk");
            try {
                World.Result result = small.run("backup", options);
                Set<String> files = files(small);
                assertTrue(parts(small).isEmpty(), files::toString);
                boolean whole = files.stream().anyMatch(name -> name.endsWith(".dump"));
                for (String name : files) {
                    if (name.endsWith(".dump")) {
                        Archive.verify(folder.resolve(name));
                    }
                    assertTrue(whole, "beside no backup: " + name);
                }
                assertTrue(result.exit() == 0 ? whole && files.size() == 4 : result.err().contains("make room"),
                        result::all);
                assertFalse(result.err().contains("Exception"), result::all);
            } finally {
                Exec.of("umount", folder.toString()).run();
            }
        } finally {
            small.forget();
        }
    }

    /** Puts a copy of a backup beside it, under another name and with another manifest, properly sealed. */
    static Path copied(Path backup, String stamp, Consumer<ObjectNode> change) throws IOException {
        Path copy = backup.resolveSibling("backup-" + stamp + ".dump");
        Files.copy(backup, copy);
        ObjectNode manifest = (ObjectNode) Json.MAPPER.readTree(Path.of(backup + ".json").toFile());
        manifest.remove("seal");
        manifest.put("created", stamp.replaceFirst("(....)(..)(..)-(..)(..)(..)", "$1-$2-$3T$4:$5:$6Z"));
        change.accept(manifest);
        seal(copy, Json.pretty(manifest));
        World.write(Path.of(copy.toString().replace(".dump", ".schema.sql")), "--\n");
        World.write(Path.of(copy.toString().replace(".dump", ".globals.sql")), "--\n");
        return copy;
    }

    /** Writes a manifest, with a seal that says it was never changed. */
    static void seal(Path archive, String json) {
        String body = json.replaceFirst("(,\\s*\"seal\"[^}]*)?\\s*}\\s*$", "");
        World.write(Path.of(archive + ".json"), body + ",\n  \"seal\" : \"" + Hash.of(body) + "\"\n}\n");
    }

    /** The command lines of all processes that hold a text. */
    static List<String> processes(String text) {
        try (var processes = Files.list(Path.of("/proc"))) {
            return processes.filter(process -> process.getFileName().toString().matches("\\d+"))
                    .map(process -> process.getFileName() + " " + content(process.resolve("cmdline")))
                    .filter(line -> line.contains(text)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of /proc; empty when its process has just ended. */
    static String content(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException e) {
            return "";
        }
    }

    /** How many sessions of a backup the world's production has. */
    static int sessions(World world, String condition) {
        return Integer.parseInt(world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name = 'release backup' AND " + condition));
    }

    static void await(BooleanSupplier condition, String what) throws InterruptedException {
        for (int tries = 0; !condition.getAsBoolean(); tries++) {
            assertTrue(tries < 600, "not seen in 30 s: " + what);
            Thread.sleep(50);
        }
    }

    static JsonNode json(Path file) {
        try {
            return Json.MAPPER.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
