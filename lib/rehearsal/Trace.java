//SOURCES ../Failure.java ../Postgres.java ../Target.java ../plan/Executor.java ../plan/Plan.java
//SOURCES ../sql/LockMode.java ../sql/Locks.java ../sql/Name.java ../sql/Statement.java
//SOURCES Canary.java Footprint.java Foresight.java LockWatch.java Measured.java PlanClock.java Relations.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * Watches a plan on the copy: which tables each statement locks, rewrites and reads, by the server's own word, and how
 * long readers and writers of the same tables have to wait.
 */
public final class Trace implements Executor.Observer, AutoCloseable {
    /** Each table is one more to look after, and the largest ones count. */
    private static final int WATCHED = 30;
    /** Nothing may be asked before SET TRANSACTION, and a setting does nothing to a table. */
    private static final Set<String> SETTINGS = Set.of("SET", "SET TRANSACTION", "RESET");
    private static final Pattern BUILT = Pattern.compile("building index \"(.+)\" on table \"(.+)\".*");

    private final Target copy;
    private final Plan plan;
    private final PlanClock clock = new PlanClock();
    private final List<Canary> canaries = new ArrayList<>();
    private final List<Measured> measured = new ArrayList<>();
    private final Map<Long, Footprint> prints = new HashMap<>();
    private final Map<Long, Long> files = new HashMap<>();
    private Connection side;
    /** As it was before the plan: what only the plan made nobody waits for. */
    private Relations known;
    private int backend;
    private Measured current;
    private LockWatch locks;
    private boolean blind;

    /** What will watch a plan on that database, from {@link #open} on. */
    public Trace(Target copy, Plan plan) {
        this.copy = copy;
        this.plan = plan;
    }

    /** Begins to watch: the plan runs next. */
    public Trace open() throws SQLException {
        side = Postgres.read(copy, "rehearsal");
        known = Relations.of(side);
        try {
            for (Canary.Kind kind : Canary.Kind.values()) {
                canaries.add(new Canary(kind, copy, clock));
            }
        } catch (SQLException | Failure e) {
            // A server with no connection to spare: the locks are known all the same.
            blind = true;
        }
        plan.statements().stream().flatMap(statement -> Locks.of(statement).keySet().stream()).distinct()
                .map(known::get).filter(relation -> relation != null && relation.holdsRows())
                .sorted(Comparator.comparingLong(Relations.Relation::rows).reversed()).limit(WATCHED)
                .forEach(this::watch);
        canaries.forEach(Canary::start);
        return this;
    }

    private void watch(Relations.Relation table) {
        canaries.forEach(canary -> canary.watch(table.name()));
    }

    @Override
    public void begins(Connection connection, Plan.Segment segment) throws SQLException {
        clock.pause();
        measured.removeIf(done -> done.segment.number() == segment.number());
        backend = Postgres.wirePid(connection);
        files.clear();
        Relations.of(side).all().forEach(relation -> files.put(relation.oid(), relation.file()));
        prints.clear();
        prints.putAll(Footprint.left(connection));
        Postgres.execute(connection, "SET client_min_messages = debug1");
        clock.resume();
    }

    @Override
    public void before(Plan.Segment segment, Statement statement) {
        current = new Measured(segment, statement, clock.millis());
        locks = segment.transactional() ? null : new LockWatch(side, backend, clock);
    }

    @Override
    public void after(Connection connection, Plan.Segment segment, Statement statement, Executor.Outcome outcome,
                      List<String> notices) throws SQLException {
        current.end = clock.millis();
        clock.pause();
        current.rows = outcome.rows();
        current.millis = outcome.millis();
        Map<Name, LockMode> held = new HashMap<>();
        if (!segment.transactional()) {
            locks.end().forEach((oid, modes) -> seen(oid, modes, held));
            Relations.of(side).all().forEach(relation -> file(relation.oid(), relation.file()));
            notices.forEach(this::built);
        } else if (!SETTINGS.contains(statement.tag())) {
            Map<Long, Footprint> all = Footprint.of(connection, known.newest());
            all.forEach((oid, print) -> {
                took(oid, print.since(prints.get(oid)), held, print.locks());
                file(oid, print.file());
            });
            prints.putAll(all);
        }
        current.foreseen(Foresight.differences(current, held, known));
        Foresight.confirm(current, held, known);
        measured.add(current);
        clock.resume();
    }

    // What one statement of a transaction added to what the transaction holds.
    private void took(long oid, Footprint print, Map<Name, LockMode> held, Set<LockMode> all) {
        Relations.Relation table = known.table(oid);
        if (table == null) {
            return;
        }
        Name name = table.name();
        boolean index = known.get(oid).index();
        for (LockMode mode : index ? Set.<LockMode>of() : all) {
            held.merge(name, mode, LockMode::and);
        }
        for (LockMode mode : print.locks()) {
            if (!index) {
                current.locks.merge(name, mode, LockMode::and);
            }
            // Whoever plans a query looks at all indexes of its table.
            Measured.Blocks blocks = Measured.Blocks.by(mode);
            if (index ? mode == LockMode.ACCESS_EXCLUSIVE : blocks != Measured.Blocks.NOTHING) {
                current.hold(name, new Measured.Hold(blocks, 0, false));
                watch(table);
            }
        }
        if (!index && print.scans() > 0 && print.read() > 0) {
            // A statement about the table reads all of it, and the workers that help it count for themselves.
            boolean whole = current.statement.tag().matches("ALTER TABLE|CREATE INDEX|REINDEX|CLUSTER");
            current.scans.put(name, whole && table.rows() > 0 ? table.rows() : print.read());
        }
        if (!index && print.changed() > 0) {
            current.changed.add(name);
            current.hold(name, new Measured.Hold(Measured.Blocks.WRITES, 0, true));
        }
    }

    private void seen(long oid, Map<LockMode, LockWatch.Seen> modes, Map<Name, LockMode> held) {
        Relations.Relation table = known.table(oid);
        if (table == null || known.get(oid).index()) {
            return;
        }
        modes.values().forEach(seen -> {
            current.locks.merge(table.name(), seen.mode(), LockMode::and);
            held.merge(table.name(), seen.mode(), LockMode::and);
            Measured.Blocks blocks = Measured.Blocks.by(seen.mode());
            if (blocks != Measured.Blocks.NOTHING) {
                current.hold(table.name(), new Measured.Hold(blocks, seen.to() - seen.from(), false));
            }
        });
    }

    // A TRUNCATE has a new file as well, and nothing to write into it.
    private void file(long oid, long file) {
        Relations.Relation relation = known.get(oid);
        Long before = files.put(oid, file);
        boolean other = before != null && before != 0 && file != 0 && before != file;
        if (other && relation != null && !relation.index() && !current.statement.tag().equals("TRUNCATE TABLE")) {
            current.rewrites.add(relation.name());
        }
    }

    // Its own transactions count for themselves, so the server's remarks are what there is.
    private void built(String notice) {
        Matcher build = BUILT.matcher(notice);
        if (build.matches()) {
            current.locks.keySet().stream().filter(name -> name.name().equals(build.group(2))).findFirst()
                    .ifPresent(name -> current.scans.put(name, known.get(name).rows()));
        }
    }

    @Override
    public void ends(Plan.Segment segment) {
        double released = clock.millis();
        if (locks != null) {
            locks.end();
            locks = null;
        }
        for (Measured done : measured) {
            if (done.segment.number() == segment.number()) {
                done.released = released;
                if (segment.transactional()) {
                    done.holds.replaceAll((table, hold) ->
                            new Measured.Hold(hold.blocks(), released - done.start, hold.rows()));
                }
            }
        }
    }

    /** Ends the canaries; what was measured is complete then. */
    @Override
    public void close() throws SQLException {
        canaries.forEach(Canary::close);
        for (Canary canary : canaries) {
            canary.stalls().forEach(this::blame);
            blind |= canary.lost();
        }
        canaries.clear();
        side.close();
    }

    /** Whether readers and writers were missing, or lost on the way. */
    boolean blind() {
        return blind;
    }

    // Who waits, waits for the first one in a transaction that took what he wants, and to that transaction's end:
    // between two of them a reader in the queue would have come through, and a canary that asks now and then may not.
    private void blame(Canary.Stall stall) {
        List<Measured> meanwhile = measured.stream()
                .filter(done -> done.start <= stall.to() && done.released >= stall.from()).toList();
        Map<Integer, Measured> causes = new TreeMap<>();
        meanwhile.stream().filter(done -> done.stops(stall))
                .forEach(done -> causes.putIfAbsent(done.segment.number(), done));
        causes.values().forEach(done -> done.waited(stall.within(done.start, done.released)));
        if (causes.isEmpty() && !meanwhile.isEmpty()) {
            meanwhile.get(0).waited(stall);
        }
    }

    /** What each statement did, in order. */
    List<Measured> measured() {
        return measured;
    }

    /** The tables and indexes as they were before the plan. */
    Relations known() {
        return known;
    }
}
