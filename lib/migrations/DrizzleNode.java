//SOURCES ../Exec.java ../Failure.java ../Gate.java ../Json.java ../Postgres.java ../Secrets.java ../Target.java ../sql/Name.java
//SOURCES DrizzleConfig.java DrizzleFolder.java DrizzleScript.java DrizzleSession.java NodeTalk.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.Postgres;
import lib.Secrets;
import lib.Target;
import lib.sql.Name;

/** A Node process that holds one installed drizzle-orm and one database, and migrates when it is told to. */
final class DrizzleNode implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(30);
    /** What would make Node load something else than drizzle-orm, and what the database is to be told by us alone. */
    private static final Pattern MISLEADING = Pattern.compile("NODE_(?!EXTRA_CA_CERTS).*|PG.*");
    /** Nothing of these is needed to run a package, so it does not get to see them. */
    private static final Pattern SECRET = Pattern.compile("(?i).*(TOKEN|SECRET|PASSW|PRIVATE|CREDENTIAL|API_?KEY"
            + "|ACCESS_KEY|DATABASE_URL|SCRATCH_URL).*");

    private final NodeTalk talk;
    private final Connection connection;
    private final Path work;
    private final Duration patience;
    private final Thread cleaner = new Thread(this::end, "drizzle");
    private String node = "node";
    private String client;

    private DrizzleNode(Process process, Connection connection, Path work, Duration patience) {
        this.talk = new NodeTalk(process);
        this.connection = connection;
        this.work = work;
        this.patience = patience;
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /** What one run sent to the database, and the words of the error it ended with, or null. */
    record Outcome(List<String> statements, String error) {
    }

    /** Why a drizzle-orm cannot be run on this machine. */
    static final class Unable extends Exception {
        /** Whether it is the installed package itself that is broken. */
        final boolean damaged;

        Unable(String message, boolean damaged, Throwable cause) {
            super(message, cause);
            this.damaged = damaged;
        }
    }

    /** Whether there is a Node on this machine's PATH. */
    static boolean present() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty()).map(Path::of)
                .anyMatch(folder -> Stream.of("node", "node.exe").anyMatch(name ->
                        Files.isExecutable(folder.resolve(name))));
    }

    /**
     * Loads an installed drizzle-orm beside a connection to a database.
     *
     * @param home the folder of the package
     * @param app the application's folder, where the client of its driver is looked for as well
     * @param patience how long one run may take between two things it says
     */
    static DrizzleNode start(Path home, String driver, Path app, Target target, Duration patience)
            throws Unable {
        Connection connection = Postgres.write(target, "migrator");
        DrizzleNode node = null;
        boolean loaded = false;
        Path work = null;
        try {
            work = Files.createTempDirectory("jbang-release-drizzle-");
            Path script = Files.writeString(work.resolve("migrate.cjs"), DrizzleScript.TEXT);
            // In the application's folder, where version managers look which Node it wants.
            ProcessBuilder builder = new ProcessBuilder("node", script.toString(), home.toString(), driver,
                    app.toString()).directory((Files.isDirectory(app) ? app : home).toFile());
            Map<String, String> variables = builder.environment();
            variables.entrySet().removeIf(variable -> MISLEADING.matcher(variable.getKey()).matches()
                    || SECRET.matcher(variable.getKey()).matches()
                    || !Secrets.mask(variable.getValue()).equals(variable.getValue()));
            target.environment().forEach((name, value) -> variables.compute(name, (same, old) -> value));
            Exec.told(builder.command());
            node = new DrizzleNode(builder.start(), connection, work, patience);
            node.load(home);
            loaded = true;
            return node;
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            throw new Unable(node != null ? why : why.contains("error=2,") ? "node is not installed"
                    : "node cannot be started: " + why, false, e);
        } finally {
            if (node != null && !loaded) {
                node.close();
            } else if (node == null) {
                close(connection);
                delete(work);
            }
        }
    }

    /** The version of Node, and what drizzle-orm speaks through: {@code node v20.1.0 through pg}. */
    String way() {
        return node + " through " + (client == null ? "a session of this tool" : client);
    }

    private void load(Path home) throws IOException, Unable {
        JsonNode answer = talk.next(START);
        String version = answer.path("node").asText("?");
        client = answer.path("way").textValue();
        String words = Secrets.mask(answer.path("words").asText()).lines().findFirst().orElse("");
        switch (answer.path("cannot").asText()) {
            case "" -> node = "node " + version;
            case "old" -> throw new Unable("node " + version + " is too old for it", false, null);
            case "package" -> throw new Unable("it needs a package that is not installed: " + words, false, null);
            default -> throw new Unable("node " + version + " cannot load " + home + ": " + words, true, null);
        }
    }

    /**
     * Runs migrations, given as the committed files of a repository.
     *
     * @param folder the folder of the migrations among them
     * @param table the table that the application gives to migrate()
     */
    Outcome migrate(Map<String, byte[]> files, String folder, Name table) {
        ObjectNode order = Json.object();
        ObjectNode options = order.putObject("migrate").put("migrationsFolder", written(files, folder).toString());
        if (!table.equals(DrizzleConfig.USUAL)) {
            options.put("migrationsTable", table.name()).put("migrationsSchema", table.schema());
        }
        List<String> statements = new ArrayList<>();
        try {
            talk.say(order);
            while (true) {
                JsonNode said = talk.next(patience);
                if (said.has("done")) {
                    return new Outcome(List.copyOf(statements), Secrets.mask(said.path("error").textValue()));
                }
                String statement = said.path(said.has("sent") ? "sent" : "query").asText();
                statements.add(statement.strip());
                if (said.has("query")) {
                    talk.say(DrizzleSession.answer(connection, statement, said.path("values")));
                }
            }
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, "while drizzle-orm migrated, " + Gate.words(e),
                    "run it again; if it stays so, try the application's own migrator on a database of yours", e);
        }
    }

    /** The migrations in a fresh folder, so that Drizzle reads what is committed and nothing else. */
    private Path written(Map<String, byte[]> files, String folder) {
        try {
            Path fresh = Files.createTempDirectory(work, "migrations");
            for (var file : files.entrySet()) {
                if (file.getKey().startsWith(DrizzleFolder.in(folder, ""))) {
                    Path path = fresh.resolve(file.getKey().substring(DrizzleFolder.in(folder, "").length()));
                    Files.createDirectories(path.getParent());
                    Files.write(path, file.getValue());
                }
            }
            return fresh;
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, "the migrations cannot be written below " + work + ": "
                    + e.getMessage(), "make room there, or name another folder: "
                    + "JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=FOLDER", e);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // We are ending, and the hook does the same.
        }
        end();
    }

    private void end() {
        talk.end();
        close(connection);
        delete(work);
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // The server ends the session itself.
        }
    }

    private static void delete(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // A few small files in the temporary folder do no harm.
        }
    }
}
