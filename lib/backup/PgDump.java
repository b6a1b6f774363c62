//SOURCES ../Clients.java ../Exec.java ../Failure.java ../Target.java Archive.java Storage.java Verbose.java

package lib.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Target;

/** pg_dump at work, with what it says when it fails in our words. */
final class PgDump {
    private static final String LOCK_PATIENCE = "60000";
    // Level 1 of gzip takes a fifth of its default's time. That of zstd takes half of that to write, a quarter to read,
    // and makes smaller archives; pg_restore sees less of what was damaged in them, which the SHA-256 sees all.
    private static final String GZIP = "1";
    private static final String ZSTD = "zstd:1";
    private static final int KNOWS_ZSTD = 16;
    private static final int SIGNAL = 128;
    private static final Pattern CHATTER = Pattern.compile("^pg_dump\\S*: (?!(error|warning|detail|hint):)");
    private static final Pattern GONE = Pattern.compile("terminating connection|server closed the connection"
            + "|could not receive data|no connection to the server|is shutting down");
    // Each of several connections locks its tables anew, and gives up where somebody waits for one; or has no place.
    private static final Pattern ALONE = Pattern.compile("could not obtain lock on relation|too many clients"
            + "|too many connections|remaining connection slots");

    private final Target target;
    private final Clients.Client client;
    private final Path half;
    private Verbose.Listener rows = new Verbose.Listener() { };
    private boolean stopped;

    private PgDump(Target target, Clients.Client client, Path half) {
        this.target = target;
        this.client = client;
        this.half = half;
    }

    /** Of a database, by a client that fits its server, into a file or folder that is named as half done. */
    static PgDump of(Target target, Clients.Client client, Path half) {
        return new PgDump(target, client, half);
    }

    /** Hears of each table whose rows it reads. */
    PgDump rows(Verbose.Listener listener) {
        this.rows = listener;
        return this;
    }

    /**
     * Writes what a snapshot sees.
     *
     * @param jobs connections that read side by side into a folder; 1 makes one file, and so do more that cannot
     * @throws Failure when it cannot be written, by whosever fault
     */
    void write(String snapshot, int jobs) throws IOException {
        String packing = client.major() < KNOWS_ZSTD ? GZIP : ZSTD;
        Exec.Result result = run(snapshot, jobs, packing);
        if (result.err().contains(Archive.NOT_BUILT_IN)) {
            packing = GZIP;
            result = run(snapshot, jobs, packing);
        }
        if (jobs > 1 && !result.ok() && ALONE.matcher(result.err()).find()) {
            result = run(snapshot, 1, packing);
        }
        if (!result.ok()) {
            throw failed(result);
        }
    }

    private Exec.Result run(String snapshot, int jobs, String packing) throws IOException {
        prepare(jobs > 1);
        Map<String, String> environment = target.environment();
        environment.put("PGAPPNAME", "release backup");
        // The archive is in the database's own encoding, whatever the caller's terminal likes.
        environment.put("PGCLIENTENCODING", null);
        // Whoever called has it flushed to the disk beside other work.
        List<String> arguments = new ArrayList<>(List.of(jobs > 1 ? "--format=directory" : "--format=custom",
                "--compress=" + packing, "--no-owner", "--no-privileges", "--no-password", "--no-sync", "--verbose",
                "--lock-wait-timeout=" + LOCK_PATIENCE, "--snapshot=" + snapshot, "--file=" + half));
        if (jobs > 1) {
            arguments.add("--jobs=" + jobs);
        }
        return client.call("pg_dump", arguments).with(environment).errorLines(new Verbose(jobs > 1, rows)::line).run();
    }

    private synchronized void prepare(boolean folder) throws IOException {
        if (stopped) {
            throw new Failure(Failure.Exit.INTERRUPTED, "stopped before pg_dump was started", null);
        }
        Storage.prepare(half, folder);
    }

    /** For the end of this process: nothing of it is at work any more, and nothing begins. */
    void stop() {
        synchronized (this) {
            stopped = true;
        }
        Exec.endAll();
    }

    private Failure failed(Exec.Result result) {
        // Without what --verbose adds.
        List<String> lines = result.tail(Integer.MAX_VALUE).lines().filter(line -> !CHATTER.matcher(line).find())
                .toList();
        String said = String.join("\n", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
        String gone = lines.stream().filter(line -> GONE.matcher(line).find()).findFirst().orElse(null);
        String how = result.exit() > SIGNAL ? "was killed by signal " + (result.exit() - SIGNAL)
                : "ended with " + result.exit();
        String role = "\"" + target.user().replace("\"", "\"\"") + "\"";
        String way = "nothing was kept; try it again: jbang backup.java";
        if (said.contains("row-level security") || said.contains("row security")) {
            way = "let the role see every row: ALTER ROLE " + role + " BYPASSRLS;";
        } else if (said.contains("permission denied")) {
            way = "use the URL of the tables' owner, or let this role read: GRANT pg_read_all_data TO " + role + ";";
        } else if (said.contains("lock timeout")) {
            way = "a session holds a lock on it: SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle';";
        } else if (gone != null) {
            return gone(gone);
        } else if (said.contains("No space left")) {
            way = "make room: df -h " + Archive.typed(half.toAbsolutePath().getParent());
        }
        return Failure.stop("pg_dump " + how + (said.isBlank() ? "" : ": " + said), way);
    }

    /** What is to be said when the server ended the connection in the middle. */
    static Failure gone(String said) {
        return Failure.missing("the server ended the connection in the middle of the backup: " + said,
                "nothing was kept; see what became of the server, then: jbang backup.java");
    }

    /** Ends those that a killed run left at work in a folder: they go on reading for a file that nobody wants. */
    static void endLeft(Path folder) {
        String start = "--file=" + folder.resolve("backup-");
        ProcessHandle.allProcesses().filter(process -> Stream.of(process.info().arguments().orElse(new String[0]))
                .anyMatch(word -> word.startsWith(start) && word.endsWith(Storage.HALF)))
                .forEach(ProcessHandle::destroy);
    }
}
