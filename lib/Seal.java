//SOURCES Failure.java Hash.java Run.java

package lib;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The last line of the run record, by which a record that somebody edited is told from one that we wrote. */
final class Seal {
    private static final Pattern SEALED = Pattern.compile(",\n  \"seal\" : \"([0-9a-f]{64})\"\n}\n$");

    private Seal() {
    }

    /** The failure of a record that is not as it was written. */
    static Failure broken(String what, Throwable cause) {
        return new Failure(Failure.Exit.STOP, Run.FOLDER + "/run.json is not as the release wrote it: " + what,
                "take the edit back; what is true: jbang release.java status", cause);
    }

    /** A JSON object as text, sealed. */
    static String on(String text) {
        return text.replaceFirst("\\s*}$", ",\n  \"seal\" : \"" + Hash.of(text) + "\"\n}\n");
    }

    /** Whether a text is as it was sealed. */
    static boolean holds(String text) {
        Matcher sealed = SEALED.matcher(text);
        return sealed.find() && Hash.of(sealed.replaceFirst("\n}")).equals(sealed.group(1));
    }
}
