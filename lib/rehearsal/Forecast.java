//SOURCES ../Gate.java ../Some.java ../hazards/Inventory.java ../hazards/Review.java ../plan/Executor.java ../plan/Plan.java
//SOURCES ../sql/Name.java Foresight.java Measured.java Measurement.java OldCode.java Proof.java Rehearsal.java
//SOURCES Statements.java Trace.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import lib.Gate;
import lib.Some;
import lib.hazards.Context;
import lib.hazards.Hazard;
import lib.hazards.Inventory;
import lib.hazards.Review;
import lib.hazards.Source;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.sql.Name;

/**
 * What the release will mean for those who use production meanwhile: how long it takes, who waits for how long, and
 * whether the application must be stopped. Whatever is not known to be harmless counts as a reason to stop it.
 */
public final class Forecast implements Proof {
    /** Seconds that nobody minds, also where production is three times slower than the rehearsal. */
    static final double SHORT = 0.3;
    private static final Set<String> MOVES = Set.of("INSERT", "UPDATE", "DELETE", "MERGE", "CREATE TABLE AS",
            "SELECT INTO");
    /** Hazards of code that runs: what it uses is renamed, gone or narrowed, what it writes is refused. */
    private static final Set<String> BREAKING = Set.of("CMP01", "CMP02", "CMP03", "CMP04", "CON15", "DES01", "DES02",
            "DES03", "DES07", "DES09");
    private static final Set<String> RIGHTS = Set.of("REVOKE", "REVOKE ROLE", "ALTER ROLE", "DROP ROLE");
    private static final int NAMED = 4;

    /** Access to a table that waits, and for how long at production's size. */
    record Blocked(String table, String what, double seconds) {
    }

    /**
     * The fact that other phases read.
     *
     * @param seconds what all statements take together at production's size
     * @param stopNeeded whether the application must not run meanwhile
     * @param why in words
     */
    record Fact(double seconds, boolean stopNeeded, String why, List<Blocked> blocked) {
    }

    private final Rehearsal rehearsal;
    private final Map<String, Double> scales = new TreeMap<>();
    private Context context;
    private Review.Result review;
    private OldCode code;

    public Forecast(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "forecast";
    }

    @Override
    public void before() throws SQLException {
        try (Connection connection = rehearsal.read()) {
            code = OldCode.of(connection);
            context = Inventory.of(connection, new Context(0, Context.Shape.FILE, false, true, Map.of(), null));
        }
        // A copy is packed tightly; production may have grown since, and holds what is dead as well.
        JsonNode sizes = rehearsal.run().part("assess").path("facts").path("sizes");
        context.tables().forEach((name, table) -> scales.put(name.toString(), table.bytes() == 0 ? 1
                : Math.max(1, sizes.path(name.toString()).asDouble(0) / table.bytes())));
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        List<Measured> measured = rehearsal.trace().measured();
        review = Review.of(List.of(new Source(rehearsal.sql().getFileName().toString(), rehearsal.plan().text(), null)),
                context);
        Map<Integer, Set<String>> hazards = hazards(Hazard.Severity.CAUTION);
        Map<Integer, Set<String>> all = hazards(Hazard.Severity.SAFE);
        measured.forEach(done -> done.foreseen(Foresight.costs(done,
                all.getOrDefault(done.statement.line(), Set.of()), rehearsal.trace().known())));
        List<Measurement> statements = measured.stream().map(done -> Measurement.of(done, scale(done),
                hazards.getOrDefault(done.statement.line(), Set.of()))).toList();
        List<String> breaks;
        try (Connection connection = rehearsal.read()) {
            breaks = new ArrayList<>(code.breaks(OldCode.of(connection)));
        }
        // What production has been asked, and what could not be asked of it any more.
        for (JsonNode query : rehearsal.phase().facts().path("broken")) {
            if (query.path("origin").asText().equals("statistics")) {
                breaks.add(0, query.path("name").asText() + ": " + query.path("error").asText());
            }
        }
        List<Blocked> blocked = blocked(measured);
        List<String> reasons = reasons(measured, breaks, hazards, blocked);
        double seconds = rounded(statements.stream().mapToDouble(Measurement::forecastMillis).sum() / 1000);
        double longest = blocked.stream().mapToDouble(Blocked::seconds).max().orElse(0);
        String why = reasons.isEmpty() ? "nothing waits longer than " + words(longest)
                + " s, and code that runs now finds all that it uses" : String.join("; ", reasons);
        rehearsal.phase().fact("statements", statements);
        rehearsal.phase().fact("forecast", new Fact(seconds, !reasons.isEmpty(), why, blocked));
        Statements.lines(measured).forEach(rehearsal.console()::say);
        return Gate.passed("about " + words(seconds) + " s of SQL at production's size; "
                + (reasons.isEmpty() ? "the application may go on: " + why
                : "the application must be stopped:\n" + String.join("\n", reasons)));
    }

    private Map<Integer, Set<String>> hazards(Hazard.Severity least) {
        Map<Integer, Set<String>> byLine = new TreeMap<>();
        review.findings().stream().filter(finding -> finding.severity().compareTo(least) >= 0)
                .forEach(finding -> byLine.computeIfAbsent(finding.line(), line -> new TreeSet<>()).add(finding.id()));
        return byLine;
    }

    // The largest of the tables that it works through.
    private double scale(Measured done) {
        Set<Name> worked = new TreeSet<>(done.rewrites);
        worked.addAll(done.scans.keySet());
        worked.addAll(done.changed);
        return worked.stream().mapToDouble(name -> scales.getOrDefault(name.toString(), 1.0)).max().orElse(1);
    }

    private List<Blocked> blocked(List<Measured> measured) {
        Map<Name, Blocked> worst = new TreeMap<>();
        Map<Plan.Segment, Double> later = new IdentityHashMap<>();
        // From the last one on, for what else its transaction does takes longer on a larger database, too.
        for (int i = measured.size() - 1; i >= 0; i--) {
            Measured done = measured.get(i);
            double longer = later.merge(done.segment, done.millis * (scale(done) - 1), Double::sum);
            Set<Name> tables = new TreeSet<>(done.holds.keySet());
            tables.addAll(done.waits.keySet());
            for (Name table : tables) {
                Measured.Hold hold = done.holds.get(table);
                Measured.Wait wait = done.waits.getOrDefault(table, new Measured.Wait(0, 0));
                double millis = Math.max(hold == null ? 0 : hold.millis(), wait.longest()) + longer;
                String what = hold == null ? wait.reads() > 0 ? Measured.Blocks.EVERYTHING.words
                        : Measured.Blocks.WRITES.words : hold.rows() ? "writes of changed rows" : hold.blocks().words;
                worst.merge(table, new Blocked(table.toString(), what, rounded(millis / 1000)),
                        (known, earlier) -> earlier.seconds() >= known.seconds() ? earlier : known);
            }
        }
        return worst.values().stream().sorted((one, other) -> Double.compare(other.seconds(), one.seconds())).toList();
    }

    private List<String> reasons(List<Measured> measured, List<String> breaks, Map<Integer, Set<String>> hazards,
                                 List<Blocked> blocked) {
        List<String> reasons = new ArrayList<>();
        if (!breaks.isEmpty()) {
            reasons.add("code that runs now breaks: " + some(breaks));
        }
        List<String> risky = new ArrayList<>();
        hazards.forEach((line, ids) -> ids.stream().filter(BREAKING::contains).filter(id -> breaks.isEmpty())
                .forEach(id -> risky.add(id + " in line " + line)));
        if (!risky.isEmpty()) {
            reasons.add("code that runs now may break: " + some(risky));
        }
        List<String> rights = measured.stream().filter(done -> RIGHTS.contains(done.statement.tag()))
                .map(done -> done.statement.tag() + " in line " + done.statement.line()).toList();
        if (!rights.isEmpty()) {
            reasons.add("code that runs now may lose its rights: " + some(rights));
        }
        List<String> moves = measured.stream().filter(this::moves)
                .map(done -> "line " + done.statement.line()).toList();
        if (!moves.isEmpty()) {
            reasons.add("rows are moved, and what is written meanwhile would be missed: " + some(moves));
        }
        List<String> waits = blocked.stream().filter(table -> table.seconds() > SHORT)
                .map(table -> table.what() + " of " + table.table() + " for " + words(table.seconds()) + " s").toList();
        if (!waits.isEmpty()) {
            reasons.add("others wait: " + some(waits));
        }
        if (rehearsal.trace().blind()) {
            reasons.add("no readers and writers could be run beside the plan");
        }
        return reasons;
    }

    // What it makes of rows that are there is not made of those that are written while it runs.
    private boolean moves(Measured done) {
        Set<Name> read = new TreeSet<>(done.statement.relations());
        if (done.statement.tag().matches("INSERT|CREATE TABLE AS|SELECT INTO")) {
            read.removeAll(done.statement.writes());
        }
        read.removeIf(name -> rehearsal.trace().known().get(name) == null
                || rehearsal.before() != null && name.equals(rehearsal.before().table()));
        return MOVES.contains(done.statement.tag()) && done.rows > 0 && !read.isEmpty() || !done.changed.isEmpty();
    }

    private static String some(List<String> all) {
        return Some.of(all, NAMED, ", ");
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 1000) / 1000.0;
    }

    private static String words(double seconds) {
        return String.format(Locale.ROOT, seconds < 10 ? "%.2f" : "%.0f", seconds);
    }
}
