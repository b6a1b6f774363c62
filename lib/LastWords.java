package lib;

/** What is said when the process is ended from outside before this is closed: nobody else would. */
public final class LastWords implements AutoCloseable {
    private final Thread witness;

    public LastWords(Runnable say) {
        witness = new Thread(say);
        Runtime.getRuntime().addShutdownHook(witness);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(witness);
        } catch (IllegalStateException ending) {
            // The witness is at work: what it says are the last words.
            return;
        }
    }
}
