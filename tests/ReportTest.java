//SOURCES World.java ../lib/report/Document.java ../lib/report/Facts.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.report.Document;
import lib.report.Facts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The report of a release: everything the record holds, escaped, and readable in a real browser. */
class ReportTest {
    private static final Path FIXTURE = Path.of(System.getProperty("repo"), "tests/fixtures/report/full.json");
    private static final String EVIL = "<script>alert(\"1\")</script>";

    @TempDir
    static Path temp;

    private static ObjectNode record() {
        try {
            return (ObjectNode) Json.MAPPER.readTree(FIXTURE.toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Document document(Failure.Exit exit, JsonNode record) {
        Map<String, String> now = new LinkedHashMap<>();
        now.put("database", "changed: all of the release SQL is committed");
        now.put("git", "pushed");
        now.put("next", exit == Failure.Exit.PASSED ? "nothing" : "jbang release.java   # begins anew");
        return new Document(new Facts("guest-house", "main", "production", Instant.parse("2026-11-28T23:51:53Z"), exit,
                now, record));
    }

    private static void holds(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), () -> "no \"" + part + "\" in\n" + text);
        }
    }

    @Test
    void bothFormsHoldEveryPartOfTheRecord() {
        Document document = document(Failure.Exit.PASSED, record());
        for (String text : List.of(document.html(), document.markdown())) {
            holds(text, "Released main to production", "The service was down for 1.4 s", "ACCESS EXCLUSIVE bookings",
                    "writes of bookings: 61 ms", "about 2.4 s of SQL", "code that runs names bookings.email",
                    "bookings: writes wait up to 200 ms", "reads of bookings: 38 ms", "rewrites bookings",
                    "before 6,000",
                    "after 1,300", "LOST ROWS", "1 table lost rows that no statement explains",
                    "1 added, 1 changed, 1 removed", "CON02", "NOT VALID", "bookings of a guest", "slower", "8.08",
                    "Index Scan using bookings_email_idx", "bookings_guest_id_idx", "guest_id is not unique in cards",
                    "3 rows", "HAVING count(*)", "rollback-20261128.sql", "proven",
                    "release_trash_20261128_1", "accepted: runs once a night", "queries/bookings.sql:4",
                    "Dropped, and kept until 2026-12-05: bookings.email, wishlists; then: jbang release.java gc",
                    "Held back: 0004_drop_old, may run from 2026-12-05 on (when nobody reads the old column)",
                    "Held back: 0005_later, may run from 2026-12-12 on, 14d after this release",
                    "logins.somebody_was_here",
                    "reviews: 2,000 rows",
                    "rename ALLOWED_EMAIL to ALLOWED_EMAILS", "jbang backup.java restore _migrations/backup-",
                    "pg_restore --no-owner", "Guests get an account", "git.branch");
        }
    }

    /** What the report reads of a phase is what some phase writes; the fixture alone would prove nothing of it. */
    @Test
    void everyFactThatItReadsIsOneThatAPhaseLeaves() throws IOException {
        Pattern read = Pattern.compile("facts\\.of\\(\"\\w+\", \"(\\w+)\"\\)");
        StringBuilder report = new StringBuilder();
        StringBuilder phases = new StringBuilder();
        Path repo = Path.of(System.getProperty("repo"));
        try (var files = java.util.stream.Stream.concat(Files.list(repo), Files.walk(repo.resolve("lib")))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                (file.startsWith(repo.resolve("lib/report")) ? report : phases).append(Files.readString(file));
            }
        }
        List<String> names = read.matcher(report).results().map(found -> found.group(1)).distinct().toList();
        assertTrue(names.size() > 15, names.toString());
        assertEquals(List.of(), names.stream().filter(name -> !phases.toString().contains("fact(\"" + name + "\""))
                .toList(), "nobody leaves these");
    }

    @Test
    void aTableMayBeCalledAnything() {
        Document document = document(Failure.Exit.PASSED, record());
        String html = document.html();
        assertFalse(html.contains("<script"), "a name became a tag");
        holds(html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;", "&quot;a&amp;b|c`d&quot;");
        Pattern outside = Pattern.compile("(?i)\\b(src|href)=\"(?!#)|url\\(|@import|https?://");
        assertFalse(outside.matcher(html).find(), "it refers to something outside of itself");
        for (String line : document.markdown().lines().toList()) {
            assertFalse(line.replaceAll("`[^`]*`", "").contains("<script"), line);
        }
        holds(document.markdown(), "a&b\\|c");
    }

    /** What no phase left is absent, and nothing else fails for it. */
    @Test
    void aRecordOfNothingButAStopIsATriagePage() {
        ObjectNode record = Json.object();
        ObjectNode preflight = record.putObject("preflight").put("phase", "preflight").put("status", "stop");
        preflight.putArray("gates").addObject().put("id", "git.clean").put("status", "stop")
                .put("message", "1 path is not committed: a <b>.txt\nand more").put("hint", "git add -A && git commit");
        record.putObject("release").put("step", "preflight").put("error", "1 path is not committed");
        Document document = document(Failure.Exit.STOP, record);
        holds(document.html(), "<h1 class=\"bad\">Stopped at preflight</h1>", "Nothing was changed",
                "What stopped it",
                "git.clean", "a &lt;b&gt;.txt", "git add -A &amp;&amp; git commit",
                "jbang release.java   # begins anew");
        holds(document.markdown(), "**STOP** at preflight", "```\ngit add -A && git commit\n```");
        for (String absent : List.of("Timeline", "Statements", "Hazards", "Queries", "Rows", "The way back")) {
            assertFalse(document.markdown().contains("## " + absent), document.markdown());
        }
        record.withObject("/release").put("service", "stopped");
        holds(document(Failure.Exit.STOP, record).markdown(), "The database of production is as it was, and the service"
                + " is down.");
        ObjectNode later = Json.object();
        later.putObject("release").put("step", "promote").put("error", "origin refused the push")
                .put("hint", "git push --atomic");
        holds(document(Failure.Exit.UNFINISHED, later).html(), "Unfinished at promote", "origin refused the push",
                "Production or the remote was changed", "git push --atomic");
        holds(document(Failure.Exit.DECIDE, later).html(), "Waits for a decision at promote");
    }

    @Test
    void aFactThatNobodyForesawCostsItsOwnPartAlone() {
        ObjectNode record = record();
        record.withArray("/release/times").addObject().put("step", "confirm").put("from", "yesterday");
        String markdown = document(Failure.Exit.PASSED, record).markdown();
        holds(markdown, "## A part that could not be made", "yesterday", "## Statements", "**Passed.**");
        assertFalse(markdown.contains("## Timeline"), markdown);
        ObjectNode nulls = Json.object();
        for (String phase : List.of("preflight", "backup", "assess", "validate")) {
            ObjectNode facts = nulls.putObject(phase).putObject("facts");
            List.of("commits", "file", "hazards", "variables", "held", "statements", "forecast", "tables", "schema",
                    "rollback", "queries", "violations", "trash", "certificate").forEach(facts::putNull);
        }
        String empty = document(Failure.Exit.PASSED, nulls).markdown();
        assertFalse(empty.contains("null"), empty);
        assertFalse(empty.contains("could not be made"), empty);
    }

    /** A release that went on after a crash knows the times of its own segments alone. */
    @Test
    void whatProductionRanStandsBesideTheSameStatementOfTheRehearsal() {
        ObjectNode record = record();
        var statements = ((ObjectNode) record.at("/validate/facts")).putArray("statements");
        statements.addObject().put("segment", 1).put("statement", "SELECT 1").put("rows", 1).put("millis", 1);
        statements.addObject().put("segment", 2).put("statement", "SELECT 2").put("rows", 1).put("millis", 2);
        statements.addObject().put("segment", 2).put("statement", "SELECT 3").put("rows", 1).put("millis", 3);
        ((ObjectNode) record.path("release")).set("applied", Json.MAPPER.createArrayNode().add(Json.object()
                .set("outcomes", Json.MAPPER.createArrayNode()
                        .add(Json.object().put("segment", 2).put("statement", "SELECT 2").put("millis", 40))
                        .add(Json.object().put("segment", 2).put("statement", "SELECT 3").put("millis", 50)))));
        String markdown = document(Failure.Exit.PASSED, record).markdown();
        holds(markdown, "| 1 | `SELECT 1` | 1 | rehearsed 1.0 ms |");
        assertTrue(markdown.matches("(?s).*`SELECT 2`[^\n]*production 40 ms.*`SELECT 3`[^\n]*production 50 ms.*"),
                markdown);
    }

    @Test
    void manyStatementsAreFoldedBehindTheLongest() {
        ObjectNode record = record();
        var statements = ((ObjectNode) record.at("/validate/facts")).putArray("statements");
        for (int i = 0; i < 300; i++) {
            statements.addObject().put("statement", "SELECT " + i).put("rows", 0).put("millis", i == 7 ? 90 : 1);
        }
        String markdown = document(Failure.Exit.PASSED, record).markdown();
        assertTrue(markdown.indexOf("`SELECT 7`") < markdown.indexOf("**All 300 statements**"), markdown);
        assertTrue(markdown.indexOf("`SELECT 299`") > markdown.indexOf("**All 300 statements**"), markdown);
    }

    /** What a browser makes of a page: run inside of it, by the harness around it and never by the page. */
    private static final String MEASURE = """
            function channel(c) { c /= 255; return c <= .03928 ? c / 12.92 : Math.pow((c + .055) / 1.055, 2.4); }
            function light(c) { return .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]); }
            function rgba(text) {
              const n = text.match(/[\\d.]+/g).map(Number);
              return n.length < 4 ? [...n, 1] : n;
            }
            function below(element, view) {
              for (let e = element; e; e = e.parentElement) {
                const c = rgba(view.getComputedStyle(e).backgroundColor);
                if (c[3] === 1) return c;
                if (c[3] !== 0) throw new Error('a background that is half transparent: ' + e.className);
              }
              return [255, 255, 255];
            }
            function measure(frame) {
              const page = frame.contentDocument, view = frame.contentWindow, faint = [], wide = [];
              const folded = [...page.querySelectorAll('details')].filter(d => !d.lastElementChild.checkVisibility());
              const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
              let texts = 0;
              page.querySelectorAll('details').forEach(d => { d.open = true; });
              while (walker.nextNode()) {
                const e = walker.currentNode.parentElement, style = view.getComputedStyle(e);
                if (!walker.currentNode.data.trim() || !e.getClientRects().length) continue;
                texts++;
                const a = light(rgba(style.color)), b = light(below(e, view));
                const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
                const size = parseFloat(style.fontSize), bold = +style.fontWeight >= 700;
                const enough = size >= 24 || size >= 18.66 && bold ? 3 : 4.5;
                if (ratio < enough) faint.push(ratio.toFixed(2) + ' ' + e.className + ' ' + e.textContent.slice(0, 40));
              }
              page.querySelectorAll('body *').forEach(e => {
                if (e.getBoundingClientRect().right > view.innerWidth + 1) wide.push(e.tagName + '.' + e.className);
              });
              return { texts, faint, wide, folded: folded.length,
                scroll: page.documentElement.scrollWidth > view.innerWidth, width: view.innerWidth,
                paper: view.getComputedStyle(page.body).backgroundColor,
                scripts: page.scripts.length };
            }
            addEventListener('load', () => {
              const seen = [...document.querySelectorAll('iframe')].map(measure);
              document.getElementById('seen').textContent = JSON.stringify(seen);
            });
            """;

    private static String chromium() {
        for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
            for (String folder : System.getenv("PATH").split(java.io.File.pathSeparator)) {
                if (Files.isExecutable(Path.of(folder, name))) {
                    return name;
                }
            }
        }
        return null;
    }

    private static Exec.Result browse(Path page, String... options) throws IOException {
        Path profile = Files.createTempDirectory(temp, "profile");
        List<String> command = new java.util.ArrayList<>(List.of(chromium(), "--headless", "--no-sandbox",
                "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
                "--user-data-dir=" + profile));
        command.addAll(List.of(options));
        command.add(page.toUri().toString());
        return Exec.of(command).in(temp).run();
    }

    private static JsonNode seen(String html, int scheme, int... widths) throws IOException {
        StringBuilder frames = new StringBuilder();
        for (int width : widths) {
            frames.append("<iframe style=\"border:0;height:3000px;width:").append(width).append("px\" srcdoc=\"")
                    .append(html.replace("&", "&amp;").replace("\"", "&quot;")).append("\"></iframe>\n");
        }
        Path harness = Files.writeString(temp.resolve("harness-" + scheme + ".html"),
                "<!DOCTYPE html><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">"
                + "<pre id=\"seen\"></pre><script>" + MEASURE + "</script>" + frames);
        Exec.Result result = browse(harness, "--window-size=1900,3200",
                "--blink-settings=preferredColorScheme=" + scheme, "--dump-dom");
        assertFalse(result.err().contains(":CONSOLE"), result.err());
        Matcher found = Pattern.compile("(?s)<pre id=\"seen\">(.*?)</pre>").matcher(result.out());
        assertTrue(found.find() && found.group(1).startsWith("["), () -> result.err() + result.out().length());
        return Json.MAPPER.readTree(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aBrowserShowsItReadablyAtBothWidths(int scheme) throws IOException {
        assumeTrue(chromium() != null, "chromium is not installed");
        JsonNode seen = seen(document(Failure.Exit.PASSED, record()).html(), scheme, 400, 1400);
        for (JsonNode view : seen) {
            assertEquals("[]", view.path("faint").toString(), "contrast below WCAG AA");
            assertEquals("[]", view.path("wide").toString(), "it does not fit into " + view.path("width"));
            assertFalse(view.path("scroll").asBoolean(), "it scrolls sideways at " + view.path("width"));
            assertEquals(0, view.path("scripts").asInt());
            assertTrue(view.path("texts").asInt() > 200, view.toString());
            assertTrue(view.path("folded").asInt() > 3, "what only some readers want is folded: " + view);
        }
        assertEquals(List.of(400, 1400), List.of(seen.at("/0/width").asInt(), seen.at("/1/width").asInt()));
        assertEquals(scheme == 0 ? "rgb(21, 24, 28)" : "rgb(246, 246, 243)", seen.at("/0/paper").asText());
    }

    /** The measure itself can fail. */
    @Test
    void aPageThatIsHardToReadIsFound() throws IOException {
        assumeTrue(chromium() != null, "chromium is not installed");
        String html = document(Failure.Exit.PASSED, record()).html().replace("--soft: #565d68", "--soft: #a0a0a0")
                .replace("</main>", "<p style=\"width:600px\">wide</p></main>");
        JsonNode seen = seen(html, 1, 400, 1400);
        assertTrue(seen.at("/0/faint").size() > 5, seen.toString());
        assertTrue(seen.at("/0/scroll").asBoolean(), seen.toString());
        assertTrue(seen.at("/1/wide").isEmpty(), seen.toString());
    }

    /** The style of paper, shown on a screen as wide as a sheet of A4 between its margins, and one of A5. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void onPaperItIsBlackOnWhiteAndHasNoFolds(int scheme) throws IOException {
        assumeTrue(chromium() != null, "chromium is not installed");
        String html = document(Failure.Exit.PASSED, record()).html();
        assertTrue(html.contains("@media print"), "there is a style for paper");
        for (JsonNode view : seen(html.replace("@media print", "@media all"), scheme, 695, 460)) {
            assertEquals("[]", view.path("faint").toString(), "contrast below WCAG AA");
            assertEquals("[]", view.path("wide").toString(), "it does not fit into " + view.path("width"));
            assertEquals(0, view.path("folded").asInt(), "somebody with a sheet of paper cannot unfold it");
            assertEquals("rgb(255, 255, 255)", view.path("paper").asText());
        }
    }

    @Test
    void itOpensAsAFileWithoutAWordOfComplaintAndPrints() throws IOException {
        assumeTrue(chromium() != null, "chromium is not installed");
        Path page = Files.writeString(temp.resolve("report.html"), document(Failure.Exit.PASSED, record()).html());
        Exec.Result result = browse(page, "--no-pdf-header-footer", "--print-to-pdf=" + temp.resolve("report.pdf"));
        assertFalse(result.err().contains(":CONSOLE"), result.err());
        String pdf = Files.readString(temp.resolve("report.pdf"), StandardCharsets.ISO_8859_1);
        long pages = Pattern.compile("/Type\\s*/Page\\b").matcher(pdf).results().count();
        assertTrue(pages >= 5 && pages <= 14, pages + " pages");
        String keep = System.getenv("REPORT_PAGE");
        if (keep != null) {
            Files.copy(page, Path.of(keep), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
