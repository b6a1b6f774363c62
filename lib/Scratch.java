//SOURCES Clients.java Exec.java Failure.java ScratchFolder.java ScratchPassword.java ScratchSettings.java
//SOURCES ScratchTemplate.java Target.java

package lib;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A throw-away PostgreSQL server: fast, never durable, reachable from this machine only, gone when we are. */
public final class Scratch implements AutoCloseable {
    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final int ATTEMPTS = 5;
    /** What the end of this process must stop. */
    private static final Set<Scratch> LIVE = ConcurrentHashMap.newKeySet();

    /** How much data a server will hold, where nobody knows. */
    public static final long UNKNOWN = Long.MAX_VALUE;

    private static volatile boolean ending;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            ending = true;
            LIVE.forEach(Scratch::close);
        }, "throw-away servers"));
    }

    private final long bytes;
    private String password = ScratchPassword.random();
    private Path bin;
    private ScratchFolder folder;
    /** What stands before a command that must not run as the present user. */
    private List<String> as = List.of();
    private int major;
    private int port;
    private boolean closed;

    private Scratch(Path bin, long bytes) {
        this.bin = bin.toAbsolutePath();
        this.bytes = bytes;
    }

    /** Starts a server from the folder that holds {@code initdb}, {@code pg_ctl} and {@code postgres}. */
    public static Scratch start(Path serverBin) {
        return start(serverBin, UNKNOWN);
    }

    /** The same for so many bytes of data, which are kept in memory where there is plenty of it. */
    public static Scratch start(Path serverBin, long bytes) {
        Scratch scratch = new Scratch(serverBin, bytes);
        LIVE.add(scratch);
        try {
            scratch.boot();
            return scratch;
        } catch (IOException | RuntimeException e) {
            scratch.close();
            if (ending) {
                // Its programs were stopped together with us; what they said about it is not the reason.
                throw new Failure(Failure.Exit.INTERRUPTED, "stopped while a throw-away server started", null, e);
            }
            if (e instanceof Failure failure) {
                throw failure;
            }
            throw new Failure(Failure.Exit.MISSING, "no throw-away PostgreSQL server can be set up below "
                    + System.getProperty("java.io.tmpdir") + ": " + e,
                    "make that folder writable, or name another: JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=FOLDER", e);
        }
    }

    /** One of its databases, as its superuser; null is the database postgres. */
    public Target target(String database) {
        return new Target("127.0.0.1", port, database == null ? "postgres" : database, "postgres", password,
                Map.of("sslmode", "disable"));
    }

    /** The server's major version. */
    public int major() {
        return major;
    }

    /** Its data folder, the name by which {@link #remove} knows it. */
    public Path data() {
        return folder.data();
    }

    /** Lets it run on after this process; from now on only {@link #remove} ends it. */
    public synchronized Scratch keep() {
        if (!closed) {
            try {
                folder.keep();
            } catch (IOException e) {
                throw new Failure(Failure.Exit.MISSING,
                        "the server in " + folder.path + " cannot be kept: " + e.getMessage(), null, e);
            }
            closed = true;
            LIVE.remove(this);
        }
        return this;
    }

    /** Stops the server, whoever is connected, and deletes its folder. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (folder != null) {
                folder.remove();
            }
            LIVE.remove(this);
        }
    }

    /** Stops and deletes a server that was kept, given its {@link #data} folder. */
    public static void remove(Path data) {
        Path folder = ScratchFolder.of(data);
        ScratchFolder.stop(data.toAbsolutePath().normalize());
        ScratchFolder.deleteAll(folder);
    }

    /** Held from the first program to the last, so that a stop in between waits and finds the whole server. */
    private synchronized void boot() throws IOException {
        if (closed) {
            throw new Failure(Failure.Exit.INTERRUPTED, "stopped before a throw-away server started", null);
        }
        folder = ScratchFolder.create();
        Clients.Version version = Clients.version(Clients.executable(bin, "initdb"))
                .orElseThrow(() -> Failure.missing("there is no working PostgreSQL server in " + bin,
                        "its initdb does not answer to --version"));
        major = version.major();
        ScratchTemplate template = new ScratchTemplate(bin, version, options());
        chooseUser();
        boolean copied = copy(template);
        if (!copied) {
            initialize();
            template.keep(data().toRealPath(), password);
        }
        Path settings = data().resolve("postgresql.conf");
        String defaults = Files.readString(settings);
        for (int attempt = 1; ; attempt++) {
            port = ScratchSettings.freePort();
            Files.writeString(settings, defaults + ScratchSettings.of(port));
            String problem = launch();
            if (problem == null) {
                return;
            }
            // Between our look and its start somebody else may have taken the port.
            boolean taken = problem.contains("could not bind") || problem.contains("could not create any TCP/IP");
            if (copied && !taken) {
                copied = false;
                template.forget();
                initialize();
                defaults = Files.readString(settings);
            } else if (attempt == ATTEMPTS || !taken) {
                throw Failure.missing("PostgreSQL " + major + " does not start: " + problem,
                        "look at the server in " + bin);
            }
        }
    }

    private boolean copy(ScratchTemplate template) throws IOException {
        folder.makeData(bytes);
        String known = template.fill(data());
        if (known == null) {
            return false;
        }
        password = known;
        if (stranger()) {
            try (Stream<Path> files = Files.walk(data().toRealPath())) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    ScratchFolder.give(file);
                }
            }
        }
        return true;
    }

    private void initialize() throws IOException {
        // What a copy left there goes.
        folder.clearData();
        Path secret = Files.writeString(Files.createTempFile(folder.path, "password", null),
                ScratchPassword.verifier(password) + "\n");
        if (stranger()) {
            ScratchFolder.give(data().toRealPath());
            ScratchFolder.give(secret);
        }
        initialize(secret);
        Files.delete(secret);
    }

    // Whatever else is asked of initdb belongs here: a template is only good for the same.
    private List<String> options() {
        List<String> options = new ArrayList<>(List.of("-U", "postgres", "-E", "UTF8", "--locale=C", "-A",
                "scram-sha-256"));
        if (major >= 18) {
            // On by default from 18 on; with them the first read of loaded pages writes them all to the log.
            options.add("--no-data-checksums");
        }
        return options;
    }

    private void initialize(Path secret) {
        List<String> command = new ArrayList<>(List.of("-N", "-D", data().toString(), "--pwfile=" + secret));
        command.addAll(options());
        // Order by bytes is fast, but lower() must know more than ASCII; where there is no C.UTF-8, plain C it is.
        List<String> letters = new ArrayList<>(command);
        letters.add("--lc-ctype=C.UTF-8");
        Exec.Result result = run("initdb", letters);
        if (!result.ok() && result.err().contains("locale")) {
            result = run("initdb", command);
        }
        if (!result.ok()) {
            throw Failure.missing("PostgreSQL " + major + " cannot be set up: " + result.tail(3),
                    "look at the server in " + bin);
        }
    }

    private Exec.Result run(String program, List<String> arguments) {
        List<String> command = by(as, Clients.executable(bin, program).toString());
        command.addAll(arguments);
        return Exec.of(command).in(folder.path).with(environment()).within(Duration.ofMinutes(2)).run();
    }

    private static Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>(Map.of("LC_ALL", "C", "TZ", "UTC"));
        for (String other : new String[] {"PGDATA", "PGPORT", "PGOPTIONS", "PGHOST", "PG_COLOR"}) {
            variables.put(other, null);
        }
        return variables;
    }

    /** Starts it and waits until it takes connections; returns what went wrong, or null. */
    private String launch() throws IOException {
        Path log = data().resolve("server.log");
        Files.deleteIfExists(log);
        List<String> command = by(as, Clients.executable(bin, "pg_ctl").toString(), "start", "-w", "-s", "-t", "60",
                "-D", data().toString(), "-l", log.toString());
        // Not through Exec: on Windows the server inherits the pipes of its starter, and reading them would never end.
        File words = folder.path.resolve("start.log").toFile();
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.path.toFile())
                .redirectErrorStream(true).redirectOutput(words);
        environment().forEach((name, value) -> builder.environment().compute(name, (same, old) -> value));
        try {
            Exec.told(command);
            if (ScratchFolder.started(builder.start(), data())) {
                return null;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while PostgreSQL started", null, e);
        }
        String text = (Files.exists(log) ? Files.readString(log) : "") + Files.readString(words.toPath());
        List<String> lines = text.strip().lines().filter(line -> !line.contains("LOG:  starting PostgreSQL")).toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }

    /** As root, and as a user without a name, PostgreSQL refuses to run: then a stranger runs it. */
    private void chooseUser() throws IOException {
        if (WINDOWS) {
            return;
        }
        int uid = (int) Files.getAttribute(folder.path, "unix:uid");
        if (uid != 0 && !Files.getOwner(folder.path).getName().equals(String.valueOf(uid))) {
            return;
        }
        // A user namespace first: inside it we are nobody, and yet all our files stay readable.
        List<String> namespace = List.of("unshare", "-U");
        String refused = refusal(namespace);
        if (refused == null) {
            as = namespace;
            return;
        }
        List<String> nobody = List.of("setpriv", "--reuid=" + ScratchFolder.NOBODY,
                "--regid=" + ScratchFolder.NOBODY, "--clear-groups");
        String refusedToo = uid == 0 ? refusal(nobody) : "only root may become another user";
        if (refusedToo != null) {
            String who = uid == 0 ? "root" : "user " + uid + ", which has no name";
            throw Failure.missing("PostgreSQL does not run as " + who + ", and there is no way to another user:\n"
                    + refused + "\n" + refusedToo,
                    "run this as an ordinary user, or install setpriv (util-linux), or give the URL of a server");
        }
        as = nobody;
        folder.path.toFile().setExecutable(true, false);
        if (!may("-x", folder.path)) {
            throw Failure.missing("PostgreSQL has to run as the user nobody here, who cannot enter "
                    + folder.path.getParent(), "name a temporary folder that is open to all:"
                    + " export JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/tmp");
        }
        if (!may("-r", Clients.executable(bin, "initdb"))) {
            bin = folder.borrow(bin);
        }
    }

    // That a program starts tells nothing: what root may still enter, the started program may not.
    private boolean may(String what, Path file) {
        return Exec.of(by(as, "test", what, file.toString())).run().ok();
    }

    /** Whether its programs run as another user, who must own its files. */
    private boolean stranger() {
        return as.contains("setpriv");
    }

    private static List<String> by(List<String> prefix, String... command) {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(List.of(command));
        return whole;
    }

    /** Why a command cannot be run that way; null when it can. */
    private static String refusal(List<String> prefix) {
        try {
            Exec.Result result = Exec.of(by(prefix, "id", "-u")).within(Duration.ofSeconds(10)).run();
            return result.ok() && !result.out().equals("0") ? null : result.tail(2);
        } catch (Failure e) {
            return e.getMessage();
        }
    }
}
