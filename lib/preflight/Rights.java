//SOURCES ../Failure.java ../Gate.java ../Phase.java ../Postgres.java ../sql/Change.java ../sql/Name.java
//SOURCES ../sql/Sql.java ../sql/Statement.java Database.java Planned.java

package lib.preflight;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;

/** The gate of the role: what it lacks for the release, each with the statement that gives it. */
public final class Rights {
    private static final int SHOWN = 6;
    private static final String WORD = "(?:\"(?:[^\"]|\"\")+\"|[A-Za-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*)";
    private static final Pattern MADE = Pattern.compile("(?i)^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:FUNCTION|PROCEDURE|"
            + "DOMAIN)\\s+(" + WORD + "(?:\\s*\\.\\s*" + WORD + ")?)");

    private final Phase phase;
    private final Database database;
    private final Planned planned;
    /** What is lacking, and the statement that an owner or an administrator runs. */
    private final Map<String, String> lacks = new LinkedHashMap<>();
    private final Set<String> asked = new LinkedHashSet<>();
    private String role;

    public Rights(Phase phase, Database database, Planned planned) {
        this.phase = phase;
        this.database = database;
        this.planned = planned;
    }

    /** The role may read everything (for the backup), and change whatever the release changes. */
    public Gate.Finding role() throws SQLException {
        List<String> row = database.rows("SELECT current_user, quote_ident(current_user), rolsuper FROM pg_roles"
                + " WHERE rolname = current_user").get(0);
        role = row.get(1);
        phase.fact("role", Map.of("name", row.get(0), "superuser", row.get(2).equals("t")));
        if (row.get(2).equals("t")) {
            return Gate.passed(row.get(0) + " is a superuser, which a release does not need");
        }
        readable();
        Planned.Facts facts = planned.facts();
        for (Statement statement : facts.statements()) {
            for (Statement.Action action : statement.actions()) {
                need(statement, action.change());
            }
        }
        if (facts.state() != null && !facts.state().pending().isEmpty()) {
            history(facts.state().table(), facts.state().exists());
            // Where a release notes how far it came, for as long as it changes the database.
            createsInDatabase("keep the journal of a release");
        }
        if (!lacks.isEmpty()) {
            throw Failure.stop(row.get(0) + " may not do all that the release does: "
                    + lacks.keySet().stream().limit(SHOWN).collect(Collectors.joining("; "))
                    + (lacks.size() > SHOWN ? "; and " + (lacks.size() - SHOWN) + " more" : ""),
                    lacks.values().stream().distinct().collect(Collectors.joining("\n"))
                    + "\n-- as the owner, or an administrator of the server");
        }
        return Gate.passed(row.get(0) + (facts.nothing() == null ? " may run what is pending, and read every table"
                : " may read every table; " + facts.nothing()));
    }

    // pg_dump stops at the first table that it may not read, and at the first that hides rows from it.
    private void readable() throws SQLException {
        List<List<String>> rows = database.rows("""
                SELECT c.oid::regclass, has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
                    AND deptype = 'e')
                  AND (NOT has_table_privilege(c.oid, 'SELECT') OR NOT has_schema_privilege(n.oid, 'USAGE')
                    OR c.relrowsecurity AND row_security_active(c.oid))
                ORDER BY 1""");
        List<String> unreadable = rows.stream().filter(row -> row.get(1).equals("f")).map(row -> row.get(0)).toList();
        List<String> hiding = rows.stream().filter(row -> row.get(1).equals("t")).map(row -> row.get(0)).toList();
        if (!unreadable.isEmpty()) {
            lacks.put("read " + first(unreadable), "GRANT pg_read_all_data TO " + role + ";");
        }
        if (!hiding.isEmpty()) {
            lacks.put("see every row of " + first(hiding) + " (row level security)",
                    "ALTER ROLE " + role + " BYPASSRLS;");
        }
    }

    private static String first(List<String> names) {
        return String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))
                + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "");
    }

    private void need(Statement statement, Change change) throws SQLException {
        if (change instanceof Change.Insert insert) {
            privilege(insert.table(), "INSERT");
        } else if (change instanceof Change.Update update) {
            privilege(update.table(), "UPDATE");
        } else if (change instanceof Change.Delete delete) {
            privilege(delete.table(), "DELETE");
        } else if (change instanceof Change.Truncate truncate) {
            for (Name table : truncate.tables()) {
                privilege(table, "TRUNCATE");
            }
        } else if (change instanceof Change.CreateTable made) {
            creates(made.table().schema());
            for (Change.Column column : made.columns()) {
                refers(column.references());
            }
            for (Change.Constraint constraint : made.constraints()) {
                refers(constraint.references());
            }
        } else if (change instanceof Change.CreateType made) {
            creates(made.type().schema());
        } else if (change instanceof Change.CreateIndex made) {
            owns(made.table());
            // An index is an object of its own, in the schema of its table.
            creates(made.table().schema());
        } else if (change instanceof Change.DropIndex dropped) {
            owns(dropped.index());
        } else if (change instanceof Change.AddEnumValue value) {
            ownsType(value.type());
        } else if (change instanceof Change.OfTable of) {
            owns(of.table());
            refers(change instanceof Change.AddColumn added ? added.column().references()
                    : change instanceof Change.AddConstraint added ? added.constraint().references() : null);
        } else if (change instanceof Change.Other other) {
            other(statement, other.tag());
        }
    }

    private void other(Statement statement, String tag) throws SQLException {
        switch (tag) {
            case "CREATE SCHEMA" -> createsInDatabase("make a schema");
            case "CREATE EXTENSION" -> createsInDatabase("make an extension");
            case "MERGE", "COPY", "DO", "CALL", "GRANT", "REVOKE", "SET", "LOCK TABLE", "ANALYZE" -> {
                // Which rights these need shows in the rehearsal only.
            }
            case "CREATE TRIGGER" -> {
                for (Name table : statement.writes()) {
                    privilege(table, "TRIGGER");
                }
            }
            case "CREATE FUNCTION", "CREATE PROCEDURE", "CREATE DOMAIN" -> {
                Matcher made = MADE.matcher(Sql.withoutComments(statement.sql()));
                if (made.find()) {
                    creates(Name.parse(made.group(1)).schema());
                }
            }
            case "CREATE VIEW", "CREATE MATERIALIZED VIEW", "CREATE SEQUENCE" -> {
                for (Name made : statement.writes()) {
                    creates(made.schema());
                    owns(made);
                }
            }
            default -> {
                for (Name changed : statement.writes()) {
                    owns(changed);
                }
            }
        }
    }

    /** The history is written to as the tool itself would do it. */
    private void history(Name table, boolean exists) throws SQLException {
        if (table == null) {
            // A release writes no row then: the catalog tells what has run.
            return;
        }
        if (exists) {
            privilege(table, "INSERT");
            for (List<String> row : ask("SELECT d.objid::regclass FROM pg_depend d JOIN pg_class c ON c.oid = d.objid"
                    + " WHERE d.refobjid = to_regclass(" + full(table) + ") AND d.deptype IN ('a', 'i')"
                    + " AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') END")) {
                lacks.put("use sequence " + row.get(0), "GRANT USAGE ON SEQUENCE " + row.get(0) + " TO " + role + ";");
            }
        } else if (ask("SELECT 1 FROM pg_namespace WHERE nspname = " + Postgres.literal(table.schema())).isEmpty()) {
            createsInDatabase("make schema " + table.schema());
        } else {
            creates(table.schema());
        }
    }

    private void refers(Change.Reference reference) throws SQLException {
        if (reference != null) {
            privilege(reference.table(), "REFERENCES");
        }
    }

    /** A right on a table that is there; what the release itself makes belongs to it. */
    private void privilege(Name table, String right) throws SQLException {
        for (List<String> row : ask("SELECT c.oid::regclass FROM pg_class c WHERE c.oid = to_regclass(" + full(table)
                + ") AND NOT has_table_privilege(c.oid, " + Postgres.literal(right) + ")")) {
            lacks.put(right + " on " + row.get(0), "GRANT " + right + " ON " + row.get(0) + " TO " + role + ";");
        }
    }

    /** To alter or drop a thing is for its owner, and for the members of the role that owns it. */
    private void owns(Name name) throws SQLException {
        for (List<String> row : ask("SELECT c.oid::regclass, quote_ident(pg_get_userbyid(relowner)), CASE relkind"
                + " WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END"
                + " FROM pg_class c WHERE oid = to_regclass(" + full(name)
                + ") AND NOT pg_has_role(current_user, relowner, 'USAGE')")) {
            lacks.put("alter " + row.get(0) + ", which belongs to " + row.get(1),
                    "GRANT " + row.get(1) + " TO " + role + ";   -- or ALTER " + row.get(2) + " " + row.get(0)
                    + " OWNER TO " + role + ";");
        }
    }

    private void ownsType(Name name) throws SQLException {
        for (List<String> row : ask("SELECT oid::regtype, quote_ident(pg_get_userbyid(typowner)) FROM pg_type"
                + " WHERE oid = to_regtype(" + full(name) + ") AND NOT pg_has_role(current_user, typowner, 'USAGE')")) {
            lacks.put("alter type " + row.get(0) + ", which belongs to " + row.get(1), "GRANT " + row.get(1) + " TO "
                    + role + ";   -- or ALTER TYPE " + row.get(0) + " OWNER TO " + role + ";");
        }
    }

    private void creates(String schema) throws SQLException {
        for (List<String> row : ask("SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = "
                + Postgres.literal(schema) + " AND NOT has_schema_privilege(oid, 'CREATE')")) {
            lacks.put("create in schema " + row.get(0), "GRANT CREATE ON SCHEMA " + row.get(0) + " TO " + role + ";");
        }
    }

    private void createsInDatabase(String what) throws SQLException {
        for (List<String> row : ask("SELECT quote_ident(current_database())"
                + " WHERE NOT has_database_privilege(current_database(), 'CREATE')")) {
            lacks.put(what + " in database " + row.get(0),
                    "GRANT CREATE ON DATABASE " + row.get(0) + " TO " + role + ";");
        }
    }

    // The same table is touched by many statements, and each question is a round trip.
    private List<List<String>> ask(String question) throws SQLException {
        return asked.add(question) ? database.rows(question) : List.of();
    }

    private static String full(Name name) {
        return Postgres.literal(name.full());
    }
}
