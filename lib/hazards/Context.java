//SOURCES ../sql/Name.java

package lib.hazards;

import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.sql.Name;

/**
 * What is known of the world the statements will run in; it decides how much a hazard hurts.
 *
 * @param server the server's version as server_version_num has it: 150018; 0 when it is not known
 * @param shape which statements share a transaction when the file itself does not say
 * @param stopped whether the application is stopped while they run
 * @param managed whether release.java runs them: with its timeouts, and cut where a transaction cannot go on
 * @param tables the tables of the database by name; empty when it was not asked
 * @param planned the statements that the release's plan runs as they are written; null when there is no plan
 */
public record Context(int server, Shape shape, boolean stopped, boolean managed, Map<Name, Table> tables,
                      Set<String> planned) {
    /** One transaction for all files (Drizzle), for each file (Flyway, Prisma, Supabase), or none (psql -f). */
    public enum Shape { ALL, FILE, NONE }

    /**
     * A table as the database has it.
     *
     * @param rows the server's estimate, -1 when it was never analysed
     * @param columns their types and whether each may be NULL, by name
     * @param indexes the columns of its plain B-trees, in their order, by name
     * @param foreignKeys the tables that its foreign keys refer to, by the name of the constraint
     */
    public record Table(long rows, long bytes, boolean partitioned, Map<String, Column> columns,
                        Map<Name, List<String>> indexes, Map<String, Name> foreignKeys) {
    }

    /** A column as the server prints its type. */
    public record Column(String type, boolean notNull) {
    }

    /** Nothing is known but the shape. */
    public static Context of(Shape shape) {
        return new Context(0, shape, false, false, Map.of(), null);
    }

    public Context server(int version) {
        // People say 15, the server says 150018.
        return new Context(version > 0 && version < 100 ? version * 10_000 : version, shape, stopped, managed, tables,
                planned);
    }

    public Context shape(Shape other) {
        return new Context(server, other, stopped, managed, tables, planned);
    }

    public Context stopped(boolean service) {
        return new Context(server, shape, service, managed, tables, planned);
    }

    /** As release.java runs a file: timeouts set, transactions cut, the application stopped. */
    public Context released() {
        return new Context(server, shape, true, true, tables, planned);
    }

    public Context tables(Map<Name, Table> found) {
        return new Context(server, shape, stopped, managed, Map.copyOf(found), planned);
    }

    public Context planned(Set<String> statements) {
        return new Context(server, shape, stopped, managed, tables, Set.copyOf(statements));
    }

    /** The server's major; a server nobody named counts as the oldest for what newer ones can, see {@link #can}. */
    int major() {
        return server / 10_000;
    }

    /** Whether the server is known to be of this major or newer. */
    boolean can(int first) {
        return major() >= first;
    }

    /** Whether the server may be older than this major. */
    boolean mayBeBefore(int first) {
        return server == 0 || major() < first;
    }

    /** How many rows a table has; -1 when nobody knows. */
    long rows(Name table) {
        return tables.containsKey(table) ? tables.get(table).rows() : -1;
    }
}
