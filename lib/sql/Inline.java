//SOURCES Phrase.java Statement.java

package lib.sql;

import java.util.Optional;

/**
 * A UNIQUE or CHECK that is written with a new column, apart from it.
 *
 * @param column the statement without the constraint
 * @param name the constraint's name, null where it has none
 * @param kind UNIQUE or CHECK
 * @param condition what a CHECK demands, in its parentheses; empty for UNIQUE
 */
public record Inline(String column, String name, String kind, String condition) {

    /** The first one of an ADD COLUMN; empty where there is none, or one that is deferrable. */
    public static Optional<Inline> of(String sql) {
        Phrase phrase = Phrase.of(sql);
        while (!phrase.done()) {
            phrase.until(p -> p.sees("CONSTRAINT") || p.sees("UNIQUE") || p.sees("CHECK"));
            int from = phrase.from();
            String name = phrase.take("CONSTRAINT") ? phrase.identifier() : null;
            boolean unique = phrase.take("UNIQUE");
            if (unique || phrase.take("CHECK")) {
                String condition = unique ? "" : phrase.group().source();
                boolean more = phrase.sees("DEFERRABLE") || phrase.sees("INITIALLY") || phrase.sees("NULLS")
                        || phrase.sees("NO INHERIT") || phrase.sees("NOT ENFORCED") || phrase.sees("NOT DEFERRABLE");
                return more ? Optional.empty() : Optional.of(new Inline(sql.substring(0, from).stripTrailing()
                        + sql.substring(phrase.to()), name, unique ? "UNIQUE" : "CHECK", condition));
            }
            if (name == null && !phrase.done()) {
                phrase.next();
            }
        }
        return Optional.empty();
    }
}
