//SOURCES World.java ../lib/hazards/Context.java ../lib/hazards/Hazards.java ../lib/hazards/Review.java
//SOURCES ../lib/hazards/Source.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Hazards;
import lib.hazards.Review;
import lib.hazards.Source;
import org.junit.jupiter.api.Test;

/**
 * What squawk, eugene and strong_migrations warn of, found here: tool | rule | our id | rules of the other two that
 * warn of the same in this SQL | SQL of our own.
 *
 * <p>Read for it were squawk's docs/docs and squawk_linter/src/rules, eugene's hint_data.rs, lints/rules.rs and
 * hints.rs, strong_migrations' checks.rb, error_messages.rb and postgresql_adapter.rb. In doubt a rule counts as known
 * to the other, a part of it too; so does what is not among the rules listed here: what eugene shows because it runs
 * the SQL, the time limits that strong_migrations sets, plain SQL where it is Ruby that cannot be looked into, and the
 * rules about compatibility which squawk has gained since and which have to be switched on.
 */
class OtherLintersTest {
    private static final String RULES = """
            squawk|require-concurrent-index-creation|IDX01|E6 add_index add_reference|CREATE INDEX i ON t (a)
            squawk|require-concurrent-index-deletion|IDX02|remove_index|DROP INDEX i
            squawk|require-concurrent-reindex|IDX07|E10|REINDEX INDEX i
            squawk|require-concurrent-partition-detach|PAR02||ALTER TABLE t DETACH PARTITION t1
            squawk|constraint-missing-not-valid|CON01|E1 add_check_constraint|ALTER TABLE t ADD CONSTRAINT c CHECK \
            (a > 0)
            squawk|adding-foreign-key-constraint|CON02|E1 add_foreign_key|ALTER TABLE t ADD CONSTRAINT c FOREIGN \
            KEY (a) REFERENCES p (id)
            squawk|adding-field-with-default|COL03|E10 add_column_default|ALTER TABLE t ADD COLUMN c uuid DEFAULT \
            gen_random_uuid()
            squawk|adding-required-field|CON09||ALTER TABLE t ADD COLUMN c int NOT NULL
            squawk|adding-not-nullable-field|CON08|E2 change_column_null_postgresql|ALTER TABLE t ALTER COLUMN c \
            SET NOT NULL
            squawk|adding-serial-primary-key-field|CON05|E7|ALTER TABLE t ADD PRIMARY KEY (a)
            squawk|changing-column-type|COL01|E5 change_column|ALTER TABLE t ALTER COLUMN c TYPE bigint
            squawk|renaming-column|CMP01|rename_column|ALTER TABLE t RENAME COLUMN a TO b
            squawk|renaming-table|CMP02|rename_table|ALTER TABLE t RENAME TO u
            squawk|disallowed-unique-constraint|CON04|E7 add_unique_constraint|ALTER TABLE t ADD CONSTRAINT u \
            UNIQUE (a)
            squawk|ban-drop-database|DES03||DROP DATABASE d
            squawk|ban-drop-table|DES01||DROP TABLE t
            squawk|ban-drop-column|DES02|remove_column|ALTER TABLE t DROP COLUMN a
            squawk|ban-drop-not-null|DES08||ALTER TABLE t ALTER COLUMN a DROP NOT NULL
            squawk|ban-truncate-cascade|DES06||TRUNCATE t CASCADE
            squawk|ban-char-field|TYP02||CREATE TABLE n (id bigint PRIMARY KEY, c char(9))
            squawk|ban-concurrent-index-creation-in-transaction|IDX03|eugene:trace|BEGIN; CREATE INDEX CONCURRENTLY \
            i ON t (a); COMMIT
            squawk|ban-uncommitted-transaction|TXN01||BEGIN; SELECT 1
            squawk|transaction-nesting|TXN02||BEGIN; BEGIN; SELECT 1; COMMIT
            squawk|ban-create-domain-with-constraint|CON16||CREATE DOMAIN d AS int CHECK (VALUE > 0)
            squawk|ban-alter-domain-with-add-constraint|CON15||ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0)
            squawk|ban-duplicate-column-assignments|SYN01|eugene:trace|UPDATE t SET a = 1, a = 2 WHERE id = 3
            squawk|prefer-bigint-over-int|TYP01||CREATE TABLE n (id int PRIMARY KEY)
            squawk|prefer-bigint-over-smallint|TYP01||CREATE TABLE n (id smallint PRIMARY KEY)
            squawk|prefer-identity|TYP02||CREATE TABLE n (id bigserial PRIMARY KEY)
            squawk|prefer-repack|MNT01|E10|CLUSTER t USING i
            squawk|prefer-robust-stmts|IDM01||CREATE INDEX CONCURRENTLY i ON t (a)
            squawk|prefer-text-field|TYP02||ALTER TABLE t ADD COLUMN c varchar(9)
            squawk|prefer-timestamp-tz|TYP02||ALTER TABLE t ADD COLUMN c timestamp
            squawk|require-enum-value-ordering|ENM03||ALTER TYPE e ADD VALUE 'x'
            squawk|require-table-schema|NAM02||ALTER TABLE t ADD COLUMN c text
            squawk|require-lock-timeout|SES01|E9 strong_migrations:timeouts|ALTER TABLE t ADD COLUMN c text
            squawk|require-statement-timeout|SES02|strong_migrations:timeouts|ALTER TABLE t ADD COLUMN c text
            squawk|require-timeout-settings|SES01|E9 strong_migrations:timeouts|ALTER TABLE t DROP COLUMN c
            squawk|identifier-too-long|NAM01||CREATE TABLE \
            n_123456789_123456789_123456789_123456789_123456789_123456789_1234 (id int)
            squawk|unused-ignore|SUP01||-- hazard-ok: DES01 gone~SELECT 1
            squawk|syntax-error|SYN01|eugene:trace|ALTER TABEL t ADD c int
            eugene|E1|CON01|constraint-missing-not-valid add_check_constraint|ALTER TABLE t ADD CONSTRAINT c CHECK \
            (a IS NOT NULL)
            eugene|E2|CON08|adding-not-nullable-field change_column_null_postgresql|ALTER TABLE t ALTER a SET NOT NULL
            eugene|E3|CMP06|add_column_json|ALTER TABLE t ADD COLUMN j json
            eugene|E4|TXN03|constraint-missing-not-valid validate_check_constraint|BEGIN; ALTER TABLE t ADD COLUMN \
            c text; CREATE INDEX i ON t (c); COMMIT
            eugene|E5|COL01|changing-column-type change_column|ALTER TABLE t ALTER COLUMN c TYPE jsonb USING c::jsonb
            eugene|E6|IDX01|require-concurrent-index-creation add_index|CREATE UNIQUE INDEX i ON t (a)
            eugene|E7|CON04|disallowed-unique-constraint add_unique_constraint|ALTER TABLE t ADD UNIQUE (a)
            eugene|E8|CON07|constraint-missing-not-valid add_exclusion_constraint|ALTER TABLE t ADD CONSTRAINT x \
            EXCLUDE USING gist (r WITH &&)
            eugene|E9|SES01|require-lock-timeout strong_migrations:timeouts|ALTER TABLE t ADD COLUMN c text
            eugene|E10|COL08|prefer-repack changing-column-type change_column|ALTER TABLE t SET UNLOGGED
            eugene|E11|COL06|adding-field-with-default add_column_generated_stored|ALTER TABLE t ADD COLUMN g int \
            GENERATED ALWAYS AS (a + 1) STORED
            eugene|W12|COL09||ALTER TABLE t ADD COLUMN a text; ALTER TABLE t ADD COLUMN b text
            eugene|W13|ENM05||CREATE TYPE e AS ENUM ('a', 'b')
            eugene|W14|CON06|constraint-missing-not-valid|ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX i
            eugene|E15|CON13||ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (id) NOT VALID
            strong_migrations|add_column_default|COL03|adding-field-with-default E10|ALTER TABLE t ADD COLUMN c \
            float DEFAULT random()
            strong_migrations|add_column_default_callable|COL03|adding-field-with-default E10|ALTER TABLE t ADD \
            COLUMN c timestamptz DEFAULT clock_timestamp()
            strong_migrations|add_column_json|CMP06|E3|ALTER TABLE t ADD COLUMN j json
            strong_migrations|add_column_generated_stored|COL06|adding-field-with-default E11|ALTER TABLE t ADD g \
            text GENERATED ALWAYS AS (upper(a)) STORED
            strong_migrations|add_column_auto_incrementing|COL05|E11|ALTER TABLE t ADD COLUMN n bigserial
            strong_migrations|change_column|COL01|changing-column-type E5|ALTER TABLE t ALTER COLUMN a TYPE date \
            USING a::date
            strong_migrations|change_column_with_not_null|CON08|adding-not-nullable-field E2|ALTER TABLE t ALTER a \
            TYPE text, ALTER a SET NOT NULL
            strong_migrations|change_column_constraint|COL10|changing-column-type E5|ALTER TABLE t ADD CONSTRAINT c \
            CHECK (a <> '') NOT VALID; ALTER TABLE t ALTER a TYPE text
            strong_migrations|change_column_default|COL07|squawk:ban-set-default|ALTER TABLE t ALTER COLUMN a SET \
            DEFAULT 1
            strong_migrations|change_column_null|DES05||UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER \
            COLUMN a SET NOT NULL
            strong_migrations|change_column_null_postgresql|CON08|adding-not-nullable-field E2|ALTER TABLE t ALTER \
            COLUMN a SET NOT NULL
            strong_migrations|remove_column|DES02|ban-drop-column|ALTER TABLE t DROP a, DROP b
            strong_migrations|rename_column|CMP01|renaming-column|ALTER TABLE t RENAME a TO b
            strong_migrations|rename_table|CMP02|renaming-table|ALTER TABLE s.t RENAME TO u
            strong_migrations|rename_schema|CMP03|squawk:renaming-object|ALTER SCHEMA s RENAME TO r
            strong_migrations|rename_enum_value|CMP03|squawk:renaming-object|ALTER TYPE e RENAME VALUE 'a' TO 'b'
            strong_migrations|add_reference|IDX01|require-concurrent-index-creation E6|ALTER TABLE t ADD p_id \
            bigint; CREATE INDEX i ON t (p_id)
            strong_migrations|add_index|IDX01|require-concurrent-index-creation E6|CREATE INDEX i ON t USING gin (a)
            strong_migrations|add_index_columns|IDX09||CREATE INDEX CONCURRENTLY i ON t (a, b, c, d)
            strong_migrations|add_index_corruption|IDX10||CREATE INDEX CONCURRENTLY i ON t (a)
            strong_migrations|remove_index|IDX02|require-concurrent-index-deletion|DROP INDEX IF EXISTS i
            strong_migrations|add_foreign_key|CON02|adding-foreign-key-constraint E1|ALTER TABLE t ADD FOREIGN KEY \
            (a) REFERENCES p
            strong_migrations|validate_foreign_key|CON03|constraint-missing-not-valid E4|BEGIN; ALTER TABLE t ADD \
            CONSTRAINT c FOREIGN KEY (a) REFERENCES p NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; COMMIT
            strong_migrations|add_check_constraint|CON01|constraint-missing-not-valid E1|ALTER TABLE t ADD CHECK (a \
            > 0)
            strong_migrations|validate_check_constraint|CON03|constraint-missing-not-valid E4|BEGIN; ALTER TABLE t \
            ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c; COMMIT
            strong_migrations|add_exclusion_constraint|CON07|constraint-missing-not-valid E8|ALTER TABLE t ADD \
            EXCLUDE USING gist (r WITH &&)
            strong_migrations|add_unique_constraint|CON04|disallowed-unique-constraint E7|ALTER TABLE t ADD \
            CONSTRAINT u UNIQUE (a, b)
            strong_migrations|create_table|DES06|ban-drop-table|DROP TABLE IF EXISTS t CASCADE; CREATE TABLE t (id \
            bigint PRIMARY KEY)
            strong_migrations|change_table|COL09|squawk:SQL eugene:SQL|ALTER TABLE t ADD a text; ALTER TABLE t \
            ALTER a SET DEFAULT 'x'
            strong_migrations|execute|DYN01|eugene:trace|DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$
            """;
    private static final List<String> TOOLS = List.of("squawk", "eugene", "strong_migrations");

    /** Rules that no tool read for the list has; strong_migrations, squawk and eugene say nothing to these. */
    private static final List<String> NEW = List.of("IDX05", "IDX06", "IDX11", "CON17", "CON18", "PAR03", "PAR04",
            "ENM01", "DES10", "IDM02", "SES03", "PRV01", "VAL01");

    private static List<String> found(String sql) {
        Context context = Context.of(Context.Shape.NONE).server(140_002);
        Source source = new Source("a.sql", sql.replace("~", "\n") + ";\n", null);
        return Review.of(List.of(source), context).findings().stream()
                .map(Finding::id).toList();
    }

    @Test
    void everyRuleOfTheirsIsFoundHere() {
        List<String> missed = new ArrayList<>();
        Map<String, Integer> count = new TreeMap<>();
        for (String[] cells : rules().toList()) {
            count.merge(cells[0], 1, Integer::sum);
            List<String> ids = found(cells[4]);
            if (!ids.contains(cells[2])) {
                missed.add(Arrays.toString(cells) + " -> " + ids);
            }
        }
        assertEquals(List.of(), missed);
        // squawk's list has 40 names and syntax-error, eugene 15, strong_migrations 30 for PostgreSQL.
        assertEquals(Map.of("squawk", 41, "eugene", 15, "strong_migrations", 30), count);
    }

    private static Stream<String[]> rules() {
        return RULES.lines().map(row -> row.split("\\|", 5));
    }

    /** The tool that has a rule; what is no rule names its tool itself. */
    private static String tool(String rule) {
        return rule.contains(":") ? rule.split(":")[0] : rules().filter(cells -> cells[1].equals(rule))
                .map(cells -> cells[0]).findFirst().orElse("no tool has " + rule);
    }

    private static List<String> known(String[] cells) {
        return Stream.of(cells[3].split(" ")).filter(rule -> !rule.isEmpty()).map(OtherLintersTest::tool).toList();
    }

    @Test
    void whatSaysTheSameIsARuleOfAnotherTool() {
        rules().forEach(cells -> known(cells).forEach(tool ->
                assertTrue(TOOLS.contains(tool) && !tool.equals(cells[0]), () -> cells[1] + ": " + tool)));
    }

    @Test
    void readmeSaysHowManyTheOthersMiss() {
        String readme = World.read(World.ROOT.resolve("README.md"));
        for (String of : TOOLS) {
            List<String> cells = new ArrayList<>(List.of(of,
                    String.valueOf(rules().filter(rule -> rule[0].equals(of)).count())));
            TOOLS.forEach(by -> cells.add(of.equals(by) ? "–" : String.valueOf(rules()
                    .filter(rule -> rule[0].equals(of) && !known(rule).contains(by)).count())));
            cells.add("0");
            String row = "| " + String.join(" | ", cells) + " |";
            assertTrue(readme.contains(row), () -> "README lacks " + row);
        }
    }

    @Test
    void whatTheyDoNotHaveIsHereToo() {
        List<String> theirs = rules().map(cells -> cells[2]).toList();
        assertTrue(NEW.stream().allMatch(id -> Hazards.find(id) != null && !theirs.contains(id)), NEW::toString);
    }
}
