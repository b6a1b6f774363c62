//SOURCES ../Changed.java ../Console.java ../Count.java ../Decoded.java ../Failure.java ../Gate.java ../Git.java
//SOURCES ../History.java ../Migration.java ../Postgres.java ../Project.java
//SOURCES Context.java Finding.java Inventory.java Names.java Source.java

package lib.hazards;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import lib.Changed;
import lib.Console;
import lib.Count;
import lib.Decoded;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Project;

/**
 * What a review looks at, and what it knows of the world.
 *
 * @param what the choice in words
 */
public record Selection(List<Source> sources, Context context, String what) {
    private static final List<String> FOLDERS = List.of("migrations", "drizzle", "supabase/migrations",
            "prisma/migrations", "db/migrations", "db/migrate", "database/migrations",
            "src/main/resources/db/migration", "sql");

    /** The files somebody names. */
    public static Selection named(Project project, List<Path> names) {
        List<Source> sources = Source.named(project.repo, names);
        return new Selection(sources, Context.of(shape(project)), Count.of(sources.size(), "file"));
    }

    /** The {@code .sql} files that are not as they were where this branch left another one. */
    public static Selection since(Project project, String reference) {
        // A name that begins with a dash would be an option of git.
        String commit = reference.startsWith("-") ? null : project.git.commit(reference);
        if (commit == null) {
            throw Failure.usage("--since " + reference + " is no commit, branch or tag of this repository",
                    "git fetch --all --tags   # then: git branch --all");
        }
        List<Source> sources = Changed.since(project.repo, commit).stream().filter(path -> path.endsWith(".sql"))
                .sorted(Names::compare).map(project.repo::resolve).filter(Files::isRegularFile)
                .map(file -> Source.read(project.repo, file)).toList();
        return new Selection(sources, Context.of(shape(project)),
                Count.of(sources.size(), "file") + " changed since " + reference);
    }

    /** The pending migrations, or all when no database says which are; without a tool the files of its folder. */
    public static Selection pending(Project project) {
        Optional<History> history = project.history();
        Context context = Context.of(shape(project));
        if (history.isEmpty()) {
            List<Source> sources = folder(project);
            return new Selection(sources, context, Count.of(sources.size(), "file"));
        }
        String why = "no database was asked";
        if (!Console.interactive() || System.getenv("PROD_DATABASE_URL") != null) {
            try (Connection connection = Postgres.read(project.address().target(), "assess")) {
                List<Migration> pending = history.get().state(connection).pending();
                return new Selection(of(project, pending), Inventory.of(connection, context), pending.size()
                        + " pending in " + project.environment);
            } catch (Failure | SQLException e) {
                why = Gate.words(e).lines().findFirst().orElse("");
            }
        }
        List<Migration> all = history.get().local();
        return new Selection(of(project, all), context, "all " + Count.of(all.size(), "migration")
                + ", because it is not known which are pending (" + why + ")");
    }

    // A file that no server takes has no text to look at: its tool may have read one from it all the same.
    private static List<Source> of(Project project, List<Migration> migrations) {
        Map<String, byte[]> files = project.files();
        return migrations.stream().map(migration -> {
            byte[] bytes = files.get(migration.file());
            Source committed = bytes == null ? null : Source.of(migration.file(), bytes);
            return committed != null && committed.trouble() != null ? committed : of(List.of(migration)).get(0);
        }).toList();
    }

    /** Migrations as the repository has them committed. */
    public static List<Source> of(List<Migration> migrations) {
        return migrations.stream().map(migration ->
                Source.of(migration.file(), migration.sql().getBytes(StandardCharsets.UTF_8))).toList();
    }

    private static List<Source> folder(Project project) {
        Set<String> folders = new LinkedHashSet<>();
        if (project.settings.migrations().folder() != null) {
            folders.add(project.settings.migrations().folder());
        } else {
            FOLDERS.stream().filter(name -> Files.isDirectory(project.repo.resolve(name)))
                    .forEach(folders::add);
        }
        List<Source> sources = new ArrayList<>();
        for (String name : folders) {
            if (Files.isDirectory(project.repo.resolve(name))) {
                Source.below(project.repo.resolve(name)).forEach(file -> sources.add(Source.read(project.repo, file)));
            }
        }
        if (sources.isEmpty()) {
            throw Failure.usage("there is no folder of migrations with .sql files",
                    "jbang assess.java review FILE...   # or name the folder in release.json: migrations.folder");
        }
        return sources;
    }

    /** Which statements the migration tool puts into one transaction, as its documentation says. */
    private static Context.Shape shape(Project project) {
        try {
            return switch (project.history().map(History::tool).orElse("")) {
                case "drizzle", "node-pg-migrate" -> Context.Shape.ALL;
                case "flyway", "prisma", "supabase" -> Context.Shape.FILE;
                default -> Context.Shape.NONE;
            };
        } catch (Failure e) {
            // A history that cannot be read stops a release; files can be looked at all the same.
            return Context.Shape.NONE;
        }
    }

    /** What the names of the files say; a folder with a journal of its own has other rules. */
    public List<Finding> names(Path repo) {
        Set<String> reviewed = new HashSet<>();
        Set<String> folders = new LinkedHashSet<>();
        sources.forEach(source -> {
            reviewed.add(source.path());
            folders.add(source.path().substring(0, source.path().lastIndexOf('/') + 1));
        });
        List<Finding> findings = new ArrayList<>();
        for (String folder : folders) {
            Path path = repo.resolve(folder);
            if (!Files.isDirectory(path) || Files.exists(path.resolve("meta/_journal.json"))) {
                continue;
            }
            try (Stream<Path> files = Files.list(path)) {
                Map<String, String> texts = new TreeMap<>();
                for (Path file : files.filter(file -> file.getFileName().toString().endsWith(".sql")).toList()) {
                    // What a link leads to may be anything, and is told where it is read.
                    boolean plain = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.isReadable(file);
                    texts.put(file.getFileName().toString(),
                            plain ? Decoded.of(Files.readAllBytes(file)).text() : null);
                }
                findings.addAll(Names.of(folder, texts, reviewed));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return findings;
    }
}
