//SOURCES Console.java Gate.java Json.java Run.java Width.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** One phase at work: its gates as they end, the facts it found, and the result a person or a program reads. */
public final class Phase {
    /** The column in which a gate's message begins. */
    private static final int MESSAGE = 19;

    private final String name;
    private final Console console;
    private final boolean json;
    private final List<Gate> gates = new ArrayList<>();
    private final ObjectNode facts = Json.object();
    private boolean silent;

    public Phase(String name, Console console, boolean json) {
        this.name = name;
        this.console = console;
        this.json = json;
    }

    /** Shows no gate as it ends: what they found is shown in another way. */
    public Phase silent() {
        silent = true;
        return this;
    }

    /** Runs a check as a gate, shows its line at once and says whether the way is open. */
    public boolean gate(String id, Gate.Check check) {
        Gate gate = Gate.of(id, check);
        add(gate);
        return gate.status() != Gate.Status.stop;
    }

    /** A gate that is left out, and why. */
    public void skip(String id, String why) {
        add(Gate.skip(id, why));
    }

    /** Shows a gate that has ended, and counts it. */
    void add(Gate gate) {
        gates.add(gate);
        if (silent) {
            return;
        }
        // Only what a gate found is broken into lines; what it advises is to be pasted.
        String message = Width.wrap(gate.message().strip(), console.room() - MESSAGE);
        console.mark(gate.status().name(), String.format("%-16s %s", gate.id(), indent(message, MESSAGE)));
        boolean advised = gate.status() == Gate.Status.stop || gate.status() == Gate.Status.warn;
        if (gate.hint() != null && advised) {
            console.say(" ".repeat(MESSAGE) + "-> " + indent(gate.hint(), MESSAGE + 3));
        }
        if (gate.cause() != null) {
            console.trace(gate.cause());
        }
    }

    /** A fact for the run record and for --json; anything Jackson can write. */
    public void fact(String key, Object value) {
        // Gates that are looked at side by side find facts at the same time.
        synchronized (facts) {
            facts.set(key, Json.tree(value));
        }
    }

    public ObjectNode facts() {
        return facts;
    }

    public boolean stopped() {
        return exit() != Failure.Exit.PASSED;
    }

    /** The exit of the whole phase: wrong settings weigh more than a STOP, that more than what is missing. */
    public Failure.Exit exit() {
        for (Failure.Exit exit : List.of(Failure.Exit.USAGE, Failure.Exit.STOP, Failure.Exit.MISSING,
                Failure.Exit.DECIDE)) {
            if (gates.stream().anyMatch(gate -> gate.exit() == exit)) {
                return exit;
            }
        }
        return Failure.Exit.PASSED;
    }

    /** The phase as the contract's JSON. */
    public ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put("phase", name);
        node.put("status", status(exit()));
        node.set("gates", Json.tree(gates));
        node.set("facts", facts);
        return node;
    }

    /** Adds this phase to the run record, prints the result and returns the exit code. */
    public int finish(Run run, String result) {
        if (run != null) {
            run.put(name, toJson());
        }
        if (json) {
            console.result(Json.pretty(toJson()));
        } else if (result != null && !stopped()) {
            console.result(result);
        }
        return exit().code;
    }

    /** The word of the contract for an exit. */
    public static String status(Failure.Exit exit) {
        return switch (exit) {
            case PASSED -> "pass";
            case DECIDE -> "decide";
            case MISSING -> "missing";
            case UNFINISHED -> "unfinished";
            default -> "stop";
        };
    }

    private static String indent(String text, int columns) {
        return text.strip().replace("\n", "\n" + " ".repeat(columns));
    }
}
