//SOURCES Console.java Count.java Failure.java Postgres.java Project.java Target.java backup/Guard.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.backup.Guard;

/** Empties a local or staging database, for a new beginning; production never, whatever name or road leads to it. */
public final class Emptying {
    /** Everything that no extension owns, as the statements that drop it; the schema public stays. */
    private static final String DROPS = """
            WITH own AS (
              SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
            spaces AS (
              SELECT oid, nspname FROM pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid)),
            relations AS (
              SELECT 1 AS turn, format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
                     WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                     WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
                     format('%I.%I', nspname, relname)) AS sql
              FROM pg_class JOIN spaces ON spaces.oid = relnamespace
              WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
                AND NOT EXISTS (SELECT FROM own WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid)),
            routines AS (
              SELECT 2, format('DROP %s IF EXISTS %s CASCADE', CASE prokind WHEN 'a' THEN 'AGGREGATE'
                     WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, format('%I.%I(%s)', nspname, proname,
                     pg_get_function_identity_arguments(pg_proc.oid)))
              FROM pg_proc JOIN spaces ON spaces.oid = pronamespace
              WHERE NOT EXISTS (SELECT FROM own WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid)),
            types AS (
              SELECT 3, format('DROP TYPE IF EXISTS %I.%I CASCADE', nspname, typname)
              FROM pg_type JOIN spaces ON spaces.oid = typnamespace
              WHERE typtype IN ('e', 'd', 'r') AND NOT EXISTS (
                SELECT FROM own WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid)),
            schemas AS (
              SELECT 4, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM spaces
              WHERE nspname <> 'public' AND NOT EXISTS (
                SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                WHERE d.deptype IN ('e', 'n') AND d.refclassid = 'pg_extension'::regclass
                  AND e.extnamespace = spaces.oid))
            SELECT sql FROM (SELECT * FROM relations UNION ALL SELECT * FROM routines UNION ALL SELECT * FROM types
                             UNION ALL SELECT * FROM schemas) drops ORDER BY turn""";
    private static final String LEFT = """
            SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
              AND NOT EXISTS (SELECT FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass
                              AND objid = pg_class.oid)""";

    private final Project project;
    private final Console console;

    public Emptying(Project project, Console console) {
        this.project = project;
        this.console = console;
    }

    /** Refuses production and what might be it, and whoever does not write the database's name. */
    public Target allowed(String typed) throws SQLException {
        if (project.environment.equals("production")) {
            throw Failure.usage("production is never emptied", "name another one: --env local, or --env staging");
        }
        Target target = project.address().target();
        Guard guard = new Guard(project, console);
        Guard.Answer answer = guard.ask(project.environment, target);
        if (answer.production()) {
            throw Failure.stop(project.environment + " is not emptied: " + answer.why(), answer.certain()
                    ? "correct the URL of " + project.environment + "; production is never emptied"
                    : "let production be asked: set its URL, or make it reachable");
        }
        guard.typed(new Guard.Answer(false, true, "everything in " + target.place() + " is dropped"),
                target.database(), typed);
        return target;
    }

    /** Drops everything but extensions and the schema public, in one transaction. */
    public int empty(Target target) throws SQLException {
        try (Connection connection = Postgres.write(target, "reset")) {
            connection.setAutoCommit(false);
            try {
                Postgres.execute(connection, "SET LOCAL lock_timeout = '10s'");
                List<String> drops = Postgres.rows(connection, DROPS).stream().map(row -> row.get(0)).toList();
                for (String drop : drops) {
                    Postgres.execute(connection, drop);
                }
                String left = Postgres.one(connection, LEFT);
                if (!"0".equals(left)) {
                    throw new SQLException(Count.of(Long.parseLong(left), "object") + " would be left");
                }
                connection.commit();
                return drops.size();
            } catch (SQLException e) {
                Postgres.rollBack(connection);
                throw new Failure(Failure.Exit.STOP, target.place() + " is as it was: " + Gate.words(e),
                        "55P03".equals(e.getSQLState()) ? "end the sessions that use it, then run this again"
                        : "run it as the owner of everything in it", e);
            }
        }
    }
}
