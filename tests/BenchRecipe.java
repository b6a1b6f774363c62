//SOURCES ../lib/Clients.java ../lib/Exec.java ../lib/Target.java

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import lib.Clients;
import lib.Exec;
import lib.Target;

/** The plain commands, word for word as people type them today. */
final class BenchRecipe {
    private static final String COPY = "plain_copy";

    private final Clients.Client client;

    BenchRecipe(Clients.Client client) {
        this.client = client;
    }

    void dump(Target production, Path file) {
        run(production, "pg_dump", "--format=custom", "--file=" + file);
    }

    /** Restores a dump beside production's own databases, and returns the copy. */
    Target copy(Target server, Path file) {
        Target copy = server.database(COPY);
        run(copy, "createdb", COPY);
        run(copy, "pg_restore", "--no-owner", "--no-privileges", "--dbname=" + COPY, file.toString());
        return copy;
    }

    void file(Target target, Path sql) {
        run(target, "psql", "-v", "ON_ERROR_STOP=1", "-f", sql.toString());
    }

    void query(Target target, String sql) {
        run(target, "psql", "-c", sql);
    }

    void drop(Target copy) {
        run(copy.database("postgres"), "dropdb", "--if-exists", COPY);
    }

    /** Every row of every table, read once and sent nowhere: the least that any proof of the data can take. */
    void read(Target target, Collection<String> tables) {
        List<String> arguments = new ArrayList<>(List.of("-q"));
        tables.forEach(table -> arguments.addAll(List.of("-c", "COPY " + table + " TO '/dev/null'")));
        run(target, "psql", arguments.toArray(String[]::new));
    }

    private void run(Target target, String tool, String... arguments) {
        List<String> command = new ArrayList<>(List.of(client.tool(tool).toString()));
        command.addAll(List.of(arguments));
        Exec.of(command).with(target.environment()).run().orStop("the plain commands fail", Exec.typed(command));
    }
}
