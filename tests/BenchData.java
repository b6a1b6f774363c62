import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The made-up databases of the goals, as statements; the same bytes in every run. */
final class BenchData {
    // Words as in ordinary prose: compressible about as well, and not the same in any two rows.
    private static final String PROSE = "(SELECT string_agg(substr('the of and guest house room night tea breakfast "
            + "garden arrives early leaves paid invoice window quiet second floor please again thanks dinner road "
            + "bicycle mountain weather', 1 + abs(hashint4(%s * 61 + w)) %% 130, 4 + abs(hashint4(w + %s)) %% 7), ' ')"
            + " FROM generate_series(1, %d) w)";
    private static final int SMALL_ROWS = 500;

    private BenchData() {
    }

    /** About as many megabytes of accounts, prose, documents, wide rows, and 40 small tables that refer to one. */
    static List<String> mixed(int megabytes) {
        List<String> statements = new ArrayList<>();
        statements.add("CREATE TABLE accounts (aid int, bid int, abalance int, filler char(84))");
        statements.add("INSERT INTO accounts SELECT i, i / 100000, hashint4(i) % 10000, '' FROM generate_series(1, "
                + megabytes * 1750L + ") i");
        statements.add("CREATE TABLE articles (id bigint, author int, title text, body text, at timestamptz)");
        statements.add("INSERT INTO articles SELECT i, i % 997, " + prose(6) + ", " + prose(55)
                + ", timestamptz '2026-01-01Z' + i * interval '1 minute' FROM generate_series(1, "
                + megabytes * 460L + ") i");
        statements.add("CREATE TABLE events (id bigint, data jsonb)");
        statements.add("INSERT INTO events SELECT i, jsonb_build_object('kind', (ARRAY['view','order','refund'])"
                + "[1 + i % 3], 'user', hashint4(i), 'session', md5(i::text), 'path', '/room/' || i % 500, 'items',"
                + " jsonb_build_array(i % 7, i % 11, i % 13), 'agent', jsonb_build_object('os', 'linux', 'version',"
                + " i % 40, 'language', 'en-GB'), 'note', " + prose(6) + ") FROM generate_series(1, "
                + megabytes * 670L + ") i");
        statements.add("CREATE TABLE wide (id int, " + columns("c%d int") + ", " + columns("t%d text") + ")");
        statements.add("INSERT INTO wide SELECT i, " + columns("hashint4(i + %d)") + ", "
                + columns("'v' || (i * %d) %% 5000") + " FROM generate_series(1, " + megabytes * 500L + ") i");
        statements.add("ALTER TABLE accounts ADD PRIMARY KEY (aid)");
        statements.add("ALTER TABLE articles ADD PRIMARY KEY (id)");
        statements.add("CREATE INDEX ON articles (author, at)");
        statements.add("CREATE INDEX ON articles (title)");
        statements.add("ALTER TABLE events ADD PRIMARY KEY (id)");
        statements.add("CREATE INDEX ON events ((data->>'user'))");
        statements.add("ALTER TABLE wide ADD PRIMARY KEY (id)");
        statements.addAll(tables(40, SMALL_ROWS));
        return done(statements);
    }

    /** Thirty tables, about twenty megabytes in all. */
    static List<String> little() {
        return done(tables(30, 1500));
    }

    /** Many tables with nothing in them. */
    static List<String> empty(int tables) {
        // One by one: in one transaction they would need more locks than a server has by default.
        return List.of("""
                DO $$ BEGIN FOR i IN 1..%d LOOP
                  EXECUTE format('CREATE TABLE many_%%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,'
                    ' name text NOT NULL DEFAULT %%L, price numeric(12,2) CHECK (price >= 0), at timestamptz)', i, 'x');
                  EXECUTE format('CREATE INDEX ON many_%%s (name, at)', i);
                  COMMIT;
                END LOOP; END $$""".formatted(tables));
    }

    // Each but the first refers to the one before it.
    private static List<String> tables(int count, int rows) {
        List<String> statements = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            statements.add("CREATE TABLE small_" + i + " (id int PRIMARY KEY, name text NOT NULL, note text,"
                    + " amount numeric(10,2), at timestamptz, before int"
                    + (i == 1 ? "" : " REFERENCES small_" + (i - 1)) + ")");
            statements.add("INSERT INTO small_" + i + " SELECT i, 'name ' || i, " + prose(15) + ", i / 7.0, timestamptz"
                    + " '2026-01-01Z' + i * interval '1 hour', i FROM generate_series(1, " + rows + ") i");
            statements.add("CREATE INDEX ON small_" + i + " (name)");
            statements.add("CREATE INDEX ON small_" + i + " (before)");
        }
        return statements;
    }

    private static List<String> done(List<String> statements) {
        statements.add("VACUUM ANALYZE");
        statements.add("CHECKPOINT");
        return statements;
    }

    private static String prose(int words) {
        return PROSE.formatted("i", "i", words);
    }

    private static String columns(String form) {
        return IntStream.rangeClosed(1, 30).mapToObj(i -> form.formatted(i)).collect(Collectors.joining(", "));
    }
}
