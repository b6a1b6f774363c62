//SOURCES Failure.java Hash.java Json.java PhaseProcess.java Servers.java sql/Statement.java

package lib;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import lib.sql.Statement;
import picocli.CommandLine;

/**
 * The classes of our scripts as Java has read and checked them once, kept in the cache folder: each process that finds
 * them starts in two thirds of the time. They are a help and never a need.
 */
public final class ClassArchive {
    private static final String PREFIX = "classes-";
    private static final String ENDING = ".jsa";
    private static final int KEPT = 3;
    private static final List<String> STATEMENTS = List.of("SELECT a FROM b WHERE c IS NOT NULL",
            "CREATE TABLE a (b bigint PRIMARY KEY, c text NOT NULL REFERENCES d (e))",
            "ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT ''", "ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0)",
            "CREATE UNIQUE INDEX a ON b (c)", "INSERT INTO a (b) SELECT c FROM d", "UPDATE a SET b = c FROM d",
            "DROP TABLE a");

    private static final List<String> DRIVER = List.of("Driver", "core.v3.ConnectionFactoryImpl",
            "core.v3.QueryExecutorImpl", "jdbc.PgConnection", "jdbc.PgDatabaseMetaData", "jdbc.PgResultSet",
            "jdbc.PgStatement");

    private ClassArchive() {
    }

    /** Java's options for using the archive of our class path; none as long as there is no such archive. */
    static List<String> options() {
        try {
            Path file = file();
            // An empty one stands for a Java that could not make any.
            return file == null || !Files.exists(file) || Files.size(file) == 0 ? List.of()
                    : List.of("-XX:SharedArchiveFile=" + file, "-Xlog:disable");
        } catch (IOException | Failure e) {
            return List.of();
        }
    }

    /** Makes the archive where there is none, beside other work. */
    static void makeBeside() {
        Thread thread = new Thread(ClassArchive::make, "class archive");
        thread.setDaemon(true);
        thread.start();
    }

    /** Makes the archive where there is none, by a process that loads what our scripts load. */
    public static void make() {
        try {
            Path file = file();
            if (file == null || Files.exists(file)) {
                return;
            }
            Files.createDirectories(file.getParent());
            Path part = Files.createTempFile(file.getParent(), PREFIX, ".part");
            List<String> command = PhaseProcess.java(ClassArchive.class.getName());
            command.addAll(1, List.of("-XX:ArchiveClassesAtExit=" + part, "-Xlog:disable"));
            try {
                Exec.of(command).with("JAVA_TOOL_OPTIONS", null).run();
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
            sweep(file.getParent());
        } catch (IOException | UncheckedIOException | Failure e) {
            // Without it everything works as well.
            return;
        }
    }

    /** Loads what our scripts load; Java writes the archive when this has ended. */
    public static void main(String... arguments) throws Exception {
        List<String> names;
        try (JarFile jar = new JarFile(classPath().get(0))) {
            // The scripts begin with a small letter, and our own package is one; tests do not need to start faster.
            names = jar.stream().map(entry -> entry.getName())
                    .filter(name -> name.matches("(lib/.*|[a-z]\\w*)\\.class"))
                    .map(name -> name.replace('/', '.').replaceFirst("\\.class$", "")).toList();
        }
        for (String name : names) {
            Class<?> type = Class.forName(name, false, ClassArchive.class.getClassLoader());
            if (type.isAnnotationPresent(CommandLine.Command.class) && !name.contains(".")) {
                var made = type.getDeclaredConstructor();
                made.setAccessible(true);
                new CommandLine(made.newInstance()).getUsageMessage();
            }
        }
        STATEMENTS.forEach(sql -> Statement.of(sql, 1));
        Json.pretty(Json.MAPPER.readTree("{\"a\": [1, \"b\", null]}"));
        for (String name : DRIVER) {
            Class.forName("org.postgresql." + name);
        }
    }

    /** Where it is kept: a name for this Java and these jars; null where the class path is no archive of ours. */
    private static Path file() throws IOException {
        List<Path> jars = new ArrayList<>();
        for (String name : classPath()) {
            if (!name.endsWith(".jar")) {
                return null;
            }
            jars.add(Path.of(name));
        }
        StringBuilder key = new StringBuilder(System.getProperty("java.home")).append(Runtime.version());
        for (Path jar : jars) {
            key.append('\n').append(jar).append(Files.size(jar)).append(Files.getLastModifiedTime(jar));
        }
        return Servers.cache().resolve(PREFIX + Hash.of(key.toString()).substring(0, 16) + ENDING);
    }

    private static List<String> classPath() {
        return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
    }

    // Of older versions a few stay: a checkout and a copied script may take turns.
    private static void sweep(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> archives = files.filter(file -> file.getFileName().toString().matches(PREFIX + ".*" + ENDING))
                    .sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()).reversed()).toList();
            for (Path old : archives.subList(Math.min(KEPT, archives.size()), archives.size())) {
                Files.deleteIfExists(old);
            }
        }
    }
}
