//SOURCES ../Place.java ../Postgres.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java
//SOURCES Catalog.java Node.java Pending.java Rights.java

package lib.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Place;
import lib.Postgres;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * What keeps a column from getting another type: the views, triggers and policies that use it. They are dropped before
 * the change and made again after it, each with all that belongs to it.
 */
final class Views {
    // Every view that reads one of the columns, directly or through another view, with how far away it is.
    private static final String READERS = """
            WITH RECURSIVE changed AS (
              SELECT attrelid, attnum FROM pg_attribute WHERE (%s)
            ), reader AS (
              SELECT w.ev_class AS oid, 1 AS depth FROM changed JOIN pg_depend d ON d.refobjid = attrelid
                AND d.refobjsubid = attnum AND d.refclassid = 'pg_class'::regclass
              JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND w.ev_class <> d.refobjid
              UNION
              SELECT w.ev_class, depth + 1 FROM reader JOIN pg_depend d ON d.refobjid = reader.oid
                AND d.refclassid = 'pg_class'::regclass
              JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND w.ev_class <> d.refobjid
            )
            SELECT n.nspname, c.relname, c.relkind, c.oid, rtrim(pg_get_viewdef(c.oid), ';'),
              (SELECT string_agg(split_part(o, '=', 1) || ' = ' || quote_literal(substr(o, strpos(o, '=') + 1)), ', ')
                 FROM unnest(c.reloptions) o), c.relispopulated
            FROM (SELECT oid, max(depth) AS depth FROM reader GROUP BY oid) r
            JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('v', 'm') ORDER BY depth, 1, 2""";
    // What belongs to a view and is a statement of its own.
    private static final String BELONGINGS = """
            SELECT sql FROM (
            SELECT 1 AS place, format('ALTER VIEW %%s ALTER COLUMN %%I SET DEFAULT %%s', %1$s::oid::regclass, attname,
                pg_get_expr(adbin, adrelid)) AS sql
            FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = %1$s
            UNION ALL SELECT 2, rtrim(pg_get_ruledef(oid), ';') FROM pg_rewrite
            WHERE ev_class = %1$s AND rulename <> '_RETURN'
            UNION ALL SELECT 3, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %1$s AND NOT tgisinternal
            UNION ALL SELECT 4, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %1$s
            UNION ALL SELECT 5, format('COMMENT ON INDEX %%s IS %%L', indexrelid::regclass, description)
            FROM pg_index JOIN pg_description ON objoid = indexrelid AND classoid = 'pg_class'::regclass
            WHERE indrelid = %1$s
            UNION ALL SELECT 5, format('COMMENT ON TRIGGER %%I ON %%s IS %%L', tgname, tgrelid::regclass, description)
            FROM pg_trigger t JOIN pg_description ON objoid = t.oid AND classoid = 'pg_trigger'::regclass
            WHERE tgrelid = %1$s
            ) belonging ORDER BY place, sql""";
    private static final String TRIGGERS = """
            SELECT DISTINCT tgname, tgrelid::regclass, pg_get_triggerdef(t.oid), tgenabled FROM pg_depend d
            JOIN pg_attribute ON d.refobjid = attrelid AND d.refobjsubid = attnum
            JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
            WHERE d.refclassid = 'pg_class'::regclass AND NOT tgisinternal AND (%s) ORDER BY 1""";
    private static final String POLICIES = """
            SELECT DISTINCT polname, polrelid::regclass, format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s',
                polname, polrelid::regclass, CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                  ELSE 'ALL' END,
                (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
                   FROM unnest(polroles) r))
                || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
                || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '') FROM pg_depend d
            JOIN pg_attribute ON d.refobjid = attrelid AND d.refobjsubid = attnum
            JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
            WHERE d.refclassid = 'pg_class'::regclass AND (%s) ORDER BY 1""";

    private final Pending release;
    private final Catalog catalog;
    private final Map<Name, View> views = new LinkedHashMap<>();
    private final List<String> drops = new ArrayList<>();
    private final List<String> makes = new ArrayList<>();
    private final Set<Name> touches = new HashSet<>();
    private int first = -1;
    private int last = -1;

    private record View(Name name, boolean materialized, String oid, String query, String options, boolean filled) {
        String kind() {
            return materialized ? "MATERIALIZED VIEW" : "VIEW";
        }
    }

    Views(Pending release, Catalog catalog) {
        this.release = release;
        this.catalog = catalog;
        Map<Integer, String> changed = new LinkedHashMap<>();
        for (int i = 0; i < release.parts.size(); i++) {
            if (release.parts.get(i).change() instanceof Change.SetType type && release.created(type.table()) == null) {
                Node.Ref before = release.before(release.parts.get(i), type.table(), type.column());
                if (catalog.columns(before.table()).containsKey(before.column())) {
                    changed.put(i, "attname = " + Postgres.literal(before.column()) + " AND attrelid IN (SELECT "
                            + Catalog.oid(before.table()) + " UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = "
                            + Catalog.oid(before.table()) + ")");
                    touches.add(type.table());
                }
            }
        }
        if (!changed.isEmpty()) {
            find(changed);
        }
    }

    private void find(Map<Integer, String> changed) {
        changed.forEach((part, columns) -> {
            boolean used = false;
            for (List<String> row : catalog.qualified(READERS.formatted(columns))) {
                Name name = Name.of(row.get(0), row.get(1));
                used = true;
                views.putIfAbsent(name, new View(name, row.get(2).equals("m"), row.get(3), row.get(4), row.get(5),
                        row.get(6).equals("t")));
            }
            for (List<String> row : catalog.qualified(TRIGGERS.formatted(columns))) {
                used = true;
                standing("TRIGGER", row);
            }
            for (List<String> row : catalog.qualified(POLICIES.formatted(columns))) {
                used = true;
                standing("POLICY", row);
            }
            if (used) {
                first = first < 0 ? part : first;
                last = part;
            }
        });
        around();
        // A statement of several actions is one: what goes before any of them goes before it.
        while (first > 0 && release.parts.get(first - 1).statement() == release.parts.get(first).statement()) {
            first--;
        }
        while (last >= 0 && last < release.parts.size() - 1
                && release.parts.get(last + 1).statement() == release.parts.get(last).statement()) {
            last++;
        }
        write();
    }

    private void standing(String kind, List<String> row) {
        String drop = "DROP " + kind + " " + Name.quote(row.get(0)) + " ON " + row.get(1);
        boolean handled = release.parts.stream().anyMatch(part -> part.statement().tag().endsWith(kind)
                && Node.names(part.statement().sql(), row.get(0)));
        if (!handled && !drops.contains(drop)) {
            drops.add(drop);
            makes.add(row.get(2));
            String enabled = row.size() < 4 ? "O" : row.get(3);
            if (!enabled.equals("O")) {
                makes.add("ALTER TABLE " + row.get(1) + (enabled.equals("D") ? " DISABLE TRIGGER "
                        : enabled.equals("A") ? " ENABLE ALWAYS TRIGGER " : " ENABLE REPLICA TRIGGER ")
                        + Name.quote(row.get(0)));
            }
        }
    }

    // Views that the release itself drops or makes are its own affair; ours go before them and come back after them.
    private void around() {
        Set<Name> own = new HashSet<>();
        for (int i = 0; i < release.parts.size(); i++) {
            Statement statement = release.parts.get(i).statement();
            if (statement.tag().endsWith("VIEW") && !statement.tag().startsWith("REFRESH")) {
                Set<Name> named = new HashSet<>(statement.relations());
                named.retainAll(views.keySet());
                if (!named.isEmpty()) {
                    boolean drop = statement.tag().startsWith("DROP");
                    own.addAll(drop && statement.sql().matches("(?is).*\\bCASCADE\\s*") ? views.keySet() : named);
                    first = Math.min(first, i);
                    last = Math.max(last, i);
                }
            }
        }
        views.keySet().removeAll(own);
    }

    private void write() {
        touches.addAll(views.keySet());
        List<View> away = new ArrayList<>(views.values());
        Collections.reverse(away);
        List<String> dropped = new ArrayList<>(away.stream().map(view -> "DROP " + view.kind() + " "
                + view.name.full()).toList());
        List<String> made = new ArrayList<>();
        for (View view : views.values()) {
            made.add("CREATE " + view.kind() + " " + view.name.full() + (view.options == null ? ""
                    : " WITH (" + view.options + ")") + " AS\n" + view.query
                    + (view.materialized ? view.filled ? "\nWITH DATA" : "\nWITH NO DATA" : ""));
            catalog.qualified(BELONGINGS.formatted(view.oid)).forEach(row -> made.add(row.get(0)));
        }
        if (!views.isEmpty()) {
            dropped.add(0, Rights.remember(names()));
            made.add(Rights.giveBack(names()));
        }
        drops.addAll(0, dropped);
        makes.addAll(0, made);
    }

    private List<String> names() {
        return views.keySet().stream().map(Name::full).toList();
    }

    /** What goes before a part of the release. */
    List<Node> before(Pending.Part part) {
        if (first < 0 || release.parts.get(first) != part) {
            return List.of();
        }
        int kept = views.isEmpty() ? 0 : 1;
        List<Node> nodes = new ArrayList<>(nodes(drops.subList(0, kept), part,
                "owner, grants and comments of what is dropped next, kept until it is made again"));
        nodes.addAll(nodes(drops.subList(kept, drops.size()), part, what()
                + ": dropped for as long as the column's type is changed, and made again below"));
        return nodes;
    }

    /** What comes back after a part of the release. */
    List<Node> after(Pending.Part part) {
        return last >= 0 && release.parts.get(last) == part ? nodes(makes, part, what()
                + ": made again as before, with owner, grants and comments") : List.of();
    }

    private String what() {
        List<String> all = new ArrayList<>(views.keySet().stream().map(Name::toString).toList());
        drops.stream().filter(drop -> drop.startsWith("DROP TRIGGER ") || drop.startsWith("DROP POLICY "))
                .forEach(drop -> all.add(drop.substring(5).toLowerCase(Locale.ROOT)));
        return all.stream().collect(Collectors.joining(", "));
    }

    private List<Node> nodes(List<String> statements, Pending.Part part, String note) {
        List<Node> nodes = new ArrayList<>();
        for (String sql : statements) {
            Statement facts = Statement.of(sql, 0);
            Set<Name> names = new HashSet<>(touches);
            names.addAll(facts.relations());
            nodes.add(new Node(Node.Kind.FILE, sql, facts, part.migration().id(), note, names, Set.of(), Set.of(),
                    Set.of(), Set.of(), false, Place.ANY));
        }
        return nodes;
    }
}
