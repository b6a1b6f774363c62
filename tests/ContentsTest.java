//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import lib.Clients;
import lib.Exec;
import lib.Json;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.backup.Contents;
import lib.backup.Load;
import lib.backup.Snapshot;
import lib.sql.Name;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts and hashes of all data: what they must notice, what they must not, and where they must stay the same. */
class ContentsTest {
    /** One of everything that is hard to count, hash or bring back. */
    private static final String DATA = """
            CREATE EXTENSION citext; CREATE EXTENSION hstore;
            CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b mood);
            CREATE DOMAIN positive AS numeric(10,2) CHECK (VALUE > 0); CREATE DOMAIN more AS positive;
            CREATE DOMAIN word AS text; CREATE TYPE moods AS RANGE (subtype = mood);
            CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE every (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b bool, y bytea, c "char", n name,
              i2 int2, i4 int4, t text, o oid, j json, x xml, p point, f4 float4, f8 float8, m money, bp char(5),
              v varchar(9), d date, ti time, ts timestamp, tz timestamptz, iv interval, tt timetz, bits bit varying,
              nu numeric, nd numeric(12,4), u uuid, jb jsonb, ip inet, ci citext, hs hstore, e mood, ea mood[], pr pair,
              po more, wo word, r moods, ir int4range, ta text[], ia int[][], rc regclass, ts1 tsvector, bl text
              COLLATE blind, s text GENERATED ALWAYS AS (upper(t)) STORED, gone int);
            ALTER TABLE every DROP gone;
            INSERT INTO every (b, y, c, n, i2, i4, t, o, j, x, p, f4, f8, m, bp, v, d, ti, ts, tz, iv, tt, bits, nu, nd,
              u, jb, ip, ci, hs, e, ea, pr, po, wo, r, ir, ta, ia, rc, ts1, bl)
            SELECT i % 2 = 0, decode(md5(i::text), 'hex'), 'x', 'n', i, i, 'täxt ' || i, i, '{"a" : 1}', '<a>é</a>',
              point(i, 0.1), 0.1 * i, 1.0 / 3 * i, 12.5, 'ab', 'v', '2024-02-29', '12:00:00.5', '2024-01-01 12:00',
              '2024-07-01 12:00Z', '1 month 30 days', '12:00+02', B'1011', 1.50, 1.5, md5(i::text)::uuid,
              '{"b": [1.10, null, "x"]}', '10.0.0.1/24', 'MiXed', 'k=>v, l=>NULL', 'happy', '{sad,happy}',
              ROW(1, 'sad')::pair, 2.5, 'w', '[sad,happy)', '[1,5)', ARRAY['a', NULL, 'b,c'], '{{1,2},{3,4}}',
              'pg_class', 'a fat cat', 'Ab' FROM generate_series(1, 300) i;
            INSERT INTO every (t) VALUES (NULL), (''), (repeat('long', 5000));
            CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
            CREATE TABLE empty (a int, b text);
            CREATE TABLE parent (a int, b text); CREATE TABLE child (z int, c text);
            ALTER TABLE child ADD b text, ADD a int; ALTER TABLE child INHERIT parent;
            INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (3, 'c', 'b', 2);
            CREATE TABLE log (at date, what text) PARTITION BY RANGE (at);
            CREATE TABLE log_24 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
            CREATE TABLE log_rest PARTITION OF log DEFAULT;
            INSERT INTO log VALUES ('2024-05-05', 'a'), ('2026-01-01', 'b');
            CREATE SCHEMA "Odd ""S""chema";
            CREATE UNLOGGED TABLE "Odd ""S""chema"."user's %s Ta.ble" ("Co l" int, "select" text);
            INSERT INTO "Odd ""S""chema"."user's %s Ta.ble" VALUES (1, 'x');
            CREATE SEQUENCE "Odd ""S""chema"."it's a \\ Seq";
            SELECT setval('"Odd ""S""chema"."it''s a \\ Seq"', 77, false);
            CREATE SEQUENCE down INCREMENT -1; SELECT nextval('down'); CREATE SEQUENCE "user";
            CREATE MATERIALIZED VIEW seen AS SELECT now() AS moment;
            CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none;
            CREATE FOREIGN TABLE away (a int) SERVER far;
            SELECT lo_create(4711); SELECT lo_put(4711, 0, 'some bytes'); SELECT lo_create(4712);
            SELECT lo_put(4713, 0, convert_to(repeat('p', 100), 'UTF8')) FROM lo_create(4713);
            """;

    private static Target origin;
    private static Contents saved;

    @TempDir
    Path temp;

    @BeforeAll
    static void fill() throws SQLException {
        origin = database(World.productionServer(), "contents \"origin\"", "");
        World.psql(origin, DATA);
        saved = contents(origin);
    }

    @AfterAll
    static void remove() {
        drop(World.productionServer(), origin);
    }

    @Test
    void everyTableIsCountedOnceAndWhatNoDumpHoldsIsLeftOut() {
        assertEquals(List.of("\"Odd \"\"S\"\"chema\".\"user's %s Ta.ble\" 1", "public.child 1", "public.empty 0",
                "public.every 303", "public.log_24 1", "public.log_rest 1", "public.nothing 2", "public.parent 1"),
                saved.tables().entrySet().stream().map(table -> table.getKey() + " " + table.getValue().rows())
                        .toList());
        assertEquals("{\"Odd \"\"S\"\"chema\".\"it's a \\ Seq\"=77 false, public.\"user\"=1 false, public.down=-1 true,"
                + " public.every_id_seq=303 true}", saved.sequences().toString());
        assertEquals(3, saved.largeObjects().rows());
        assertEquals(310, saved.rows());
        assertEquals(saved, Json.as(Json.tree(saved), Contents.class), "it survives its JSON");
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void theSameDataHasTheSameHashOnEveryMajor(int major) throws SQLException {
        try (Scratch server = Scratch.start(Servers.embedded(major))) {
            Target other = database(server, "other", "");
            World.psql(other, DATA);
            assertEquals(List.of(), contents(other).differences(saved, 20));
            Contents texts = as("text", saved).again(origin, ContentsTest::quiet);
            assertNotEquals(saved.tables(), texts.tables(), "as servers before 14 must do it");
            assertEquals(List.of(), texts.again(other, ContentsTest::quiet).differences(texts, 20));
            assertTrue(texts.differences(saved, 1).get(0).contains("hashed in another way"), "it says so");
        }
    }

    @Test
    void settingsOfTheRoleAndTheDatabaseDoNotMatter() throws SQLException {
        for (String setting : List.of("DateStyle = 'German, DMY'", "TimeZone = 'Asia/Tokyo'", "search_path = pg_temp",
                "IntervalStyle = 'iso_8601'", "bytea_output = 'escape'", "extra_float_digits = -5",
                "xmloption = 'document'", "statement_timeout = '50ms'", "row_security = on")) {
            World.execute(origin, "ALTER DATABASE " + Name.quote(origin.database()) + " SET " + setting);
        }
        try {
            assertEquals(saved, contents(origin));
        } finally {
            World.execute(origin, "ALTER DATABASE " + Name.quote(origin.database()) + " RESET ALL");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            UPDATE every SET t = 'other' WHERE id = 7              | public.every: the same 303 rows in number
            UPDATE every SET t = '' WHERE t IS NULL                | public.every: the same 303 rows
            UPDATE every SET b = NOT b WHERE id = 1                | public.every: the same 303 rows
            UPDATE every SET nu = 1.500 WHERE id = 1               | public.every: the same 303 rows
            UPDATE every SET ci = 'mixed' WHERE id = 1             | public.every: the same 303 rows
            UPDATE every SET bl = 'aB' WHERE id = 1                | public.every: the same 303 rows
            UPDATE every SET e = 'sad' WHERE id = 1                | public.every: the same 303 rows
            UPDATE every SET ia = '{1,2,3,4}' WHERE id = 1         | public.every: the same 303 rows
            UPDATE every SET iv = '60 days' WHERE id = 1           | public.every: the same 303 rows
            UPDATE every SET j = '{"a": 1}' WHERE id = 1           | public.every: the same 303 rows
            UPDATE every SET jb = '{"b": [1.10, null]}' WHERE id=1 | public.every: the same 303 rows
            UPDATE every SET v = 'v ' WHERE id = 1                 | public.every: the same 303 rows
            UPDATE every SET bits = B'01011' WHERE id = 1          | public.every: the same 303 rows
            UPDATE every SET pr = ROW(1, 'happy') WHERE id = 1     | public.every: the same 303 rows
            UPDATE every SET i4 = i2 + 1, i2 = i4 WHERE id = 1     | public.every: the same 303 rows
            UPDATE every a SET t = b.t FROM every b WHERE a.id <= 2 AND b.id = 3 - a.id | public.every: the same
            DELETE FROM every WHERE id = 5                         | public.every: 302 instead of 303 rows
            INSERT INTO nothing DEFAULT VALUES                     | public.nothing: 3 instead of 2 rows
            UPDATE child SET c = b, b = c                          | public.child: the same 1 row in number
            UPDATE log SET at = '2026-01-01'                       | public.log_24: 0 instead of 1 row
            SELECT nextval('every_id_seq')                         | sequence public.every_id_seq: stands at 304 true
            SELECT setval('"user"', 1, true)                       | sequence public."user": stands at 1 true instead
            SELECT lo_put(4711, 3, 'X')                            | large objects: the same 3 rows
            SELECT lo_unlink(4712)                                 | large objects: 2 instead of 3 rows
            SELECT lo_put(4711, 17000000, 'far')                   | large objects: the same 3 rows
            ALTER TABLE empty RENAME TO void                       | public.empty is missing
            CREATE TABLE added (a int)                             | public.added is new
            """)
    void everyChangeOfDataIsNoticedAndNamed(String change, String words) throws SQLException {
        Target copy = database(World.productionServer(), "contents_changed",
                " TEMPLATE " + Name.quote(origin.database()));
        try {
            assertEquals(List.of(), contents(copy).differences(saved, 20));
            World.execute(copy, change);
            List<String> differences = contents(copy).differences(saved, 20);
            assertTrue(differences.stream().anyMatch(line -> line.contains(words)), differences::toString);
            assertTrue(contents(copy).differences(saved, 0).get(0).matches("and \\d+ more"));
        } finally {
            drop(World.productionServer(), copy);
        }
    }

    @Test
    void orderAndPlaceOfTheRowsDoNotMatterAndAHugeTableIsReadInPieces() throws SQLException {
        Target one = database(World.productionServer(), "contents_one", "");
        Target other = database(World.productionServer(), "contents_other", "");
        try {
            String table = "CREATE TABLE huge (i int, fat text); ALTER TABLE huge ALTER fat SET STORAGE PLAIN;"
                    + " INSERT INTO huge SELECT i, repeat(md5(i::text), 125) FROM generate_series(1, 36000) i"
                    + " ORDER BY ";
            World.psql(one, table + "i");
            World.psql(other, "SET synchronize_seqscans = off; " + table + "i DESC; DELETE FROM huge WHERE i % 3 = 0;"
                    + " INSERT INTO huge SELECT i, repeat(md5(i::text), 125) FROM generate_series(3, 36000, 3) i");
            List<String> heard = new ArrayList<>();
            List<Long> sizes = new ArrayList<>();
            Contents whole = Contents.of(one, null, (name, read, all) -> {
                heard.add(name);
                sizes.add(all - read);
            });
            assertEquals(36000, whole.rows());
            assertTrue(heard.size() > 1 && heard.stream().allMatch("public.huge"::equals), heard::toString);
            assertEquals(0, sizes.get(sizes.size() - 1), "at the end everything was read");
            assertEquals(List.of(), contents(other).differences(whole, 5));
            World.execute(other, "UPDATE huge SET i = 0 WHERE i = 35999");
            assertFalse(contents(other).differences(whole, 5).isEmpty());
        } finally {
            drop(World.productionServer(), one);
            drop(World.productionServer(), other);
        }
    }

    @Test
    void aSnapshotStandsStillWhileTheDatabaseGoesOn() throws SQLException {
        Target copy = database(World.productionServer(), "contents_live", " TEMPLATE " + Name.quote(origin.database()));
        try (Snapshot snapshot = Snapshot.of(copy)) {
            World.execute(copy, "DELETE FROM every WHERE id < 100", "INSERT INTO log VALUES ('2024-01-01', 'late')",
                    "SELECT lo_unlink(4711)");
            assertEquals(List.of(), Contents.of(copy, snapshot.name(), ContentsTest::quiet).differences(saved, 5));
            assertEquals(3, contents(copy).differences(saved, 5).size());
        } finally {
            drop(World.productionServer(), copy);
        }
    }

    @Test
    void aRestoredDumpHoldsTheSameAlsoInAnotherEncoding() throws SQLException {
        for (String encoding : List.of("UTF8", "LATIN1")) {
            String options = " TEMPLATE template0 ENCODING '" + encoding + "' LC_COLLATE 'C' LC_CTYPE 'C'";
            Target from = encoding.equals("UTF8") ? origin
                    : database(World.productionServer(), "contents_latin", options);
            Target copy = database(World.rehearsal(), "contents_restored", options);
            try {
                if (from != origin) {
                    World.psql(from, DATA.replaceAll("CREATE COLLATION.*", "").replace("COLLATE blind", ""));
                }
                Path dump = temp.resolve(encoding);
                Exec.Result dumped = Exec.of(Clients.fitting(15).tool("pg_dump").toString(), "-Fc", "--file=" + dump)
                        .with(from.environment()).run();
                assertTrue(dumped.ok(), dumped.err());
                assertEquals("", restore(dump, copy));
                Contents expected = contents(from);
                assertEquals(encoding, expected.encoding());
                assertEquals(List.of(), expected.again(copy, ContentsTest::quiet).differences(expected, 20));
            } finally {
                drop(World.rehearsal(), copy);
                if (from != origin) {
                    drop(World.productionServer(), from);
                }
            }
        }
    }

    @Test
    void fiveHundredTablesAreReadInFewStatements() throws SQLException {
        Target many = database(World.productionServer(), "contents_many", "");
        try {
            World.execute(many, "DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT %s AS i',"
                    + " i, i); COMMIT; END LOOP; END $$");
            long before = transactions(many);
            Contents contents = contents(many);
            assertEquals(500, contents.tables().size());
            assertEquals(500, contents.rows());
            assertEquals(500, contents.tables().values().stream().distinct().count(), "each has its own hash");
            assertTrue(transactions(many) - before < 60, "a transaction for each table would not be fast");
        } finally {
            drop(World.productionServer(), many);
        }
    }

    private static long transactions(Target target) throws SQLException {
        try (Connection connection = Postgres.write(target, "test")) {
            return Long.parseLong(Postgres.one(connection, "SELECT xact_commit + xact_rollback FROM pg_stat_database"
                    + " WHERE datname = current_database()"));
        }
    }

    private static String restore(Path dump, Target copy) {
        assertTrue(Files.exists(dump));
        Load.Result result = Load.of(dump, Clients.fitting(15)).into(copy);
        result.orStop("the copy");
        return result.ok() ? "" : "not all";
    }

    private static Contents as(String method, Contents contents) {
        return new Contents(method, contents.encoding(), new TreeMap<>(contents.tables()),
                new TreeMap<>(contents.sequences()), contents.largeObjects());
    }

    private static Contents contents(Target target) throws SQLException {
        return Contents.of(target, null, ContentsTest::quiet);
    }

    private static void quiet(String table, long read, long all) {
        assertTrue(read <= all, "more was read of " + table + " than there is");
    }

    private static Target database(Scratch server, String name, String options) {
        World.execute(server.target(null), "DROP DATABASE IF EXISTS " + Name.quote(name) + " WITH (FORCE)",
                "CREATE DATABASE " + Name.quote(name) + options);
        return server.target(name);
    }

    private static void drop(Scratch server, Target target) {
        World.execute(server.target(null), "DROP DATABASE " + Name.quote(target.database()) + " WITH (FORCE)");
    }
}
