//SOURCES ../Console.java ../Failure.java ../Gate.java ../Holder.java ../Phase.java ../Postgres.java ../Some.java
//SOURCES ../Count.java ../sql/Name.java Database.java Planned.java

package lib.preflight;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import lib.Console;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Holder;
import lib.Phase;
import lib.Postgres;
import lib.Some;
import lib.sql.Name;

/** The gates of who else is connected: room for our own sessions, and nobody whose transaction is in the way. */
public final class Sessions {
    /** What a release opens at once: its lock, the dump with its snapshot, checks beside it, the executor, a spare. */
    private static final int NEEDED = 6;
    private static final int FULL_PERCENT = 80;
    private static final int SHOWN = 8;
    private static final int MILLIS_TO_END = 3000;

    private final Phase phase;
    private final Console console;
    private final Database database;
    private final Planned planned;
    private final Duration terminate;

    /**
     * The sessions of a database.
     *
     * @param terminate what is idle in transaction longer than this may be ended after a question; null for nothing
     */
    public Sessions(Phase phase, Console console, Database database, Planned planned, Duration terminate) {
        this.phase = phase;
        this.console = console;
        this.database = database;
        this.planned = planned;
        this.terminate = terminate;
    }

    // Without the right to look into a session its kind is null: the server's own have no database or no user. What we
    // have open ourselves does not count; while one of ours comes in it has neither name nor state.
    private static final String COUNTS = """
            WITH client AS (
              SELECT datid, usesysid FROM pg_stat_activity
              WHERE datid IS NOT NULL AND usesysid IS NOT NULL
                AND coalesce(backend_type, 'client backend') = 'client backend'
                AND application_name NOT IN ('release preflight', 'release pooler')
                AND NOT (usename = session_user AND coalesce(state, 'starting') = 'starting')
            ), mine AS (SELECT oid, rolsuper, rolconnlimit FROM pg_roles WHERE rolname = session_user
            ), here AS (SELECT oid, datconnlimit FROM pg_database WHERE datname = current_database())
            SELECT (SELECT count(*) FROM client), current_setting('max_connections'),
              CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int
                + coalesce(current_setting('reserved_connections', true)::int, 0) END,
              rolconnlimit, (SELECT count(*) FROM client WHERE usesysid = mine.oid),
              datconnlimit, (SELECT count(*) FROM client WHERE datid = here.oid), rolsuper, session_user
            FROM mine, here""";

    /** There is room for the sessions of a release, in the server, the database and the role. */
    public Gate.Finding connections() throws SQLException {
        List<String> row = database.rows(COUNTS).get(0);
        int used = number(row, 0);
        int most = number(row, 1);
        int reserved = number(row, 2);
        boolean limited = row.get(7).equals("f");
        phase.fact("connections", Map.of("used", used, "max", most, "reserved", reserved));
        String found = used + " of " + Count.of(most, "connection") + " used, " + reserved + " reserved for superusers";
        refuse("the server", used, most - reserved, found,
                "close some sessions (one instance of the application fewer), or raise max_connections");
        if (limited && number(row, 3) >= 0) {
            refuse("user " + row.get(8), number(row, 4), number(row, 3), number(row, 4) + " of the "
                    + Count.of(number(row, 3), "connection") + " of user " + row.get(8) + " "
                    + Count.are(number(row, 3)) + " used",
                    "ALTER ROLE … CONNECTION LIMIT -1;   -- or close some of its sessions");
        }
        if (limited && number(row, 5) >= 0) {
            refuse("the database", number(row, 6), number(row, 5), number(row, 6) + " of the "
                    + Count.of(number(row, 5), "connection") + " of the database "
                    + Count.are(number(row, 5)) + " used",
                    "ALTER DATABASE … CONNECTION LIMIT -1;   -- or close some sessions");
        }
        return used * 100 > (most - reserved) * FULL_PERCENT ? Gate.warned(found,
                "close some sessions before the release: above " + FULL_PERCENT + " % the application itself may not"
                + " come in again") : Gate.passed(found);
    }

    private static void refuse(String whose, int used, int most, String found, String hint) {
        if (most - used < NEEDED) {
            throw Failure.stop(found + ": " + Math.max(0, most - used) + " left of " + whose + ", and a release needs "
                    + NEEDED, hint);
        }
    }

    private static int number(List<String> row, int column) {
        return Integer.parseInt(row.get(column));
    }

    /** Nobody's transaction is in the way of the locks that the release takes. */
    public Gate.Finding blockers() throws SQLException {
        String ended = terminate == null ? "" : terminate();
        Planned.Facts facts = planned.facts();
        List<Holder> all = Holder.all(database.shared());
        List<Holder> lasting = all.stream().filter(Holder::lasting).toList();
        List<Holder> conflicting = lasting.stream()
                .filter(holder -> facts.tables().stream()
                        .anyMatch(table -> holder.conflicts(table.oid(), table.mode()))).toList();
        if (!conflicting.isEmpty()) {
            List<Holder> others = lasting.stream().filter(holder -> !conflicting.contains(holder)).toList();
            throw Failure.stop(ended + "in the way of the release's locks:\n" + lines(conflicting)
                    + (others.isEmpty() ? "" : "\nand besides:\n" + lines(others)), ways(conflicting));
        }
        if (!lasting.isEmpty()) {
            return Gate.warned(ended + "on no table that the release locks, as far as that is known:\n"
                    + lines(lasting), ways(lasting));
        }
        long hidden = all.stream().filter(holder -> holder.kind() == Holder.Kind.HIDDEN).count();
        if (hidden == 0) {
            return Gate.passed(ended + "no long transaction, none idle, no dump");
        }
        return Gate.warned(ended + hidden + (hidden == 1 ? " session holds" : " sessions hold")
                + " locks, and this user may not see what " + (hidden == 1 ? "it does" : "they do"),
                "GRANT pg_read_all_stats TO " + Name.quote(database.target().user()) + ";");
    }

    private static String lines(List<Holder> holders) {
        return Some.of(holders.stream().map(Holder::words).toList(), SHOWN, "\n");
    }

    private static String ways(List<Holder> holders) {
        List<String> ways = new ArrayList<>();
        if (holders.stream().anyMatch(holder -> holder.kind() == Holder.Kind.IDLE)) {
            ways.add("jbang preflight.java --terminate-idle 1m   # ends what is idle in transaction, after asking");
        }
        holders.stream().filter(holder -> holder.kind() != Holder.Kind.IDLE && holder.ending() != null)
                .limit(SHOWN).map(Holder::ending).forEach(ways::add);
        if (holders.stream().anyMatch(holder -> holder.ending() == null)) {
            ways.add("wait for the end of the dump or vacuum, then run this again");
        }
        return String.join("\n", ways);
    }

    // Asked while nothing else writes to the terminal; what has become active again meanwhile is let be.
    private String terminate() throws SQLException {
        List<Holder> idle = Holder.all(database.shared()).stream().filter(holder -> holder.kind() == Holder.Kind.IDLE
                && holder.age().compareTo(terminate) >= 0).toList();
        if (idle.isEmpty()) {
            return "nobody is idle in transaction for " + Holder.words(terminate) + "; ";
        }
        if (!Console.interactive()) {
            throw Failure.decide("idle in transaction for more than " + Holder.words(terminate)
                    + ", and there is no terminal to ask on whether to end them:\n" + lines(idle),
                    idle.stream().map(Holder::ending).collect(Collectors.joining("\n")));
        }
        synchronized (console) {
            console.say("Idle in transaction for more than " + Holder.words(terminate) + ":\n" + lines(idle));
            String answer = console.ask("Type yes to end " + (idle.size() == 1 ? "this session:"
                    : "these " + idle.size() + " sessions:"));
            if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
                return "no session was ended; ";
            }
        }
        List<Integer> ended = new ArrayList<>();
        for (Holder holder : idle) {
            if (end(holder)) {
                ended.add(holder.pid());
            }
        }
        phase.fact("terminated", ended);
        return "ended " + ended.size() + " of " + Count.of(idle.size(), "session") + ": pid "
                + ended.stream().map(String::valueOf).collect(Collectors.joining(", ")) + "; ";
    }

    private boolean end(Holder holder) throws SQLException {
        try {
            return asked(holder);
        } catch (SQLException e) {
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
            throw new Failure(Failure.Exit.STOP, "this user may not end " + holder.words(),
                    "as its own user or a superuser: " + holder.ending(), e);
        }
    }

    private boolean asked(Holder holder) throws SQLException {
        List<List<String>> answer = database.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = "
                + holder.pid() + " AND backend_start::text = " + Postgres.literal(holder.began())
                + " AND state LIKE 'idle in transaction%' AND clock_timestamp() - state_change >= interval '"
                + terminate.toMillis() + " milliseconds'");
        if (answer.isEmpty()) {
            return false;
        }
        for (int waited = 0; waited < MILLIS_TO_END; waited += 50) {
            if (database.rows("SELECT 1 FROM pg_stat_activity WHERE pid = " + holder.pid()
                    + " AND backend_start::text = " + Postgres.literal(holder.began())).isEmpty()) {
                return true;
            }
            pause(50);
        }
        return false;
    }

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted", null, e);
        }
    }
}
