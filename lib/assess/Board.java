//SOURCES ../History.java ../Migration.java Standing.java

package lib.assess;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.History;
import lib.Migration;

/** The environments side by side in one screen: which has which migration, and what that means. */
public final class Board {
    private static final int WIDTH = 80;
    private static final int ROWS = 16;
    /** So many of those that everybody has are shown, for orientation. */
    private static final int COMMON = 2;

    private final List<Standing> standings;
    private final List<String> migrations;
    private final List<Standing> shown;

    public Board(History history, List<Standing> standings) {
        this.standings = standings;
        Set<String> all = new LinkedHashSet<>(history.local().stream().map(Migration::id).toList());
        standings.forEach(each -> all.addAll(each.applied()));
        this.migrations = List.copyOf(all);
        this.shown = standings.stream().filter(each -> each.verdict() != Standing.Verdict.unset).toList();
    }

    /** The worst verdict of all; what is unset does not count. */
    public Standing.Verdict verdict() {
        return shown.stream().map(Standing::verdict).max(Enum::compareTo).orElse(Standing.Verdict.unset);
    }

    /** Each migration with its state in each environment. */
    public List<Map<String, String>> rows() {
        List<Map<String, String>> rows = new ArrayList<>();
        for (String migration : migrations) {
            Map<String, String> row = new LinkedHashMap<>();
            row.put("migration", migration);
            shown.forEach(each -> row.put(each.environment(), each.of(migration)));
            rows.add(row);
        }
        return rows;
    }

    public String text() {
        StringBuilder text = new StringBuilder();
        int column = shown.stream().mapToInt(each -> Math.max(each.environment().length(), 11)).max().orElse(11) + 2;
        int longest = migrations.stream().mapToInt(String::length).max().orElse(0) + 2;
        int name = Math.max(20, Math.min(longest, WIDTH - column * shown.size()));
        text.append(line(name, column, "", shown.stream().map(Standing::environment).toList()));
        List<String> chosen = chosen();
        if (chosen.size() < migrations.size()) {
            text.append("… ").append(migrations.size() - chosen.size()).append(" older ones that all of them have\n");
        }
        for (String migration : chosen.subList(0, Math.min(ROWS, chosen.size()))) {
            text.append(line(name, column, migration, shown.stream().map(each -> each.of(migration)).toList()));
        }
        if (chosen.size() > ROWS) {
            text.append("… ").append(chosen.size() - ROWS).append(" more\n");
        }
        text.append(line(name, column, "", shown.stream().map(each -> each.verdict().name()).toList())).append('\n');
        standings.forEach(each -> text.append(about(each)));
        return text.append(String.format("%-11s %s", "overall", verdict())).toString();
    }

    // What all that answered have is old news, but for the last of it.
    private List<String> chosen() {
        List<Standing> known = shown.stream().filter(Standing::known).toList();
        int first = 0;
        while (first < migrations.size()) {
            String migration = migrations.get(first);
            if (known.isEmpty() || !known.stream().allMatch(each -> each.of(migration).equals("applied"))) {
                break;
            }
            first++;
        }
        return migrations.subList(Math.max(0, Math.min(first, migrations.size()) - COMMON), migrations.size());
    }

    private static String line(int name, int column, String first, List<String> cells) {
        String shortened = first.length() < name ? first : first.substring(0, name - 2) + "…";
        StringBuilder line = new StringBuilder(String.format("%-" + name + "s", shortened));
        cells.forEach(cell -> line.append(String.format("%-" + column + "s", cell)));
        return line.toString().stripTrailing() + "\n";
    }

    private static String wrapped(String words, String indent) {
        StringBuilder text = new StringBuilder();
        int at = indent.length();
        for (String word : words.strip().split("\\s+")) {
            if (at > indent.length() && at + 1 + word.length() > WIDTH) {
                text.append('\n').append(indent);
                at = indent.length();
            }
            text.append(at > indent.length() ? " " : "").append(word);
            at += word.length() + 1;
        }
        return text.toString();
    }

    private static String about(Standing each) {
        String indent = " ".repeat(12);
        StringBuilder text = new StringBuilder(String.format("%-11s ", each.environment()));
        if (!each.known()) {
            text.append(wrapped(each.reason(), indent)).append('\n');
        } else {
            text.append(each.place()).append(", ").append(each.source()).append('\n').append(indent)
                    .append(each.applied().size()).append(" applied, ").append(each.pending().size())
                    .append(" pending, says ").append(each.history()).append('\n');
            each.held().forEach(held -> text.append(indent).append(wrapped("held " + held.when() + ": "
                    + held.migration(), indent)).append('\n'));
        }
        if (each.verdict() == Standing.Verdict.unreachable && each.hint() != null) {
            text.append(indent).append("-> ").append(each.hint().replace("\n", "\n" + indent + "   ")).append('\n');
        }
        for (History.Trouble trouble : each.troubles()) {
            text.append(indent).append(trouble.stops() ? "x " : "! ").append(trouble.message()).append('\n')
                    .append(indent).append("-> ").append(trouble.hint()).append('\n');
        }
        return text.toString();
    }
}
