//SOURCES Failure.java

package lib;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The hours in which an environment may be changed: {@code Sat 02:00-05:00 Europe/London}. */
public final class Windows {
    static final String FORM = "write \"Sat 02:00-05:00 Europe/London\", \"Mon-Fri 22:30-04:00 UTC\""
            + " or \"daily 03:00-04:00 America/New_York\"";
    private static final Pattern TEXT = Pattern.compile("(\\S+)\\s+(\\d{1,2}:\\d{2})-(\\d{1,2}:\\d{2})\\s+(\\S+)");
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("EEE yyyy-MM-dd HH:mm z", Locale.ROOT);
    private static final int DAYS = 7;

    private record Window(String text, Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone) {
    }

    /** One time that a window is open, of the window with that text. */
    public record Opening(Instant opens, Instant closes, String window, ZoneId zone) {
        /** When it opens, in its own time zone. */
        public String text() {
            return MOMENT.format(opens.atZone(zone));
        }
    }

    private final List<Window> windows;

    private Windows(List<Window> windows) {
        this.windows = windows;
    }

    /** The windows of an environment; none at all means at any time. */
    public static Windows of(List<String> texts) {
        return new Windows(texts == null ? List.of() : texts.stream().map(Windows::window).toList());
    }

    /** What is wrong with the text of a window, as the end of a sentence; null when nothing is. */
    static String mistake(String text) {
        try {
            window(text);
            return null;
        } catch (IllegalArgumentException | DateTimeException e) {
            return " \"" + text + "\" is no window: " + e.getMessage();
        }
    }

    private static Window window(String text) {
        Matcher matcher = TEXT.matcher(text == null ? "" : text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("days, hours and a time zone belong there");
        }
        LocalTime from = time(matcher.group(2));
        LocalTime to = time(matcher.group(3));
        if (from.equals(to) && !matcher.group(3).equals("24:00")) {
            throw new IllegalArgumentException("it ends when it begins");
        }
        if (!matcher.group(4).contains("/") && !matcher.group(4).matches("UTC|GMT|Z")) {
            throw new IllegalArgumentException(matcher.group(4) + " is no time zone with a place, like Europe/London");
        }
        return new Window(text.strip(), days(matcher.group(1)), from, to, ZoneId.of(matcher.group(4)));
    }

    private static LocalTime time(String text) {
        // The end of a day is the beginning of the next.
        return text.equals("24:00") ? LocalTime.MIDNIGHT : LocalTime.parse(text.length() < 5 ? "0" + text : text);
    }

    private static Set<DayOfWeek> days(String text) {
        if (text.equalsIgnoreCase("daily")) {
            return EnumSet.allOf(DayOfWeek.class);
        }
        Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
        for (String part : text.split(",")) {
            String[] ends = part.split("-");
            DayOfWeek day = day(ends[0]);
            DayOfWeek last = day(ends[ends.length - 1]);
            days.add(day);
            while (day != last) {
                day = day.plus(1);
                days.add(day);
            }
        }
        return days;
    }

    private static DayOfWeek day(String text) {
        return Stream.of(DayOfWeek.values()).filter(day -> text.length() >= 3
                && day.name().startsWith(text.toUpperCase(Locale.ROOT))).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(text + " is no day like Mon, Tue or Sat"));
    }

    /** The opening that holds a moment, of several the one that closes last. */
    public Optional<Opening> at(Instant moment) {
        return openings(moment).filter(opening -> !moment.isBefore(opening.opens) && moment.isBefore(opening.closes))
                .max(Comparator.comparing(Opening::closes));
    }

    /** The first opening after a moment; empty when there are no windows at all. */
    public Optional<Opening> next(Instant moment) {
        return openings(moment).filter(opening -> opening.opens.isAfter(moment))
                .min(Comparator.comparing(Opening::opens));
    }

    private Stream<Opening> openings(Instant moment) {
        List<Opening> openings = new ArrayList<>();
        for (Window window : windows) {
            LocalDate today = moment.atZone(window.zone).toLocalDate();
            // From yesterday, whose window may reach over midnight, to the same day next week.
            for (int day = -1; day <= DAYS; day++) {
                LocalDate date = today.plusDays(day);
                if (window.days.contains(date.getDayOfWeek())) {
                    LocalDate end = window.to.isAfter(window.from) ? date : date.plusDays(1);
                    // The hour that a clock skips is left out; of the one that it repeats, both are in.
                    Instant opens = instant(date, window.from, window.zone);
                    Instant closes = ZonedDateTime.ofInstant(instant(end, window.to, window.zone), window.zone)
                            .withLaterOffsetAtOverlap().toInstant();
                    if (closes.isAfter(opens)) {
                        openings.add(new Opening(opens, closes, window.text, window.zone));
                    }
                }
            }
        }
        return openings.stream();
    }

    // A time that a clock skips is the moment at which it skips it.
    private static Instant instant(LocalDate date, LocalTime time, ZoneId zone) {
        ZoneOffsetTransition skipped = zone.getRules().getTransition(date.atTime(time));
        return skipped != null && skipped.isGap() ? skipped.getInstant() : date.atTime(time).atZone(zone).toInstant();
    }

    /**
     * Stops what begins outside of the windows, or would not end inside.
     *
     * @param needed how long the change is expected to take
     * @return the opening that holds it; empty when any time is right
     */
    public Optional<Opening> check(String environment, Instant now, Duration needed, String command) {
        if (windows.isEmpty()) {
            return Optional.empty();
        }
        Optional<Opening> open = at(now);
        String texts = String.join(", ", windows.stream().map(Window::text).toList());
        String hint = next(now).map(opening -> "start it at " + opening.text() + ", or override the window by name: "
                + command + " --outside-window " + environment).orElse("");
        if (open.isEmpty()) {
            throw Failure.stop(environment + " may be changed only in its windows (" + texts + "); the next one opens "
                    + next(now).map(opening -> opening.text() + ", in " + words(Duration.between(now, opening.opens)))
                    .orElse("never"), hint);
        }
        Duration left = Duration.between(now, open.get().closes);
        if (left.compareTo(needed) < 0) {
            throw Failure.stop("the window " + open.get().window + " closes in " + words(left)
                    + ", and this takes about " + words(needed), hint);
        }
        return open;
    }

    /** A time span as people say it. */
    static String words(Duration span) {
        long minutes = span.toMinutes();
        return minutes >= 48 * 60 ? minutes / (24 * 60) + " days" + (minutes / 60 % 24 > 0
                ? " " + minutes / 60 % 24 + " h" : "")
                : minutes >= 60 ? minutes / 60 + " h " + minutes % 60 + " min"
                : minutes > 0 ? minutes + " min" : span.toSeconds() + " s";
    }
}
