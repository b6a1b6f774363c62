//SOURCES ../lib/Json.java

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.management.ManagementFactory;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lib.Json;

/** What came out, goal by goal, for people and for programs. */
final class BenchTable {
    private final List<String> lines = new ArrayList<>();
    private final ObjectNode tree = Json.object();
    private final double before = load();

    BenchTable(String scale, int runs) {
        int cores = Runtime.getRuntime().availableProcessors();
        String java = System.getProperty("java.version");
        lines.add(String.format("scale %s, %d runs each, %d cores, Java %s", scale, runs, cores, java));
        lines.add(row("goal", "what", "ours", "plain", "", "goal", ""));
        tree.put("scale", scale).put("runs", runs).put("cores", cores).put("java", java);
        tree.putObject("goals");
    }

    void add(BenchGoal.Outcome outcome) {
        BenchGoal goal = outcome.goal();
        lines.add(row(goal.name(), goal.what, amount(outcome.ours(), goal.unit),
                outcome.plain() == null ? "" : amount(outcome.plain(), goal.unit),
                goal.relative ? number("%.2f x", outcome.measured()) : "",
                "<= " + limit(goal),
                outcome.met() ? "met" : "MISSED"));
        if (!outcome.note().isEmpty()) {
            lines.add("      " + outcome.note());
        }
        ObjectNode node = tree.withObject("/goals").putObject(goal.name()).put("what", goal.what)
                .put("unit", goal.unit).put("limit", goal.limit).put("relative", goal.relative)
                .put("measured", outcome.measured()).put("met", outcome.met()).put("note", outcome.note());
        node.set("ours", Json.tree(outcome.ours().values()));
        node.set("plain", outcome.plain() == null ? null : Json.tree(outcome.plain().values()));
    }

    /** A goal of which nothing could be measured, and why. */
    void skip(BenchGoal goal, String why) {
        lines.add(row(goal.name(), goal.what, why, "", "", "", ""));
        tree.withObject("/goals").putObject(goal.name()).put("what", goal.what).put("skipped", why);
    }

    String text() {
        double after = load();
        return String.format(Locale.ROOT, "%s, load %.1f before and %.1f after\n", lines.get(0), before, after)
                + String.join("\n", lines.subList(1, lines.size()));
    }

    String json() {
        tree.put("loadBefore", before).put("loadAfter", load());
        return Json.pretty(tree);
    }

    /** How many programs want a core, by the mean of the last minute; ours are among them. */
    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static String amount(BenchFigures figures, String unit) {
        return String.format(Locale.ROOT, "%.2f %s (%.2f-%.2f)", figures.median(), unit, figures.least(),
                figures.most());
    }

    private static String limit(BenchGoal goal) {
        return goal.relative ? number("%.2f x", goal.limit)
                : new DecimalFormat("0.#", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(goal.limit) + " "
                + goal.unit;
    }

    private static String number(String form, double value) {
        return String.format(Locale.ROOT, form, value);
    }

    private static String row(String... cells) {
        return String.format("%-4s  %-46s  %-24s  %-24s  %-8s  %-10s  %s", (Object[]) cells).stripTrailing();
    }
}
