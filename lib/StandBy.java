//SOURCES Address.java Compose.java Failure.java Postgres.java Scratch.java Servers.java Target.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The throw-away server of a release, started while the phases before its rehearsal are at work. Where it cannot be had
 * the rehearsal finds a server by itself, and says what is wrong with it.
 */
public final class StandBy implements AutoCloseable {
    private static final String VARIABLE = "RELEASE_STAND_BY_URL";

    private final CompletableFuture<Scratch> server;

    private StandBy(CompletableFuture<Scratch> server) {
        this.server = server;
    }

    /** Starts one of production's major, unless a server was named or the repository describes a container. */
    public static StandBy of(Path repo, String named, Target production) {
        return new StandBy(named != null || Compose.present(repo) ? CompletableFuture.completedFuture(null)
                : CompletableFuture.supplyAsync(() -> start(production)));
    }

    private static Scratch start(Target production) {
        try (Connection connection = Postgres.read(production, "release")) {
            return Scratch.start(Servers.fitting(Postgres.identity(connection).major()), Postgres.bytes(connection));
        } catch (SQLException e) {
            throw Postgres.unreachable(production, e);
        }
    }

    /** What a phase needs in its environment to rehearse on it; waits until it is up. */
    public Map<String, String> handOver() {
        try {
            Scratch scratch = server.join();
            return scratch == null ? Map.of() : Map.of(VARIABLE, scratch.target(null).url());
        } catch (CompletionException e) {
            return Map.of();
        }
    }

    /** The server that a release has started for this process; null when this process is no part of one. */
    static Target given() {
        String url = System.getenv(VARIABLE);
        return url == null ? null : Target.parse(url);
    }

    @Override
    public void close() {
        server.thenAccept(scratch -> {
            if (scratch != null) {
                scratch.close();
            }
        });
    }
}
