//SOURCES ../Json.java ../Postgres.java ../Run.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import lib.Json;
import lib.Postgres;
import lib.Run;

/** The newest rehearsal on record, of this run or of a finished one. */
final class LastRelease {
    private LastRelease() {
    }

    /** The fingerprint of the schema that it left, of that database; null when there is none on record. */
    static String schema(Run run, Postgres.Identity database) {
        List<JsonNode> parts = new ArrayList<>(List.of(run.part("validate")));
        Path runs = run.file("runs");
        if (Files.isDirectory(runs)) {
            try (Stream<Path> files = Files.list(runs)) {
                for (Path file : files.filter(one -> one.toString().endsWith(".json"))
                        .sorted(Comparator.reverseOrder()).toList()) {
                    parts.add(Json.MAPPER.readTree(file.toFile()).path("validate"));
                }
            } catch (IOException e) {
                // A record that cannot be read says nothing.
                return null;
            }
        }
        for (JsonNode part : parts) {
            JsonNode certificate = part.at("/facts/certificate");
            JsonNode segments = certificate.path("segments");
            boolean same = certificate.at("/production/oid").asLong() == database.oid()
                    && certificate.at("/production/system").asText().equals(database.system());
            if (same && !segments.isEmpty()) {
                return segments.get(segments.size() - 1).path("schema").asText();
            }
        }
        return null;
    }
}
