//SOURCES Width.java

package lib;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import org.jline.utils.Signals;

/** Ctrl-C and the other wishes to end: answered by the work that is under way, which knows what is true then. */
public final class Interrupt implements AutoCloseable {
    private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

    private final Map<String, Object> before = new LinkedHashMap<>();
    private final AtomicBoolean wished = new AtomicBoolean();

    /**
     * Until it is closed the first wish runs {@code stop}; the next one ends the process, with the code that fits then.
     *
     * @param stop what ends the work in good order; null when the process can end at once
     */
    public Interrupt(Runnable stop, IntSupplier code) {
        Runnable handler = () -> {
            if (stop != null && wished.compareAndSet(false, true)) {
                stop.run();
            } else {
                System.exit(code.getAsInt());
            }
        };
        SIGNALS.forEach(signal -> before.put(signal, Signals.register(signal, handler)));
    }

    /** The signals mean again what they meant before. */
    @Override
    public void close() {
        before.forEach((signal, handler) -> {
            if (handler != null) {
                Signals.unregister(signal, handler);
            }
        });
    }
}
