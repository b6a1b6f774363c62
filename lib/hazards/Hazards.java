//SOURCES ColumnHazards.java CompatibilityHazards.java ConstraintHazards.java DestructiveHazards.java EnumHazards.java
//SOURCES Hazard.java HygieneHazards.java IndexHazards.java NullHazards.java PartitionHazards.java PrivacyHazards.java
//SOURCES Rule.java SessionHazards.java TransactionHazards.java ../Settings.java

package lib.hazards;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** All hazards this version knows. */
public final class Hazards {
    static final Hazard NAMES = Hazard.caution("NAM03", "a file that breaks the numbering of its folder")
            .instead("the next free number, in the form of its neighbours");
    static final Hazard UNUSED = Hazard.caution("SUP01", "a hazard-ok comment that nothing needs")
            .instead("take it out");
    static final Hazard WRONG = Hazard.caution("SUP02", "a hazard-ok comment without a known id or without a reason")
            .instead("-- hazard-ok: ID reason");

    static final List<Rule> RULES = rules();
    private static final Map<String, Hazard> BY_ID = new LinkedHashMap<>();

    static {
        RULES.forEach(rule -> BY_ID.put(rule.hazard().id(), rule.hazard()));
    }

    private Hazards() {
    }

    private static List<Rule> rules() {
        List<Rule> rules = new ArrayList<>();
        List.of(IndexHazards.RULES, ConstraintHazards.RULES, NullHazards.RULES, ColumnHazards.RULES,
                DestructiveHazards.RULES, CompatibilityHazards.RULES, EnumHazards.RULES, PartitionHazards.RULES,
                TransactionHazards.RULES, SessionHazards.RULES, HygieneHazards.RULES, PrivacyHazards.RULES)
                .forEach(rules::addAll);
        List.of(NAMES, UNUSED, WRONG).forEach(hazard -> rules.add(new Rule(hazard, spot -> null)));
        return List.copyOf(rules);
    }

    /** Every hazard, in the order in which they are documented. */
    public static List<Hazard> all() {
        return List.copyOf(BY_ID.values());
    }

    /** A hazard by its id, in any case; null when there is none. */
    public static Hazard find(String id) {
        return BY_ID.get(id.toUpperCase(Locale.ROOT));
    }

    /** The id that a mistyped one most likely means. */
    static String nearest(String id) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        String word = id.toUpperCase(Locale.ROOT);
        return BY_ID.keySet().stream().min((one, other) ->
                distance.apply(word, one) - distance.apply(word, other)).orElseThrow();
    }
}
