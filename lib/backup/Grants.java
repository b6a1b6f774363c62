//SOURCES ../Gate.java ../Postgres.java ../Target.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Gate;
import lib.Postgres;
import lib.Target;

/**
 * Who owns the objects of a database and who may use them. A backup holds neither, because roles belong to a server; on
 * the same server the database that is replaced knows both, and the new one takes them over.
 */
final class Grants {
    // What extensions own comes with them. The object's own kind and name are what finds it in the other database.
    private static final String QUERY = """
            WITH ns AS (
              SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
            ), object AS (
              SELECT 'pg_class'::regclass AS classid, oid, relowner AS owner, relacl AS acl,
                acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner) AS usual,
                CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
                -- A sequence of a column and the parts of an index follow their table.
                relkind = 'S' AND EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
                  AND deptype IN ('a', 'i') AND refobjsubid > 0) AS follows
              FROM pg_class c WHERE relnamespace IN (SELECT oid FROM ns) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
              UNION ALL
              SELECT 'pg_proc'::regclass, oid, proowner, proacl, acldefault('f', proowner), 'ROUTINE', false
              FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ns)
              UNION ALL
              SELECT 'pg_type'::regclass, oid, typowner, typacl, acldefault('T', typowner), 'TYPE', false
              FROM pg_type t WHERE typnamespace IN (SELECT oid FROM ns) AND (typtype IN ('d', 'e', 'r')
                OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE pg_class.oid = typrelid) = 'c')
              UNION ALL
              SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl, acldefault('n', nspowner), 'SCHEMA', false
              FROM pg_namespace WHERE oid IN (SELECT oid FROM ns)
            ), named AS (
              SELECT o.*, i.identity FROM object o, pg_identify_object(classid, o.oid, 0) AS i
              WHERE NOT EXISTS (SELECT FROM pg_depend d
                WHERE d.classid = o.classid AND d.objid = o.oid AND deptype = 'e')
            )
            SELECT 1, kind || ' ' || identity, format('ALTER %s %s OWNER TO %s', kind, identity, owner::regrole)
            FROM named WHERE NOT follows
            UNION ALL
            SELECT 2, kind || ' ' || identity, format('REVOKE ALL ON %s %s FROM PUBLIC', kind, identity)
            FROM named WHERE acl IS NOT NULL AND EXISTS (SELECT FROM aclexplode(usual) u WHERE u.grantee = 0
              AND NOT EXISTS (SELECT FROM aclexplode(acl) a
                WHERE a.grantee = 0 AND a.privilege_type = u.privilege_type))
            UNION ALL
            SELECT 3, kind || ' ' || identity, format('GRANT %s ON %s %s TO %s%s', privilege_type, kind, identity,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM named, aclexplode(acl) WHERE grantee <> owner
            UNION ALL
            SELECT 3, kind || ' ' || identity, format('GRANT %s (%I) ON %s %s TO %s%s', privilege_type, attname, kind,
              identity, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM named JOIN pg_attribute ON attrelid = named.oid AND NOT attisdropped, aclexplode(attacl)
            WHERE classid = 'pg_class'::regclass AND grantee <> owner
            UNION ALL
            SELECT 4, coalesce('SCHEMA ' || quote_ident(nspname), ''), format(
              'ALTER DEFAULT PRIVILEGES FOR ROLE %s%s GRANT %s ON %s TO %s%s', defaclrole::regrole,
              ' IN SCHEMA ' || quote_ident(nspname), privilege_type, CASE defaclobjtype WHEN 'r' THEN 'TABLES'
                WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
            WHERE grantee <> defaclrole AND defaclobjtype <> 'L'
            ORDER BY 1, 2, 3
            """;

    private Grants() {
    }

    /**
     * What was done.
     *
     * @param applied the statements that ran
     * @param refused those that the server refused, with its reason behind them as a comment
     */
    record Result(List<String> applied, List<String> refused) {
    }

    /** Gives the objects of one database the owners and privileges that those of the same name have in the other. */
    static Result carry(Target from, Target to) throws SQLException {
        Map<String, Set<String>> wanted;
        try (Connection old = Postgres.read(from, "restore")) {
            wanted = byObject(old);
        }
        List<String> applied = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        try (Connection fresh = Postgres.write(to, "restore")) {
            Map<String, Set<String>> present = byObject(fresh);
            List<String> missing = new ArrayList<>();
            wanted.forEach((object, statements) -> {
                // An object that the backup does not hold needs nothing.
                if (object.isEmpty() || present.containsKey(object)) {
                    Set<String> there = present.getOrDefault(object, new HashSet<>());
                    statements.stream().filter(statement -> !there.contains(statement)).forEach(missing::add);
                }
            });
            fresh.setAutoCommit(false);
            for (String statement : missing) {
                var before = fresh.setSavepoint();
                try {
                    Postgres.execute(fresh, statement);
                    applied.add(statement);
                } catch (SQLException e) {
                    fresh.rollback(before);
                    refused.add(statement + ";   -- " + Gate.words(e).lines().findFirst().orElse(""));
                }
            }
            fresh.commit();
        }
        return new Result(applied, refused);
    }

    private static Map<String, Set<String>> byObject(Connection connection) throws SQLException {
        // Names are qualified only outside of the search path.
        Postgres.execute(connection, "SET search_path = ''");
        Map<String, Set<String>> statements = new LinkedHashMap<>();
        for (List<String> row : Postgres.rows(connection, QUERY)) {
            statements.computeIfAbsent(row.get(1), object -> new LinkedHashSet<>()).add(row.get(2));
        }
        return statements;
    }
}
