//SOURCES BackupCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the password is while backup.java works: in the environment of what it starts itself, and nowhere else. */
class BackupSecretsTest extends BackupCase {
    private static final String SECRET = "S3cret";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            pg_dump    |
            pg_dumpall |
            pg_restore |
            pg_restore | verify FILE
            psql       | list
            psql       | prune --keep 1
            """)
    void noArgumentAndNoStrangersEnvironmentHoldsThePassword(String slow, String command) throws Exception {
        // A name of its own: other tests may be at work on this machine.
        try (World world = World.drizzle("watched " + UUID.randomUUID())) {
            if (command != null) {
                backup(world);
                backup(world);
            }
            standIn(world, slow, "sleep 0.5; exec \"$real\" \"$@\"");
            String words = command == null ? "--verbose" : command + " --verbose";
            String file = command == null ? "" : world.repo.relativize(world.newest("backup-.*\\.dump")).toString();
            World.Running running = world.begin("backup", words.replace("FILE", file).split(" "));
            Set<String> arguments = new TreeSet<>();
            Set<String> strangers = new TreeSet<>();
            int heirs = 0;
            while (running.process().isAlive()) {
                for (Path process : processes()) {
                    String line = content(process.resolve("cmdline"));
                    if (line.contains(SECRET) || line.contains(world.folder.toString())) {
                        arguments.add(line);
                    }
                    String environment = content(process.resolve("environ"));
                    if (environment.contains(SECRET) && environment.contains(world.folder.toString())) {
                        boolean own = own(Long.parseLong(process.getFileName().toString()), running.process().pid());
                        heirs += own ? 1 : 0;
                        if (!own && !content(process.resolve("environ")).isEmpty()) {
                            strangers.add(process + " " + line);
                        }
                    }
                }
            }
            World.Result result = running.end();
            assertEquals(0, result.exit(), result::all);
            assertTrue(heirs > 0, "the watch sees environments");
            assertTrue(slow.equals("psql") || arguments.stream().anyMatch(line -> line.contains("/" + slow + " ")),
                    slow + " was never seen: " + arguments);
            assertTrue(arguments.stream().noneMatch(line -> line.contains(SECRET)), arguments::toString);
            assertEquals(Set.of(), strangers);
            assertFalse(result.all().contains(SECRET), result::all);
            assertTrue(command != null || result.err().contains(" PGPASSWORD=**** "),
                    "each command stands there as it could be typed: " + result.err());
            try (var files = Files.walk(world.repo.resolve("_migrations"))) {
                for (Path each : files.filter(Files::isRegularFile).toList()) {
                    assertFalse(Files.readString(each, StandardCharsets.ISO_8859_1).contains(SECRET), each.toString());
                }
            }
        }
    }

    private static List<Path> processes() throws IOException {
        try (var processes = Files.list(Path.of("/proc"))) {
            return processes.filter(process -> process.getFileName().toString().matches("\\d+")).toList();
        }
    }

    /** Whether a process is that one, or was started by it; one that has ended is nobody's. */
    private static boolean own(long pid, long parent) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        while (process.isPresent() && process.get().pid() != parent) {
            process = process.get().parent();
        }
        return process.isPresent();
    }
}
