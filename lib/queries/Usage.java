//SOURCES ../Hash.java ../Postgres.java ../sql/Name.java ../sql/Parameters.java Query.java

package lib.queries;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Hash;
import lib.Postgres;
import lib.sql.Name;
import lib.sql.Parameters;

/**
 * What a server keeps on the queries it was sent: the extension pg_stat_statements, of this database only.
 *
 * @param statements the ones that took the longest in total come first
 * @param hidden how many there are that our role may not read
 */
public record Usage(List<Statement> statements, long hidden) {
    // No such relation, not loaded when the server started, or not ours to read.
    private static final Set<String> ABSENT = Set.of("42P01", "55000", "42501");

    /** One query, in all its runs. */
    public record Statement(String name, String sql, long calls, double totalMillis) {
        public double meanMillis() {
            return calls == 0 ? 0 : totalMillis / calls;
        }
    }

    /** Reads it; null where the server keeps none, or does not show it. */
    public static Usage of(Connection connection, int most) throws SQLException {
        String schema = Postgres.one(connection, "SELECT nspname FROM pg_extension e JOIN pg_namespace n"
                + " ON n.oid = e.extnamespace WHERE extname = 'pg_stat_statements'");
        if (schema == null) {
            return null;
        }
        String table = Name.quote(schema) + ".pg_stat_statements";
        try {
            // Not what tools like ours ask: of the catalog, and to prove a backup. Roles that sent the same are one.
            List<List<String>> rows = Postgres.rows(connection, "SELECT query, sum(calls)::bigint,"
                    + " sum(total_exec_time) FROM " + table
                    + " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    + " AND query ~* '^[\\s(]*(/\\*.*?\\*/\\s*|--[^\\n]*\\n\\s*)*"
                    + "(select|insert|update|delete|with|merge)\\M'"
                    + " AND query !~* '\\m(from|join)\\s+(pg_catalog\\.|information_schema\\.|pg_)'"
                    + " AND query !~ 'hashint8extended\\(h, h\\)|last_value(::text)?, is_called|sha256\\(piece\\)'"
                    + " AND query ~* '\\m(from|into|update)\\M'"
                    + " GROUP BY query ORDER BY 3 DESC LIMIT " + most);
            List<Statement> statements = new ArrayList<>();
            for (List<String> row : rows) {
                statements.add(new Statement("query " + Hash.of(row.get(0)).substring(0, 8), row.get(0),
                        Long.parseLong(row.get(1)), Double.parseDouble(row.get(2))));
            }
            return new Usage(List.copyOf(statements), Long.parseLong(Postgres.one(connection,
                    "SELECT count(*) FROM " + table + " WHERE query = '<insufficient privilege>'")));
        } catch (SQLException e) {
            if (ABSENT.contains(String.valueOf(e.getSQLState()))) {
                return null;
            }
            throw e;
        }
    }

    /** The statements as queries that can be planned; what the project has accepted is excused. */
    public List<Query> queries(Map<String, String> accepted) {
        List<Query> queries = new ArrayList<>();
        for (Statement statement : statements) {
            Parameters parameters;
            try {
                parameters = Parameters.of(statement.sql, Map.of());
            } catch (IllegalArgumentException e) {
                // The server keeps only the first part of a very long query.
                continue;
            }
            String reason = accepted.get(statement.name);
            queries.add(new Query(statement.name, Query.Origin.STATISTICS,
                    String.format("production ran it %d times", statement.calls), parameters.sql(), List.of(),
                    parameters.names().size(), reason == null ? Map.of() : Map.of("slower", reason)));
        }
        return queries;
    }
}
