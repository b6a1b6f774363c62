//DEPS me.tongfei:progressbar:0.10.2@fatjar
//SOURCES Console.java Width.java

package lib;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;

/**
 * How far a long piece of work is: a bar on a terminal, a line every few seconds elsewhere, and nothing at all for what
 * is done in two seconds. It never fails the work that it tells of.
 */
public final class Progress implements AutoCloseable {
    /** What is counted. */
    public enum Unit { BYTES, ROWS, STATEMENTS }

    private static final Duration UNTOLD = Duration.ofSeconds(2);
    private static final int REDRAWN_MILLIS = 250;
    private static final int LINE_MILLIS = 5000;
    /** Below it there are lines instead of a bar. */
    private static final int NARROWEST = 40;
    /** What percentage, numbers and time take, and a bar that still is one. */
    private static final int BAR = 45;
    private static final int NARROWEST_NOTE = 8;
    private static final long KILO = 1000;
    private static final long MEGA = KILO * KILO;

    private final Console console;
    private final String what;
    private final LongSupplier totals;
    private final Unit unit;
    private final CompletableFuture<Void> timer;
    private long total;
    private long done;
    private String note = "";
    private int room = Integer.MAX_VALUE;
    private ProgressBar bar;
    private boolean closed;

    private Progress(Console console, String what, LongSupplier totals, Unit unit) {
        this.console = console;
        this.what = what;
        this.totals = totals;
        this.unit = unit;
        // What is over before leaves no trace, and loads none of the library's classes.
        this.timer = CompletableFuture.runAsync(this::show,
                CompletableFuture.delayedExecutor(UNTOLD.toMillis(), TimeUnit.MILLISECONDS, Progress::begin));
    }

    // A thread of its own: the common pool may be full of the very work that is told of.
    private static void begin(Runnable work) {
        Thread thread = new Thread(work, "progress");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Begins to tell of a piece of work.
     *
     * @param what the work in a few words: {@code backing up}
     * @param total how much there is to do; 0 or less where nobody knows
     */
    public static Progress of(Console console, String what, long total, Unit unit) {
        return new Progress(console, what, () -> total, unit);
    }

    /** The same where it costs something to know the total: it is asked only if the work lasts long enough. */
    public static Progress of(Console console, String what, LongSupplier total, Unit unit) {
        return new Progress(console, what, total, unit);
    }

    /** So much of the total is done; never more than all of it. */
    public synchronized void to(long done) {
        this.done = done;
        if (bar != null) {
            bar.stepTo(shown());
        }
    }

    /** So much is done, and that is at work. */
    public synchronized void to(long done, String what) {
        to(done);
        note(what);
    }

    /** One more of what is counted is done: that one. */
    public synchronized void step(String what) {
        to(done + 1, what);
    }

    /** The total, where it becomes known only on the way. */
    public synchronized void total(long all) {
        total = all;
        if (bar != null) {
            bar.maxHint(all > 0 ? all : -1);
        }
    }

    /** What is at work now, in words: a table, or what cannot be told as a part of the total. */
    public synchronized void note(String text) {
        // A table may have any name: what would move the cursor is not shown.
        note = text.replaceAll("\\p{Cntrl}", "?");
        if (bar != null) {
            bar.setExtraMessage(cut(note));
        }
    }

    // A long name must not take the place of the bar.
    private String cut(String text) {
        return Width.cut(text, room);
    }

    private long shown() {
        return total > 0 ? Math.min(done, total) : done;
    }

    private void show() {
        int columns = Console.columns();
        boolean drawn = columns >= NARROWEST;
        long all = totals.getAsLong();
        synchronized (this) {
            if (closed) {
                return;
            }
            total = total > 0 ? total : all;
            room = drawn ? Math.max(NARROWEST_NOTE, columns - Width.of(what) - BAR) : Integer.MAX_VALUE;
            ProgressBarBuilder builder = new ProgressBarBuilder().setTaskName(what)
                    .setInitialMax(total > 0 ? total : -1).startsFrom(shown(), UNTOLD).continuousUpdate().hideEta()
                    .setStyle(console.unicode() ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(drawn ? REDRAWN_MILLIS : LINE_MILLIS)
                    .setConsumer(new Lines(drawn ? columns - 1 : Integer.MAX_VALUE, drawn));
            if (unit == Unit.BYTES) {
                builder.setUnit(total < 10 * MEGA ? " kB" : " MB", total < 10 * MEGA ? KILO : MEGA);
            } else {
                builder.setUnit(" " + unit.name().toLowerCase(), 1);
            }
            bar = (drawn ? builder : builder.setRenderer(plain())).build();
            bar.setExtraMessage(cut(note));
        }
    }

    // Of our own state: the library writes its first line before it can be told anything.
    private ProgressBarRenderer plain() {
        return (state, width) -> {
            synchronized (this) {
                String share = total > 0 ? " " + 100 * shown() / total + " %" : "";
                String said = note.isEmpty() ? "" : (share.isEmpty() ? " " : ", ") + note;
                return what + (share + said).replaceFirst("^ ", ": ") + elapsed(state);
            }
        };
    }

    private static String elapsed(ProgressState state) {
        return ", " + state.getTotalElapsed().toSeconds() + " s";
    }

    /** Ends it; the bar goes, and what follows stands in its place. */
    @Override
    public void close() {
        ProgressBar shown;
        synchronized (this) {
            closed = true;
            shown = bar;
            bar = null;
        }
        timer.cancel(false);
        if (shown != null) {
            shown.close();
        }
    }

    /** Where the library hands its lines to. */
    private final class Lines implements ProgressBarConsumer {
        private final int width;
        private final boolean drawn;

        Lines(int width, boolean drawn) {
            this.width = width;
            this.drawn = drawn;
        }

        @Override
        public int getMaxRenderedLength() {
            return width;
        }

        @Override
        public void accept(String line) {
            synchronized (Progress.this) {
                if (closed) {
                    return;
                }
            }
            if (drawn) {
                console.draw(line);
            } else {
                console.say(line);
            }
        }

        @Override
        public void clear() {
            console.draw("");
        }

        @Override
        public void close() {
            clear();
        }
    }
}
