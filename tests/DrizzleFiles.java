//SOURCES World.java ../lib/Migration.java ../lib/migrations/Drizzle.java

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.Migration;
import lib.migrations.Drizzle;

/** The committed files of an application with Drizzle: those of the fixture, and what can have happened to them. */
abstract class DrizzleFiles {
    static final String FIFTH = "0004_chunky_strong_guy";
    static final String SIXTH = "0005_careless_black_queen";
    static final String SEVENTH = "0006_warm_calypso";
    static final String JOURNAL = "drizzle/meta/_journal.json";
    private static final Clock THEN = Clock.fixed(Instant.parse("2026-11-21T00:00:00Z"), ZoneOffset.UTC);

    static Drizzle history(Map<String, byte[]> files) {
        return Drizzle.find(files, null, THEN).orElseThrow();
    }

    /** The committed files of the fixture, as git would give them. */
    private static Map<String, byte[]> tree(String folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(World.FIXTURE.resolve(folder))) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                String path = World.FIXTURE.resolve(folder).relativize(file).toString().replace('\\', '/');
                files.put("drizzle/" + path, Files.readAllBytes(file));
            }
        }
        files.put("drizzle.config.ts", Files.readAllBytes(World.FIXTURE.resolve("drizzle.config.ts")));
        return files;
    }

    static Map<String, byte[]> seven() throws IOException {
        return tree("drizzle");
    }

    static Map<String, byte[]> five() throws IOException {
        return tree("drizzle-release5");
    }

    /** The seven with another journal; what it does not name is not there. */
    static Map<String, byte[]> edited(Consumer<ArrayNode> change) throws IOException {
        Map<String, byte[]> files = seven();
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode journal = (ObjectNode) mapper.readTree(files.get(JOURNAL));
        change.accept((ArrayNode) journal.get("entries"));
        files.put(JOURNAL, mapper.writeValueAsBytes(journal));
        for (String path : List.copyOf(files.keySet())) {
            boolean named = journal.toString().contains("\"" + path.replaceFirst("drizzle/(.*)\\.sql", "$1") + "\"");
            if (path.endsWith(".sql") && !named) {
                files.remove(path);
            }
        }
        return files;
    }

    /** The same migrations as {@code drizzle-kit up} of 1.0 leaves them. */
    static Map<String, byte[]> folders(String folder, String... more) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (Migration migration : history(seven()).local()) {
            String time = DateTimeFormatter.ofPattern("uuuuMMddHHmmss").withZone(ZoneOffset.UTC)
                    .format(Instant.ofEpochMilli(migration.time()));
            String home = folder + "/" + time + "_" + migration.id().substring(5);
            files.put(home + "/migration.sql", bytes(migration.sql()));
            files.put(home + "/snapshot.json", bytes("{}"));
        }
        for (String name : more) {
            files.put(folder + "/" + name + "/migration.sql", bytes("SELECT 1;"));
        }
        return files;
    }

    /** So many of such folders, from the first on. */
    static Map<String, byte[]> first(Map<String, byte[]> folders, int count) {
        List<String> homes = folders.keySet().stream().map(path -> path.replaceFirst("/[^/]+$", "")).distinct()
                .toList();
        Map<String, byte[]> files = new TreeMap<>(folders);
        files.keySet().removeIf(path -> homes.indexOf(path.replaceFirst("/[^/]+$", "")) >= count);
        return files;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
