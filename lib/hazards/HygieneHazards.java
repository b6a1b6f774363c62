//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java Hazard.java Rule.java Spot.java Types.java

package lib.hazards;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import lib.sql.Change;
import lib.sql.Phrase;
import lib.sql.Statement;

/** What cannot be read, and habits that cost later: names, types, keys. */
final class HygieneHazards {
    private static final int NAME_BYTES = 63;

    static final Hazard SYNTAX = Hazard.dangerous("SYN01", "what cannot be read is not verified, and never safe")
            .instead("correct it; the rehearsal decides about what only the server understands");

    static final List<Rule> RULES = List.of(
            new Rule(SYNTAX, HygieneHazards::syntax),
            new Rule(Hazard.caution("DYN01", "code that no rule can look into")
                    .instead("plain statements; the rehearsal decides"), HygieneHazards::code),
            new Rule(Hazard.caution("IDM02", "IF NOT EXISTS takes any table or column of that name for the right one")
                    .instead("leave it out, or compare the shape afterwards"), HygieneHazards::ifNotExists),
            new Rule(Hazard.caution("NAM01", "PostgreSQL cuts names off after 63 bytes").instead("a shorter name"),
                    HygieneHazards::longName),
            new Rule(Hazard.note("NAM02", "a name without a schema means what search_path says").instead("name it"),
                    HygieneHazards::unqualified),
            new Rule(Hazard.note("TYP01", "a key of int or smallint runs out of numbers").instead("bigint"),
                    HygieneHazards::smallKey),
            new Rule(Hazard.note("TYP02", "a type that is regretted later")
                    .instead("identity, text with a CHECK, timestamptz, numeric"), HygieneHazards::type),
            new Rule(Hazard.note("TYP03", "a table without a primary key").instead("add one"),
                    HygieneHazards::withoutKey));

    private HygieneHazards() {
    }

    private static Rule.Hit syntax(Spot spot) {
        if (!spot.first()) {
            return null;
        }
        if (!spot.statement().verified()) {
            return Rule.Hit.of((spot.statement().sql().length() > Statement.LONGEST
                    ? "this statement is too long to be read" : "the grammar does not know this statement")
                    + ": not verified", "").as(Hazard.Severity.CAUTION);
        }
        List<String> columns = spot.change() instanceof Change.CreateTable made
                ? made.columns().stream().map(Change.Column::name).toList()
                : spot.change() instanceof Change.Update update ? update.columns()
                : spot.change() instanceof Change.Insert insert ? insert.columns() : List.of();
        Set<String> seen = new HashSet<>();
        // UPDATE may set two fields of one composite column: they are told by their first name only.
        boolean fields = spot.change() instanceof Change.Update && spot.phrase().has(".");
        return columns.stream().filter(column -> !seen.add(column)).findFirst().filter(column -> !fields)
                .map(column -> Rule.Hit.of("column " + column + " is named twice: the server refuses this", ""))
                .orElse(null);
    }

    private static Rule.Hit code(Spot spot) {
        boolean blocks = spot.tag().equals("DO") || spot.tag().equals("CALL");
        return blocks && spot.first() ? Rule.Hit.of(spot.tag() + " runs code that is not verified here", "") : null;
    }

    private static Rule.Hit ifNotExists(Spot spot) {
        if (spot.change() instanceof Change.CreateTable made && made.ifNotExists()) {
            return Rule.Hit.of("a table " + made.table() + " of another shape would be kept without a word",
                    spot.statement().sql().replaceFirst("(?i)\\s+IF\\s+NOT\\s+EXISTS", "") + ";");
        }
        return spot.change() instanceof Change.AddColumn added && spot.has("IF NOT EXISTS")
                ? Rule.Hit.of("a column " + added.column().name() + " of another type would be kept without a word",
                spot.action().alone().replaceFirst("(?i)\\s+IF\\s+NOT\\s+EXISTS", "") + ";") : null;
    }

    private static Rule.Hit longName(Spot spot) {
        return !spot.first() ? null : Phrase.of(spot.statement().sql()).identifiers().stream()
                .filter(name -> name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES).findFirst()
                .map(name -> Rule.Hit.of(name + " has " + name.getBytes(StandardCharsets.UTF_8).length + " bytes", ""))
                .orElse(null);
    }

    private static Rule.Hit unqualified(Spot spot) {
        if (!spot.first() || !spot.tag().matches("(CREATE|ALTER|DROP) TABLE|CREATE INDEX")
                || spot.story().settings.has("search_path")) {
            return null;
        }
        Phrase phrase = spot.phrase();
        phrase.until(p -> p.takeAny("TABLE", "ON"));
        phrase.takeAny("IF NOT EXISTS", "IF EXISTS");
        phrase.take("ONLY");
        if (!phrase.seesIdentifier()) {
            return null;
        }
        String name = phrase.identifier();
        return !phrase.sees('.') && spot.story().first("NAM02") ? Rule.Hit.of(name + " and others have no schema", "")
                : null;
    }

    private static List<Change.Column> columns(Spot spot) {
        return spot.change() instanceof Change.AddColumn added ? List.of(added.column())
                : spot.change() instanceof Change.CreateTable made ? made.columns() : List.of();
    }

    private static Rule.Hit smallKey(Spot spot) {
        Set<String> small = Set.of("integer", "smallint", "serial", "serial4", "smallserial", "serial2");
        Stream<String> keys = spot.change() instanceof Change.CreateTable made ? made.constraints().stream()
                .filter(constraint -> constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY)
                .flatMap(constraint -> constraint.columns().stream()) : Stream.empty();
        Set<String> named = new HashSet<>(keys.toList());
        return columns(spot).stream().filter(column -> (column.primaryKey() || named.contains(column.name()))
                && small.contains(Types.name(column.type()))).findFirst()
                .map(column -> Rule.Hit.of("the key " + column.name() + " is " + column.type()
                + (Types.name(column.type()).startsWith("small") ? ": 32,767 rows" : ": 2,147,483,647 rows"), ""))
                .orElse(null);
    }

    private static Rule.Hit type(Spot spot) {
        return columns(spot).stream().map(column -> {
            String type = Types.name(column.type());
            String better = column.how() == Change.Column.How.SERIAL ? "bigint GENERATED ALWAYS AS IDENTITY"
                    : type.equals("char") || type.equals("varchar") && column.type().contains("(") ? "text with a CHECK"
                    : type.equals("timestamp") ? "timestamptz" : type.equals("money") ? "numeric" : null;
            return better == null ? null : Rule.Hit.of(column.name() + " " + column.type() + ": rather " + better, "");
        }).filter(hit -> hit != null).findFirst().orElse(null);
    }

    private static Rule.Hit withoutKey(Spot spot) {
        return spot.change() instanceof Change.CreateTable made && spot.tag().equals("CREATE TABLE")
                && !made.columns().isEmpty() && made.columns().stream().noneMatch(Change.Column::primaryKey)
                && made.constraints().stream().noneMatch(constraint ->
                constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY) && !spot.has("PARTITION OF")
                ? Rule.Hit.of(made.table() + " has no primary key", "") : null;
    }
}
