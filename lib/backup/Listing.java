package lib.backup;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What pg_restore lists of an archive: its objects, and how it was made.
 *
 * @param entries one line for each object, which pg_restore takes back in a list of those that are wanted
 * @param packing how its rows are compressed: gzip, zstd, lz4 or none
 * @param server the major of the server it is of; 0 where it does not tell
 * @param client the major of the pg_dump that made it; 0 where it does not tell
 */
public record Listing(List<String> entries, String packing, int server, int client) {
    /** The only one that keeps a sum of the rows: in any other most of what was damaged is read without a word. */
    private static final String GZIP = "gzip";
    private static final Pattern PACKING = Pattern.compile(";\\s+Compression: (\\S+)");
    private static final Pattern SERVER = Pattern.compile(";\\s+Dumped from database version: (\\d+).*");
    private static final Pattern CLIENT = Pattern.compile(";\\s+Dumped by pg_dump version: (\\d+).*");
    private static final Pattern ROWS = Pattern.compile("\\d+; \\d+ \\d+ TABLE DATA .*");

    /** Reads it from the lines that {@code pg_restore --list} writes. */
    static Listing of(List<String> lines) {
        String packing = told(lines, PACKING, "none");
        // Up to PostgreSQL 15 it is the level of gzip.
        return new Listing(lines.stream().filter(line -> !line.startsWith(";") && !line.isBlank()).toList(),
                packing.equals("0") ? "none" : packing.matches("-?\\d") ? GZIP : packing,
                Integer.parseInt(told(lines, SERVER, "0")), Integer.parseInt(told(lines, CLIENT, "0")));
    }

    private static String told(List<String> lines, Pattern pattern, String otherwise) {
        return lines.stream().map(pattern::matcher).filter(Matcher::matches).findFirst()
                .map(found -> found.group(1)).orElse(otherwise);
    }

    /** Whether its rows have sums, so that what was damaged in them shows when they are unpacked. */
    boolean summed() {
        return packing.equals(GZIP);
    }

    /** The entries of a kind: the whole line must match. */
    List<String> entries(Pattern kind) {
        return entries.stream().filter(entry -> kind.matcher(entry).matches()).toList();
    }

    /** The entries that hold the rows of a table each. */
    List<String> tables() {
        return entries(ROWS);
    }
}
