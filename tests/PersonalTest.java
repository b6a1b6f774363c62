//SOURCES World.java ../lib/assess/Personal.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.util.List;
import lib.Failure;
import lib.Gate;
import lib.Migration;
import lib.Postgres;
import lib.Target;
import lib.assess.Personal;
import org.junit.jupiter.api.Test;

/** Texts in migrations that are values of people in a real database. */
class PersonalTest {
    private static Personal of(Connection connection, String sql) throws Exception {
        return Personal.of(connection, List.of(new Migration("1", "1.sql", sql, null, 1)));
    }

    @Test
    void aPersonsValueIsRefusedAndNeverShown() throws Exception {
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS personal WITH (FORCE)",
                "CREATE DATABASE personal");
        Target target = World.rehearsal().target("personal");
        World.psql(target, """
                CREATE TABLE guest ("firstName" text, last_name varchar(40), customer_email text, status text,
                  note text);
                INSERT INTO guest VALUES ('Zoë', 'O''Brien-Smith', 'Zoe@Example.COM', 'Waiting', 'Waiting');
                """);
        try (Connection connection = Postgres.read(target, "test")) {
            Personal mail = of(connection, "SELECT 1;\nUPDATE guest SET note = 'x' WHERE customer_email ="
                    + " ' zoe@example.com '");
            assertEquals(List.of(new Personal.Match("1.sql", 2, 15, "guest.customer_email")), mail.matches());
            Failure refused = assertThrows(Failure.class, () -> mail.finding(List.of()));
            assertFalse(refused.getMessage().toLowerCase().contains("zoe"), refused.getMessage());
            assertTrue(refused.hint.contains("-- hazard-ok: PRV01 reason"), refused.hint);

            String body = "DO $do$ BEGIN DELETE FROM guest WHERE last_name = 'O''Brien-Smith'; END $do$";
            assertEquals(1, of(connection, body).matches().size(), "in a body of code");
            Personal excused = of(connection, "-- hazard-ok: PRV01 the owner asked for it\n" + body);
            assertEquals(List.of(), excused.matches());
            assertEquals(Gate.Status.pass, excused.finding(List.of()).status());
            Personal other = of(connection, "UPDATE guest SET status = 'Waiting' WHERE last_name = 'Somebody Else'");
            assertEquals(List.of(), other.matches(), "a status is nobody's");
            assertEquals(3, other.columns(), "first, last and e-mail");
        }
        World.execute(World.rehearsal().target(null), "DROP DATABASE personal WITH (FORCE)");
    }
}
