//SOURCES ../Failure.java ../Json.java ../Run.java

package lib.backup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Json;
import lib.Run;

/**
 * Which runs still need which backup: the current run, every run of the last 30 days, and of each environment the last
 * run and the last one that changed its database. A run refers to whatever backup its record names, anywhere.
 */
final class Uses {
    static final String CURRENT = "the current run";
    private static final Duration REMEMBERED = Duration.ofDays(30);
    private static final Pattern NAME = Pattern.compile("backup-[\\w.-]+?\\.dump");
    private static final Pattern RECORD = Pattern.compile("run-(\\d{8}-\\d{6}).*\\.json");
    /** What a release leaves in its record that had nothing to undo. */
    private static final Set<String> UNCHANGED = Set.of("", "UNTOUCHED", "ROLLED_BACK");

    private final Map<String, List<String>> uses = new LinkedHashMap<>();

    private Uses() {
    }

    /** The names of the backups that are needed, each with the runs that need it. */
    static Map<String, List<String>> in(Path folder) {
        Uses found = new Uses();
        Path current = folder.resolve("run.json");
        if (Files.exists(current)) {
            found.add(text(current), CURRENT);
        }
        Set<String> ran = new HashSet<>();
        Set<String> changed = new HashSet<>();
        LocalDateTime since = LocalDateTime.now().minus(REMEMBERED);
        List<Path> records = new ArrayList<>(Backups.files(folder.resolve("runs"), "run-*.json"));
        records.sort(Comparator.comparing((Path record) -> record.getFileName().toString()).reversed());
        for (Path file : records) {
            String text = text(file);
            JsonNode record = tree(text);
            String environment = record.at("/backup/facts/environment").asText();
            boolean last = ran.add(environment);
            boolean lastChange = !UNCHANGED.contains(record.at("/release/database").asText())
                    && changed.add(environment);
            // A record that says nothing of its environment or of its day may be any.
            if (last || lastChange || environment.isEmpty() || recent(file, since)) {
                found.add(text, file.getFileName().toString());
            }
        }
        return found.uses;
    }

    private void add(String text, String run) {
        Matcher names = NAME.matcher(text);
        while (names.find()) {
            List<String> runs = uses.computeIfAbsent(names.group(), name -> new ArrayList<>());
            if (!runs.contains(run)) {
                runs.add(run);
            }
        }
    }

    private static boolean recent(Path file, LocalDateTime since) {
        Matcher stamp = RECORD.matcher(file.getFileName().toString());
        try {
            return !stamp.matches() || LocalDateTime.parse(stamp.group(1), Run.SECOND).isAfter(since);
        } catch (DateTimeException e) {
            return true;
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, file + " cannot be read, so nobody knows which backup that run needs: "
                    + Run.reason(e), "ls -l " + Archive.typed(file), e);
        }
    }

    private static JsonNode tree(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            return Json.object();
        }
    }
}
