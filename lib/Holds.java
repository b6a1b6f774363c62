//SOURCES Failure.java Git.java History.java Migration.java sql/Sql.java

package lib;

import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.sql.Sql;

/**
 * Pending migrations that wait, because they say so in their head: {@code -- hold: 7d} waits seven days from the
 * release that first brought the file to the release branch, {@code -- hold: until 2026-12-01} until that day (UTC).
 *
 * @param due those whose time has come, in their order
 */
public record Holds(List<Migration> due, List<Held> held) {
    private static final Pattern LINE = Pattern.compile("(?i)hold\\s*:\\s*(.*)");
    private static final Pattern SPAN = Pattern.compile("(?i)(\\d{1,4})\\s*(h|hours?|d|days?|w|weeks?)");
    private static final Pattern DAY = Pattern.compile("(?i)(?:until\\s+)?(\\d{4}-\\d\\d-\\d\\d)");
    /** The tools that run an older migration after a newer one; every other would skip it, or refuse to go on. */
    private static final Set<String> ANY_ORDER = Set.of("prisma", "sql");

    /**
     * One that waits.
     *
     * @param until when its time comes; empty as long as no release has brought its file along
     * @param why the other words in its head; may be empty
     */
    public record Held(String migration, String file, String hold, String until, String why) {
        /** When it will go, for people. */
        public String when() {
            return !until.isEmpty() ? "until " + until : hold + " from this release on";
        }
    }

    /** What waits of these migrations. */
    public static Holds of(Path repo, String released, String source, List<Migration> pending, Clock clock) {
        List<Migration> due = new ArrayList<>();
        List<Held> held = new ArrayList<>();
        for (Migration migration : pending) {
            Optional<String> hold = hold(migration);
            Instant until = hold.isEmpty() ? Instant.MIN : until(repo, released, source, migration, hold.get());
            if (until != null && !until.isAfter(clock.instant())) {
                due.add(migration);
            } else {
                held.add(new Held(migration.id(), migration.file(), hold.get(), until == null ? ""
                        : until.truncatedTo(ChronoUnit.MINUTES).toString().replaceFirst("T00:00:00Z$", "")
                                .replaceFirst("T(\\d\\d:\\d\\d).*", " $1 UTC"),
                        words(migration)));
            }
        }
        return new Holds(List.copyOf(due), List.copyOf(held));
    }

    private static Optional<String> hold(Migration migration) {
        try {
            if (!migration.sql().toLowerCase(Locale.ROOT).contains("hold")) {
                return Optional.empty();
            }
            return head(migration).map(LINE::matcher).filter(Matcher::matches).map(line -> line.group(1).strip())
                    .findFirst();
        } catch (IllegalArgumentException e) {
            // A file that cannot be split is told where its statements are read.
            return Optional.empty();
        }
    }

    // The comments above the first statement.
    private static Stream<String> head(Migration migration) {
        int first = Sql.split(migration.sql()).stream().mapToInt(Sql.Piece::line).findFirst()
                .orElse(Integer.MAX_VALUE);
        return Sql.comments(migration.sql()).stream().filter(comment -> comment.line() < first)
                .map(comment -> comment.text().strip());
    }

    private static String words(Migration migration) {
        return head(migration).filter(line -> !LINE.matcher(line).matches()).collect(Collectors.joining(" "));
    }

    /** How long a hold lasts that gives no day: {@code 7d}. */
    public static Optional<Duration> span(String hold) {
        Matcher span = SPAN.matcher(hold);
        if (!span.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(span.group(1));
        return Optional.of(switch (Character.toLowerCase(span.group(2).charAt(0))) {
            case 'h' -> Duration.ofHours(number);
            case 'd' -> Duration.ofDays(number);
            default -> Duration.ofDays(7 * number);
        });
    }

    private static Instant until(Path repo, String released, String source, Migration migration, String hold) {
        Matcher day = DAY.matcher(hold);
        Optional<Duration> span = span(hold);
        try {
            if (day.matches()) {
                return LocalDate.parse(day.group(1)).atStartOfDay(ZoneOffset.UTC).toInstant();
            }
            if (span.isPresent()) {
                boolean branch = released != null && new Git(repo).commit(released) != null;
                Instant arrived = arrived(repo, branch ? released : source, migration.file());
                return arrived == null ? null : arrived.plus(span.get());
            }
        } catch (DateTimeException e) {
            throw unreadable(migration, hold);
        }
        throw unreadable(migration, hold);
    }

    private static Failure unreadable(Migration migration, String hold) {
        return Failure.stop(migration.file() + ": how long does \"-- hold: " + hold + "\" wait?",
                "write -- hold: 7d (h, d or w, from the release that first brings the file along), or -- hold: until "
                        + LocalDate.now(ZoneOffset.UTC).plusDays(7));
    }

    // When a branch got the file; a merge counts from the day of the merge.
    private static Instant arrived(Path repo, String branch, String file) {
        List<String> days = Git.git(repo, "log", "--first-parent", "-m", "--diff-filter=A", "--no-show-signature",
                "--format=%ct", branch, "--", file).run().lines().stream().filter(line -> !line.isBlank()).toList();
        return days.isEmpty() ? null : Instant.ofEpochSecond(Long.parseLong(days.get(days.size() - 1).strip()));
    }

    public boolean none() {
        return held.isEmpty();
    }

    /** Which are held, by name. */
    public List<String> ids() {
        return held.stream().map(Held::migration).toList();
    }

    /** All of them with their day, in one line. */
    public String words() {
        return words(held);
    }

    /** The same of any that wait. */
    public static String words(List<Held> held) {
        return String.join(", ", held.stream().map(each -> each.migration + " (" + each.when() + ")").toList());
    }

    /**
     * Stops where a migration cannot be left out: one behind it is due and the tool goes by order, or the next deploy
     * would run it anyway.
     *
     * @param order all pending migrations in the tool's order
     * @param deploy what runs the tool's migrator when the application is deployed, or null
     */
    public void check(History history, List<Migration> order, String deploy) {
        if (held.isEmpty()) {
            return;
        }
        Set<String> waiting = new HashSet<>(ids());
        Held first = held.get(0);
        if (deploy != null) {
            throw Failure.stop(first.migration + " is held back (" + first.when() + "), but the next deploy would run"
                    + " it: " + deploy, out(first));
        }
        boolean behind = false;
        for (Migration migration : order) {
            if (waiting.contains(migration.id())) {
                behind = true;
            } else if (behind && !ANY_ORDER.contains(history.tool())) {
                throw Failure.stop(first.migration + " is held back (" + first.when() + "), and " + migration.id()
                        + " behind it is not: " + history.tool() + " goes by order, and would never run "
                        + first.migration + " after it", out(first) + "\nor hold " + migration.id() + " back as well");
            }
        }
    }

    private static String out(Held held) {
        return "let it run now: take the line \"-- hold: " + held.hold + "\" out of " + held.file
                + "\nor keep it for later: take the file out of the folder (with its entry in a journal), and commit it"
                + " again when its time has come";
    }
}
