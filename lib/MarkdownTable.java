package lib;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A table in Markdown, as GitHub reads it: a row of headings, a row of dashes, and rows.
 *
 * @param lead the last line with words before it
 * @param head its headings
 * @param rows each as long as the head
 */
public record MarkdownTable(String lead, List<String> head, List<List<String>> rows) {
    private static final Pattern DASHES = Pattern.compile("\\s*\\|?\\s*:?-+:?\\s*(\\|\\s*:?-+:?\\s*)*\\|?\\s*");
    private static final Pattern PIPE = Pattern.compile("(?<!\\\\)\\|");

    /**
     * A text taken apart.
     *
     * @param rest the text without its tables
     */
    public record Found(List<MarkdownTable> tables, String rest) {
    }

    /** Finds all tables of a text. */
    public static Found in(String text) {
        List<String> lines = text.lines().toList();
        List<MarkdownTable> tables = new ArrayList<>();
        StringBuilder rest = new StringBuilder();
        String lead = "";
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean table = line.contains("|") && i + 1 < lines.size() && DASHES.matcher(lines.get(i + 1)).matches()
                    && cells(line).size() == cells(lines.get(i + 1)).size();
            if (!table) {
                rest.append(line).append('\n');
                lead = line.isBlank() ? lead : line;
                continue;
            }
            List<String> head = cells(line);
            List<List<String>> rows = new ArrayList<>();
            for (i += 2; i < lines.size() && lines.get(i).contains("|"); i++) {
                List<String> row = new ArrayList<>(cells(lines.get(i)));
                while (row.size() < head.size()) {
                    row.add("");
                }
                rows.add(List.copyOf(row.subList(0, head.size())));
            }
            i--;
            tables.add(new MarkdownTable(lead, head, List.copyOf(rows)));
        }
        return new Found(List.copyOf(tables), rest.toString());
    }

    private static List<String> cells(String line) {
        String inner = line.strip().replaceFirst("^\\|", "").replaceFirst("(?<!\\\\)\\|$", "");
        return Arrays.stream(PIPE.split(inner, -1)).map(cell -> cell.strip().replace("\\|", "|")).toList();
    }
}
