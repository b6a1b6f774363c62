//SOURCES ../sql/Name.java Case.java Cause.java

package lib.triage;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.sql.Name;

/** Failures that come from what exists, what does not, and what belongs together. */
final class SchemaCauses {
    /** What people miss when an extension is not there, by the name that the server does not know. */
    private static final Map<String, String> EXTENSIONS = extensions();

    static final List<Cause> ALL = List.of(
            Cause.of("extension", "an extension is not there", "0A000 58P01 22023 42704 42883 XX000",
                    "extension \"?[^\" ]+\"? (is not available|does not exist)|extension control file"
                    + "|\\b(" + String.join("|", EXTENSIONS.keySet()) + ")\\b.* does not exist"
                    + "|access method \".*\" does not exist", SchemaCauses::extension),
            Cause.of("enum", "a new enum value was used in the transaction that added it", "55P04",
                    "unsafe use of new value", failure -> Cause.Answer.of("",
                    "COMMIT;   -- behind ALTER TYPE … ADD VALUE: a segment of its own\nBEGIN;")),
            Cause.of("transaction", "a statement cannot run inside a transaction", "25001",
                    "cannot run inside a transaction block|cannot be executed from a function|inside a pipeline",
                    failure -> Cause.Answer.of("",
                    "COMMIT;   -- before it\n-- the statement, alone\nBEGIN;   -- for what follows")),
            Cause.of("dependent", "other objects depend on it", "2BP01 0A000",
                    "other objects depend on it|used by a view or rule|used in a policy|used by a generated column"
                    + "|depends on column", failure -> Cause.Answer.of(
                    "a view, a constraint, a policy or a default uses it",
                    "-- what uses it:\nSELECT DISTINCT pg_describe_object(classid, objid, objsubid)\n"
                    + "FROM pg_depend WHERE refobjid = " + object(failure) + " AND deptype = 'n';\n"
                    + "-- drop and make these again around the change; CASCADE would drop them for good")),
            Cause.of("exists", "it is there already", "42P07 42701 42710 42P06 42723 42P04 42712",
                    "already exists", failure -> Cause.Answer.of(
                    "somebody made it by hand, or this migration has run without being recorded",
                    "jbang assess.java   # says what is applied, and where production differs\n"
                    + "-- if it is as it should be: record the migration as applied, do not add IF NOT EXISTS")),
            Cause.of("missing", "something it names does not exist", "42P01 42703 42883 42704 3F000 42P02 P3015",
                    "does not exist|undefined_", SchemaCauses::missing),
            Cause.of("type", "two types do not go together", "42804 42846 42P18", "is of type .* but|cannot cast type"
                    + "|foreign key constraint .* cannot be implemented", failure -> Cause.Answer.of("",
                    "-- write the conversion: USING column::type, or CAST (… AS type)")),
            Cause.of("definition", "the definition contradicts itself or the table", "42P16 42P17 42830 42701 42601",
                    "multiple primary keys|no unique constraint matching|invalid_", failure -> Cause.Answer.of("",
                    failure.complaint().message().contains("no unique constraint matching")
                    ? "-- the referenced columns need one first:\nALTER TABLE … ADD CONSTRAINT … UNIQUE (…);"
                    : "-- correct the statement; the message says which part")),
            Cause.of("syntax", "the server does not understand the statement", "42601 42P10", "syntax error",
                    failure -> Cause.Answer.of("a word is wrong, or the server is older than the statement",
                    "SELECT version();   -- and look the statement up for that version")),
            Cause.of("raised", "the migration's own code refused to go on", "P0001 P0004", "",
                    failure -> Cause.Answer.of("a RAISE or an ASSERT of a function, a trigger or a DO block",
                    "-- look for these words in the migration and in the triggers of its tables")));

    private SchemaCauses() {
    }

    private static Map<String, String> extensions() {
        Map<String, String> known = new LinkedHashMap<>();
        List.of("citext citext", "hstore hstore", "ltree ltree", "uuid_generate_v\\d\\w* uuid-ossp",
                "gen_random_uuid pgcrypto", "gen_salt pgcrypto", "crypt pgcrypto", "digest pgcrypto",
                "g(?:in|ist)_trgm_ops pg_trgm", "similarity pg_trgm", "geometry postgis", "geography postgis",
                "st_\\w+ postgis", "vector vector", "halfvec vector", "vector_\\w+_ops vector", "unaccent unaccent",
                "gbt_\\w+_ops btree_gist", "cube cube", "earth earthdistance", "crosstab tablefunc", "hnsw vector",
                "ivfflat vector").forEach(line -> known.put(line.split(" ")[0], line.split(" ")[1]));
        return known;
    }

    private static Cause.Answer extension(Case failure) {
        String message = failure.complaint().message();
        String name = failure.complaint().named("extension");
        name = name == null ? failure.complaint().part("extension/([\\w-]+)\\.control") : name;
        if (name == null) {
            name = EXTENSIONS.entrySet().stream().filter(one -> message.matches("(?i).*\\b" + one.getKey() + "\\b.*"))
                    .map(Map.Entry::getValue).findFirst().orElse("…");
        }
        boolean absent = message.contains("not available") || message.contains("control file");
        return absent ? Cause.Answer.of("the server has no files of " + name + ": it must be installed there",
                "-- on a server of your own: apt install the package that holds " + name
                + "\n-- in the rehearsal: --scratch with an image that has it")
                : Cause.Answer.of(name + " is installed nowhere in this database", "CREATE EXTENSION IF NOT EXISTS "
                + Name.quote(name) + ";   -- before the statement, and once in production");
    }

    private static String object(Case failure) {
        String named = failure.complaint().part("of (?:table|relation) (\\S+) ");
        named = named == null && failure.table() != null ? failure.table().sql() : named;
        return named == null ? "'TABLE'::regclass" : "'" + named.replace("'", "''") + "'::regclass";
    }

    private static Cause.Answer missing(Case failure) {
        String name = failure.complaint().part("(?:relation|column|type|schema|function|index|table|constraint"
                + "|sequence) \"?([^\" (]+)");
        return Cause.Answer.of(name == null ? "" : name + " is made later, has another name, or was dropped before",
                "-- where it is, if anywhere:\nSELECT n.nspname, c.relname, c.relkind\n"
                + "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname ILIKE '%"
                + (name == null ? "…" : name.replaceFirst(".*\\.", "").replace("'", "''")) + "%';\n"
                + "-- then the right order, the right name, or its schema in front");
    }
}
