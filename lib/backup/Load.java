//SOURCES ../Clients.java ../Exec.java ../Failure.java ../Target.java ../sql/Name.java Storage.java
//SOURCES Verbose.java

package lib.backup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Target;
import lib.sql.Name;

/** Loads an archive into an empty database, by pg_restore. */
public final class Load {
    // pg_restore 17 and newer sets a parameter that older servers do not know, for each connection anew; every row is
    // there all the same. The server says so in its own language.
    private static final Pattern HARMLESS = Pattern.compile("could not execute query: [^\n]*transaction_timeout[^\n]*"
            + "\nCommand was: SET transaction_timeout = 0;");
    /** What pg_restore says when it has come to its end, and not where it gives up. */
    private static final String TO_THE_END = "errors ignored on restore: ";
    private static final String FULL = "No space left on device";
    /** Below so many bytes it takes longer to start workers than one connection takes for all. */
    private static final long SMALL = 4 << 20;
    private static final List<String> GONE = List.of("server closed the connection", "terminating connection",
            "the database system is", "Connection refused", "no connection to the server");
    private static final Pattern ROLE = Pattern.compile("role \"((?:[^\"]|\"\")+)\" does not exist");

    private final Path archive;
    private final Clients.Client client;
    private final List<String> options = new ArrayList<>();
    private int jobs;
    private Verbose.Listener rows;

    private Load(Path archive, Clients.Client client) {
        this.archive = archive;
        this.client = client;
        // As many as there are cores: whatever is more gets in their way.
        this.jobs = Storage.bytes(archive) < SMALL ? 1 : Runtime.getRuntime().availableProcessors();
    }

    /** What is to be loaded, and by which client: one that is not older than the one that made it. */
    public static Load of(Path archive, Clients.Client client) {
        return new Load(archive, client);
    }

    /** How many connections work side by side; unless told otherwise as many as pay. */
    public Load jobs(int number) {
        this.jobs = number;
        return this;
    }

    /** More options for pg_restore: {@code --data-only}, {@code --table=users}. */
    public Load with(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /** Hears of each table whose rows are loaded. */
    public Load rows(Verbose.Listener listener) {
        this.rows = listener;
        return this;
    }

    /** Loads all it can; what could not be loaded is in the result. */
    public Result into(Target target) {
        // Subscriptions would reach out to other servers, and labels need providers that only production has.
        List<String> arguments = new ArrayList<>(List.of("--no-owner", "--no-privileges", "--no-subscriptions",
                "--no-security-labels", "--no-password", "--jobs=" + jobs, "--dbname=" + target.database()));
        arguments.addAll(options);
        if (rows != null) {
            arguments.add("--verbose");
        }
        arguments.add(archive.toString());
        Exec load = client.call("pg_restore", arguments).with(target.environment());
        if (rows != null) {
            load.errorLines(new Verbose(jobs > 1, rows)::line);
        }
        return new Result(archive, load.run());
    }

    /** What came of it. */
    public static final class Result {
        private final Path archive;
        private final Exec.Result result;
        private final List<String> errors;

        private Result(Path archive, Exec.Result result) {
            this.archive = archive;
            this.result = result;
            // Of several connections one may write within another's line, but not within the message that it ends with.
            this.errors = HARMLESS.matcher(result.err()).replaceAll("").lines()
                    .filter(line -> line.contains("ERROR:") || line.contains("could not execute query")
                            || line.matches("pg_restore: error: .*\\w.*")).toList();
        }

        /** Whether all is there; the one error that is let pass says nothing about the data. */
        public boolean ok() {
            return result.ok() || result.exit() == 1 && errors.isEmpty() && result.err().contains(TO_THE_END);
        }

        /** Roles that policies name and the server does not have; they belong to a server and are in no archive. */
        public Set<String> missingRoles() {
            Set<String> roles = new LinkedHashSet<>();
            ROLE.matcher(result.err()).results().forEach(role -> roles.add(role.group(1).replace("\"\"", "\"")));
            return roles;
        }

        // What says nothing of the backup, but of the server alone.
        private void refuse(String server) {
            String all = result.err();
            if (all.contains(FULL)) {
                throw Failure.missing(server + " has no room left on its disk for the backup: "
                        + line(FULL), "make room there, or name another server");
            }
            for (String gone : GONE) {
                if (all.contains(gone)) {
                    throw Failure.missing(server + " went away while the backup was restored: " + line(gone),
                            "see why it stopped (memory, disk, somebody who restarted it), then run this again");
                }
            }
        }

        private String line(String words) {
            return result.err().lines().filter(line -> line.contains(words)).findFirst().orElse(words)
                    .replaceFirst(".*ERROR: +", "").replaceFirst("^pg_restore: (error: )?", "");
        }

        /** A STOP with the first error and the way out, unless all is there. */
        public void orStop(String server) {
            if (ok()) {
                return;
            }
            String first = errors.isEmpty() ? result.tail(2) : errors.get(0);
            refuse(server);
            Set<String> roles = missingRoles();
            throw Failure.stop("the backup does not restore on " + server + ": " + first.replaceFirst(".*ERROR: +", ""),
                    first.contains("extension") ? "use a server that has the extension"
                    : !roles.isEmpty() ? "make the role there: CREATE ROLE " + Name.quote(roles.iterator().next())
                    + " NOLOGIN;" : "look at it: " + Exec.typed(List.of("pg_restore", "--list", archive.toString())));
        }
    }
}
