//SOURCES ../Failure.java

package lib.plan;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lib.Failure;

/** Waits, until somebody wishes to stop: that ends every pause at once, and nothing new is begun. */
public final class Patience {
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** Ends the present pause and all that would follow with a {@link Failure}. */
    public void end() {
        stopped.countDown();
    }

    public boolean ended() {
        return stopped.getCount() == 0;
    }

    /** Goes on only while nobody wishes to stop. */
    public void check() {
        if (ended()) {
            throw interrupted();
        }
    }

    /** Waits for that long, or until somebody wishes to stop. */
    public void pause(Duration time) {
        try {
            if (stopped.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
                throw interrupted();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        }
    }

    private static Failure interrupted() {
        return new Failure(Failure.Exit.INTERRUPTED, "interrupted", null);
    }
}
