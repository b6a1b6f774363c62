//SOURCES ClassArchive.java Cli.java Exec.java

package lib;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/**
 * Runs our scripts once on a repository made for it, with a database that is out of reach: not for what they find, but
 * for the classes and lambdas that Java meets on the way and keeps in the {@link ClassArchive}.
 */
final class Practice {
    /** Nobody listens on port 1: the driver is loaded, and refused at once. */
    private static final String NOWHERE = "postgresql://nobody@127.0.0.1:1/none";

    private static final Map<String, List<String>> RUNS = Map.of(
            "preflight", List.of("--only git,settings,db"),
            "backup", List.of("--help", "list --json", ""),
            "assess", List.of("", "review --format sarif"),
            "validate", List.of("--json"),
            "release", List.of("status", "status --json"));

    /** Nothing else of somebody's environment reaches it: no settings, no secrets, no repository of git's choice. */
    private static final Set<String> KEPT = Set.of("PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "XDG_CACHE_HOME",
            "SystemRoot");

    private static final String MIGRATION = """
            -- Practice: every kind of statement that the grammar meets often.
            CREATE TABLE guests (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, room text DEFAULT 'none');
            ALTER TABLE bookings ADD COLUMN guest bigint REFERENCES guests (id);
            ALTER TABLE bookings ADD CONSTRAINT nights CHECK (nights > 0);
            CREATE UNIQUE INDEX bookings_guest ON bookings USING btree (guest, arrival) WHERE guest IS NOT NULL;
            INSERT INTO guests (id, email) SELECT DISTINCT id, lower(email) FROM bookings WHERE email IS NOT NULL;
            UPDATE bookings SET guest = g.id FROM guests AS g WHERE g.email = lower(bookings.email);
            ALTER TABLE bookings ALTER COLUMN guest SET NOT NULL;
            ALTER TABLE bookings DROP COLUMN email;
            """;

    private Practice() {
    }

    /** The environment of such a run; a null value takes a variable out of it. */
    static Map<String, String> environment(Path folder) {
        Map<String, String> environment = new HashMap<>();
        System.getenv().keySet().stream().filter(name -> !KEPT.contains(name))
                .forEach(name -> environment.put(name, null));
        environment.put("HOME", folder.toString());
        // Whatever fails below, no repository around it is taken for ours.
        environment.put("GIT_CEILING_DIRECTORIES", folder.toString());
        environment.put("PROD_DATABASE_URL", NOWHERE);
        return environment;
    }

    public static void main(String... arguments) throws Exception {
        Path repo = repository(Path.of(arguments[0]));
        for (String name : ClassArchive.names(ClassArchive.classPath().get(0), ClassArchive.OWN)) {
            Class<?> type = Class.forName(name.replace('/', '.'), false, Practice.class.getClassLoader());
            if (type.isAnnotationPresent(CommandLine.Command.class) && !name.contains("/")) {
                run(type, repo);
            }
        }
    }

    private static Path repository(Path repo) throws IOException {
        Files.createDirectories(repo.resolve("migrations"));
        Files.writeString(repo.resolve("migrations/0001_guests.sql"), MIGRATION);
        Files.writeString(repo.resolve(".gitignore"), "_migrations/\n");
        for (String words : List.of("init --quiet --initial-branch=main", "add .",
                "-c user.name=practice -c user.email=practice@localhost commit --quiet -m practice")) {
            List<String> command = new ArrayList<>(List.of("git", "-C", repo.toString()));
            command.addAll(List.of(words.split(" ")));
            Exec.of(command).run();
        }
        return repo;
    }

    @SuppressWarnings("unchecked")
    private static void run(Class<?> script, Path repo) throws Exception {
        for (String words : RUNS.getOrDefault(script.getName(), List.of("--help"))) {
            var made = script.getDeclaredConstructor();
            made.setAccessible(true);
            List<String> line = new ArrayList<>(words.isEmpty() ? List.of() : List.of(words.split(" ")));
            line.addAll(List.of("--repo", repo.toString()));
            Cli.run((Callable<Integer>) made.newInstance(), line.toArray(String[]::new));
        }
    }
}
