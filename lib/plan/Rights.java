//SOURCES ../Postgres.java

package lib.plan;

import java.util.List;
import java.util.stream.Collectors;
import lib.Postgres;

/**
 * Owner, grants and comments of views that are dropped and made again in one transaction. They are read where the SQL
 * runs, at that moment: a backup holds no grants, and the copy has other owners.
 */
final class Rights {
    private static final String SETTING = "release.rights";

    private Rights() {
    }

    /** The statement that keeps them for as long as the transaction lasts. */
    static String remember(List<String> views) {
        return """
                SELECT set_config('%2$s', coalesce(jsonb_agg(kept ORDER BY place), '[]')::text, true) FROM (
                  SELECT c.oid, c.relowner, c.relacl,
                    CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END AS kind,
                    format('%%I.%%I', nspname, relname) AS name
                  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid IN (%1$s)
                ) view, LATERAL (
                  SELECT 1 AS place, format('ALTER %%s%%s OWNER TO %%I', kind, name, pg_get_userbyid(relowner)) AS kept
                  UNION ALL SELECT 2, format('GRANT %%s ON %%s TO %%s', privilege_type, name,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
                      || CASE WHEN is_grantable AND grantee <> relowner THEN ' WITH GRANT OPTION' ELSE '' END
                  FROM aclexplode(coalesce(relacl, acldefault('r', relowner)))
                  UNION ALL SELECT 2, format('GRANT %%s (%%I) ON %%s TO %%s', privilege_type, attname, name,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
                      || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                  FROM pg_attribute, aclexplode(attacl) WHERE attrelid = view.oid
                  UNION ALL SELECT 3, format('COMMENT ON %%s%%s IS %%L', kind, name, description)
                  FROM pg_description WHERE objoid = view.oid AND classoid = 'pg_class'::regclass AND objsubid = 0
                  UNION ALL SELECT 3, format('COMMENT ON COLUMN %%s.%%I IS %%L', name, attname, description)
                  FROM pg_description JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid
                  WHERE objoid = view.oid AND classoid = 'pg_class'::regclass AND objsubid > 0
                ) kept""".formatted(classes(views), SETTING);
    }

    /** The statement that gives them back, and takes away what the new views have of the schema's defaults. */
    static String giveBack(List<String> views) {
        return """
                DO $rights$
                DECLARE
                  kept text;
                BEGIN
                  FOR kept IN
                    SELECT format('REVOKE ALL ON %%s FROM %%s', c.oid::regclass,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
                    FROM pg_class c, aclexplode(relacl) WHERE c.oid IN (%1$s)
                    UNION ALL SELECT jsonb_array_elements_text(current_setting('%2$s')::jsonb)
                  LOOP
                    EXECUTE kept;
                  END LOOP;
                END $rights$""".formatted(classes(views), SETTING);
    }

    private static String classes(List<String> views) {
        return views.stream().map(view -> Postgres.literal(view) + "::regclass").collect(Collectors.joining(", "));
    }
}
