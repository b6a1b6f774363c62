//SOURCES ../Count.java ../sql/Change.java ../sql/Phrase.java ../sql/Sql.java ../sql/Statement.java Context.java
//SOURCES Finding.java
//SOURCES Hazard.java Hazards.java HygieneHazards.java Privacy.java PrivacyHazards.java Rule.java Source.java Spot.java
//SOURCES Story.java Suppressions.java TransactionHazards.java

package lib.hazards;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Count;
import lib.sql.Phrase;
import lib.sql.Sql;
import lib.sql.Statement;

/** Files of SQL, looked at in the order in which they will run. */
public final class Review {
    private static final int SHOWN = 160;
    /** Characters; a fix that repeats a list of rows helps nobody. */
    private static final int LONGEST_FIX = 4_000;
    private static final Set<String> CURED = Set.of("IDX01", "CON01", "CON02", "CON09", "VAL02");
    private static final Set<String> UNREAD = Set.of("SYN01", "DYN01", "TXN07");
    private static final Set<String> HARMLESS = Set.of("\\restrict", "\\unrestrict", "\\set", "\\unset", "\\echo",
            "\\qecho", "\\warn", "\\timing");

    /**
     * What was found.
     *
     * @param excused how many hazards a comment with a reason excuses
     */
    public record Result(List<Finding> findings, int files, int statements, int excused) {
        public long count(Hazard.Severity severity) {
            return findings.stream().filter(finding -> finding.severity() == severity).count();
        }

        /** Whether anything could not be read, so that nobody knows what it does. */
        public boolean unverified() {
            return findings.stream().anyMatch(finding -> UNREAD.contains(finding.id()));
        }

        /** One line: safe to deploy, or not, and why. */
        public String verdict() {
            long dangerous = count(Hazard.Severity.DANGEROUS);
            long caution = count(Hazard.Severity.CAUTION);
            String ending = Count.of(statements, "statement") + " in " + Count.of(files, "file")
                    + (excused == 0 ? "" : ", " + excused + " excused");
            return dangerous > 0 ? "NOT safe to deploy: " + dangerous + " dangerous, " + caution
                    + " to look at; " + ending
                    : unverified() ? "not known to be safe to deploy: " + caution + " to look at; " + ending
                    : caution > 0 ? "safe to deploy with caution: " + caution + " to look at; " + ending
                    : "safe to deploy: " + ending;
        }
    }

    /** A file taken apart; the error says why it could not be. */
    private record Parsed(Source source, List<Sql.Piece> pieces, List<Statement> statements,
                          List<Sql.Comment> comments, String error) {
    }

    private final Context context;
    private final Story story;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<String, List<Finding>> named = new HashMap<>();
    private int statements;
    private int excused;

    private Review(Context context) {
        this.context = context;
        this.story = new Story(context);
    }

    /** Looks at all statements of all files; parses side by side, and judges one after the other. */
    public static Result of(List<Source> sources, Context context) {
        return of(sources, context, List.of());
    }

    /** The same, with what is known of the files by their names. */
    public static Result of(List<Source> sources, Context context, List<Finding> named) {
        Review review = new Review(context);
        named.forEach(finding -> review.named.computeIfAbsent(finding.file(), file -> new ArrayList<>()).add(finding));
        List<Parsed> parsed = sources.parallelStream().map(Review::parse).toList();
        parsed.forEach(file -> file.statements().forEach(review.story::foresee));
        parsed.forEach(review::file);
        return new Result(List.copyOf(review.findings), sources.size(), review.statements, review.excused);
    }

    private static Parsed parse(Source source) {
        if (source.trouble() != null) {
            return new Parsed(source, List.of(), List.of(), List.of(), source.trouble().words());
        }
        try {
            List<Sql.Piece> pieces = Sql.split(source.text());
            List<Statement> statements = pieces.stream().filter(piece -> piece.kind() == Sql.Kind.STATEMENT)
                    .map(piece -> Statement.of(piece.text(), piece.line())).toList();
            return new Parsed(source, pieces, statements, source.text().contains("hazard-ok")
                    ? Sql.comments(source.text()) : List.of(), null);
        } catch (IllegalArgumentException e) {
            return new Parsed(source, List.of(), List.of(), List.of(), e.getMessage());
        }
    }

    private void file(Parsed parsed) {
        story.file();
        String file = parsed.source().path();
        List<Finding> found = new ArrayList<>();
        if (parsed.error() != null) {
            boolean torn = parsed.source().trouble() == null;
            found.add(new Finding("SYN01", Hazard.Severity.DANGEROUS, file, torn ? line(parsed.error()) : 1, 1, "",
                    (torn ? "" : "it ") + parsed.error() + ": nothing of this file is verified", "",
                    torn ? "" : "-- in a shell: " + parsed.source().trouble().mend(), false));
        }
        Suppressions suppressions = suppressions(parsed);
        int number = 0;
        Finding begun = null;
        int begunAt = -1;
        for (Sql.Piece piece : parsed.pieces()) {
            int column = piece.offset() - parsed.source().text().lastIndexOf('\n', piece.offset() - 1);
            if (piece.kind() == Sql.Kind.STATEMENT) {
                Statement statement = parsed.statements().get(number);
                statement(statement, number, file, column, suppressions, found);
                begun = story.open() ? begun == null ? finding(TransactionHazards.UNCOMMITTED, null, file,
                        statement.line(), column, statement.sql(), "BEGIN is never followed by COMMIT", "COMMIT;")
                        : begun : null;
                begunAt = begun == null ? -1 : begunAt < 0 ? number : begunAt;
                number++;
            } else {
                other(piece, file, column, found);
            }
        }
        named.getOrDefault(file, List.of()).forEach(finding -> add(finding, -1, suppressions, found));
        if (begun != null && !context.managed()) {
            add(begun, begunAt, suppressions, found);
        }
        // A context that knows the database excuses more than the file says: what is unused then is needed elsewhere.
        found.addAll(suppressions.troubles(file, context.tables().isEmpty() && !context.managed()));
        found.sort(Comparator.comparingInt(Finding::line).thenComparingInt(Finding::column));
        findings.addAll(found);
        statements += number;
    }

    private static Suppressions suppressions(Parsed parsed) {
        int count = parsed.statements().size();
        int[] starts = new int[count];
        int[] ends = new int[count];
        for (int i = 0; i < count; i++) {
            starts[i] = parsed.statements().get(i).line();
            ends[i] = starts[i] + (int) parsed.statements().get(i).sql().chars().filter(c -> c == '\n').count();
        }
        return new Suppressions(parsed.source().path(), parsed.comments().isEmpty() ? List.of()
                : parsed.source().text().lines().toList(), parsed.comments(), starts, ends);
    }

    /** The lines of the statements in a file that a comment excuses from a hazard. */
    public static Set<Integer> excused(Source source, String id) {
        Parsed parsed = parse(source);
        Suppressions suppressions = suppressions(parsed);
        Set<Integer> lines = new LinkedHashSet<>();
        for (int i = 0; i < parsed.statements().size(); i++) {
            if (suppressions.excuses(id, i)) {
                lines.add(parsed.statements().get(i).line());
            }
        }
        return lines;
    }

    private static int line(String error) {
        String number = error.replaceFirst("(?s).* on line (\\d+).*", "$1");
        return number.matches("\\d+") ? Integer.parseInt(number) : 1;
    }

    /** What stands between statements: data of a COPY, commands of psql. */
    private void other(Sql.Piece piece, String file, int column, List<Finding> found) {
        if (piece.kind() == Sql.Kind.META && !HARMLESS.contains(piece.text().split("\\s", 2)[0])) {
            found.add(finding(TransactionHazards.PSQL, null, file, piece.line(), column, piece.text(),
                    "only psql knows " + piece.text().split("\\s", 2)[0] + ": what it does is not verified", ""));
        }
        Rule.Hit personal = piece.kind() == Sql.Kind.COPY_DATA ? PrivacyHazards.look(List.of(piece.text())) : null;
        if (personal != null) {
            found.add(finding(PrivacyHazards.PERSONAL, null, file, piece.line(), 1, "COPY data", personal.message(),
                    ""));
        }
    }

    private void statement(Statement statement, int number, String file, int column, Suppressions suppressions,
                           List<Finding> found) {
        for (Rule rule : Hazards.RULES) {
            if (context.server() > 0 && (context.major() < rule.hazard().from()
                    || context.major() > rule.hazard().to())) {
                continue;
            }
            List<Rule.Hit> hits = hits(rule, statement);
            if (!hits.isEmpty()) {
                add(finding(rule.hazard(), severity(rule.hazard(), hits), file, statement.line(), column,
                        statement.sql(), joined(hits.stream().map(Rule.Hit::message).toList(), "; "),
                        joined(hits.stream().map(Rule.Hit::fix).toList(), "\n")), number, suppressions, found);
            }
        }
        story.advance(statement);
    }

    private List<Rule.Hit> hits(Rule rule, Statement statement) {
        List<Rule.Hit> hits = new ArrayList<>();
        boolean first = true;
        for (Statement.Action action : statement.actions()) {
            try {
                Rule.Hit hit = rule.check().look(new Spot(statement, action, first, story, context));
                if (hit != null) {
                    hits.add(hit);
                }
            } catch (Phrase.Unreadable e) {
                // Reported by SYN01, because the grammar and the keywords must both understand a statement.
                if (statement.verified() && rule.hazard().equals(HygieneHazards.SYNTAX)) {
                    hits.add(Rule.Hit.of("this statement is not written the way its keywords promise: not verified", "")
                            .as(Hazard.Severity.CAUTION));
                }
            }
            first = false;
        }
        return hits;
    }

    private static Hazard.Severity severity(Hazard hazard, List<Rule.Hit> hits) {
        return hits.stream().map(hit -> hit.severity() == null ? hazard.severity() : hit.severity())
                .max(Comparator.naturalOrder()).orElseThrow();
    }

    /** Each text once, the first few of them. */
    private static String joined(List<String> texts, String between) {
        Set<String> distinct = new LinkedHashSet<>(texts);
        distinct.remove("");
        String all = String.join(between, distinct);
        return all.length() > LONGEST_FIX ? "-- too long to repeat here" : all;
    }

    private Finding finding(Hazard hazard, Hazard.Severity severity, String file, int line, int column, String sql,
                            String message, String fix) {
        boolean cured = CURED.contains(hazard.id()) && context.planned() != null && !context.planned().contains(sql);
        Hazard.Severity weight = severity == null ? hazard.severity() : severity;
        return new Finding(hazard.id(), cured ? Hazard.Severity.SAFE : weight, file, line, column, shortened(sql),
                Privacy.masked(message) + (cured ? " (the release plan does it the safe way)" : ""), hazard.blocks(),
                Privacy.masked(fix), cured);
    }

    private static String shortened(String sql) {
        String start = Privacy.masked(sql.substring(0, Math.min(sql.length(), LONGEST_FIX)))
                .replaceAll("\\s+", " ").strip();
        return start.length() <= SHOWN ? start : start.substring(0, SHOWN) + "...";
    }

    private void add(Finding finding, int statement, Suppressions suppressions, List<Finding> found) {
        if (!suppressions.none() && suppressions.excuses(finding.id(), statement)) {
            excused++;
        } else {
            found.add(finding);
        }
    }
}
