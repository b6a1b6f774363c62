//SOURCES ../Postgres.java ../sql/Name.java Catalog.java

package lib.plan;

import java.util.List;
import lib.Postgres;
import lib.sql.Name;

/**
 * What goes with a table when it is dropped, and what would hold it back.
 *
 * @param foreignKeys its own, which would go on to bind the tables that they point to
 * @param others how many objects outside of it depend on it: views, foreign keys of other tables, functions
 * @param children whether other tables inherit from it that are not its partitions
 * @param parent the table it is a partition or a child of, else null
 * @param bound which rows its partition takes; null for a child that is none
 * @param partitions its own partitions, at every depth
 * @param typed its columns of types that are not the server's own
 * @param publications that name it
 */
record Belongings(List<Key> foreignKeys, long others, boolean children, Name parent, String bound,
                  List<Name> partitions, List<String> typed, List<String> publications) {
    /** A foreign key by name, as the server prints it. */
    record Key(String name, String definition) {
    }

    /** Asks the catalog about one table. */
    static Belongings of(Catalog catalog, Name table) {
        String oid = Postgres.literal(table.full()) + "::regclass";
        List<Key> keys = catalog.rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
                + " AND conparentid = 0 AND conrelid = " + oid + " ORDER BY 1").stream()
                .map(row -> new Key(row.get(0), row.get(1))).toList();
        long others = catalog.count("""
                SELECT count(*) FROM pg_depend d WHERE deptype = 'n'
                AND (refclassid = 'pg_class'::regclass AND (refobjid = %1$s OR refobjid IN (SELECT objid FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND refobjid = %1$s AND deptype IN ('a', 'i')))
                  OR refclassid = 'pg_type'::regclass AND refobjid = (SELECT reltype FROM pg_class WHERE oid = %1$s))
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE oid = d.objid AND d.classid = 'pg_constraint'::regclass
                  AND conrelid = %1$s)
                AND NOT EXISTS (SELECT FROM pg_attrdef WHERE oid = d.objid AND d.classid = 'pg_attrdef'::regclass
                  AND adrelid = %1$s)
                AND NOT EXISTS (SELECT FROM pg_policy WHERE oid = d.objid AND d.classid = 'pg_policy'::regclass
                  AND polrelid = %1$s)
                AND NOT (classid = 'pg_class'::regclass AND objid IN (SELECT inhrelid FROM pg_inherits
                  WHERE inhparent = %1$s))""".formatted(oid));
        List<Name> partitions = catalog.rows("SELECT nspname, relname FROM pg_partition_tree(" + oid + ") t JOIN"
                + " pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = relnamespace WHERE level > 0"
                + " ORDER BY level, 1, 2").stream().map(row -> Name.of(row.get(0), row.get(1))).toList();
        boolean children = catalog.count("SELECT count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
                + " WHERE NOT relispartition AND inhparent = " + oid) > 0;
        List<List<String>> parent = catalog.rows("SELECT nspname, p.relname, pg_get_expr(c.relpartbound, c.oid)"
                + " FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN pg_class p ON p.oid = inhparent"
                + " JOIN pg_namespace n ON n.oid = p.relnamespace WHERE inhrelid = " + oid);
        List<String> typed = catalog.rows("SELECT attname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid"
                + " LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' WHERE attnum > 0"
                + " AND NOT attisdropped AND coalesce(e.oid, t.oid) >= 16384 AND attrelid = " + oid
                + " ORDER BY attnum").stream().map(row -> row.get(0)).toList();
        List<String> publications = catalog.rows("SELECT pubname FROM pg_publication_rel JOIN pg_publication p"
                + " ON p.oid = prpubid WHERE prrelid = " + oid + " ORDER BY 1").stream()
                .map(row -> row.get(0)).toList();
        return new Belongings(keys, others, children,
                parent.isEmpty() ? null : Name.of(parent.get(0).get(0), parent.get(0).get(1)),
                parent.isEmpty() ? null : parent.get(0).get(2), partitions, typed, publications);
    }
}
