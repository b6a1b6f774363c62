//SOURCES ../Postgres.java ../sql/Name.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Postgres;
import lib.sql.Name;

/** The tables, views, sequences and indexes of a database as they are committed, by the server's own numbers. */
final class Relations {
    /**
     * One of them.
     *
     * @param table the number of the table that an index belongs to; its own for everything else
     * @param file the file that holds its rows, another one after a rewrite; 0 where it has none
     * @param rows the server's estimate
     */
    record Relation(long oid, Name name, String kind, long table, long file, long rows) {
        boolean index() {
            return table != oid;
        }

        /** Whether rows of it can be read and locked. */
        boolean holdsRows() {
            return kind.equals("r") || kind.equals("p");
        }
    }

    private final Map<Long, Relation> byNumber = new HashMap<>();
    private final Map<Name, Relation> byName = new HashMap<>();
    private long newest;

    private Relations() {
    }

    static Relations of(Connection connection) throws SQLException {
        Relations relations = new Relations();
        for (List<String> row : Postgres.rows(connection, """
                SELECT c.oid, n.nspname, c.relname, c.relkind, coalesce(i.indrelid, c.oid),
                       coalesce(pg_relation_filenode(c.oid), 0), greatest(c.reltuples, 0)::bigint
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_index i ON i.indexrelid = c.oid
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND n.nspname !~ '^pg_'
                  AND n.nspname <> 'information_schema'""")) {
            Relation relation = new Relation(Long.parseLong(row.get(0)), Name.of(row.get(1), row.get(2)), row.get(3),
                    Long.parseLong(row.get(4)), Long.parseLong(row.get(5)), Long.parseLong(row.get(6)));
            relations.byNumber.put(relation.oid(), relation);
            relations.byName.put(relation.name(), relation);
            relations.newest = Math.max(relations.newest, relation.oid());
        }
        return relations;
    }

    /** The relation of a number; null where there is none. */
    Relation get(long oid) {
        return byNumber.get(oid);
    }

    /** The relation of a name; null where there is none. */
    Relation get(Name name) {
        return byName.get(name);
    }

    /** The table, view or sequence that a number stands for, or that its index belongs to; null where none is known. */
    Relation table(long oid) {
        Relation relation = byNumber.get(oid);
        return relation == null ? null : byNumber.get(relation.table());
    }

    /** The highest number of all; 0 where there are none. */
    long newest() {
        return newest;
    }

    Iterable<Relation> all() {
        return byNumber.values();
    }
}
