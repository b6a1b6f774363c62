//SOURCES Failure.java Gate.java Json.java PastRuns.java Run.java plan/Certificate.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import lib.plan.Certificate;

/** The record of the newest release that changed a database: the one under way, or the newest of those put away. */
public final class LastRelease {
    private static final String DONE = "rolledBack";
    private static final String BEGUN = "rollback";

    private final Run run;
    private final Path file;
    private final ObjectNode record;
    private final boolean archived;

    private LastRelease(Run run, Path file, ObjectNode record, boolean archived) {
        this.run = run;
        this.file = file;
        this.record = record;
        this.archived = archived;
    }

    /** Finds it for an environment; a run that changed nothing is passed over. */
    public static Optional<LastRelease> of(Run run, String environment) {
        return all(run).filter(release -> release.of(environment)).findFirst();
    }

    /** The newest record of a release of an environment, also of one that changed nothing; empty when there is none. */
    static Optional<JsonNode> record(Run run, String environment) {
        return all(run).<JsonNode>map(release -> release.record)
                .filter(record -> record.path("environment").asText().equals(environment)).findFirst();
    }

    // Each is read when its turn comes.
    private static Stream<LastRelease> all(Run run) {
        return Stream.concat(Stream.of(run.file("run.json")), PastRuns.newestFirst(run.file("runs")).stream())
                .map(path -> new LastRelease(run, path, read(path), !path.equals(run.file("run.json"))));
    }

    private static ObjectNode read(Path file) {
        try {
            return Files.exists(file) && Json.MAPPER.readTree(file.toFile()) instanceof ObjectNode node ? node
                    : Json.object();
        } catch (IOException e) {
            throw Failure.stop(file + " cannot be read: " + Gate.words(e), "mv " + file + " " + file + ".broken");
        }
    }

    private boolean of(String environment) {
        String database = record.at("/release/database").asText();
        return certificate() != null && committed() > 0 && !database.equals("ROLLED_BACK")
                && record.at("/backup/facts/environment").asText(environment).equals(environment);
    }

    /** What its rehearsal proved; null when it never got there. */
    public Certificate certificate() {
        JsonNode node = record.at("/validate/facts/certificate");
        return node.isObject() ? as(node, Certificate.class) : null;
    }

    private <T> T as(JsonNode node, Class<T> type) {
        try {
            return Json.as(node, type);
        } catch (UncheckedIOException e) {
            throw new Failure(Failure.Exit.STOP, file + " is not as the release wrote it: a "
                    + type.getSimpleName().toLowerCase(Locale.ROOT) + " is none", "take the edit back", e);
        }
    }

    /** How many of its segments are committed. */
    public int committed() {
        return record.at("/release/committed").asInt();
    }

    /** Whether nobody knows yet what became of its last COMMIT. */
    public boolean unknown() {
        return List.of("UNKNOWN", "APPLYING").contains(record.at("/release/database").asText());
    }

    /** Whether its commits are on the release branch. */
    public boolean promoted() {
        return record.at("/release/pushed").asText().equals("BOTH");
    }

    /** The hash of the schema that it left. */
    public String schemaAfter() {
        return certificate().rehearsed() ? certificate().segments().get(committed() - 1).schema() : null;
    }

    /** What its rehearsal says of the way back: file, sha256, proven, losses, remains. */
    public JsonNode rollback() {
        return record.at("/validate/facts/rollback");
    }

    /** The migrations that it covered. */
    public List<String> pending() {
        return Json.MAPPER.convertValue(record.at("/validate/facts/pending"), Json.MAPPER.getTypeFactory()
                .constructCollectionType(List.class, String.class));
    }

    /** The backup that was made before it. */
    public String backup() {
        return record.at("/backup/facts/file").asText();
    }

    /** A file of its run, also when the next run of the day has written over it. */
    public Path file(String name) {
        Path kept = Path.of(file.toString().replaceFirst("\\.json$", "") + "-" + name);
        return archived && Files.exists(kept) ? kept : run.file(name);
    }

    /**
     * The way back that was begun and did not end; empty when there is none.
     *
     * @param certificate what its SQL did on a copy: production is held to that
     */
    public record Begun(String when, String file, Certificate certificate) {
    }

    /** The way back that was begun and did not end, or not for good. */
    public Optional<Begun> begun() {
        JsonNode node = record.path(BEGUN);
        return node.isObject() ? Optional.of(as(node, Begun.class)) : Optional.empty();
    }

    /** Notes that the way back begins: whoever comes after us knows what was tried and approved. */
    public void begin(Begun begun) {
        note(BEGUN, Json.tree(begun));
    }

    /** Notes that no way back is under way any more. */
    public void brokenOff() {
        note(BEGUN, null);
    }

    private void note(String part, JsonNode value) {
        record.remove("seal");
        record.set(part, value);
        if (archived) {
            Run.write(file, Json.pretty(record) + "\n");
        } else {
            run.put(part, value);
        }
    }

    /** Whether all of it was applied: then its code fits the database that it left. */
    public boolean whole() {
        return committed() == certificate().sql().segments();
    }

    /** Whether it is the release under way. */
    public boolean underWay() {
        return !archived;
    }

    /** When it was taken back; empty when it was not. */
    public String rolledBack() {
        return record.path(DONE).asText();
    }

    /** Notes that it was taken back, and puts its record away, so that a new release starts clean. */
    public void rolledBack(String when, List<Path> files) {
        brokenOff();
        note(DONE, Json.tree(when));
        if (!archived) {
            run.archive(files);
        }
    }

    /** What a person calls it. */
    public String name() {
        return archived ? file.getFileName().toString().replaceFirst("\\.json$", "") : "the release under way";
    }
}
