//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The locks that a statement is said to take, against those that a server really takes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocksTest {
    private Scratch server;

    @BeforeAll
    void startServer() {
        server = Scratch.start(Servers.fitting(15));
        World.execute(server.target(null), "CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child (id int PRIMARY KEY, p int, q int CONSTRAINT q_fk REFERENCES parent)",
                "CREATE INDEX child_p ON child (p)", "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
                "CREATE TABLE part0 PARTITION OF parts FOR VALUES FROM (0) TO (10)", "CREATE TABLE part1 (id int)",
                "ALTER TABLE child ADD CONSTRAINT late CHECK (p > 0) NOT VALID",
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
                "CREATE TRIGGER old BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION nothing()");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ALTER TABLE child ADD COLUMN a int", "ALTER TABLE child DROP COLUMN p",
        "ALTER TABLE child ADD COLUMN a int REFERENCES parent", "ALTER TABLE child ALTER COLUMN p SET NOT NULL",
        "ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES parent",
        "ALTER TABLE child ADD CONSTRAINT c CHECK (p > 1)", "ALTER TABLE child ADD CONSTRAINT u UNIQUE (p)",
        "ALTER TABLE child VALIDATE CONSTRAINT late", "ALTER TABLE child RENAME TO other",
        "ALTER TABLE child RENAME COLUMN p TO r", "ALTER TABLE child ALTER COLUMN p SET STATISTICS 10",
        "ALTER TABLE child SET (fillfactor = 90)", "ALTER TABLE child DISABLE TRIGGER old",
        "ALTER TABLE child ENABLE ROW LEVEL SECURITY", "CREATE INDEX i ON child (q)", "DROP TABLE child",
        "CREATE TABLE n (id int REFERENCES parent)", "CREATE TABLE n (LIKE child)",
        "CREATE TABLE n PARTITION OF parts FOR VALUES FROM (10) TO (20)",
        "ALTER TABLE parts ATTACH PARTITION part1 FOR VALUES FROM (20) TO (30)",
        "ALTER TABLE parts DETACH PARTITION part0", "INSERT INTO child VALUES (1)", "UPDATE child SET p = 1",
        "DELETE FROM child USING parent WHERE child.q = parent.id", "TRUNCATE child",
        "INSERT INTO child SELECT id FROM parent", "SELECT * FROM child FOR UPDATE",
        "CREATE TRIGGER t BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION nothing()", "DROP TRIGGER old ON child",
        "CREATE RULE r AS ON DELETE TO child DO INSTEAD NOTHING", "ALTER TABLE child OWNER TO CURRENT_USER",
        "ALTER TABLE child REPLICA IDENTITY FULL", "ALTER TABLE child ALTER COLUMN p SET DEFAULT 1",
        "ALTER TABLE child ALTER COLUMN p DROP NOT NULL", "ALTER TABLE child SET UNLOGGED",
        "CREATE POLICY y ON child", "COMMENT ON TABLE child IS 'x'", "REINDEX TABLE child", "ANALYZE child",
        "CREATE VIEW v AS SELECT child.* FROM child JOIN parent ON q = parent.id", "LOCK TABLE child IN SHARE MODE",
        "MERGE INTO child USING parent ON q = parent.id WHEN MATCHED THEN UPDATE SET p = 1"})
    void noLockIsStrongerThanToldAndNoneIsLeftOut(String sql) throws SQLException {
        Map<Name, LockMode> told = Locks.of(Statement.of(sql, 1));
        Map<Name, Set<LockMode>> real = new TreeMap<>();
        try (Connection connection = Postgres.write(server.target(null), "test")) {
            Map<String, Name> names = new TreeMap<>();
            for (List<String> row : Postgres.rows(connection, "SELECT oid, relname FROM pg_class"
                    + " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")) {
                names.put(row.get(0), Name.of(null, row.get(1)));
            }
            connection.setAutoCommit(false);
            Postgres.execute(connection, sql);
            for (List<String> row : Postgres.rows(connection, "SELECT relation, mode FROM pg_locks"
                    + " WHERE pid = pg_backend_pid() AND locktype = 'relation'")) {
                if (names.containsKey(row.get(0))) {
                    real.computeIfAbsent(names.get(row.get(0)), name -> EnumSet.noneOf(LockMode.class))
                            .add(mode(row.get(1)));
                }
            }
            connection.rollback();
        }
        // The other end of a foreign key is known to the catalog only.
        real.keySet().removeIf(table -> sql.startsWith("DROP TABLE") && !told.containsKey(table));
        real.forEach((table, modes) -> {
            LockMode strongest = modes.stream().reduce(LockMode::and).orElseThrow();
            // What is only read along is in nobody's way, and need not be told.
            if (told.containsKey(table) || strongest.compareTo(LockMode.ROW_SHARE) > 0) {
                assertEquals(strongest, told.get(table), () -> sql + ": " + table + ", told " + told);
            }
        });
        assertFalse(real.isEmpty(), sql);
    }

    private static LockMode mode(String catalog) {
        return LockMode.of(catalog).orElseThrow(() -> new AssertionError(catalog));
    }

    /** The table of the manual, asked of the server: which lock another session gets beside each. */
    @Test
    void whatExcludesWhatIsAsTheServerHasIt() throws SQLException {
        try (Connection holder = Postgres.write(server.target(null), "test");
                Connection other = Postgres.write(server.target(null), "test")) {
            for (LockMode held : LockMode.values()) {
                for (LockMode wished : LockMode.values()) {
                    Postgres.execute(holder, "BEGIN; LOCK TABLE child IN " + held.sql() + " MODE");
                    boolean refused = false;
                    try {
                        Postgres.execute(other, "BEGIN; LOCK TABLE child IN " + wished.sql() + " MODE NOWAIT");
                    } catch (SQLException e) {
                        refused = true;
                    }
                    Postgres.execute(other, "ROLLBACK");
                    Postgres.execute(holder, "ROLLBACK");
                    assertEquals(refused, held.excludes().contains(wished), held + " and " + wished);
                }
            }
        }
    }

    @Test
    void aQueryIsShownWithoutItsValues() {
        assertEquals("SELECT * FROM \"T\" WHERE a = ? AND b = ? AND c IN (?,?)", Sql.withoutValues(
                "SELECT * FROM \"T\" /* secret */ WHERE a = 'x''y' AND b = $q$z$q$ AND c IN (1,2.5)-- more"));
        assertEquals("UPDATE t SET a = …", Sql.withoutValues("UPDATE t SET a = 'cut off in the mid"));
        assertEquals("SELECT ? FROM t", Sql.withoutValues("SELECT E'it\\'s' FROM t"));
        assertEquals("SELECT ? …", Sql.withoutValues("SELECT 'it\\'s secret'"));
    }
}
