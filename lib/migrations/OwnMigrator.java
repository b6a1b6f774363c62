//SOURCES ../Exec.java ../Failure.java ../History.java ../Run.java ../Target.java ../sql/Name.java
//SOURCES Drizzle.java DrizzleApp.java DrizzleFolder.java DrizzleRun.java NodePgMigrate.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Failure;
import lib.History;
import lib.Target;
import lib.sql.Name;

/** The migrator that an application has installed, run on a database that is never production's. */
public final class OwnMigrator {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    /** A value that leads nowhere: whoever takes the wrong variable fails at once, and harms nothing. */
    private static final String NOWHERE = "postgresql://nobody@127.0.0.1:1/not_in_a_rehearsal";
    private static final Pattern ADDRESS = Pattern.compile("(?i).*(_URL|_URI|_DSN|^URL|DATABASE\\w*|CONNECTION\\w*)");
    private static final Pattern NAMED = Pattern.compile("\\benv\\(\\s*[\"'](\\w+)[\"']|process\\.env\\.(\\w+)");
    private static final Pattern ASSIGNED = Pattern.compile("(?m)^\\s*(?:export\\s+)?(\\w+)\\s*=");

    private OwnMigrator() {
    }

    /**
     * One run of it.
     *
     * @param who what ran, for people
     * @param statements the statements of migrations that it ran, or what it said of them
     * @param error the words it ended with, or null
     */
    public record Run(String who, List<String> statements, String error) {
    }

    /**
     * Runs it. MISSING when it is not installed here, or when this tool's migrator is not one that is run.
     *
     * @param files the committed files of the repository
     * @param log where its words are kept
     */
    public static Run run(Path repo, Map<String, byte[]> files, History history, Target target, Path log) {
        if (history instanceof Drizzle drizzle) {
            DrizzleApp.Use use = new DrizzleApp(repo, files, drizzle).uses().get(0);
            DrizzleRun run = DrizzleRun.migrate(repo, files, drizzle, use, target);
            lib.Run.write(log, String.join("\n", run.statements()) + "\n" + (run.error() == null ? "" : run.error()
                    + "\n"));
            return new Run(run.migrator(), run.replayed(), run.error());
        }
        return switch (history.tool()) {
            case "node-pg-migrate" -> nodePgMigrate(repo, files, history, target, log);
            case "sql" -> throw Failure.missing("numbered files have none", null);
            case "prisma" -> prisma(repo, files, history, target, log);
            default -> throw Failure.missing("the migrator of " + history.tool() + " is not one that is run here",
                    null);
        };
    }

    private static Run nodePgMigrate(Path repo, Map<String, byte[]> files, History history, Target target, Path log) {
        Name table = ((NodePgMigrate) history).table();
        Path program = installed(repo, history.folder(), "node-pg-migrate");
        List<String> command = List.of(program.toString(), "up", "-m", repo.resolve(history.folder()).toString(),
                "-t", table.name(), "--migrations-schema", table.schema(), "-d", "DATABASE_URL");
        Exec.Result result = Exec.of(command).in(program.getParent().getParent().getParent())
                .with(environment(repo, files, target, Set.of("DATABASE_URL"))).within(PATIENCE).log(log).run();
        List<String> ran = result.out().lines().filter(line -> line.startsWith("### MIGRATION ")).toList();
        return new Run("node-pg-migrate up", ran, result.ok() ? null : result.tail(3));
    }

    private static Run prisma(Path repo, Map<String, byte[]> files, History history, Target target, Path log) {
        Path program = installed(repo, history.folder(), "prisma");
        Set<String> names = new TreeSet<>(Set.of("DATABASE_URL"));
        List<String> command = new ArrayList<>(List.of(program.toString(), "migrate", "deploy"));
        files.forEach((path, bytes) -> {
            if (path.endsWith(".prisma") || path.matches("(.*/)?prisma\\.config\\.\\w+")) {
                Matcher name = NAMED.matcher(new String(bytes, StandardCharsets.UTF_8));
                while (name.find()) {
                    names.add(name.group(1) != null ? name.group(1) : name.group(2));
                }
            }
        });
        String schema = DrizzleFolder.in(DrizzleFolder.parent(history.folder()), "schema.prisma");
        if (files.containsKey(schema)) {
            command.addAll(List.of("--schema", repo.resolve(schema).toString()));
        }
        Exec.Result result = Exec.of(command).in(program.getParent().getParent().getParent())
                .with(environment(repo, files, target, names)).with("PRISMA_HIDE_UPDATE_MESSAGE", "1")
                .within(PATIENCE).log(log).run();
        String said = result.out() + "\n" + result.err();
        if (!result.ok() && !said.matches("(?s).*\\bP\\d{4}\\b.*")) {
            throw Failure.missing("prisma migrate deploy does not run on this machine: " + result.tail(2), null);
        }
        List<String> ran = said.lines().filter(line -> line.startsWith("Applying migration ")).toList();
        return new Run("prisma migrate deploy", ran, result.ok() ? null : result.tail(3));
    }

    // In the nearest node_modules from the migrations up, as npm and Node look for it.
    private static Path installed(Path repo, String folder, String program) {
        for (String at = folder; ; at = DrizzleFolder.parent(at)) {
            Path found = repo.resolve(DrizzleFolder.in(at, "node_modules/.bin/" + program));
            if (Files.isExecutable(found)) {
                return found;
            }
            if (at.isEmpty()) {
                throw Failure.missing(program + " is not installed in " + repo, "npm ci");
            }
        }
    }

    /**
     * The environment of a migrator: the database's address under the names that it reads, and under every other name
     * that may hold one, here or in an .env file, an address that leads nowhere.
     */
    static Map<String, String> environment(Path repo, Map<String, byte[]> files, Target target, Set<String> names) {
        Map<String, String> environment = new LinkedHashMap<>();
        Set<String> known = new TreeSet<>(System.getenv().keySet());
        known.addAll(assigned(repo, files));
        for (String name : known) {
            String value = System.getenv(name);
            if (ADDRESS.matcher(name).matches() || value != null && value.matches("(?i)postgres(ql)?://.*")) {
                environment.put(name, NOWHERE);
            }
        }
        environment.putAll(target.environment());
        names.forEach(name -> environment.put(name, target.url()));
        return environment;
    }

    // A dotenv file does not overrule what the environment holds already.
    private static Set<String> assigned(Path repo, Map<String, byte[]> files) {
        Set<String> names = new TreeSet<>();
        try (var all = Files.list(repo)) {
            for (Path file : all.filter(path -> path.getFileName().toString().startsWith(".env")).toList()) {
                ASSIGNED.matcher(Files.readString(file)).results().forEach(found -> names.add(found.group(1)));
            }
        } catch (java.io.IOException | java.io.UncheckedIOException e) {
            // A file that cannot be read here says nothing to the migrator either.
            return names;
        }
        files.forEach((path, bytes) -> {
            if (path.matches("(.*/)?\\.env[^/]*")) {
                ASSIGNED.matcher(new String(bytes, StandardCharsets.UTF_8)).results()
                        .forEach(found -> names.add(found.group(1)));
            }
        });
        return names;
    }
}
