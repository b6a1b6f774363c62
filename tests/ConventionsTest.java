//SOURCES HistoryCase.java ../lib/assess/Naming.java ../lib/migrations/Convention.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.History;
import lib.Migration;
import lib.assess.Naming;
import lib.migrations.Convention;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How migrations are called and begin: what is unlike those before it, and what a tool passes over for its name. */
class ConventionsTest {
    /** The committed files of each tool's fixture. */
    private static Map<String, byte[]> files(String tool) {
        return HistoryCase.files(World.ROOT.resolve("tests/fixtures").resolve(tool), switch (tool) {
            case "flyway" -> "sql";
            case "node-pg-migrate" -> ".";
            default -> tool;
        });
    }

    private static History history(Map<String, byte[]> files) {
        return HistoryCase.find(files, null, null);
    }

    private static List<String> told(Map<String, byte[]> files, String... fresh) {
        History history = history(files);
        List<Migration> pending = history.local().stream().filter(each -> List.of(fresh).contains(each.id())).toList();
        assertEquals(fresh.length, pending.size(), () -> HistoryCase.ids(history.local()).toString());
        return Naming.of(history, pending).notes().stream().map(note -> note.message() + " -> " + note.hint()).toList();
    }

    private static Map<String, byte[]> plain(String... namesAndTexts) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTexts.length; i += 2) {
            files.put("db/migrations/" + namesAndTexts[i], namesAndTexts[i + 1].getBytes());
        }
        return files;
    }

    @ParameterizedTest
    @CsvSource({"drizzle", "prisma", "supabase", "flyway", "node-pg-migrate"})
    void whatTheToolsMadeThemselvesIsLikeItself(String tool) {
        Map<String, byte[]> files = files(tool);
        List<Migration> local = history(files).local();
        assertTrue(local.size() > 3);
        for (int from = 0; from < local.size(); from++) {
            List<Migration> pending = local.subList(from, local.size());
            assertEquals(List.of(), Naming.of(history(files), pending).notes());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "001_a 002_b | 003_c | - | -",
        "001_a 002_b | 004_d | after 2 comes 4: number 3 is missing | -",
        "001_a 002_b | 009_d | after 2 comes 9: numbers are missing | -",
        "010_a 020_b | 030_d | - | -",
        "010_a 020_b | 040_d | - | -",
        "001_a 002_b 003_b | 003_c | number 3 is taken twice: 003_b, 003_c | 004_c",
        "001_a 002_b | 3_c | its number has 1 digit, those of the others 3: it is sorted elsewhere | 003_c",
        "001_a 002_b | 0003_c | its number has 4 digits, those of the others 3: it is sorted elsewhere | 003_c",
        "8_a 9_b | 10_c | - | -",
        "998_a 999_b | 1000_c | - | -",
        "001_a 002_b 003_c | 20260131_d | its number has 8 digits, those of the others 3 | 004_d",
        "20260101120000_a 20260102120000_b 20260103120000_c | 0004_d | its number has 4 digits, those of the others 14"
            + " | …_d",
        "20260101120000_a 20260102120000_b | 20260103_c | its number has 8 digits, those of the others 14"
            + " | 20260103000000_c",
        "20260101120000_a 20260102120000_b | 20261302120000_c | 20261302120000 is no time, and the numbers of the"
            + " others are | -",
        "001_a 002_b 003_c | 004-d | it begins …-, the others …_ | 004_d",
        "001_a 002_b 003_c | m004_d | it begins m…_, the others …_ | 004_d",
        "001_a 002-b 003_c | 004-d | - | -",
        "001_a 002_b 003_c | 004_New_Table | it has capitals, and none of the others has | 004_new_table",
        "001_a 002_B 003_c | 004_New_Table | - | -",
        "001_a 002_b | 003_größe | it has blanks or letters that not every system writes alike | 003_gr_e",
        "001_größe 002_b | 003_maß | - | -",
        "V1__a V2__b V3__c | V7__Seven_of_them | it has capitals, and none of the others has | V7__seven_of_them",
        "V1__a V1_1__b V2__c | V2_1__d | - | -",
        "001_a.up 001_a.down 002_b.up 002_b.down | 003_c.up 003_c.down | - | -",
        "- | 001_First | - | -"})
    void aNameIsHeldAgainstThoseBeforeIt(String before, String fresh, String message, String better) {
        Map<String, String> texts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(before == null ? List.of() : List.of(before.split(" ")));
        names.addAll(List.of(fresh.split(" ")));
        names.forEach(name -> texts.put(name, "SELECT 1"));
        List<Convention.Deviation> found = Convention.of(texts, Set.of(fresh.split(" ")));
        assertEquals(message == null ? List.of() : List.of(message),
                found.stream().map(Convention.Deviation::message).toList());
        assertEquals(better, found.isEmpty() ? null : found.get(0).better());
    }

    @Test
    void aHeaderIsHeldAgainstThoseBeforeIt() {
        String[] before = {"001_a.sql", "-- Author: ann\n-- Ticket: A-1\nSELECT 1;",
            "002_b.sql", "-- author: bob\n-- why: it was slow\n-- Ticket: A-2\n\nSELECT 1;",
            "003_c.sql", "/*\n * Author: ann\n * Ticket: A-3\n */\nSELECT 1;"};
        Map<String, byte[]> files = plain(before);
        files.putAll(plain("004_d.sql", "SELECT 2;", "005_e.sql", "-- Author: ann\nSELECT 2;",
                "006_f.sql", "-- Ticket: A-6\n-- Author: cy\nSELECT 2;"));
        assertEquals(List.of("db/migrations/004_d.sql: it begins without a comment, and each of the 3 before it has one"
                + " -> add to its first lines:\n-- author: …\n-- ticket: …",
                "db/migrations/005_e.sql: its first comment lacks \"ticket\", which each of the 3 before it has"
                + " -> add to its first lines:\n-- ticket: …"), told(files, "004_d", "005_e", "006_f"));
        files.putAll(plain("002_b.sql", "SELECT 1;"));
        assertEquals(List.of(), told(files, "004_d"), "one before it has none: nothing to keep to");
    }

    @Test
    void whatAToolWritesAboveAStatementIsNoHeader() {
        assertEquals(List.of(), told(plain("001_a.sql", "-- CreateTable\nSELECT 1;", "002_b.sql",
                "-- AlterTable\nSELECT 1;", "003_c.sql", "-- CreateIndex\nSELECT 1;", "004_d.sql", "SELECT 2;"),
                "004_d"));
    }

    @Test
    void aFileThatWasNeverFilledIsTold() {
        Map<String, byte[]> files = plain("001_a.sql", "SELECT 1;", "002_b.sql",
                "-- Custom SQL migration file, put your code below! --\n");
        assertEquals(1, told(files, "002_b").size());
        assertTrue(told(files, "002_b").get(0).contains("002_b.sql holds no statement"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "drizzle | drizzle/7_late.sql | 7_late | git mv drizzle/7_late.sql drizzle/0007_late.sql   # while no database"
            + " has it; and its \"tag\" in drizzle/meta/_journal.json",
        "prisma | prisma/migrations/0107_late/migration.sql | 0107_late | git mv prisma/migrations/0107_late"
            + " prisma/migrations/…_late   # while no database has it",
        "supabase | supabase/migrations/20260201_late.sql | 20260201_late | git mv"
            + " supabase/migrations/20260201_late.sql"
            + " supabase/migrations/20260201000000_late.sql   # while no database has it",
        "flyway | sql/V3__Late.sql | V3__Late | git mv sql/V3__Late.sql sql/V3__late.sql   # while no database has it",
        "node-pg-migrate | migrations/20260201_late.sql | 20260201_late | git mv migrations/20260201_late.sql"
            + " migrations/…_late.sql   # while no database has it"})
    void eachToolsFileGetsTheNameOfItsNeighbours(String tool, String path, String id, String command) {
        Map<String, byte[]> files = files(tool);
        files.put(path, "SELECT 1;".getBytes());
        if (tool.equals("drizzle")) {
            String journal = "drizzle/meta/_journal.json";
            files.put(journal, new String(files.get(journal)).replaceFirst("(?s)\\s*]\\s*}\\s*$", ", {\"idx\": 7,"
                    + " \"version\": \"7\", \"when\": 1795174230303, \"tag\": \"7_late\", \"breakpoints\": true}]}")
                    .getBytes());
        }
        List<String> told = told(files, id);
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.get(0).endsWith(command.replaceAll("(git mv \\S+ )(\\S*…\\S*)", "$1'$2'")), told.get(0));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "drizzle | drizzle/0007_late.sql | true | 0007_late.sql is in no entry of the journal: Drizzle never runs it",
        "prisma | prisma/migrations/20260201120000_late.sql | true | is no migration.sql in a folder of its own:",
        "prisma | prisma/migrations/views.sql | false | is no migration.sql in a folder of its own: Prisma",
        "prisma | prisma/migrations/20260201120000_late/up.sql | true | migration.sql is not committed",
        "prisma | prisma/migrations/scripts/fill.sql | true | (P3015)",
        "supabase | supabase/migrations/late.sql | false | is not named <timestamp>_name.sql: Supabase never runs it",
        "supabase | supabase/migrations/20260201120000-late.sql | true | is not named <timestamp>_name.sql",
        "supabase | supabase/migrations/20260201120000_late.sql.txt | true | does not end with .sql: Supabase passes",
        "supabase | supabase/migrations/2026/20260201120000_late.sql | true | lies in a folder of its own: Supabase",
        "supabase | supabase/migrations/2025/20250201120000_late.sql | false | lies in a folder of its own: Supabase",
        "supabase | supabase/migrations/20200101120000_init.sql | false | with a time before December 2021",
        "flyway | sql/V3_late.sql | true | is not named V1__description.sql: Flyway passes over it",
        "flyway | sql/3__late.sql | true | is not named V1__description.sql: Flyway passes over it",
        "flyway | sql/v3__late.sql | true | is not named V1__description.sql: Flyway passes over it",
        "flyway | sql/R_late.sql | true | is not named R__description.sql: Flyway passes over it",
        "flyway | sql/V3__late.sqll | true | does not end with .sql: Flyway passes over it",
        "node-pg-migrate | migrations/new/9990000000090_late.sql | true | lies in a folder of its own: node-pg-migrate",
        "node-pg-migrate | migrations/20260201120000_late.sql | false | is compared as it is, and is larger than"})
    void whatAToolPassesOverIsATroubleOfItsHistory(String tool, String path, boolean stops, String words) {
        try (HistoryCase test = new HistoryCase(tool.equals("drizzle") ? null : tool, tool.equals("drizzle") ? null
                : tool.equals("flyway") ? "sql" : tool.equals("node-pg-migrate") ? "." : tool)) {
            if (tool.equals("drizzle")) {
                test.files.putAll(files(tool));
            }
            List<History.Trouble> before = test.state().troubles();
            test.file(path, "SELECT 1;");
            List<History.Trouble> after = new ArrayList<>(test.state().troubles());
            after.removeAll(before);
            assertTrue(after.stream().anyMatch(trouble -> trouble.message().contains(words)
                    && trouble.stops() == stops), after::toString);
        }
    }

    @ParameterizedTest
    @CsvSource({"supabase,supabase/migrations/20260106120000_hand.sql.bak", "supabase,supabase/migrations/README.md",
        "supabase,supabase/migrations/archive/20270101120000_a.sql", "flyway,sql/V2__add_name.sql.orig",
        "flyway,sql/U2__add_name.sql", "prisma,prisma/migrations/README.md",
        "node-pg-migrate,migrations/down/9990000000090_a.sql"})
    void whatLiesAsideIsLeftAlone(String tool, String path) {
        try (HistoryCase test = new HistoryCase(tool, tool.equals("flyway") ? "sql"
                : tool.equals("node-pg-migrate") ? "." : tool)) {
            List<History.Trouble> before = test.state().troubles();
            test.file(path, "SELECT 1;");
            assertEquals(before, test.state().troubles());
        }
    }
}
