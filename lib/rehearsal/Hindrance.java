//SOURCES ../Copy.java ../Failure.java ../Gate.java ../ScratchMemory.java ../plan/Executor.java ../sql/Name.java

package lib.rehearsal;

import java.io.File;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Copy;
import lib.Failure;
import lib.Gate;
import lib.ScratchMemory;
import lib.plan.Executor;
import lib.sql.Name;

/** Why a plan fails on the copy although nothing may be wrong with it: the server that it is rehearsed on. */
public final class Hindrance {
    private static final Pattern ROLE = Pattern.compile("role \"(.+)\" does not exist");
    private static final Pattern EXTENSION = Pattern.compile("extension \"(.+?)\"|/extension/(.+?)\\.control");
    /** Two segments of the server's log. */
    private static final long LEAST_ROOM = 32 << 20;
    private static final String UNTOUCHED = "production was not touched. ";

    private Hindrance() {
    }

    /** Looks, and tells a server that went away meanwhile from what was looked for. */
    public static Gate.Finding looking(Copy copy, Gate.Check check) throws Exception {
        try {
            return check.look();
        } catch (SQLException e) {
            Executor.Trouble trouble = new Executor.Trouble(0, 0, "", e.getSQLState(), Gate.words(e), false, false);
            Optional<Failure> failure = lost(trouble.state()) || full(trouble.state()) ? of(trouble, copy)
                    : Optional.empty();
            if (failure.isPresent()) {
                throw failure.get();
            }
            throw e;
        } catch (Failure e) {
            // A connection that could not be made: the server was there a moment ago.
            if (e.getCause() instanceof SQLException error && lost(error.getSQLState())) {
                throw of(new Executor.Trouble(0, 0, "", error.getSQLState(), e.getMessage(), false,
                        false), copy).orElse(e);
            }
            throw e;
        }
    }

    private static boolean ending() {
        Thread hook = new Thread();
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            Runtime.getRuntime().removeShutdownHook(hook);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private static boolean lost(String state) {
        return state != null && (state.startsWith("08") || state.startsWith("57P") || state.equals("58030"));
    }

    private static boolean full(String state) {
        return "53100".equals(state);
    }

    /** The failure that names the server's part in it; empty where the SQL itself has to be looked at. */
    public static Optional<Failure> of(Executor.Trouble trouble, Copy copy) {
        String state = String.valueOf(trouble.state());
        String where = trouble.line() > 0 ? " while line " + trouble.line() + " ran" : "";
        String statement = trouble.statement().isEmpty() ? "" : "\n" + trouble.statement();
        if (lost(state) && ending()) {
            return Optional.of(new Failure(Failure.Exit.INTERRUPTED, "interrupted: the rehearsal was broken off",
                    null));
        }
        // A server that cannot write its log ends itself, and can tell nobody why.
        if (full(state) || lost(state) && copy.own() && crowded()) {
            return missing("the rehearsal server has no room left on its disk" + where + ": "
                    + trouble.message() + statement, UNTOUCHED + room(copy) + ", then: jbang validate.java");
        }
        if (lost(state)) {
            return missing("the rehearsal server went away" + where + ": " + trouble.message() + statement,
                    UNTOUCHED + "See why it stopped (memory, somebody who restarted it), then: jbang validate.java");
        }
        return switch (state) {
            case "53200" -> missing("the rehearsal server has no memory left" + where + ": " + trouble.message()
                    + statement, UNTOUCHED + "Name a larger server: jbang validate.java --scratch URL");
            case "42704" -> role(trouble, copy, statement);
            case "0A000", "58P01" -> extension(trouble, copy, statement);
            default -> Optional.empty();
        };
    }

    private static boolean crowded() {
        return new File(System.getProperty("java.io.tmpdir")).getUsableSpace() < LEAST_ROOM || ScratchMemory.crowded();
    }

    /** How a copy gets more room. */
    private static String room(Copy copy) {
        return copy.own() ? "Make room below " + System.getProperty("java.io.tmpdir")
                + ", or name another folder: JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=FOLDER"
                : "Make room on " + copy.server() + ", or name another server: --scratch URL";
    }

    private static Optional<Failure> role(Executor.Trouble trouble, Copy copy, String statement) {
        Matcher role = ROLE.matcher(trouble.message());
        if (!role.find()) {
            return Optional.empty();
        }
        String quoted = Name.quote(role.group(1));
        return Optional.of(Failure.stop("line " + trouble.line() + " names the role " + role.group(1) + ", which "
                + copy.server() + " does not have" + statement, copy.own()
                ? UNTOUCHED + "Production had no such role at the time of the backup: correct the SQL, or make the "
                + "role and back up again: jbang backup.java"
                : UNTOUCHED + "If production has it, make it on the rehearsal server as well: CREATE ROLE " + quoted
                + " NOLOGIN;\nthen: jbang validate.java"));
    }

    private static Optional<Failure> extension(Executor.Trouble trouble, Copy copy, String statement) {
        Matcher extension = EXTENSION.matcher(trouble.message());
        if (!extension.find()) {
            return Optional.empty();
        }
        String name = extension.group(1) == null ? extension.group(2) : extension.group(1);
        return missing("line " + trouble.line() + " needs the extension " + name + ", which " + copy.server()
                + " does not have: " + trouble.message() + statement, UNTOUCHED + "Rehearse on a server that has it: "
                + "jbang validate.java --scratch URL\nwhat production has: SELECT name FROM pg_available_extensions");
    }

    private static Optional<Failure> missing(String message, String hint) {
        return Optional.of(Failure.missing(message, hint));
    }
}
