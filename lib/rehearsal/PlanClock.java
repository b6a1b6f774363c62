package lib.rehearsal;

/** Time as the plan spends it: it stands still while somebody looks at what a statement did. */
final class PlanClock {
    private final long start = System.nanoTime();
    private long looked;
    private long pausedAt = -1;

    /** Milliseconds since it was made, without the pauses. */
    synchronized double millis() {
        return ((pausedAt < 0 ? System.nanoTime() : pausedAt) - start - looked) / 1e6;
    }

    synchronized void pause() {
        if (pausedAt < 0) {
            pausedAt = System.nanoTime();
        }
    }

    synchronized void resume() {
        if (pausedAt >= 0) {
            looked += System.nanoTime() - pausedAt;
            pausedAt = -1;
        }
    }
}
