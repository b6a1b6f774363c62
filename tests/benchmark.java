///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Measures the speed goals: our scripts against the plain commands, by turns, on data made for it
//JAVA 17+

//SOURCES BenchApp.java BenchData.java BenchFigures.java BenchGoal.java BenchRecipe.java BenchScripts.java
//SOURCES BenchServer.java BenchTable.java World.java
//SOURCES ../backup.java ../validate.java ../preflight.java ../assess.java ../release.java
//SOURCES ../lib/ClassArchive.java ../lib/Cli.java ../lib/Exec.java ../lib/Failure.java ../lib/Fingerprint.java
//SOURCES ../lib/PhaseProcess.java ../lib/Postgres.java ../lib/Target.java ../lib/backup/Contents.java

//COMPILE_OPTIONS -encoding UTF-8

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import lib.ClassArchive;
import lib.Cli;
import lib.Exec;
import lib.Failure;
import lib.Fingerprint;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Target;
import lib.backup.Contents;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures what is promised of our speed; a missed goal is said, and is no failure. */
@Command(name = "benchmark", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        description = "Measures our scripts against the plain commands, by turns, on servers and data of its own.",
        footer = {"%nGoals: S1 (2 GB), S2 (20 MB), S3 (a whole release), S4 (proof of all data),",
            "S5 (downtime), S6 (review), S7 (fingerprint), S8 (preflight), S9 (--help),",
            "S10 (memory during S1). Without any: all.",
            "%nOnly the ratios mean something on a machine that others use as well.",
            "%nExit codes:", "  0    everything was measured, however it came out", "  2    wrong usage"})
class benchmark implements Callable<Integer> {
    enum Scale { small, full }

    private static final List<String> SCRIPTS = List.of("preflight", "backup", "assess", "validate", "release");
    private static final int FULL = 2000;
    private static final int SMALL = 500;
    private static final int TABLES = 2000;
    private static final int FILES = 500;
    /** The exit code of a review that found something dangerous. */
    private static final int STOPPED = 10;
    /** How often the rows of the application are there where the SQL should take seconds. */
    private static final int TIMES = 150;
    private static final String CHECKS = "{\"checks\": [[\"git\", \"--version\"]]}\n";

    @Parameters(paramLabel = "GOAL", description = "S1 to S10; all when none is named.")
    List<BenchGoal> goals = new ArrayList<>();

    @Option(names = "--runs", defaultValue = "3", description = "How often each side runs (default: 3).")
    int runs;

    @Option(names = "--scale", defaultValue = "full",
            description = "full: S1 with 2 GB (default); small: with 500 MB, for a quick look.")
    Scale scale;

    @Option(names = "--json", description = "Print every single run as JSON on stdout.")
    boolean json;

    @Option(names = "--keep", description = "Leave the files, and the server's data, for a look afterwards.")
    boolean keep;

    private Path folder;
    private BenchServer server;
    private BenchRecipe recipe;
    private double peak;

    public static void main(String... args) {
        System.exit(Cli.run(new benchmark(), args));
    }

    @Override
    public Integer call() throws Exception {
        if (runs < 1) {
            throw Failure.usage("--runs " + runs + ": nothing can be measured in no run", "--runs 3");
        }
        System.setProperty("repo", repo().toString());
        List<BenchGoal> wanted = goals.isEmpty() ? List.of(BenchGoal.values()) : goals.stream().distinct().toList();
        BenchTable table = new BenchTable(scale.name(), runs);
        // As in every release but the first.
        ClassArchive.make();
        folder = Files.createTempDirectory("benchmark-").toRealPath();
        try {
            server = new BenchServer(folder.resolve("server"));
            recipe = new BenchRecipe(server.client);
            for (BenchGoal goal : wanted) {
                measure(goal, table);
            }
        } finally {
            if (server != null) {
                server.close();
            }
            if (keep) {
                say("kept: " + folder);
            } else {
                delete(folder);
            }
        }
        System.out.println(json ? table.json() : table.text());
        return 0;
    }

    private void measure(BenchGoal goal, BenchTable table) throws Exception {
        say(goal + ": " + goal.what);
        switch (goal) {
            case S1 -> table.add(span(goal, large()));
            case S2 -> table.add(span(goal, database("little", BenchData.little())));
            case S3 -> table.add(release());
            case S4 -> table.add(proof(large()));
            case S5 -> table.add(downtime());
            case S6 -> table.add(review());
            case S7 -> table.add(fingerprint());
            case S8 -> table.add(preflight());
            case S9 -> table.add(help());
            case S10 -> {
                if (peak == 0) {
                    span(BenchGoal.S1, large());
                }
                if (peak > 0) {
                    table.add(outcome(goal, List.of(peak), List.of(), ""));
                } else {
                    table.skip(goal, "not told by this system");
                }
            }
        }
    }

    private Target large() throws SQLException {
        return database("large", BenchData.mixed(scale == Scale.full ? FULL : SMALL));
    }

    private Target database(String name, List<String> statements) throws SQLException {
        Target target = server.database(name, statements);
        try (Connection connection = Postgres.read(target, "benchmark")) {
            say("    " + target.database() + ": " + Postgres.one(connection,
                    "SELECT pg_size_pretty(pg_database_size(current_database()))"));
        }
        return target;
    }

    // From the start to: backup on disk, verified, rehearsal copy ready. One place to change when the way does.
    private BenchGoal.Outcome span(BenchGoal goal, Target production) throws Exception {
        List<Double> ours = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        List<Double> backups = new ArrayList<>();
        Path dump = folder.resolve("plain.dump");
        for (int run = 1; run <= runs; run++) {
            Path repo = repository(goal.name() + "-" + run);
            BenchScripts scripts = new BenchScripts(repo, Map.of("PROD_DATABASE_URL", production.url(),
                    "LC_ALL", "C.UTF-8"));
            settle();
            double backup = scripts.run("backup").seconds();
            backups.add(backup);
            ours.add(backup + scripts.until("rehearsal.restore", "validate").seconds());
            peak = Math.max(peak, goal == BenchGoal.S1 ? scripts.peak() : 0);
            delete(repo);
            settle();
            long start = System.nanoTime();
            recipe.dump(production, dump);
            double dumped = BenchScripts.since(start);
            Target copy = recipe.copy(production, dump);
            plain.add(BenchScripts.since(start));
            recipe.drop(copy);
            say(String.format("    run %d: ours %.2f s (backup %.2f), plain %.2f s (dump %.2f)", run,
                    ours.get(run - 1), backup, plain.get(run - 1), dumped));
        }
        return outcome(goal, ours, plain, String.format("backup.java alone: %.2f s",
                new BenchFigures(backups).median()));
    }

    // Once as of the backup and once as of the copy, each of which is read whole; against a single read.
    private BenchGoal.Outcome proof(Target target) throws SQLException {
        List<Double> ours = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            long start = System.nanoTime();
            Contents contents = Contents.of(target, null, (table, read, all) -> { });
            List<String> differences = contents.again(target, (table, read, all) -> { }).differences(contents, 1);
            ours.add(BenchScripts.since(start));
            if (!differences.isEmpty()) {
                throw Failure.stop("the same data differs from itself: " + differences.get(0), null);
            }
            start = System.nanoTime();
            recipe.read(target, contents.tables().keySet());
            plain.add(BenchScripts.since(start));
            say(String.format("    run %d: ours %.2f s, one read %.2f s", run, ours.get(run - 1), plain.get(run - 1)));
        }
        return outcome(BenchGoal.S4, ours, plain, String.format("one side alone: %.2f x",
                new BenchFigures(ours).ratio(new BenchFigures(plain)) / 2));
    }

    private BenchGoal.Outcome release() throws Exception {
        List<Double> ours = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            BenchApp app = app(1, CHECKS);
            settle();
            BenchScripts.Ran ran = app.scripts().run("release");
            ours.add(ran.seconds());
            app = app(1, CHECKS);
            settle();
            long start = System.nanoTime();
            app.recipe(recipe);
            plain.add(BenchScripts.since(start));
            say(String.format("    run %d: ours %.2f s, plain %.2f s", run, ours.get(run - 1), plain.get(run - 1)));
        }
        double more = new BenchFigures(ours).median() - new BenchFigures(plain).median();
        return outcome(BenchGoal.S3, ours, plain, String.format("%.2f s more than the plain commands; at most 2 are"
                + " allowed%s", more, more <= 2 ? "" : ": MISSED"));
    }

    private BenchGoal.Outcome downtime() throws Exception {
        List<Double> ours = new ArrayList<>();
        List<Double> backups = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        String services = CHECKS.replace("]]}", "]], \"environments\": {\"production\": {\"services\": {\"web\":"
                + " {\"stop\": [\"true\"], \"start\": []}}}}}");
        for (int run = 1; run <= runs; run++) {
            BenchApp app = app(TIMES, services);
            settle();
            BenchScripts.Ran ran = app.scripts().run("release");
            double backup = ran.at("holds the last write") - ran.at("save: back up once more");
            backups.add(backup);
            ours.add(ran.at("statements committed") - ran.at("stopped: web") - backup);
            Path sql = Files.copy(app.written(), folder.resolve("written-" + run + ".sql"));
            app = app(TIMES, services);
            settle();
            long start = System.nanoTime();
            recipe.file(app.production, sql);
            plain.add(BenchScripts.since(start));
            say(String.format("    run %d: ours %.2f s, the SQL alone %.2f s", run, ours.get(run - 1),
                    plain.get(run - 1)));
        }
        return outcome(BenchGoal.S5, ours, plain, String.format("and %.2f s of final backup, which the goal leaves out",
                new BenchFigures(backups).median()));
    }

    private BenchGoal.Outcome review() throws IOException {
        BenchScripts all = new BenchScripts(migrations("review", FILES), Map.of("LC_ALL", "C.UTF-8"));
        BenchScripts fewer = new BenchScripts(migrations("review-half", FILES / 2), Map.of("LC_ALL", "C.UTF-8"));
        List<Double> whole = new ArrayList<>();
        List<Double> half = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            half.add(fewer.ending(STOPPED, "assess", "review", "migrations").seconds());
            whole.add(all.ending(STOPPED, "assess", "review", "migrations").seconds());
        }
        return outcome(BenchGoal.S6, whole, List.of(), String.format("%.1f times as long as for half as many",
                new BenchFigures(whole).ratio(new BenchFigures(half))));
    }

    // Four statements a file, as migrations have them; one of them is always something to stop at.
    private Path migrations(String name, int files) throws IOException {
        Path repo = repository(name);
        Path migrations = Files.createDirectory(repo.resolve("migrations"));
        for (int i = 0; i < files; i++) {
            Files.writeString(migrations.resolve(String.format("%04d_step.sql", i)), """
                    CREATE TABLE made_%1$d (id bigint PRIMARY KEY, note text NOT NULL, at timestamptz DEFAULT now());
                    ALTER TABLE kept_%1$d ADD COLUMN owner_id bigint NOT NULL;
                    CREATE INDEX kept_%1$d_owner ON kept_%1$d (owner_id, lower(name)) WHERE owner_id IS NOT NULL;
                    UPDATE kept_%1$d SET owner_id = o.id FROM owners o WHERE o.email = lower(kept_%1$d.email);
                    """.formatted(i));
        }
        return repo;
    }

    private BenchGoal.Outcome fingerprint() throws Exception {
        List<Double> whole = new ArrayList<>();
        List<Double> half = new ArrayList<>();
        Target all = server.database("many", BenchData.empty(TABLES));
        Target fewer = server.database("fewer", BenchData.empty(TABLES / 2));
        for (int run = 1; run <= runs; run++) {
            half.add(fingerprint(fewer));
            whole.add(fingerprint(all));
        }
        return outcome(BenchGoal.S7, whole, List.of(), String.format("%.1f times as long as for half as many",
                new BenchFigures(whole).ratio(new BenchFigures(half))));
    }

    private static double fingerprint(Target target) throws SQLException {
        try (Connection connection = Postgres.read(target, "benchmark")) {
            long start = System.nanoTime();
            Fingerprint.of(connection);
            return BenchScripts.since(start);
        }
    }

    private BenchGoal.Outcome preflight() throws Exception {
        BenchScripts scripts = app(1, CHECKS).scripts();
        List<Double> ours = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            ours.add(scripts.run("preflight", "--skip-build").seconds());
        }
        return outcome(BenchGoal.S8, ours, List.of(), "");
    }

    private BenchGoal.Outcome help() {
        BenchFigures slowest = null;
        String which = "";
        BenchScripts scripts = new BenchScripts(folder, Map.of());
        for (String script : SCRIPTS) {
            List<Double> above = new ArrayList<>();
            for (int run = 1; run <= runs; run++) {
                double bare = bare();
                above.add(scripts.run(script, "--help").seconds() - bare);
            }
            BenchFigures figures = new BenchFigures(above);
            if (slowest == null || figures.median() > slowest.median()) {
                slowest = figures;
                which = script + ".java";
            }
        }
        return outcome(BenchGoal.S9, slowest.values(), List.of(), which);
    }

    // What every Java program costs here, with our options.
    private static double bare() {
        List<String> command = PhaseProcess.java("").stream().takeWhile(word -> !word.equals("-cp"))
                .collect(java.util.stream.Collectors.toCollection(ArrayList::new));
        command.add("-version");
        long start = System.nanoTime();
        Exec.of(command).run();
        return BenchScripts.since(start);
    }

    private BenchGoal.Outcome outcome(BenchGoal goal, List<Double> ours, List<Double> plain, String note) {
        return new BenchGoal.Outcome(goal, new BenchFigures(ours), plain.isEmpty() ? null : new BenchFigures(plain),
                note);
    }

    private BenchApp app(int times, String settings) throws IOException, SQLException {
        // So named, a release answers its own prompts there.
        return new BenchApp(Files.createTempDirectory(folder, "release-demo-"), server, times, settings);
    }

    private Path repository(String name) throws IOException {
        Path repo = Files.createDirectory(folder.resolve(name));
        Files.writeString(repo.resolve(".gitignore"), "_migrations/\n");
        for (String command : List.of("init -q", "add --all",
                "-c user.name=benchmark -c user.email=benchmark@example.com commit -q -m benchmark")) {
            List<String> words = new ArrayList<>(List.of("git"));
            words.addAll(List.of(command.split(" ")));
            Exec.of(words).in(repo).run().orStop("no repository can be made", Exec.typed(words));
        }
        return repo;
    }

    // What one side has written is on disk before the other one's turn.
    private static void settle() {
        Exec.of("sync").run();
    }

    private static Path repo() {
        for (Path here = Path.of("").toAbsolutePath(); here != null; here = here.getParent()) {
            if (Files.exists(here.resolve("tests/benchmark.java"))) {
                return here;
            }
        }
        throw Failure.usage("no tests/benchmark.java at or above " + Path.of("").toAbsolutePath(),
                "cd into the project");
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void say(String line) {
        System.err.println(line);
    }
}
