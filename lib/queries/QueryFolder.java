//SOURCES ../Count.java ../Failure.java ../sql/Parameters.java ../sql/Sql.java Query.java

package lib.queries;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Count;
import lib.Failure;
import lib.sql.Parameters;
import lib.sql.Sql;

/**
 * The queries of a folder of SQL files. Comments above a query say more about it: {@code -- name: recent orders},
 * {@code -- params: 42, 'open'}, {@code -- slower-ok: reason}, {@code -- broken-ok: reason}.
 */
public final class QueryFolder {
    private static final Pattern SET = Pattern.compile("\\\\set\\s+(\\w+)\\s+(.*)");
    private static final Pattern NOTE = Pattern.compile("(name|params|slower-ok|broken-ok)\\s*:\\s*(.*)");

    private final List<Query> queries = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private QueryFolder() {
    }

    /** Reads the files of a folder among the committed files of a repository; empty when there is none. */
    public static List<Query> of(Map<String, byte[]> files, String folder) {
        QueryFolder reading = new QueryFolder();
        String prefix = folder.replaceFirst("/+$", "") + "/";
        new TreeMap<>(files).forEach((path, bytes) -> {
            if (path.startsWith(prefix) && path.endsWith(".sql")) {
                try {
                    reading.read(path, new String(bytes, StandardCharsets.UTF_8), prefix);
                } catch (IllegalArgumentException e) {
                    throw Failure.stop(path + ": " + e.getMessage(), "correct that file and commit it; or name"
                            + " another folder in release.json: {\"queries\": {\"folder\": \"…\"}}");
                }
            }
        });
        return List.copyOf(reading.queries);
    }

    private void read(String path, String text, String prefix) {
        Map<String, String> variables = new HashMap<>();
        List<Sql.Comment> comments = Sql.comments(text);
        String stem = path.substring(prefix.length()).replaceFirst("\\.sql$", "");
        List<Sql.Piece> pieces = Sql.split(text);
        long statements = pieces.stream().filter(piece -> piece.kind() == Sql.Kind.STATEMENT).count();
        int last = 0;
        for (Sql.Piece piece : pieces) {
            int end = piece.line() + (int) piece.text().lines().count() - 1;
            if (piece.kind() == Sql.Kind.META) {
                set(piece, path, variables);
            } else if (piece.kind() == Sql.Kind.COPY_DATA) {
                throw new IllegalArgumentException("line " + piece.line() + ": data of a COPY is no query");
            } else {
                Map<String, String> notes = notes(comments, last, end, piece.line());
                add(path, piece, notes, variables, statements == 1 ? stem : stem + ":" + piece.line());
            }
            last = end;
        }
    }

    private static void set(Sql.Piece piece, String path, Map<String, String> variables) {
        Matcher set = SET.matcher(piece.text());
        if (!set.matches()) {
            throw new IllegalArgumentException("line " + piece.line() + ": " + piece.text().split("\\s")[0]
                    + " is not understood here, only \\set NAME VALUE is");
        }
        String value = set.group(2).strip();
        variables.put(set.group(1), value.matches("'.*'") ? value.substring(1, value.length() - 1).replace("''", "'")
                : value);
    }

    // Those above the query and behind the one before, and those inside of it.
    private static Map<String, String> notes(List<Sql.Comment> comments, int after, int end, int start) {
        Map<String, String> notes = new LinkedHashMap<>();
        for (Sql.Comment comment : comments) {
            Matcher note = NOTE.matcher(comment.text());
            boolean ours = comment.line() <= end && (comment.line() > after || comment.line() >= start);
            if (ours && note.matches()) {
                notes.put(note.group(1), note.group(2).strip());
            }
        }
        return notes;
    }

    private void add(String path, Sql.Piece piece, Map<String, String> notes, Map<String, String> variables,
                     String usual) {
        Parameters parameters = Parameters.of(piece.text(), variables);
        List<String> values = Parameters.list(notes.getOrDefault("params", ""));
        int places = parameters.names().size();
        if (!values.isEmpty() && values.size() != places) {
            throw new IllegalArgumentException("line " + piece.line() + ": -- params: gives "
                    + Count.of(values.size(), "value") + " for " + Count.of(places, "parameter"));
        }
        Map<String, String> excused = new HashMap<>();
        for (String status : List.of("slower", "broken")) {
            String reason = notes.get(status + "-ok");
            if (reason != null && reason.isEmpty()) {
                throw new IllegalArgumentException("line " + piece.line() + ": -- " + status + "-ok: needs a reason");
            }
            if (reason != null) {
                excused.put(status, reason);
            }
        }
        // sqlc writes what a query returns behind its name.
        String name = notes.getOrDefault("name", usual).replaceFirst("\\s+:\\w+$", "");
        name = names.add(name) ? name : name + " (" + path + ":" + piece.line() + ")";
        queries.add(new Query(name, Query.Origin.FILE, path + ":" + piece.line(), parameters.sql(), values, places,
                Map.copyOf(excused)));
    }
}
