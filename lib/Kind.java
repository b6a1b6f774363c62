//SOURCES Seal.java

package lib;

import java.util.Set;
import java.util.stream.Stream;

/** What a release consists of: all of it, the database alone, or the code alone. */
public enum Kind {
    RELEASE(Set.of()),
    MIGRATIONS(Set.of("configure", "promote", "deploy", "tidy")),
    DEPLOY(Set.of("backup", "validate", "ahead", "stop", "save", "apply", "data"));

    private final Set<String> without;

    Kind(Set<String> without) {
        this.without = without;
    }

    /** The kind that a run record names. */
    public static Kind of(String name) {
        return Stream.of(values()).filter(kind -> kind.name().equals(name)).findFirst().orElseThrow(() ->
                Seal.broken("there is no kind of release " + name, null));
    }

    /** Whether a step of this name belongs to it. */
    public boolean has(String step) {
        return !without.contains(step);
    }

    /** Whether code is promoted. */
    public boolean promotes() {
        return this != MIGRATIONS;
    }

    /** Whether SQL is applied. */
    public boolean applies() {
        return this != DEPLOY;
    }
}
