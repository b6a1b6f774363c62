//DEPS info.picocli:picocli:4.7.7
//SOURCES Secrets.java Width.java
//COMPILE_OPTIONS -encoding UTF-8 -XDstringConcat=inline // what joins strings is made now and not at each start

package lib;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** Where people look and answer: chatter on stderr, results on stdout, questions only on a terminal. */
public final class Console {
    public enum Color { auto, always, never }

    private static final int USUAL_COLUMNS = 80;
    private static final String COLUMNS = "COLUMNS";
    /** What a mark and the blank behind it take. */
    private static final int MARK = 2;
    /** What clears a terminal's line from the cursor on. */
    private static final String REST_OF_LINE = "\u001b[K";

    private final Ansi ansi;
    private final boolean unicode;
    private final boolean verbose;
    // UTF-8 whatever the platform's default is: table names and file names are not ASCII.
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    // Whether the last line on the terminal is a drawn one, which whatever comes next takes the place of.
    private boolean drawn;
    private int room = -1;

    public Console(Color color, boolean verbose) {
        this.verbose = verbose;
        boolean plain = !System.getenv().getOrDefault("NO_COLOR", "").isEmpty() || "dumb".equals(System.getenv("TERM"));
        this.ansi = switch (color) {
            case always -> Ansi.ON;
            case never -> Ansi.OFF;
            case auto -> interactive() && !plain ? Ansi.ON : Ansi.OFF;
        };
        this.unicode = Charset.forName(System.getProperty("native.encoding", "UTF-8")).equals(StandardCharsets.UTF_8);
    }

    /** Whether a person sits at both ends; from Java 22 on a Console object alone no longer means a terminal. */
    public static boolean interactive() {
        java.io.Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** The width of the terminal that chatter goes to; 0 where it goes to none, or to one that cannot redraw a line. */
    public static int columns() {
        if (System.getenv("TERM") == null || System.getenv("TERM").equals("dumb")) {
            return 0;
        }
        try {
            // Only a child that inherits the stream can tell; where there is no sh there are plain lines.
            Process size = new ProcessBuilder("sh", "-c", "stty size <&2 2>/dev/null")
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String said = new String(size.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            if (size.waitFor() != 0) {
                return 0;
            }
            // A terminal made by a program often says nothing of its size, or 0.
            return said.matches("\\d+ [1-9]\\d{0,3}") ? Integer.parseInt(said.split(" ")[1]) : USUAL_COLUMNS;
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    /**
     * How wide chatter may be: as COLUMNS says, else as wide as the terminal; 0, which is any width, where it goes to a
     * file or a program.
     */
    synchronized int room() {
        if (room < 0) {
            String told = System.getenv().getOrDefault(COLUMNS, "");
            room = told.matches("[1-9]\\d{0,3}") ? Integer.parseInt(told) : columns();
        }
        return room;
    }

    /** What a child process needs in its environment to write as wide as we do. */
    public Map<String, String> width() {
        return room() == 0 ? Map.of() : Map.of(COLUMNS, String.valueOf(room()));
    }

    /** Whether letters beyond ASCII can be shown. */
    boolean unicode() {
        return unicode;
    }

    /** Whether colours are on, as the word that hands the choice to a child process. */
    public Color color() {
        return ansi.enabled() ? Color.always : Color.never;
    }

    /** A result: the only thing that goes to stdout. */
    public synchronized void result(String text) {
        draw("");
        out.println(Secrets.mask(text));
    }

    /** Chatter: what is happening. */
    public synchronized void say(String text) {
        draw("");
        err.println(Secrets.mask(text));
    }

    /** Draws a line that the next one replaces, whoever writes that; an empty text only takes the last one away. */
    synchronized void draw(String text) {
        if (drawn || !text.isEmpty()) {
            err.print("\r" + Secrets.mask(text) + REST_OF_LINE);
            err.flush();
        }
        drawn = !text.isEmpty();
    }

    /** Where an error comes from, for whoever asked for it with --verbose. */
    public void trace(Throwable error) {
        if (verbose) {
            java.io.StringWriter text = new java.io.StringWriter();
            error.printStackTrace(new java.io.PrintWriter(text));
            say(text.toString());
        }
    }

    /** A line with a coloured mark in front: ✓ passed, ! look at it, ✗ stopped, - left out. */
    public void mark(String status, String text) {
        String mark = switch (status) {
            case "pass" -> paint("green", unicode ? "✓" : "+");
            case "warn" -> paint("yellow", "!");
            case "skip" -> paint("faint", "-");
            default -> paint("red", unicode ? "✗" : "x");
        };
        say(mark + " " + text);
    }

    /** A text that begins so many columns from the left, and goes on below itself where it is too long. */
    String below(String text, int indent) {
        return Width.wrap(text, room() - indent).replace("\n", "\n" + " ".repeat(indent));
    }

    /** What went wrong, and the way out below it. */
    public void failure(String message, String hint) {
        mark("stop", below(message, MARK));
        if (hint != null) {
            // Not broken into lines: a command must stay one.
            say("  -> " + hint.replace("\n", "\n     "));
        }
    }

    /** A line that opens a part of the output. */
    public synchronized void title(String text) {
        draw("");
        err.println(paint("bold", Secrets.mask(text)));
    }

    /** One line of an answer from the terminal; null at its end. Only to be called when {@link #interactive()}. */
    public String ask(String question) {
        draw("");
        err.print(Secrets.mask(question) + " ");
        err.flush();
        return System.console().readLine();
    }

    /** A secret typed without echo; null at the end of the input. */
    public String askSecret(String question) {
        draw("");
        // Asked by the console itself, which turns the echo off first: a quick paste would be seen otherwise.
        char[] typed = System.console().readPassword("%s ", question);
        if (typed == null) {
            err.println();
            return null;
        }
        String secret = new String(typed);
        Secrets.add(secret.strip());
        return secret;
    }

    private String paint(String style, String text) {
        if (!ansi.enabled()) {
            return text;
        }
        Ansi.IStyle[] styles = Ansi.Style.parse(style);
        return Ansi.Style.on(styles) + text + Ansi.Style.off(styles);
    }
}
