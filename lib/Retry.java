//DEPS dev.failsafe:failsafe:3.3.2
//SOURCES Failure.java

package lib;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.failsafe.function.CheckedSupplier;
import java.time.Duration;

/** Tries again what failed for a reason that may pass. */
public final class Retry {
    private Retry() {
    }

    /** A failure that may pass, and how long to wait before the next try; after the last one the failure stands. */
    public static final class Passing extends RuntimeException {
        private final transient Failure failure;
        private final Duration pause;

        public Passing(Failure failure, Duration pause) {
            super(failure.getMessage(), failure);
            this.failure = failure;
            this.pause = pause;
        }
    }

    /** What the work gives, tried that many times for as long as it fails with {@link Passing}. */
    public static <T> T of(int tries, CheckedSupplier<T> work) {
        RetryPolicy<T> policy = RetryPolicy.<T>builder().handle(Passing.class).withMaxAttempts(tries)
                .withDelayFnOn(context -> context.<Passing>getLastException().pause, Passing.class).build();
        try {
            return Failsafe.with(policy).get(work);
        } catch (Passing last) {
            throw last.failure;
        } catch (FailsafeException e) {
            if (e.getCause() instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while waiting for the next try", null, e);
            }
            throw e;
        }
    }
}
