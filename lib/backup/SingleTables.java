//SOURCES ../Clients.java ../Count.java ../Exec.java ../Failure.java ../Gate.java ../sql/Name.java Contents.java Load.java
//SOURCES Neighbours.java Picked.java Steps.java

package lib.backup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import lib.Clients;
import lib.Count;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.sql.Name;

/**
 * Single tables of a backup, brought into a database of their own: it has the whole schema without indexes, constraints
 * and triggers, and rows only in these tables. Nothing of the live database is written over; what is missing there is
 * copied back by a person, who sees both.
 */
final class SingleTables {
    private static final int MOST = 8;

    private final Steps steps;
    private final List<String> wishes;
    private final SortedMap<String, Contents.Rows> expected = new TreeMap<>();

    SingleTables(Steps steps, List<String> wishes) {
        this.steps = steps;
        this.wishes = wishes;
    }

    /** Finds the tables in the manifest, by their names with or without a schema. */
    Gate.Finding find() {
        Map<String, Contents.Rows> known = steps.archive.manifest().contents().tables();
        for (String wish : wishes) {
            List<String> meant = known.keySet().stream().filter(table -> means(wish, Name.parse(table), table))
                    .toList();
            if (meant.size() != 1) {
                List<String> some = (meant.isEmpty() ? known.keySet().stream() : meant.stream()).limit(MOST).toList();
                throw Failure.stop(meant.isEmpty() ? "the backup has no table " + wish
                        : wish + " is the name of " + meant.size() + " tables",
                        "it has: " + String.join(", ", some) + (known.size() > MOST ? ", …" : "")
                        + "   (of a partitioned table, name the partitions)");
            }
            expected.put(meant.get(0), known.get(meant.get(0)));
        }
        steps.phase.fact("tables", expected.keySet());
        return Gate.passed(String.join(", ", expected.keySet()));
    }

    private static boolean means(String wish, Name name, String key) {
        return wish.equals(key) || wish.equals(name.name()) || wish.equals(name.schema() + "." + name.name());
    }

    /** Makes the database and loads the schema, then the rows. */
    Gate.Finding load() {
        return steps.loading(steps.neighbours.fresh(Neighbours.Kind.TABLES), heard -> {
            steps.requirements.tryExtensions(steps.replacement.target());
            String place = steps.replacement.target().place();
            Path archive = steps.archive.file();
            Clients.Client reader = steps.archive.reader();
            Load.of(archive, reader).with("--section=pre-data").into(steps.replacement.target()).orStop(place);
            try (Picked picked = Picked.of(entries())) {
                Load.of(archive, reader).with("--section=data", picked.option()).rows(heard)
                        .into(steps.replacement.target()).orStop(place);
            }
        });
    }

    private List<String> entries() {
        List<String> entries = new ArrayList<>();
        for (String table : expected.keySet()) {
            Name name = Name.parse(table);
            // The list writes names as they are, a line break in one as a blank.
            String words = (name.schema() + " " + name.name()).replaceAll("[\r\n]", " ");
            entries.addAll(steps.archive.listing().entries(
                    Pattern.compile("\\d+; \\d+ \\d+ TABLE DATA " + Pattern.quote(words) + "( .*|)")));
        }
        return entries;
    }

    /** Compares these tables with the manifest, and keeps the database. */
    Gate.Finding compare() {
        return steps.guarded(() -> {
            Contents seen = steps.archive.manifest().contents()
                    .again(steps.replacement.target(), (table, bytes, all) -> { });
            for (Map.Entry<String, Contents.Rows> table : expected.entrySet()) {
                if (!table.getValue().equals(seen.tables().get(table.getKey()))) {
                    throw Failure.stop(table.getKey() + " is not what was saved: " + seen.tables().get(table.getKey())
                            + " instead of " + table.getValue(),
                            "is it the archive or this server? jbang backup.java verify --restore FILE");
                }
            }
            steps.replacement.prove();
            long rows = expected.values().stream().mapToLong(Contents.Rows::rows).sum();
            steps.phase.fact("rows", rows);
            steps.phase.fact("made", steps.replacement.name());
            return Gate.passed(Count.of(rows, "row") + " as saved; " + steps.server.live.database()
                    + " was not touched. To copy rows back:\n" + recipe() + "\nremove it:   "
                    + steps.command("--drop-old", steps.replacement.name()));
        });
    }

    // Into a table beside the live one first: what is then missing or different is for a person to see.
    private String recipe() {
        Name name = Name.parse(expected.firstKey());
        String table = name.full();
        String beside = new Name(name.schema(), name.name() + "_restored").full();
        String live = steps.server.live.database();
        return Exec.typed(List.of("psql", "-d", steps.replacement.name(), "-c", "COPY " + table + " TO STDOUT")) + " | "
                + Exec.typed(List.of("psql", "-d", live, "-c", "CREATE TABLE " + beside + " (LIKE " + table + ")", "-c",
                "COPY " + beside + " FROM STDIN")) + "\n"
                + Exec.typed(List.of("psql", "-d", live, "-c", "INSERT INTO " + table + " SELECT * FROM " + beside
                + " ON CONFLICT DO NOTHING", "-c", "DROP TABLE " + beside));
    }
}
