//SOURCES Clients.java Console.java DemoApp.java Exec.java Failure.java PhaseProcess.java Postgres.java Run.java Scratch.java Secrets.java Servers.java Target.java

package lib;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A made-up application with a production of its own, on which a real release can be watched without any risk. */
public final class Demo {
    /** Where the release is made to stop. */
    public enum Stage { preflight, backup, assess, validate, stop, apply, promote }

    private static final String ANSWERS = "RELEASE_DEMO_ANSWERS";
    private static final String FOLDER = "release-demo-";
    private static final String DATABASE = "shop";
    private static final int NEWEST_MAJOR = 18;
    private static final int OLDEST_MAJOR = 14;

    private final Console console;
    private final boolean yes;
    private final boolean keep;
    private final Stage fail;
    private Path folder;
    private Path clone;
    private Target production;

    /** A demo; without a terminal it answers its own prompts, since nothing of it is real. */
    public Demo(Console console, boolean yes, boolean keep, Stage fail) {
        this.console = console;
        this.yes = yes || !Console.interactive();
        this.keep = keep;
        this.fail = fail;
    }

    /** Whether the release of this repository is a demo that answers its own prompts. */
    public static boolean answers(Path repo) {
        return repo.toString().equals(System.getenv(ANSWERS))
                && repo.getParent().getFileName().toString().startsWith(FOLDER);
    }

    /** Builds everything, runs the release on it as a person would, shows what came of it and cleans up. */
    public int run(boolean json) throws Exception {
        Clients.Client client = Clients.newest();
        Servers.listener(console::say);
        console.title("demo: a guest house with a production of its own");
        Scratch server = start(client.major());
        // Ctrl-C at a prompt ends us without any finally.
        Thread cleaner = new Thread(this::cleanUp);
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            folder = Files.createTempDirectory(FOLDER).toRealPath();
            DemoApp app = new DemoApp(folder, server.target(null), DATABASE, client);
            production = app.production();
            clone = app.build(fail);
            console.say("  production  " + production.place() + ", PostgreSQL " + server.major() + ", " + app.rows()
                    + " rows");
            console.say("  repository  " + clone + " (origin: " + folder.resolve("origin.git") + ")");
            console.say("  hosting     a stand-in that serves the branch release: " + folder.resolve("hosting"));
            if (yes) {
                console.say("  prompts     answered with yes");
            }
            int code = release(json);
            if (!json) {
                show(code, server.target(DATABASE));
            }
            return code;
        } finally {
            Runtime.getRuntime().removeShutdownHook(cleaner);
            end(server);
        }
    }

    // A server that the installed pg_dump can read, as new as possible.
    private Scratch start(int clientMajor) {
        Failure last = null;
        for (int major = Math.min(clientMajor, NEWEST_MAJOR); major >= OLDEST_MAJOR; major--) {
            try {
                return Scratch.start(Servers.fitting(major));
            } catch (Failure failure) {
                last = failure;
            }
        }
        if (last != null) {
            throw last;
        }
        throw Failure.missing("pg_dump " + clientMajor + " is too old for the demo",
                Clients.install(NEWEST_MAJOR, System.getProperty("os.name"), ""));
    }

    private int release(boolean json) {
        List<String> command = new ArrayList<>(PhaseProcess.java("release"));
        command.addAll(List.of("--repo", clone.toString(), "--color", console.color().name()));
        if (json) {
            command.add("--json");
        }
        console.title("\n$ cd " + clone + " && jbang release.java");
        return Exec.of(command).with(environment()).attached();
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new java.util.HashMap<>(Map.of("DEMO_DATABASE_URL", production.url()));
        if (yes) {
            environment.put(ANSWERS, clone.toString());
        }
        return environment;
    }

    // As the server's owner: a demo that fails may have taken rights from the application's role.
    private void show(int code, Target all) throws SQLException, IOException {
        console.title("\nAfterwards");
        try (Connection connection = Postgres.read(all, "demo")) {
            List<List<String>> tables = Postgres.rows(connection, "SELECT oid::regclass::text FROM pg_class"
                    + " WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'drizzle'::regnamespace)"
                    + " ORDER BY 1");
            for (List<String> table : tables) {
                String rows = Postgres.one(connection, "SELECT count(*) FROM " + table.get(0));
                console.say(String.format("  %-30s %6s rows", table.get(0), rows));
            }
        }
        Exec.Result commits = Exec.of("git", "log", "--oneline", "--decorate", "-4", "origin/release").in(clone).run();
        console.say("\n" + commits.out());
        try (var reports = Files.newDirectoryStream(clone.resolve(Run.FOLDER), "report-*.md")) {
            for (Path report : reports) {
                // The rest is long, and better looked at in a browser.
                String text = Files.readString(report).replaceFirst("(?s)\n## Timeline\n.*", "").strip();
                console.say("\n----- " + clone.relativize(report) + ", its beginning -----\n" + text + "\n-----");
            }
        }
        if (code != 0) {
            console.say("\nThe release stopped with exit code " + code + (fail == null ? "." : ", as it was made to.")
                    + " In a real one you would go on as it says above.");
        }
    }

    private String page() throws IOException {
        try (var pages = Files.newDirectoryStream(clone.resolve(Run.FOLDER), "report-*.html")) {
            return pages.iterator().next().toUri().toString();
        }
    }

    private void end(Scratch server) throws IOException {
        if (keep && folder != null) {
            server.keep();
            DemoApp.write(folder.resolve("clean-up"), """
                    #!/bin/sh
                    # Stops everything the demo left running, and removes it.
                    "%s/hosting" stop
                    kill -QUIT "$(head -n 1 '%s/postmaster.pid')"
                    rm -rf '%s' '%s'
                    """.formatted(folder, server.data(), server.data().getParent(), folder), true);
            console.say("\nLook around: cd " + clone
                    + " && jbang release.java status   # first: . " + folder.resolve("environment")
                    + "\n             " + folder.resolve("hosting") + " psql"
                    + "\nReport:      " + page()
                    + "\nClean up:    " + folder.resolve("clean-up"));
            return;
        }
        if (folder != null) {
            cleanUp();
            console.say("\nEverything is stopped and removed again."
                    + " To look around afterwards: jbang release.java demo --keep");
        }
        server.close();
    }

    private void cleanUp() {
        if (folder != null && Files.exists(folder)) {
            DemoApp.stop(folder);
            DemoApp.delete(folder);
        }
    }
}
