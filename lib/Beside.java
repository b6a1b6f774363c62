package lib;

import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Work on a thread of its own, beside other work; its error comes out where its end is waited for. The end of the
 * process does not wait for it.
 */
public final class Beside<T> {
    private final CompletableFuture<T> work = new CompletableFuture<>();

    private Beside() {
    }

    /** Begins it. Not in the common pool, which may be full of what itself waits for other programs. */
    public static <T> Beside<T> of(Callable<T> work) {
        Beside<T> beside = new Beside<>();
        Thread thread = new Thread(() -> {
            try {
                beside.work.complete(work.call());
            } catch (Throwable e) {
                beside.work.completeExceptionally(e);
            }
        }, "beside");
        thread.setDaemon(true);
        thread.start();
        return beside;
    }

    /** Waits for its end. */
    public T join() throws SQLException {
        try {
            return work.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof SQLException sql) {
                throw sql;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException runtime ? runtime : e;
        }
    }
}
