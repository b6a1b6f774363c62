//SOURCES ../sql/Phrase.java Hazard.java Privacy.java Rule.java Spot.java

package lib.hazards;

import java.util.List;
import java.util.stream.Collectors;
import lib.sql.Phrase;

/** Personal values and secrets that stand in a migration, where git keeps them for ever. */
final class PrivacyHazards {
    private static final int SHOWN = 3;

    static final Hazard PERSONAL = Hazard.dangerous("PRV01", "a personal value or a secret stands in the SQL")
            .unless("the address is of example.com, example.org, .test or .invalid")
            .instead("derive it from the data, or load it from outside the repository");

    static final List<Rule> RULES = List.of(new Rule(PERSONAL, PrivacyHazards::literal));

    private PrivacyHazards() {
    }

    private static Rule.Hit literal(Spot spot) {
        return spot.first() ? look(Phrase.of(spot.statement().sql()).strings()) : null;
    }

    /** What some texts hold of them, never in full; null when they hold none. */
    static Rule.Hit look(List<String> texts) {
        List<Privacy.Found> found = texts.stream().flatMap(text -> Privacy.in(text).stream()).toList();
        return found.isEmpty() ? null : Rule.Hit.of(found.stream().limit(SHOWN)
                .map(value -> value.kind() + " " + value.shown()).collect(Collectors.joining(", "))
                + (found.size() > SHOWN ? " and " + (found.size() - SHOWN) + " more" : "")
                + ": git keeps it for ever, and every copy of the repository has it", "");
    }
}
