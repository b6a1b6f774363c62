//SOURCES DraftCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A new table gets its rows from the keys that other tables hold, and the references to it are filled. */
class DraftKeysTest extends DraftCase {
    @Test
    void theFixturesUsersComeFromAllFiveTables() {
        database("");
        World.psql(target, World.read(World.FIXTURE.resolve("prod-at-5.sql")));
        long held = Long.parseLong(one("""
                SELECT count(DISTINCT lower(email)) FROM (SELECT email FROM sessions
                UNION SELECT email FROM fitbit_tokens UNION SELECT email FROM custom_foods
                UNION SELECT email FROM food_logs UNION SELECT email FROM favourites) AS h"""));
        String rows = one("SELECT count(*) FROM food_logs");
        release(World.read(World.FIXTURE.resolve("MIGRATIONS.md")), file("0005_careless_black_queen"),
                file("0006_warm_calypso"));
        assertEquals(241, held);
        assertEquals("241", one("SELECT count(*) FROM users"));
        assertEquals("1", one("SELECT count(*) FROM users WHERE email = 'only.in.logs@example.com'"));
        assertEquals("0", one("SELECT count(*) FROM users WHERE email <> lower(email)"));
        assertEquals(rows, one("SELECT count(*) FROM food_logs l JOIN users u ON u.id = l.user_id"));
        assertEquals("only.in.logs@example.com", one("""
                SELECT u.email FROM food_logs l JOIN users u ON u.id = l.user_id
                WHERE l.food_name = 'Orphan toast'"""));
        assertEquals("5", one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'user_id' AND "
                + "is_nullable = 'NO'"));
        assertEquals("1", one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'email'"));
    }

    private static String file(String name) {
        Path folder = World.FIXTURE.resolve("drizzle");
        return World.read(folder.resolve(name + ".sql"));
    }

    @Test
    void keysThatCollideByCaseAloneAreLoweredWithoutAWord() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('a@x.org'), ('b@x.org');""");
        release("", USERS + REFER + GIVE_UP);
        assertEquals("a@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void keysStayAsTheyAreWhenNothingAsksForMore() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('b@x.org');""");
        release("", USERS + REFER + GIVE_UP);
        assertEquals("A@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertFalse(script.contains("lower("), script);
    }

    @Test
    void anEntryThatWantsCaseKeptIsObeyed() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('a@x.org');""");
        release(entry("- new `users`, by `email`; addresses are not lower-cased, they are case-sensitive"),
                USERS + REFER + GIVE_UP);
        assertEquals("2", one("SELECT count(*) FROM users"));
    }

    @Test
    void anIndexOnTheLoweredKeyMakesItAKeyToo() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('b@x.org');""");
        release("", "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);\n"
                + "CREATE UNIQUE INDEX users_email ON users (lower(email));\n"
                + "ALTER TABLE notes ADD COLUMN user_id integer NOT NULL REFERENCES users(id);\n" + GIVE_UP);
        assertEquals("a@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void addsAndDropsMayStandInterleavedInOneFile() {
        database(NOTES_BY_EMAIL + """
                CREATE TABLE tags (id serial PRIMARY KEY, email text NOT NULL, tag text, UNIQUE (email, tag));
                INSERT INTO tags (email, tag) VALUES ('c@x.org', 't');""");
        release("", """
                ALTER TABLE notes DROP COLUMN email;
                ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL;
                """ + USERS + """
                ALTER TABLE tags ADD COLUMN user_id uuid NOT NULL;
                ALTER TABLE tags DROP COLUMN email;
                ALTER TABLE tags ADD CONSTRAINT tags_u UNIQUE (user_id, tag);
                ALTER TABLE notes ADD CONSTRAINT n_fk FOREIGN KEY (user_id) REFERENCES users(id);
                ALTER TABLE tags ADD CONSTRAINT t_fk FOREIGN KEY (user_id) REFERENCES users(id);
                """);
        assertEquals("3", one("SELECT count(*) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void anAlterTableOfSeveralActionsIsTakenApart() {
        database(NOTES_BY_EMAIL);
        release("", USERS + """
                ALTER TABLE notes
                    ADD COLUMN user_id uuid NOT NULL,
                    ADD COLUMN pinned boolean DEFAULT false NOT NULL,
                    ADD CONSTRAINT notes_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL,
                    DROP COLUMN email;""");
        assertEquals("3", one(ALL_FILLED));
        assertEquals("3", one("SELECT count(*) FROM notes WHERE NOT pinned"));
        assertEquals("user_id",
                one("SELECT attname FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'user_id' "
                + "AND attnotnull"));
    }

    @Test
    void aForeignKeyMayBeWrittenInline() {
        database(NOTES_BY_EMAIL);
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE;"
                + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
        assertEquals("f", one("SELECT contype FROM pg_constraint WHERE conrelid = 'notes'::regclass AND contype = "
                + "'f'"));
    }

    @Test
    void aNullableColumnIsFilledTooAndMayStayEmpty() {
        database(NOTES_BY_EMAIL
                + "ALTER TABLE notes ALTER email DROP NOT NULL; INSERT INTO notes (email) VALUES (NULL);");
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid REFERENCES users(id);" + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
        assertEquals("1", one("SELECT count(*) FROM notes WHERE user_id IS NULL"));
    }

    @Test
    void aColumnMadeNotNullByALaterMigrationIsFilledFirst() {
        database(NOTES_BY_EMAIL
                + "CREATE TABLE tags (id serial PRIMARY KEY, email text); INSERT INTO tags (email) VALUES "
                + "('t@x.org');");
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid REFERENCES users(id);"
                + "ALTER TABLE notes ALTER COLUMN user_id SET NOT NULL;",
                "ALTER TABLE tags ADD COLUMN user_id uuid REFERENCES users(id); ALTER TABLE tags ALTER COLUMN user_id "
                + "SET NOT NULL;",
                GIVE_UP + "ALTER TABLE tags DROP COLUMN email;");
        assertEquals("3", one(ALL_FILLED));
        assertEquals("2", one("SELECT count(*) FROM pg_attribute WHERE attname = 'user_id' AND attnotnull"));
    }

    @Test
    void theReferenceMayGoToAnotherUniqueColumn() {
        database(NOTES_BY_EMAIL);
        release("", """
                CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE,
                    handle uuid DEFAULT gen_random_uuid() NOT NULL UNIQUE);
                ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL REFERENCES users(handle);
                """ + GIVE_UP);
        assertEquals("3", one("SELECT count(*) FROM notes n JOIN users u ON u.handle = n.user_id"));
    }

    @Test
    void theKeyMayBeHeldUnderTheTablesName() {
        database("CREATE TABLE notes (id serial PRIMARY KEY, user_email text, body text);"
                + "INSERT INTO notes (user_email) VALUES ('a@x.org'), ('b@x.org');");
        release("", USERS + REFER + "ALTER TABLE notes DROP COLUMN user_email;");
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void twoReferencesOfOneTableEachHaveTheirKey() {
        database("CREATE TABLE mails (id serial, sender_email text NOT NULL, recipient_email text);"
                + "INSERT INTO mails (sender_email, recipient_email) VALUES ('a@x.org', 'b@x.org'), ('b@x.org', "
                + "NULL);");
        release("", USERS + """
                ALTER TABLE mails ADD COLUMN sender_id uuid NOT NULL REFERENCES users(id),
                    ADD COLUMN recipient_id uuid REFERENCES users(id);
                ALTER TABLE mails DROP COLUMN sender_email, DROP COLUMN recipient_email;
                """);
        assertEquals("a@x.org>b@x.org b@x.org>", one("""
                SELECT string_agg(s.email || '>' || coalesce(r.email, ''), ' ' ORDER BY m.id)
                FROM mails m JOIN users s ON s.id = m.sender_id LEFT JOIN users r ON r.id = m.recipient_id"""));
    }

    @Test
    void aPrimaryKeyOfTheNewColumnWaitsForItsValues() {
        database("CREATE TABLE notes (email text PRIMARY KEY, body text); INSERT INTO notes VALUES ('a@x.org', '1'), "
                + "('b@x.org', '2');");
        release("", USERS + "ALTER TABLE notes DROP CONSTRAINT notes_pkey;" + REFER
                + "ALTER TABLE notes ADD PRIMARY KEY (user_id);" + GIVE_UP);
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void deferredConstraintsDoNotHoldLaterStatementsUp() {
        database(NOTES_BY_EMAIL + """
                CREATE TABLE kinds (id integer PRIMARY KEY);
                INSERT INTO kinds VALUES (1);
                ALTER TABLE notes ADD COLUMN kind integer DEFAULT 1 REFERENCES kinds DEFERRABLE INITIALLY DEFERRED;
                """);
        release(fence("UPDATE notes SET kind = 1;"), USERS + "ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL "
                + "REFERENCES users DEFERRABLE INITIALLY DEFERRED;" + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void namesOfEveryKindAreQuotedWhereTheyMustBe() {
        database("""
                CREATE SCHEMA "Crm";
                CREATE TABLE "Crm"."Order" (id serial PRIMARY KEY, "group" text NOT NULL, "eMail" text NOT NULL);
                INSERT INTO "Crm"."Order" ("group", "eMail") VALUES ('g', 'a@x.org'), ('h', 'b@x.org');
                """);
        release("", """
                CREATE TABLE "Crm"."user" ("Id" serial PRIMARY KEY NOT NULL, "eMail" text NOT NULL,
                    CONSTRAINT "u e" UNIQUE ("eMail"));
                ALTER TABLE "Crm"."Order" ADD COLUMN "userId" integer NOT NULL;
                ALTER TABLE "Crm"."Order" ADD CONSTRAINT "Order_fk" FOREIGN KEY ("userId")
                    REFERENCES "Crm"."user"("Id");
                ALTER TABLE "Crm"."Order" DROP COLUMN "eMail";
                """);
        assertEquals("2", one("SELECT count(*) FROM \"Crm\".\"Order\" o JOIN \"Crm\".\"user\" u ON u.\"Id\" = "
                + "o.\"userId\""));
    }
}
