//SOURCES World.java ../lib/Clients.java ../lib/Target.java ../lib/backup/Load.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.Clients;
import lib.Failure;
import lib.Target;
import lib.backup.Load;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What pg_restore says when it fails, and what of it is let pass; the real one says it in NewerClientTest. */
class LoadTest {
    private static final String QUERY = "pg_restore: error: could not execute query: ";
    private static final String PARAMETER = "ERROR:  unrecognized configuration parameter \"transaction_timeout\"\n";
    private static final String SET = "Command was: SET transaction_timeout = 0;\n";
    private static final Map<String, String> SAID = Map.of(
            "timeout", QUERY + PARAMETER + SET,
            "auszeit", QUERY + "FEHLER:  unbekannter Konfigurationsparameter »transaction_timeout«\n" + SET,
            "prefix", "pg_restore: ",
            "function", QUERY + PARAMETER + "Command was: CREATE FUNCTION f() … SET transaction_timeout = 0;\n",
            "tabelle", QUERY + "FEHLER:  Typ »x« existiert nicht\nCommand was: CREATE TABLE t (a x);\n",
            "gone", QUERY + "no connection to the server\nCommand was: CREATE TABLE t ();\n",
            "memory", "pg_restore: error: out of memory\n",
            "chatter", "pg_restore: creating TABLE \"public.t\"\n",
            "end", "pg_restore: warning: errors ignored on restore: 1\n");
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            chatter                     | 0   | true
            timeout end                 | 1   | true
            chatter timeout timeout end | 1   | true
            auszeit end                 | 1   | true
            prefix timeout end          | 1   | true
            timeout                     | 1   | false
            timeout memory              | 1   | false
            timeout gone end            | 1   | false
            timeout tabelle end         | 1   | false
            prefix timeout tabelle end  | 1   | false
            auszeit tabelle end         | 1   | false
            function end                | 1   | false
            timeout function end        | 1   | false
            timeout end                 | 137 | false
            chatter                     | 1   | false
            """)
    void onlyWhatSaysNothingOfTheDataIsLetPass(String words, int exit, boolean passes) {
        String said = Stream.of(words.split(" ")).map(SAID::get).collect(Collectors.joining());
        World.script(folder.resolve("pg_restore"), "cat >&2 <<'END'\n" + said + "END\nexit " + exit + "\n");
        Path archive = folder.resolve("some.dump");
        World.write(archive, "some");
        Load.Result result = Load.of(archive, new Clients.Client(17, "17.0", folder))
                .into(new Target("localhost", 1, "some", "me", "", Map.of()));
        assertEquals(passes, result.ok(), said);
        if (!passes) {
            Failure failure = assertThrows(Failure.class, () -> result.orStop("it"));
            assertTrue(failure.exit == (words.contains("gone") ? Failure.Exit.MISSING : Failure.Exit.STOP), said);
        }
    }
}
