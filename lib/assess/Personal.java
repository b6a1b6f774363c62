//SOURCES ../Count.java ../Failure.java ../Gate.java ../Hash.java ../Migration.java ../Postgres.java
//SOURCES ../hazards/Finding.java
//SOURCES ../hazards/Review.java ../hazards/Selection.java ../hazards/Source.java ../sql/Name.java ../sql/Phrase.java
//SOURCES ../sql/Statement.java

package lib.assess;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Hash;
import lib.Migration;
import lib.Postgres;
import lib.hazards.Finding;
import lib.hazards.Review;
import lib.hazards.Selection;
import lib.hazards.Source;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/**
 * Texts in pending SQL that are values of people in a database. They are compared as hashes, in the database, and
 * neither is ever shown.
 *
 * @param skipped the columns that were not compared, each with the reason
 */
public record Personal(List<Match> matches, int columns, List<String> skipped) {
    private static final String ID = "PRV01";
    /** Characters; what is shorter is a word that anything could hold. */
    private static final int SHORTEST = 5;
    private static final String PATIENCE = "10s";
    private static final String CANCELLED = "57014";
    private static final String COLUMNS = """
            SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
              AND t.typcategory = 'S' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              AND a.attname ~* '%s' ORDER BY 1, 2, 3""".formatted("(^|_)(e_?mail|phone|mobile|fax|msisdn|ssn|iban|bic"
            + "|card|passport|tax_?id|vat|birth|street|address|city|zip|postcode|(first|last|full|display|given"
            + "|family|user|maiden|nick|middle)_?name|surname|login|token|secret|password|passwd|api_?key|ip)"
            + "(_|[0-9]|s?$)|[a-z](Email|Phone|Name|Address|Token|Secret)$");
    /** A single word in lower case is more often a status than a name. */
    private static final Pattern WORD = Pattern.compile("[a-z_]+");

    /** One of them: where it stands, how long it is, and whose values it is among. */
    public record Match(String file, int line, int characters, String column) {
        @Override
        public String toString() {
            return file + ":" + line + ": a text of " + characters + " characters is a value of " + column;
        }
    }

    private record Literal(String file, int line, String hash, int characters) {
    }

    /** Compares; reads only, with a time limit for each column. */
    public static Personal of(Connection connection, List<Migration> pending) throws SQLException {
        Map<String, List<Literal>> literals = Selection.of(pending).stream()
                .flatMap(source -> literals(source).stream())
                .collect(Collectors.groupingBy(Literal::hash, LinkedHashMap::new, Collectors.toList()));
        if (literals.isEmpty()) {
            return new Personal(List.of(), 0, List.of());
        }
        List<Match> matches = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        List<List<String>> columns = Postgres.rows(connection, COLUMNS);
        for (List<String> row : columns) {
            String column = Name.of(row.get(0), row.get(1)) + "." + row.get(2);
            try {
                for (String hash : found(connection, row, literals.keySet())) {
                    literals.get(hash).forEach(each ->
                            matches.add(new Match(each.file, each.line, each.characters, column)));
                }
            } catch (SQLException e) {
                skipped.add(column + (CANCELLED.equals(e.getSQLState()) ? ": not compared within " + PATIENCE
                        : ": " + Gate.words(e).lines().findFirst().orElse("")));
            }
        }
        return new Personal(List.copyOf(matches), columns.size(), List.copyOf(skipped));
    }

    private static List<String> found(Connection connection, List<String> row, Set<String> hashes)
            throws SQLException {
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, "SET TRANSACTION READ ONLY");
            Postgres.execute(connection, "SET LOCAL statement_timeout = '" + PATIENCE + "'");
            return Postgres.rows(connection, "SELECT DISTINCT hash FROM (SELECT encode(sha256(convert_to(lower(btrim("
                    + Name.quote(row.get(2)) + "::text) COLLATE \"C\"), 'UTF8')), 'hex') AS hash FROM "
                    + new Name(row.get(0), row.get(1)).full() + ") AS hashed WHERE hash IN ('"
                    + String.join("', '", hashes) + "')").stream().map(each -> each.get(0)).toList();
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
        }
    }

    private static List<Literal> literals(Source source) {
        List<Literal> literals = new ArrayList<>();
        if (source.text() == null) {
            return literals;
        }
        Set<Integer> excused = source.text().contains("hazard-ok") ? Review.excused(source, ID) : Set.of();
        for (Statement statement : Statement.parse(source.text())) {
            if (!excused.contains(statement.line())) {
                values(statement.sql()).stream().distinct().forEach(value -> literals.add(new Literal(source.path(),
                        statement.line(), Hash.of(folded(value)), value.length())));
            }
        }
        return literals;
    }

    private static List<String> values(String sql) {
        List<String> values = new ArrayList<>();
        for (String written : Phrase.of(sql).strings()) {
            if (written.startsWith("$")) {
                // A body of code has strings of its own.
                values.addAll(values(written.replaceFirst("^\\$[^$]*\\$", "").replaceFirst("\\$[^$]*\\$$", "")));
            } else {
                String value = written.substring(written.indexOf('\'') + 1, written.length() - 1).replace("''", "'")
                        .strip();
                if (value.length() >= SHORTEST && !WORD.matcher(value).matches()) {
                    values.add(value);
                }
            }
        }
        return values;
    }

    // As the server lowers letters in the collation C: those of ASCII and no others.
    private static String folded(String value) {
        return value.codePoints().map(c -> c >= 'A' && c <= 'Z' ? c + 32 : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    /** Refuses personal values and secrets, known by their form or by the database. */
    public Gate.Finding finding(List<Finding> hazards) {
        List<String> all = new ArrayList<>(matches.stream().map(Match::toString).distinct().toList());
        hazards.stream().filter(finding -> finding.id().equals(ID)).forEach(finding ->
                all.add(finding.file() + ":" + finding.line() + ": " + finding.message()));
        if (!all.isEmpty()) {
            throw Failure.stop(String.join("\n", all), "derive it from the data, or load it from outside the"
                    + " repository; when it is meant to be public, write on that statement: -- hazard-ok: " + ID
                    + " reason");
        }
        return skipped.isEmpty() ? Gate.passed("no text in the pending SQL is a person's"
                + (columns == 0 ? "" : ", compared with " + Count.of(columns, "column")))
                : Gate.warned("not compared: " + String.join("; ", skipped),
                "look through the pending SQL for values of people");
    }
}
