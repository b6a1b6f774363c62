//SOURCES Phrase.java

package lib.sql;

import java.util.Locale;
import java.util.Set;

/** Name of an SQL object, normalised so that two spellings of the same object are equal. */
public record Name(String schema, String name) implements Comparable<Name> {

    // Only words that cannot stand as a bare column or table name.
    private static final Set<String> RESERVED = Set.of((
        "all analyse analyze and any array as asc asymmetric authorization binary both case cast check "
        + "collate collation column concurrently constraint create cross current_catalog current_date "
        + "current_role current_schema current_time current_timestamp current_user default deferrable "
        + "desc distinct do else end except false fetch for foreign freeze from full grant group having "
        + "ilike in initially inner intersect into is isnull join lateral leading left like limit "
        + "localtime localtimestamp natural not notnull null offset on only or order outer overlaps "
        + "placing primary references returning right select session_user similar some symmetric "
        + "system_user table tablesample then to trailing true union unique user using variadic verbose "
        + "when where window with").split(" "));

    /** Names an object whose parts are already normalised; without a schema it is taken to be in public. */
    public static Name of(String schema, String name) {
        return new Name(schema == null ? "public" : schema, name);
    }

    /** Reads a name as it is written in SQL, such as {@code "a".b}. */
    public static Name parse(String sqlText) {
        Phrase phrase = Phrase.of(sqlText);
        Name name = phrase.seesIdentifier() ? phrase.name() : null;
        if (name == null || !phrase.done()) {
            throw new IllegalArgumentException("not the name of an SQL object: " + sqlText);
        }
        return name;
    }

    /** Writes an identifier so that PostgreSQL reads it back unchanged. */
    public static String quote(String identifier) {
        return identifier.matches("[a-z_][a-z0-9_]*") && !reserved(identifier)
            ? identifier : '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /** Tells whether PostgreSQL refuses this word as a bare identifier. */
    static boolean reserved(String word) {
        return RESERVED.contains(fold(word));
    }

    /** Lower-cases the way the server does: ASCII letters only, whatever the locale. */
    static String fold(String word) {
        return word.chars().allMatch(c -> c < 128) ? word.toLowerCase(Locale.ROOT)
            : word.codePoints().map(c -> c >= 'A' && c <= 'Z' ? c + 32 : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    /** Writes the name for use in a statement. */
    public String sql() {
        return schema.equals("public") ? quote(name) : full();
    }

    /** Writes the name with its schema, whichever that is: no search path can lead elsewhere. */
    public String full() {
        return quote(schema) + "." + quote(name);
    }

    @Override
    public int compareTo(Name other) {
        int bySchema = schema.compareTo(other.schema);
        return bySchema != 0 ? bySchema : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return schema.equals("public") ? name : schema + "." + name;
    }
}
