//SOURCES ../Failure.java ../History.java ../Json.java ../Migration.java DrizzleFolder.java

package lib.migrations;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.History;
import lib.Json;
import lib.Migration;

/** Files of a new migration, named and accompanied as its tool would do it. */
public final class NewMigration {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);
    private static final int LONGEST_NAME = 60;
    /** A number of so many digits is a time and no count. */
    private static final int TIME = 12;
    private static final Pattern NUMBERED = Pattern.compile("(\\d+)([_.-]+)(?:.*?)((?:\\.up)?\\.sql)");
    private static final Pattern VERSION = Pattern.compile("V(\\d+(?:[._]\\d+)*)__.*");

    private final Map<String, byte[]> files;
    private final History history;
    private final Clock clock;
    private final Map<String, String> made = new LinkedHashMap<>();

    /**
     * For the migrations of a repository.
     *
     * @param files the committed ones by path
     */
    public NewMigration(Map<String, byte[]> files, History history, Clock clock) {
        this.files = files;
        this.history = history;
        this.clock = clock;
    }

    /** The statements of one migration with the comment that stands above them, and the one below. */
    public record Text(String above, List<String> statements, String below) {
    }

    /** What is to be written, by path: a migration for each text, and what its tool keeps beside them. */
    public Map<String, String> files(String description, List<Text> texts) {
        for (int i = 0; i < texts.size(); i++) {
            String name = slug(description) + (texts.size() > 1 && i == 0 ? "_values" : "");
            switch (history.tool()) {
                case "drizzle" -> drizzle(name, i, texts.get(i));
                case "prisma" -> put(time(i) + "_" + name + "/migration.sql", plain(texts.get(i)));
                case "supabase" -> put(time(i) + "_" + name + ".sql", plain(texts.get(i)));
                case "flyway" -> put("V" + version(i) + "__" + name + ".sql", plain(texts.get(i)));
                case "node-pg-migrate" -> put(stamp(i) + "_" + name + ".sql", "-- Up Migration\n\n"
                        + plain(texts.get(i)));
                case "sql" -> put(numbered(name, i), plain(texts.get(i)));
                default -> throw Failure.usage("migrations of " + history.tool() + " are only read here",
                        "write it with " + history.tool() + "; jbang assess.java drift names what differs");
            }
        }
        return made;
    }

    private void put(String name, String text) {
        String path = DrizzleFolder.in(history.folder(), name);
        if (files.containsKey(path)) {
            throw Failure.stop(path + " is there already", "choose another description");
        }
        made.put(path, text);
    }

    private static String slug(String description) {
        String slug = description.toLowerCase().replaceAll("[^a-z0-9]+", "_").replaceAll("^_+|_+$", "");
        if (slug.isEmpty()) {
            throw Failure.usage("the description \"" + description + "\" has no letter and no digit",
                    "jbang assess.java generate \"add notes to guests\"");
        }
        return slug.substring(0, Math.min(LONGEST_NAME, slug.length())).replaceAll("_+$", "");
    }

    private static String plain(Text text) {
        return text.above + String.join(";\n\n", text.statements) + ";\n" + text.below;
    }

    private Migration last() {
        List<Migration> local = history.local();
        return local.isEmpty() ? null : local.get(local.size() - 1);
    }

    private static String name(Migration migration) {
        String file = migration.file();
        return file.endsWith("/migration.sql") ? DrizzleFolder.parent(file).replaceFirst(".*/", "")
                : file.replaceFirst(".*/", "");
    }

    // Later than every migration there is, whatever the clock says.
    private String time(int more) {
        String now = SECONDS.format(clock.instant().plusSeconds(more));
        String newest = history.local().stream().map(NewMigration::name).map(name -> name.replaceFirst("\\D.*", ""))
                .filter(digits -> digits.length() == now.length()).max(String::compareTo).orElse("");
        if (newest.compareTo(now) < 0) {
            return now;
        }
        Instant after = Instant.ofEpochMilli(DrizzleFolder.millis(newest)).plusSeconds(1L + more);
        return SECONDS.format(after);
    }

    private String stamp(int more) {
        String digits = last() == null ? "" : name(last()).replaceFirst("\\D.*", "");
        if (digits.length() == 17) {
            return time(more) + "000";
        }
        long newest = history.local().stream().mapToLong(Migration::time).max().orElse(0);
        return String.valueOf(Math.max(clock.millis() + more, newest + 1 + more));
    }

    private String version(int more) {
        Matcher matcher = VERSION.matcher(last() == null ? "" : history.local().stream().map(NewMigration::name)
                .filter(name -> VERSION.matcher(name).matches()).reduce((one, other) -> other).orElse(""));
        if (!matcher.matches()) {
            return String.valueOf(1 + more);
        }
        String version = matcher.group(1);
        if (version.length() >= TIME && version.matches("\\d+")) {
            return version.length() == 14 ? time(more) : String.valueOf(Long.parseLong(version) + 1 + more);
        }
        String counted = version.replaceFirst("^.*[._]", "");
        return version.substring(0, version.length() - counted.length()) + next(counted, more);
    }

    private static String next(String digits, int more) {
        return String.format("%0" + digits.length() + "d", Long.parseLong(digits) + 1 + more);
    }

    private String numbered(String name, int more) {
        Matcher matcher = NUMBERED.matcher(last() == null ? "0000_.sql" : name(last()));
        if (!matcher.matches()) {
            throw Failure.stop("how " + history.folder() + " numbers its files cannot be told from " + name(last()),
                    "write the file by hand; jbang assess.java drift names what differs");
        }
        String digits = matcher.group(1);
        String number = digits.length() == 14 ? time(more) : next(digits, more);
        return number + matcher.group(2) + name + matcher.group(3);
    }

    private void drizzle(String name, int more, Text text) {
        // Drizzle sends what stands between two breakpoints as one statement, comments included.
        String sql = text.above + String.join(";\n--> statement-breakpoint\n", text.statements) + ";\n" + text.below;
        String folder = history.folder();
        byte[] journal = files.get(DrizzleFolder.in(folder, "meta/_journal.json"));
        if (journal == null) {
            String id = time(more) + "_" + name;
            put(id + "/migration.sql", sql);
            snapshot(DrizzleFolder.in(folder, name(last()) + "/snapshot.json"), id + "/snapshot.json");
            return;
        }
        try {
            String path = DrizzleFolder.in(folder, "meta/_journal.json");
            ObjectNode tree = (ObjectNode) Json.MAPPER.readTree(made.getOrDefault(path,
                    new String(journal, StandardCharsets.UTF_8)));
            int index = tree.path("entries").size();
            ObjectNode entry = Json.object();
            String before = index == 0 ? "0000" : tree.at("/entries/" + (index - 1) + "/tag").asText();
            String prefix = before.replaceFirst("\\D.*", "");
            String number = prefix.length() == 14 ? time(more) : prefix.length() == 10
                    ? String.valueOf(clock.instant().getEpochSecond() + more) : String.format("%04d", index);
            long when = index == 0 ? 0 : tree.at("/entries/" + (index - 1) + "/when").asLong();
            entry.put("idx", index == 0 ? 0 : tree.at("/entries/" + (index - 1) + "/idx").asInt(index - 1) + 1);
            entry.put("version", tree.path("version").asText("7"));
            entry.put("when", Math.max(clock.millis(), when + 1));
            entry.put("tag", number + "_" + name);
            entry.put("breakpoints", true);
            tree.withArray("entries").add(entry);
            put(number + "_" + name + ".sql", sql);
            made.put(path, stringified(tree));
            snapshot(DrizzleFolder.in(folder, "meta/" + prefix + "_snapshot.json"),
                    "meta/" + number + "_snapshot.json");
        } catch (JsonProcessingException e) {
            throw Failure.stop("the journal of " + folder + " is not JSON", "git log -p -- " + folder + "/meta");
        }
    }

    // As drizzle-kit generate --custom does it: the snapshot before, under a new id.
    private void snapshot(String before, String name) {
        String text = made.containsKey(before) ? made.get(before) : files.containsKey(before)
                ? new String(files.get(before), StandardCharsets.UTF_8) : null;
        if (text == null) {
            return;
        }
        Matcher id = Pattern.compile("\"id\":\\s*\"([^\"]*)\"").matcher(text);
        if (id.find()) {
            String old = id.group(1);
            made.put(DrizzleFolder.in(history.folder(), name), text
                    .replaceFirst("\"prevId\":\\s*\"[^\"]*\"", "\"prevId\": \"" + old + "\"")
                    .replaceFirst("(?s)\"prevIds\":\\s*\\[[^\\]]*\\]", "\"prevIds\": [\n    \"" + old + "\"\n  ]")
                    .replaceFirst("\"id\":\\s*\"[^\"]*\"", "\"id\": \"" + UUID.randomUUID() + "\""));
        }
    }

    private static String stringified(ObjectNode tree) throws JsonProcessingException {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER));
        printer.indentArraysWith(indenter);
        printer.indentObjectsWith(indenter);
        return Json.MAPPER.writer(printer).writeValueAsString(tree);
    }

    /** The migrations among files that were made, to be tried before they are kept. */
    public static List<Migration> migrations(Map<String, String> files) {
        List<Migration> migrations = new ArrayList<>();
        files.forEach((path, text) -> {
            if (path.endsWith(".sql")) {
                migrations.add(new Migration(path, path, text, null, 0));
            }
        });
        return migrations;
    }
}
