//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Rule.java Spot.java

package lib.hazards;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;

/** Building, dropping and rebuilding indexes. */
final class IndexHazards {
    private static final Pattern CREATE = Pattern.compile("(?i)^CREATE\\s+(UNIQUE\\s+)?INDEX\\b");
    private static final int MANY_COLUMNS = 3;
    private static final long MINUTE = 60_000;

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("IDX01", "an index is built while writes wait").locks(LockMode.SHARE, "build")
                    .unless("the table is new in this release, or empty")
                    .instead("CREATE INDEX CONCURRENTLY, outside a transaction"), IndexHazards::plain),
            new Rule(Hazard.dangerous("IDX02", "an index is dropped while reads and writes wait")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the index is new in this release")
                    .instead("DROP INDEX CONCURRENTLY, outside a transaction"), IndexHazards::drop),
            new Rule(Hazard.dangerous("IDX03", "CONCURRENTLY cannot run inside a transaction")
                    .unless("release.java runs it: it gets a segment of its own")
                    .instead("a file or a segment of its own, without a transaction"), IndexHazards::inTransaction),
            new Rule(Hazard.dangerous("IDX04", "IF NOT EXISTS takes an invalid left-over for the index")
                    .unless("the left-over is dropped first").instead("DROP INDEX CONCURRENTLY IF EXISTS, then CREATE"),
                    IndexHazards::leftover),
            new Rule(Hazard.caution("IDX05", "a short lock_timeout ends CONCURRENTLY with an invalid index")
                    .unless("lock_timeout is off or minutes long")
                    .instead("a lock_timeout of minutes: it counts the wait for every old snapshot"),
                    spot -> limited(spot, "lock_timeout")),
            new Rule(Hazard.caution("IDX06", "statement_timeout ends CONCURRENTLY with an invalid index")
                    .unless("statement_timeout is 0").instead("SET statement_timeout = 0 for this statement"),
                    spot -> limited(spot, "statement_timeout")),
            new Rule(Hazard.dangerous("IDX07", "an index is rebuilt while writes, and reads by it, wait")
                    .locks(LockMode.SHARE, "build").instead("REINDEX CONCURRENTLY"), IndexHazards::reindex),
            new Rule(Hazard.caution("IDX08", "an index without a name piles up when the script runs twice")
                    .unless("the table is new in this release").instead("name it"), IndexHazards::unnamed),
            new Rule(Hazard.note("IDX09", "an index of many columns, or with which another begins, costs writes")
                    .instead("fewer columns, or INCLUDE; the longer index alone"), IndexHazards::wide),
            new Rule(Hazard.dangerous("IDX10", "PostgreSQL 14.0 to 14.3 builds corrupt indexes concurrently")
                    .versions(14, 14).unless("the server is 14.4 or newer").instead("upgrade to 14.4 first"),
                    IndexHazards::corrupt),
            new Rule(Hazard.caution("IDX11", "an index on a partitioned table locks every partition")
                    .locks(LockMode.SHARE, "build").unless("ON ONLY")
                    .instead("ON ONLY, CONCURRENTLY on each partition, ALTER INDEX ATTACH PARTITION"),
                    IndexHazards::partitioned),
            new Rule(Hazard.note("IDX12", "a unique index fails on rows that are there twice")
                    .unless("the table is new in this release").instead("count the duplicates first"),
                    IndexHazards::unique));

    private IndexHazards() {
    }

    private static Rule.Hit plain(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || index.concurrently() || !spot.used(index.table())
                || only(spot) || spot.partitioned(index.table())) {
            return null;
        }
        return Rule.Hit.of("CREATE INDEX on " + spot.sized(index.table()) + " stops writes until it is built",
                concurrently(spot.statement().sql())).as(spot.bySize(index.table()));
    }

    /** The statement with CONCURRENTLY. */
    static String concurrently(String sql) {
        return CREATE.matcher(sql).replaceFirst("$0 CONCURRENTLY") + ";";
    }

    private static boolean only(Spot spot) {
        return spot.phrase().has("ON ONLY");
    }

    private static Rule.Hit drop(Spot spot) {
        if (!(spot.change() instanceof Change.DropIndex index) || index.concurrently()
                || spot.story().tableOf(index.index()) != null) {
            return null;
        }
        return Rule.Hit.of("DROP INDEX " + index.index() + " waits for everybody on its table, and everybody waits "
                + "for it", "DROP INDEX CONCURRENTLY " + (spot.has("IF EXISTS") ? "IF EXISTS " : "")
                + index.index().sql() + ";").as(spot.byService());
    }

    private static boolean concurrent(Spot spot) {
        return !spot.statement().transactional() && List.of("CREATE INDEX", "DROP INDEX", "REINDEX", "ALTER TABLE")
                .contains(spot.tag()) && spot.statement().sql().matches("(?is).*\\bCONCURRENTLY\\b.*");
    }

    private static Rule.Hit inTransaction(Spot spot) {
        if (!spot.first() || !concurrent(spot) || !spot.story().inTransaction() || spot.context().managed()) {
            return null;
        }
        String how = spot.story().open() ? "after BEGIN" : "because the migration tool opens a transaction";
        return Rule.Hit.of(spot.tag() + " CONCURRENTLY fails inside a transaction, " + how,
                spot.story().open() ? "COMMIT;\n" + spot.statement().sql() + ";"
                        : "-- put it into a file that runs without a transaction:\n" + spot.statement().sql() + ";");
    }

    private static Rule.Hit leftover(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || !index.concurrently() || index.name() == null
                || !spot.phrase().has("IF NOT EXISTS")) {
            return null;
        }
        Name name = Name.of(index.table().schema(), index.name());
        return spot.story().guarded(name) ? null : Rule.Hit.of("after a failed build IF NOT EXISTS skips over the "
                + "invalid index " + index.name() + " and says that all is well",
                "DROP INDEX CONCURRENTLY IF EXISTS " + name.sql() + ";\n"
                + spot.statement().sql().replaceFirst("(?i)\\s+IF\\s+NOT\\s+EXISTS", "") + ";");
    }

    private static Rule.Hit limited(Spot spot, String setting) {
        long limit = spot.story().settings.milliseconds(setting);
        boolean builds = spot.change() instanceof Change.CreateIndex index && index.concurrently()
                || spot.tag().equals("REINDEX") && concurrent(spot);
        return !builds || limit <= 0 || limit >= MINUTE * 5 && setting.equals("lock_timeout") ? null
                : Rule.Hit.of(setting + " of " + limit + " ms ends the build and leaves an invalid index", "SET "
                + setting + " = '" + (setting.equals("lock_timeout") ? "10min" : "0") + "';\n"
                + spot.statement().sql() + ";");
    }

    private static Rule.Hit reindex(Spot spot) {
        if (!spot.tag().equals("REINDEX") || concurrent(spot)) {
            return null;
        }
        return Rule.Hit.of("REINDEX stops writes to the table and reads through the index until it is done",
                spot.statement().sql().replaceFirst("(?i)\\b(TABLE|INDEX|SCHEMA|DATABASE|SYSTEM)\\b",
                        "$1 CONCURRENTLY") + ";").as(spot.byService());
    }

    private static Rule.Hit unnamed(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || index.name() != null
                || spot.fresh(index.table())) {
            return null;
        }
        String name = name(index.table(), index.columns(), "idx");
        return Rule.Hit.of("the index on " + index.table() + " has no name: a second run builds a second one",
                spot.statement().sql().replaceFirst("(?i)(\\bINDEX(?:\\s+CONCURRENTLY)?)(\\s+ON\\b)",
                        "$1 " + Name.quote(name) + "$2") + ";");
    }

    /** A name in the style of the server's own. */
    static String name(Name table, List<String> columns, String ending) {
        return table.name() + "_" + columns.stream().map(column -> column.replaceAll("\\W+", "_"))
                .collect(Collectors.joining("_")) + "_" + ending;
    }

    private static Rule.Hit wide(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || index.unique()) {
            return null;
        }
        if (index.columns().size() > MANY_COLUMNS) {
            return Rule.Hit.of("the index on " + index.table() + " has " + index.columns().size() + " columns", "");
        }
        List<String> plain = plainColumns(spot.statement().sql());
        String other = plain.isEmpty() ? null : spot.story().beginning(index.table(), plain);
        return other == null || other.equals(index.name()) ? null : Rule.Hit.of("another index of " + index.table()
                + ", " + other + ", begins with " + String.join(", ", plain) + " as well: this one finds no more", "");
    }

    /** The columns of an index that is all of the table in their natural order; empty when it is anything else. */
    static List<String> plainColumns(String sql) {
        Phrase phrase = Phrase.of(sql);
        phrase.until(p -> p.sees('(') || p.sees("USING"));
        if (phrase.take("USING") && !phrase.take("BTREE") || !phrase.sees('(')) {
            return List.of();
        }
        List<Phrase> items = phrase.list();
        List<String> columns = items.stream().filter(Phrase::seesIdentifier).map(Phrase::identifier).toList();
        return phrase.done() && columns.size() == items.size() && items.stream().allMatch(Phrase::done) ? columns
                : List.of();
    }

    private static Rule.Hit corrupt(Spot spot) {
        int server = spot.context().server();
        boolean builds = concurrent(spot) && List.of("CREATE INDEX", "REINDEX").contains(spot.tag());
        return builds && server >= 140_000 && server < 140_004
                ? Rule.Hit.of("this server is 14." + server % 10_000 + ": an index built CONCURRENTLY may miss rows",
                "-- upgrade the server to 14.4 or newer first") : null;
    }

    private static Rule.Hit partitioned(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || !spot.partitioned(index.table()) || only(spot)) {
            return null;
        }
        return Rule.Hit.of(index.concurrently()
                ? index.table() + " is partitioned: CREATE INDEX CONCURRENTLY is refused there"
                : "CREATE INDEX on the partitioned " + index.table() + " stops writes to every partition",
                spot.statement().sql().replaceFirst("(?i)\\bCONCURRENTLY\\s+", "")
                        .replaceFirst("(?i)\\bON\\s+", "ON ONLY ") + ";\n"
                + "-- then for each partition: CREATE INDEX CONCURRENTLY, ALTER INDEX ... ATTACH PARTITION");
    }

    private static Rule.Hit unique(Spot spot) {
        if (!(spot.change() instanceof Change.CreateIndex index) || !index.unique() || !spot.used(index.table())) {
            return null;
        }
        return Rule.Hit.of("it fails when two rows of " + index.table() + " agree in "
                + String.join(", ", index.columns()), duplicates(index.table(), index.columns(),
                Phrase.of(spot.statement().sql())));
    }

    private static String duplicates(Name table, List<String> columns, Phrase phrase) {
        phrase.until(p -> p.take("WHERE"));
        return duplicates(table, columns, phrase.done() ? "" : " WHERE " + phrase.source());
    }

    /** The query that counts the groups of rows which a unique constraint would refuse. */
    static String duplicates(Name table, List<String> columns, String where) {
        String list = columns.stream().map(column -> column.matches("\\w+") ? Name.quote(column) : column)
                .collect(Collectors.joining(", "));
        return "SELECT " + list + ", count(*) FROM " + table.sql() + where + " GROUP BY " + list
                + " HAVING count(*) > 1;";
    }
}
