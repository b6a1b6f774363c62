//SOURCES Failure.java Gate.java Phase.java

package lib;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Gates that do not wait for one another: each is looked at as soon as the gates it builds on are open, side by side
 * with the rest, and all are shown in the order in which they were named.
 */
public final class Gates {
    /** Most gates wait for a network or a disk, so more of them than there are cores can be under way. */
    private static final int AT_ONCE = 8;

    private enum Turn { FIRST, TOGETHER, LAST }

    private record Entry(String id, Gate.Check check, List<String> before, Turn turn, boolean needs) {
    }

    /** How a gate ended, and whether what builds on it may be looked at. */
    private record End(Gate gate, boolean open) {
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** A gate, and the ids of those that must be open before it is looked at. */
    public Gates gate(String id, Gate.Check check, String... before) {
        return add(new Entry(id, check, List.of(before), Turn.TOGETHER, true));
    }

    /** A gate that uses what earlier ones found, but is looked at even when they stopped. */
    public Gates following(String id, Gate.Check check, String... before) {
        return add(new Entry(id, check, List.of(before), Turn.TOGETHER, false));
    }

    /** A gate that may ask a person: it is looked at before all others, while nothing else writes. */
    public Gates asking(String id, Gate.Check check) {
        return add(new Entry(id, check, List.of(), Turn.FIRST, false));
    }

    /** A gate that takes long: it is looked at when all others are open, and left out when one of them is not. */
    public Gates last(String id, Gate.Check check) {
        return add(new Entry(id, check, List.of(), Turn.LAST, false));
    }

    private Gates add(Entry entry) {
        for (String before : entry.before) {
            if (!entries.containsKey(before)) {
                throw new IllegalArgumentException(entry.id + " builds on " + before
                        + ", which is not named before it");
            }
        }
        entries.put(entry.id, entry);
        return this;
    }

    /** The ids of all gates, in order. */
    public Collection<String> ids() {
        return entries.keySet();
    }

    /** Leaves all gates out but those named, or the whole family of a name like {@code git}, and what they build on. */
    public Gates only(Collection<String> wished) {
        Set<String> kept = new LinkedHashSet<>();
        for (String wish : wished) {
            List<String> meant = entries.keySet().stream()
                    .filter(id -> id.equals(wish) || id.startsWith(wish + ".")).toList();
            if (meant.isEmpty()) {
                throw Failure.usage("there is no gate \"" + wish + "\"",
                        "name one of: " + String.join(" ", entries.keySet()));
            }
            meant.forEach(id -> keep(id, kept));
        }
        entries.keySet().retainAll(kept);
        return this;
    }

    private void keep(String id, Set<String> kept) {
        kept.add(id);
        entries.get(id).before.forEach(before -> keep(before, kept));
    }

    /** Looks at every gate and adds each to the phase; what waited for a gate that stopped is skipped by name. */
    public void look(Phase phase) {
        ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE, work -> {
            Thread thread = new Thread(work, "gate");
            thread.setDaemon(true);
            return thread;
        });
        Map<String, CompletableFuture<End>> ends = new LinkedHashMap<>();
        try {
            of(Turn.FIRST).forEach(entry -> ends.put(entry.id, CompletableFuture.completedFuture(look(entry))));
            of(Turn.TOGETHER).forEach(entry -> ends.put(entry.id, begin(entry, ends, workers)));
            for (Entry entry : entries.values()) {
                if (entry.turn != Turn.LAST) {
                    phase.add(ends.get(entry.id).join().gate);
                }
            }
            for (Entry entry : of(Turn.LAST)) {
                phase.add(phase.stopped()
                        ? Gate.skip(entry.id, "not run: another gate stops the release already") : look(entry).gate);
            }
        } catch (CompletionException e) {
            if (e.getCause() instanceof Failure failure) {
                throw failure;
            }
            throw e;
        } finally {
            workers.shutdownNow();
        }
    }

    private List<Entry> of(Turn turn) {
        return entries.values().stream().filter(entry -> entry.turn == turn).toList();
    }

    private static CompletableFuture<End> begin(Entry entry, Map<String, CompletableFuture<End>> ends,
                                                ExecutorService workers) {
        CompletableFuture<?>[] before = entry.before.stream().map(ends::get).toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(before).thenApplyAsync(done -> {
            for (String id : entry.before) {
                if (entry.needs && !ends.get(id).join().open) {
                    return new End(Gate.skip(entry.id, "not looked at: " + id + " comes first"), false);
                }
            }
            return look(entry);
        }, workers);
    }

    private static End look(Entry entry) {
        Gate gate = Gate.of(entry.id, entry.check);
        return new End(gate, gate.status() != Gate.Status.stop);
    }
}
