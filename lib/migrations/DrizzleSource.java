//SOURCES ../Failure.java ../Json.java ../sql/Name.java DrizzleConfig.java DrizzleFolder.java JavaScript.java

package lib.migrations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Json;
import lib.sql.Name;

/** One installed drizzle-orm: what of its own source this project relies on, and whether it is still so. */
final class DrizzleSource {
    /** What was read and run when this was written. */
    static final String CHECKED = "0.29.0 to 0.45.4 and 1.0.0-rc.5";

    private static final String NAME = "\\$\\{(?:[\\w$]+\\.)*sql\\.identifier\\(migrations(?:Schema|Table)\\)\\}";
    private static final String TABLE = "(?:(?:" + NAME + "\\.)?" + NAME + "|\"drizzle\"\\.\"__drizzle_migrations\")";
    private static final String CREATE = "CREATE TABLE IF NOT EXISTS " + TABLE
            + " \\( id SERIAL PRIMARY KEY, hash text NOT NULL, created_at ";

    /** One thing relied on: in words, and as it stands in the source. */
    private record Expected(String what, Pattern pattern) {
        static Expected of(String what, String pattern) {
            return new Expected(what, Pattern.compile(pattern));
        }
    }

    // Each statement must be there, and no other one may be.
    private static final List<Expected> JOURNAL_STATEMENTS = List.of(
            Expected.of("its history has the columns id, hash, created_at and no more", CREATE
            + "(?:bigint|numeric) \\)"),
            Expected.of("it asks for nothing but the row with the newest created_at",
                    "(?i)select id, hash, created_at from " + TABLE + " order by created_at desc limit 1"),
            Expected.of("it inserts hash and created_at", "(?i)insert into " + TABLE
                    + " \\(\"hash\", \"created_at\"\\) values\\('?\\$\\{(\\w+)\\.hash\\}'?, "
                    + "'?\\$\\{\\1\\.folderMillis\\}'?\\)"));
    private static final List<Expected> JOURNAL_LOGIC = List.of(
            Expected.of("the newest row is the first of the answer", "(\\w+) = \\w+\\[0\\]"),
            Expected.of("a migration runs when its time is after that row's, and on no other condition",
                    "^(?!.*\\bif \\(.*\\bif \\().*if \\(!(\\w+) \\|\\| Number\\(\\1\\.created_at\\) < "
                    + "\\w+\\.folderMillis\\) \\{"));
    private static final List<Expected> JOURNAL_FILES = List.of(
            Expected.of("it reads meta/_journal.json",
            "/meta/_journal\\.json`\\)?\\.toString\\(\\)|readFileSync\\(`[^`]*/meta/_journal\\.json`\\)"),
            Expected.of("it reads <tag>.sql of every entry of the journal",
            "readFileSync\\(`\\$\\{\\w+\\}/\\$\\{\\w+\\.tag\\}\\.sql`\\)\\.toString\\(\\)"),
            Expected.of("a migration's time is the `when` of its entry", "folderMillis: \\w+\\.when,"),
            Expected.of("a migration's hash is the SHA-256 of its text",
            "createHash\\(\"sha256\"\\)\\.update\\(query\\)\\.digest\\(\"hex\"\\)"));

    private static final List<Expected> FOLDER_STATEMENTS = List.of(
            Expected.of("its history has the columns id, hash, created_at, name, applied_at and no more",
                    CREATE + "bigint, name text, applied_at timestamp with time zone DEFAULT now\\(\\) \\)"),
            Expected.of("it asks for all rows", "select id, hash, created_at, name from " + TABLE + " ?"),
            Expected.of("it inserts hash, created_at and name", "insert into " + TABLE
            + " \\(\"hash\", \"created_at\", \"name\"\\)"
                    + " values\\(\\$\\{(\\w+)\\.hash\\}, \\$\\{\\1\\.folderMillis\\}, \\$\\{\\1\\.name(?: \\?\\? "
                    + "null)?\\}\\)"));
    private static final List<Expected> FOLDER_LOGIC = List.of(
            Expected.of("it runs what getMigrationsToRun answers",
                    "migrationsToRun = (?:\\(0, )?(?:[\\w$]+\\.)?getMigrationsToRun\\)?\\(\\{ localMigrations: "
                    + "migrations, dbMigrations \\}\\).* of migrationsToRun\\)"),
            Expected.of("it brings an older table up first",
            "upgradeIfNeeded\\)?\\((?:migrationsSchema|\"public\"), migrationsTable, "));
    private static final List<Expected> FOLDER_FILES = List.of(
            Expected.of("it refuses a folder that has a journal",
            "existsSync\\(`[^`]*/meta/_journal\\.json`\\)\\) throw"),
            Expected.of("it reads migration.sql of every folder",
            "\\((\\w+), (\\w+), \"migration\\.sql\"\\), name: \\2"),
            Expected.of("folders come in the order of their names",
            "\\.sort\\(\\((\\w), (\\w)\\) => \\1\\.name\\.localeCompare\\(\\2\\.name\\)\\)"),
            Expected.of("a migration's time is in the first 14 digits of its folder's name",
                    "(\\w+) = \\w+\\.name\\.slice\\(0, 14\\).*(\\w+) = (?:\\(0, "
                    + ")?(?:[\\w$]+\\.)?formatToMillis\\)?\\(\\1\\).*folderMillis: \\2,"),
            Expected.of("a migration's hash is the SHA-256 of its text",
                    "query = [\\w$.]*readFileSync\\(\\w+\\)\\.toString\\(\\)"
                            + ".*createHash\\(\"sha256\"\\)\\.update\\(query\\)\\.digest\\(\"hex\"\\)"));
    private static final List<Expected> FOLDER_UTILITIES = List.of(
            Expected.of("the time is UTC", "Date\\.UTC\\(year, month, day, hour, minute, second\\)"),
            Expected.of("a migration runs when its name is in no row",
            "(\\w+) = new Set\\(dbMigrations\\.map\\(\\((\\w)\\) => \\2\\.name\\)"
                    + "\\.filter\\(\\((\\w)\\) => \\3 !== null\\)\\); return localMigrations\\.filter\\(\\((\\w+)\\) "
                    + "=> !\\4\\.name \\|\\| !\\1\\.has\\(\\4\\.name\\)\\)"));
    private static final List<Expected> UPGRADE = List.of(
            Expected.of("it finds the migration of an old row by the second of created_at",
            "substring\\(0, (\\w+)\\.length - 3\\) \\+ \"000\"\\)"),
            Expected.of("it settles ties by the hash",
            "candidates\\.length === 1\\) (\\w+) = candidates\\[0\\]; else if \\(candidates && candidates\\.length > "
            + "1\\)"
                    + " \\1 = candidates\\.find\\(\\((\\w)\\) => \\2\\.hash === dbRow\\.hash\\); else \\1 = "
                    + "byHash\\.get\\(dbRow\\.hash\\)"));

    private final Path home;
    final String version;

    private DrizzleSource(Path home, String version) {
        this.home = home;
        this.version = version;
    }

    /** The package installed in a folder. */
    static DrizzleSource of(Path home) {
        try {
            return new DrizzleSource(home, Json.MAPPER.readTree(Files.readAllBytes(home.resolve("package.json")))
                    .path("version").asText("?"));
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, home.resolve("package.json") + " cannot be read: " + e.getMessage(),
                    "npm ci", e);
        }
    }

    /** Which shape of folder this version reads. */
    DrizzleFolder.Style style() {
        String text = text("migrator.js");
        if (text.contains("\"migration.sql\"")) {
            return DrizzleFolder.Style.FOLDERS;
        }
        if (text.contains("journal.entries")) {
            return DrizzleFolder.Style.JOURNAL;
        }
        throw changed("migrator.js", "it reads a journal, or a folder for each migration");
    }

    /** The file that really runs migrations for a driver; the driver's own is often but a door to it. */
    String runner(String driver) {
        String file = driver + "/migrator.js";
        for (int doors = 0; doors < 4; doors++) {
            String text = text(file);
            if (Pattern.compile("(?i)insert into").matcher(text).find()) {
                return file;
            }
            if (text.contains("dialect.migrate(")) {
                return "pg-core/dialect.js";
            }
            Matcher door = Pattern.compile("import \\{[^}]*\\bmigrate\\b[^}]*\\} from "
                    + "\"(\\.[^\"]*(?:pg-core|postgres)[^\"]*)\"").matcher(text);
            if (!door.find()) {
                break;
            }
            file = Path.of(file).resolveSibling(door.group(1)).normalize().toString().replace('\\', '/');
        }
        throw changed(file, "it hands the migrations to pg-core, or runs them itself");
    }

    /** Compares a file with what this project relies on, its CommonJS twin too: an application may load either. */
    void check(String runner, DrizzleFolder.Style style) {
        boolean journal = style == DrizzleFolder.Style.JOURNAL;
        for (String kind : new String[] {".js", ".cjs"}) {
            String file = runner.replaceFirst("\\.js$", kind);
            if (kind.equals(".cjs") && !Files.exists(home.resolve(file))) {
                continue;
            }
            String body = body(file, "\\bmigrate\\b[^;{}]*\\([^;{}]*\\) \\{");
            statements(file, body, journal ? JOURNAL_STATEMENTS : FOLDER_STATEMENTS);
            expect(file, body, journal ? JOURNAL_LOGIC : FOLDER_LOGIC);
            if (!fixed(runner)) {
                expect(file, body, List.of(Expected.of("the history is drizzle.__drizzle_migrations unless migrate() "
                        + "is told otherwise",
                        "config\\.migrationsTable \\?\\? \"__drizzle_migrations\"(?!.*config\\.migrationsSchema "
                        + "\\?\\? \"(?!drizzle\"))")));
            }
            expect("migrator" + kind, body("migrator" + kind, "function readMigrationFiles\\(\\w+\\) \\{"), journal
                    ? JOURNAL_FILES : FOLDER_FILES);
            if (!journal) {
                expect("migrator.utils" + kind, text("migrator.utils" + kind), FOLDER_UTILITIES);
                Matcher upgrade = Pattern.compile("[\"/](up-migrations/[\\w-]+)\\.c?js\"").matcher(text(runner));
                if (!upgrade.find()) {
                    throw changed(runner, "it brings an older table up first");
                }
                expect(upgrade.group(1) + kind, text(upgrade.group(1) + kind), UPGRADE);
            }
        }
    }

    /** Whether this file takes no other table than drizzle.__drizzle_migrations, whatever migrate() is told. */
    boolean fixed(String runner) {
        return !text(runner).contains("config.migrationsTable");
    }

    /** Where this file keeps its history when migrate() is told of a table. */
    Name table(String runner, Name told) {
        boolean everywhere = !text(runner).contains("migrationsSchema");
        return fixed(runner) ? DrizzleConfig.USUAL : everywhere ? Name.of("public", told.name()) : told;
    }

    /** Whether this is one of the versions for which this was written. */
    boolean known() {
        return version.matches("0\\.(29|3[0-9]|4[0-4])\\.\\d+|0\\.45\\.[0-4]|1\\.0\\.0-rc\\.5");
    }

    /** Whether what fails half-way is undone; null where the application's own callback decides that. */
    Boolean transactional(String runner) {
        String body = body(runner, "\\bmigrate\\b[^;{}]*\\([^;{}]*\\) \\{");
        return body.contains("callback(") ? null : Boolean.valueOf(body.contains(".transaction(")
                || body.contains(".batch("));
    }

    private void statements(String file, String body, List<Expected> expected) {
        List<String> sent = Pattern.compile("`([^`]*)`").matcher(body).results().map(found -> found.group(1).strip())
                .toList();
        for (Expected one : expected) {
            if (sent.stream().noneMatch(statement -> one.pattern.matcher(statement).matches())) {
                throw changed(file, one.what);
            }
        }
        Pattern schema = Pattern.compile("CREATE SCHEMA IF NOT EXISTS (?:" + NAME + "|\"drizzle\")");
        Optional<String> other = sent.stream().filter(statement -> !schema.matcher(statement).matches()
                && expected.stream().noneMatch(one -> one.pattern.matcher(statement).matches())).findFirst();
        if (other.isPresent()) {
            throw changed(file, "it sends no statement such as: " + other.get());
        }
    }

    private void expect(String file, String text, List<Expected> expected) {
        for (Expected one : expected) {
            if (!one.pattern.matcher(text).find()) {
                throw changed(file, one.what);
            }
        }
    }

    private String body(String file, String head) {
        String text = text(file);
        Matcher at = Pattern.compile(head).matcher(text);
        if (!at.find()) {
            throw changed(file, "it has the function that reads or runs migrations");
        }
        return JavaScript.block(text, at.end() - 1);
    }

    /** A file without comments, every run of white space one blank. */
    private String text(String file) {
        try {
            return JavaScript.code(Files.readAllBytes(home.resolve(file))).replaceAll("\\s+", " ");
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, "drizzle-orm " + version + " has no file " + file + " (" + home + ")",
                    way(), e);
        }
    }

    private Failure changed(String file, String expectation) {
        return Failure.stop("drizzle-orm " + version + " is not as expected: in " + home.resolve(file)
                + " this no longer holds: " + expectation, way());
    }

    /** The way out when it is not as this project believes. */
    String way() {
        return "install a version this tool was checked with (" + CHECKED + "): npm install drizzle-orm@"
                + (version.startsWith("1.") ? "1.0.0-rc.5" : "0.45.4") + "; a patched copy comes back with: npm ci";
    }
}
