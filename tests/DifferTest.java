//SOURCES OwnServer.java World.java ../lib/schema/Differ.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lib.Target;
import lib.schema.Difference;
import lib.schema.Differ;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two schemas side by side, each kind of object changed on one of them. */
@Timeout(120)
class DifferTest {
    private static Target before;
    private static Target after;

    private static final String BASE = """
            CREATE TYPE mood AS ENUM ('sad', 'glad');
            CREATE DOMAIN zip AS text CHECK (length(VALUE) = 5);
            CREATE TABLE people (id int PRIMARY KEY, name text, age int DEFAULT 1, size int, gone text);
            CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people);
            CREATE TABLE same (id int);
            CREATE TABLE "Odd ""one" (id int);
            CREATE INDEX by_name ON people (name);
            CREATE INDEX by_age ON people (age);
            CREATE VIEW adults AS SELECT id, name FROM people WHERE age > 17;
            CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE SEQUENCE numbers;
            CREATE SCHEMA aside;
            """;

    @BeforeAll
    static void twoDatabases() {
        before = World.rehearsal().target("differ_before");
        after = World.rehearsal().target("differ_after");
        for (Target target : List.of(before, after)) {
            World.execute(World.rehearsal().target(null),
                    "DROP DATABASE IF EXISTS " + target.database() + " WITH (FORCE)",
                    "CREATE DATABASE " + target.database());
            World.psql(target, BASE);
        }
    }

    @AfterAll
    static void removeThem() {
        for (Target target : List.of(before, after)) {
            World.execute(World.rehearsal().target(null), "DROP DATABASE " + target.database() + " WITH (FORCE)");
        }
    }

    private static Set<String> words(List<Difference> differences) {
        return differences.stream().map(Difference::toString).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void eachObjectIsNamedOnceAndWhatIsAlikeIsNot() {
        assertEquals(List.of(), new Differ().compare(before, before));
        World.psql(after, """
                ALTER TYPE mood ADD VALUE 'bored';
                ALTER DOMAIN zip SET NOT NULL;
                ALTER TABLE people DROP COLUMN gone, ALTER size TYPE bigint, ADD email text;
                ALTER TABLE people ADD CONSTRAINT old CHECK (age > 0);
                ALTER TABLE people ADD CONSTRAINT people_name UNIQUE (name);
                COMMENT ON TABLE same IS 'the same but for this';
                ALTER TABLE pets REPLICA IDENTITY FULL;
                DROP INDEX by_name;
                CREATE TABLE more (id int PRIMARY KEY, at timestamptz);
                CREATE OR REPLACE VIEW adults AS SELECT id, name FROM people WHERE age > 18;
                CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
                ALTER SEQUENCE numbers INCREMENT 2;
                CREATE PUBLICATION all_of_it FOR TABLE same;
                ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public;
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_age'::regclass;
                CREATE TABLE aside.hidden (id int);
                ALTER TABLE "Odd ""one" ADD "A b" int;
                GRANT SELECT ON pets TO public;
                """);
        Set<String> expected = new TreeSet<>(Set.of("enum mood changed", "domain zip changed",
                "column people.gone removed", "column people.size changed", "column people.email added",
                "constraint people.old added", "constraint people.people_name added", "table same changed",
                "table pets changed", "index by_name removed", "table more added", "view adults changed",
                "function one() changed", "sequence numbers changed", "publication all_of_it added",
                "publication all_of_it of public.same added", "default privileges tables for public (SELECT) added",
                "invalid index by_age added", "column Odd \"one.A b added"));
        assertEquals(expected, words(new Differ().without("aside").compare(before, after)));

        Set<String> back = words(new Differ().compare(after, before));
        assertTrue(back.containsAll(Set.of("column people.gone added", "table more removed",
                "table aside.hidden removed", "column people.size changed")), back::toString);
        Set<String> granted = words(new Differ().withPrivileges().without("aside").compare(before, after));
        granted.removeAll(expected);
        assertEquals(Set.of(), granted, "pets is named already; its grant adds nothing");
        World.psql(after, "ALTER TABLE pets REPLICA IDENTITY DEFAULT;");
        assertTrue(words(new Differ().withPrivileges().compare(before, after)).contains("table pets changed"));
        assertTrue(!words(new Differ().compare(before, after)).contains("table pets changed"));
    }
}
