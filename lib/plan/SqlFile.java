//SOURCES ../Exec.java ../Failure.java ../Hash.java ../Json.java ../Run.java

package lib.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Exec;
import lib.Failure;
import lib.Hash;
import lib.Json;
import lib.Run;

/** Today's SQL file of a run: written by us, taken from somebody, or edited by hand, which is never written over. */
public final class SqlFile {
    private static final String WRITTEN = "written.json";

    private final Run run;
    private final Path path;

    public SqlFile(Run run, String kind) {
        this.run = run;
        this.path = run.today(kind, "sql");
    }

    public Path path() {
        return path;
    }

    /** The file's text; it must be UTF-8, because its bytes are what is approved. */
    public String text() {
        return read(path);
    }

    /** Any SQL file's text, with a word of its own for one that is not UTF-8. */
    public static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw Failure.stop(file + " is not UTF-8",
                    Exec.typed(List.of("iconv", "-f", "ISO-8859-1", "-t", "UTF-8", file.toString()))
                    + " > " + Exec.typed(List.of(file + ".utf8")) + "   # then use that one");
        } catch (IOException e) {
            throw Failure.stop(file + " cannot be read: " + e.getMessage(), "ls -l " + file);
        }
    }

    /** Whether somebody changed the file since it was written here. */
    public boolean edited() {
        return Files.exists(path) && !Hash.of(path).equals(written().path(path.getFileName().toString()).asText());
    }

    /** Writes the file and remembers that its text is ours. */
    public void write(String text) {
        Run.write(path, text);
        ObjectNode written = written();
        written.put(path.getFileName().toString(), Hash.of(text));
        Run.write(run.file(WRITTEN), Json.pretty(written) + "\n");
    }

    /** What was edited by hand is released now: the next release of the day may write over it. */
    public void release() {
        if (edited()) {
            write(text());
        }
    }

    /** Takes somebody's own script; from here on it is today's file. */
    public void take(Path script) {
        if (!Files.isRegularFile(script)) {
            throw Failure.usage("--sql " + script + ": there is no such file",
                    Exec.typed(List.of("ls", "-l", script.getParent() == null ? "." : script.getParent().toString())));
        }
        // Some editors put a byte order mark in front, which no server understands.
        String text = read(script).replaceFirst("^\uFEFF", "");
        if (edited() && !text.equals(text())) {
            throw Failure.stop(path.getFileName() + " was edited by hand, and --sql " + script
                    + " would be written over it",
                    Exec.typed(List.of("mv", path.toString(), path + ".edited")) + "   # or take it: --sql "
                    + path.getFileName());
        }
        write(text);
    }

    private ObjectNode written() {
        try {
            return Files.exists(run.file(WRITTEN)) ? (ObjectNode) Json.MAPPER.readTree(run.file(WRITTEN).toFile())
                    : Json.object();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
