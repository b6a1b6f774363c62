//SOURCES ../Console.java ../Failure.java ../Secrets.java ../Variables.java VariableStore.java

package lib.deploy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Console;
import lib.Failure;
import lib.Secrets;
import lib.Variables;

/**
 * What a release changes of the variables at the provider: new names before the deploy, old names gone after it. Looked
 * up each time, so that doing it twice does no harm.
 */
public final class VariableChanges {
    /** How the value of a new variable reaches us. */
    private static final String GIVEN = "RELEASE_SET_";

    private final VariableStore store;
    private final Map<String, String> sets = new LinkedHashMap<>();
    private final List<String> removals = new ArrayList<>();
    private final Map<String, String> words = new TreeMap<>();

    private VariableChanges(VariableStore store) {
        this.store = store;
    }

    /** Compares the changes with what the provider has; a value that nobody gave is asked for, or a reason to stop. */
    public static VariableChanges of(List<Variables.Change> changes, VariableStore store, Console console) {
        VariableChanges planned = new VariableChanges(store);
        Map<String, String> there = store.all();
        List<String> missing = new ArrayList<>();
        for (Variables.Change change : changes) {
            String wanted = change.kind().equals("rename") ? change.to() : change.name();
            if (!change.kind().equals("remove") && !there.containsKey(wanted)) {
                boolean moves = change.kind().equals("rename") && there.containsKey(change.name());
                String value = moves ? there.get(change.name()) : given(wanted, console);
                if (value == null || value.isEmpty()) {
                    missing.add(wanted);
                } else {
                    Secrets.add(value);
                    planned.sets.put(wanted, value);
                    planned.words.put(wanted, "set " + wanted + (moves ? " to the value of " + change.name() : ""));
                }
            }
            if (!change.kind().equals("add") && there.containsKey(change.name())) {
                planned.removals.add(change.name());
                planned.words.put(change.name(), "remove " + change.name() + " after the deploy");
            }
        }
        if (!missing.isEmpty()) {
            throw Failure.decide("no value is known for " + String.join(", ", missing) + ", which " + store.words()
                    + " does not have yet", String.join("\n", missing.stream()
                    .map(name -> "export " + GIVEN + name + "=…").toList()) + "\nor set it there yourself");
        }
        return planned;
    }

    // Never the developer's own variable of that name: it is too often another value.
    private static String given(String name, Console console) {
        String value = System.getenv(GIVEN + name);
        return value != null || !Console.interactive() ? value
                : console.askSecret("Value of the new variable " + name + " (not shown):");
    }

    /** What will be done, a line each; no value is among it. */
    public List<String> lines() {
        return words.values().stream().map(line -> line + " (" + store.words() + ")").toList();
    }

    /** Sets what the new version reads; the old names stay. */
    public List<String> set() {
        sets.forEach(store::set);
        return List.copyOf(sets.keySet());
    }

    /** Removes what nobody reads any more. */
    public List<String> remove() {
        removals.forEach(store::remove);
        return List.copyOf(removals);
    }
}
