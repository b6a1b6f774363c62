//SOURCES ../Count.java ../Decoded.java ../Failure.java ../History.java ../Migration.java ../sql/Name.java
//SOURCES DrizzleFolder.java HistoryTable.java JavaScript.java ToolTable.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Count;
import lib.Decoded;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.sql.Name;

/**
 * The history of a tool that is known by name and no further: it is read as far as that is safe, and never written,
 * because a row that the tool itself would not have written leads it astray.
 */
public final class OtherTool implements History {
    /**
     * What is known of such a tool.
     *
     * @param file its migrations; group 1 is the folder, group 2 what its table has of the name, if anything
     * @param word what a file must hold as well to be its, or null
     * @param column of its table, with which group 2 is compared; null when that would not decide anything
     * @param run the command that runs what is pending
     */
    private record Rule(String tool, Pattern file, String word, String column, String run) {
    }

    private static final List<Rule> RULES = List.of(
            rule("rails", "((?:.*/)?db/migrate)/(\\d{14})_\\w+\\.rb", null, "version", "bin/rails db:migrate"),
            rule("sqitch", "((?:.*/)?)sqitch\\.plan()", null, null, "sqitch deploy"),
            rule("liquibase", "((?:.*/)?)[^/]*()\\.(?:xml|ya?ml|json)", "databaseChangeLog", null, "liquibase update"),
            rule("liquibase", "((?:.*/)?)[^/]*()\\.sql", "--liquibase formatted sql", null, "liquibase update"),
            rule("goose", "((?:.*/)?)0*(\\d+)_[^/]*\\.(?:sql|go)", "+goose Up", "version_id", "goose up"),
            rule("dbmate", "((?:.*/)?)(\\d+)_[^/]*\\.sql", "-- migrate:up", "version", "dbmate up"),
            rule("golang-migrate", "((?:.*/)?)0*(\\d+)_[^/]*\\.up\\.sql", null, null,
                    "migrate -path … -database … up"),
            rule("diesel", "((?:.*/)?migrations)/([^/]+)/up\\.sql", null, null, "diesel migration run"),
            rule("alembic", "((?:.*/)?versions)/[^/]*()\\.py", "alembic", null, "alembic upgrade head"),
            rule("django", "((?:.*/)?migrations)/(\\d{4}_\\w+)\\.py", "django", null, "python manage.py migrate"),
            rule("ecto", "((?:.*/)?repo/migrations)/(\\d{14})_\\w+\\.exs", null, "version", "mix ecto.migrate"),
            rule("laravel", "((?:.*/)?migrations)/(\\d{4}_\\d\\d_\\d\\d_\\d{6}_\\w+)\\.php", null, "migration",
                    "php artisan migrate"),
            rule("entity-framework", "((?:.*/)?Migrations)/(\\d{14}_\\w+?)(?<!Designer)\\.cs", "MigrationBuilder",
                    "MigrationId", "dotnet ef database update"),
            rule("sequelize", "((?:.*/)?migrations)/([^/]+\\.[cm]?[jt]s)", "queryInterface", "name",
                    "npx sequelize-cli db:migrate"),
            rule("typeorm", "((?:.*/)?)[^/]*()\\.[cm]?[jt]s", "MigrationInterface", null, "npx typeorm migration:run"),
            rule("mikro-orm", "((?:.*/)?migrations)/(Migration\\d+)\\.[jt]s", null, "name",
                    "npx mikro-orm migration:up"),
            rule("knex", "((?:.*/)?migrations)/(\\d{14}_[^/]+\\.[cm]?[jt]s)", "knex", "name",
                    "npx knex migrate:latest"));

    private final Rule rule;
    private final String folder;
    private final List<Migration> local = new ArrayList<>();
    private final Map<String, String> keys = new TreeMap<>();

    private OtherTool(Rule rule, String folder, Map<String, byte[]> files) {
        this.rule = rule;
        this.folder = folder;
        for (String path : new TreeSet<>(files.keySet())) {
            Matcher file = rule.file.matcher(path);
            if (file.matches() && folder(file).equals(folder) && ours(rule, path, files)) {
                String name = path.substring(path.lastIndexOf('/') + 1);
                String id = name.equals("up.sql") ? file.group(2) : name.replaceFirst("\\.[^.]*$", "");
                boolean sql = name.endsWith(".sql");
                local.add(new Migration(id, path, sql ? Decoded.of(files.get(path)).text() : "", null, 0));
                keys.put(id, file.group(2));
            }
        }
    }

    private static Rule rule(String tool, String file, String word, String column, String run) {
        return new Rule(tool, Pattern.compile(file), word, column, run);
    }

    private static String folder(Matcher file) {
        return file.group(1).replaceFirst("/$", "");
    }

    private static boolean ours(Rule rule, String path, Map<String, byte[]> files) {
        return !JavaScript.installed(path) && (rule.word == null
                || new String(files.get(path), StandardCharsets.ISO_8859_1).contains(rule.word));
    }

    /** The tools of this kind that a repository has files of, each with its folders. */
    static Map<String, Set<String>> folders(Map<String, byte[]> files) {
        Map<String, Set<String>> folders = new TreeMap<>();
        for (String path : files.keySet()) {
            for (Rule rule : RULES) {
                Matcher file = rule.file.matcher(path);
                if (file.matches() && ours(rule, path, files)) {
                    folders.computeIfAbsent(rule.tool, tool -> new TreeSet<>()).add(folder(file));
                    break;
                }
            }
        }
        return folders;
    }

    static List<String> names() {
        return RULES.stream().map(Rule::tool).distinct().toList();
    }

    static History of(String tool, String folder, Map<String, byte[]> files) {
        OtherTool first = null;
        for (Rule rule : RULES) {
            if (rule.tool.equals(tool)) {
                OtherTool history = new OtherTool(rule, folder, files);
                first = first == null || first.local.isEmpty() ? history : first;
            }
        }
        return first;
    }

    @Override
    public String tool() {
        return rule.tool;
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<Migration> local() {
        return List.copyOf(local);
    }

    /** What its table has, and where names decide it, what of the folder is not in it. */
    @Override
    public State state(Connection connection) throws SQLException {
        List<ToolTable.Found> found = ToolTable.in(connection).stream()
                .filter(each -> each.tool().equals(rule.tool)).toList();
        ToolTable.Found there = found.isEmpty() ? null : found.get(0);
        ToolTable known = ToolTable.ALL.stream().filter(each -> each.tool().equals(rule.tool)).findFirst()
                .orElseThrow(() -> new IllegalStateException("no table is known of " + rule.tool));
        Name table = there == null ? Name.of(known.schema(), known.table()) : there.table();
        HistoryTable rows = there == null ? new HistoryTable(table, List.of(), List.of())
                : HistoryTable.read(connection, table, there.columns(), "");
        Set<String> values = new HashSet<>();
        rows.rows().forEach(row -> values.add(row.get(rule.column)));
        List<Migration> applied = new ArrayList<>();
        List<Migration> pending = new ArrayList<>();
        if (rule.column != null) {
            local.forEach(each -> (values.contains(keys.get(each.id())) ? applied : pending).add(each));
        }
        Troubles troubles = new Troubles();
        String what = rule.tool + " keeps its history in " + table.full()
                + (there == null ? ", which is not there" : " (" + Count.of(rows.rows().size(), "row") + ")");
        String rest = rule.column == null ? "; which of its migrations are pending only " + rule.tool + " can tell"
                : pending.isEmpty() ? "; nothing in " + folder + " is missing there"
                : "; not in it: " + String.join(", ", pending.stream().limit(5).map(Migration::id).toList())
                + (pending.size() > 5 ? " and " + (pending.size() - 5) + " more" : "");
        troubles.add("read-only", rule.tool, what + rest + ". This version only reads it, and writes no row for "
                + rule.tool, "run it on a restored copy first: " + rule.run + "; or give the release as a script of"
                + " your own, rows included: jbang release.java --sql FILE",
                rule.column == null || !pending.isEmpty());
        return new State(table, there != null, rows.columns(), applied, pending, List.copyOf(troubles.all()));
    }

    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        if (migrations.isEmpty()) {
            return List.of();
        }
        throw Failure.stop("this version writes no history rows for " + rule.tool,
                "run " + rule.run + ", or give the release as a script of your own: jbang release.java --sql FILE");
    }
}
