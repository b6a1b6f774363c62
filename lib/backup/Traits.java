//SOURCES ../Failure.java ../Gate.java ../Postgres.java ../sql/Name.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.sql.Name;

/**
 * What belongs to a database as such and to nothing inside it, so that no dump of one database holds it: owner, locale,
 * settings, who may connect. A database that takes another's place takes these over.
 */
final class Traits {
    // Their values are lists of names, stored as SQL wants them; quoted once more they would be a single name.
    private static final Set<String> LISTS = Set.of("local_preload_libraries", "search_path",
            "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories");
    // Columns that only some majors have are read through JSON.
    private static final String CREATION = """
            SELECT pg_encoding_to_char(encoding), datcollate, datctype, nullif(spcname, 'pg_default'),
              to_jsonb(d) ->> 'datlocprovider',
              coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), to_jsonb(d) ->> 'daticurules'
            FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE d.oid = %d
            """;
    private static final String SETTINGS = """
            SELECT nullif(setrole, 0)::regrole, name, value FROM (
              SELECT setrole, split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value, place
              FROM pg_db_role_setting, unnest(setconfig) WITH ORDINALITY AS u (entry, place)
              WHERE setdatabase = %d) AS s ORDER BY setrole, place
            """;
    private static final String PRIVILEGES = """
            SELECT privilege_type, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, is_grantable
            FROM pg_database d, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE d.oid = %d
            """;

    private Traits() {
    }

    /** How an empty database is made that is like another one; the usual UTF8 when there is no other one. */
    static String create(Connection connection, String name, long like) throws SQLException {
        String create = "CREATE DATABASE " + Name.quote(name) + " TEMPLATE template0";
        if (like == 0) {
            return create + " ENCODING 'UTF8'";
        }
        List<String> row = Postgres.rows(connection, CREATION.formatted(like)).get(0);
        create += " ENCODING " + Postgres.literal(row.get(0)) + " LC_COLLATE " + Postgres.literal(row.get(1))
                + " LC_CTYPE " + Postgres.literal(row.get(2));
        if ("i".equals(row.get(4))) {
            create += " LOCALE_PROVIDER icu ICU_LOCALE " + Postgres.literal(row.get(5))
                    + (row.get(6) == null ? "" : " ICU_RULES " + Postgres.literal(row.get(6)));
        } else if ("b".equals(row.get(4))) {
            create += " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + Postgres.literal(row.get(5));
        }
        return create + (row.get(3) == null ? "" : " TABLESPACE " + Name.quote(row.get(3)));
    }

    /**
     * The statements that give a database everything else that another one has, each with words that may be shown: a
     * setting's value may be a secret.
     */
    static Map<String, String> statements(Connection connection, long like, String name) throws SQLException {
        Map<String, String> statements = new LinkedHashMap<>();
        String database = "DATABASE " + Name.quote(name);
        List<String> row = Postgres.rows(connection, "SELECT datdba::regrole, datconnlimit, datistemplate,"
                + " shobj_description(oid, 'pg_database') FROM pg_database WHERE oid = " + like).get(0);
        String owner = row.get(0);
        show(statements, "ALTER " + database + " OWNER TO " + owner);
        show(statements, "ALTER " + database + " CONNECTION LIMIT " + row.get(1));
        if (row.get(2).equals("t")) {
            show(statements, "ALTER " + database + " IS_TEMPLATE true");
        }
        for (List<String> setting : Postgres.rows(connection, SETTINGS.formatted(like))) {
            String whose = setting.get(0) == null ? "ALTER " + database
                    : "ALTER ROLE " + setting.get(0) + " IN " + database;
            String key = setting.get(1);
            String set = whose + " SET " + Name.quote(key) + " TO ";
            boolean list = LISTS.contains(key) && !setting.get(2).equals("\"\"");
            statements.put(set + (list ? setting.get(2) : Postgres.literal(setting.get(2).equals("\"\"") ? ""
                    : setting.get(2))), set + "…");
        }
        show(statements, "REVOKE ALL ON " + database + " FROM PUBLIC, " + owner);
        for (List<String> grant : Postgres.rows(connection, PRIVILEGES.formatted(like))) {
            show(statements, "GRANT " + grant.get(0) + " ON " + database + " TO " + grant.get(1)
                    + (grant.get(2).equals("t") && !grant.get(1).equals(owner) ? " WITH GRANT OPTION" : ""));
        }
        statements.put("COMMENT ON " + database + " IS " + (row.get(3) == null ? "NULL" : Postgres.literal(row.get(3))),
                "COMMENT ON " + database);
        return statements;
    }

    private static void show(Map<String, String> statements, String statement) {
        statements.put(statement, statement);
    }

    /** Runs them in the open transaction. */
    static void apply(Connection connection, Map<String, String> statements) throws SQLException {
        for (Map.Entry<String, String> statement : statements.entrySet()) {
            try {
                Postgres.execute(connection, statement.getKey());
            } catch (SQLException e) {
                throw new Failure(Failure.Exit.STOP, "what belongs to the database cannot be given to the new one: "
                        + Gate.words(e), "let an administrator's role do it; this must run: " + statement.getValue(),
                        e);
            }
        }
    }

    /** Finds out, without changing anything, whether all of them would be taken. */
    static void rehearse(Connection connection, long like, String name) throws SQLException {
        connection.setAutoCommit(false);
        try {
            apply(connection, statements(connection, like, name));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** What stays with the old database and is not carried over, for a warning; empty when there is nothing. */
    static List<String> left(Connection connection, long old) throws SQLException {
        List<String> left = new ArrayList<>();
        for (List<String> row : Postgres.rows(connection, "SELECT 'replication slot ' || slot_name FROM"
                + " pg_replication_slots WHERE datoid = " + old + " UNION ALL SELECT 'subscription ' || subname FROM"
                + " pg_subscription WHERE subdbid = " + old)) {
            left.add(row.get(0));
        }
        return left;
    }
}
