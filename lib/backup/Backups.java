//SOURCES ../Failure.java ../Json.java ../Run.java ../Size.java ../Width.java Archive.java Manifest.java Script.java
//SOURCES Storage.java Uses.java

package lib.backup;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Json;
import lib.Run;
import lib.Size;
import lib.Width;

/** The backups that lie in a run folder, the newest first. */
public final class Backups {
    private static final String ARCHIVES = "backup-*.dump";
    private static final String HALVES = "{backup-,.backup-}*.part";
    private static final String BESIDE = "backup-*.{dump.json,schema.sql,globals.sql}";
    private static final int SHORT_COMMIT = 7;

    private Backups() {
    }

    /** What can be said of a backup without reading it whole. */
    public enum State {
        /** Made here, with all that it must hold beside it, and still of the size it had. */
        PROVEN("proven"),
        /** Nobody wrote down what it must hold: made by pg_dump itself, or the manifest is gone. */
        UNKNOWN("no manifest"),
        /** It is not the file that was made, or its manifest was changed. */
        DAMAGED("damaged");

        public final String words;

        State(String words) {
            this.words = words;
        }
    }

    /**
     * One backup.
     *
     * @param environment null where no manifest tells it, as for server and commit
     * @param uses the runs that refer to it, in words, the current one first
     */
    public record Backup(Path file, Instant made, long bytes, String server, String environment, String commit,
                         String sha256, State state, List<String> uses) {
        public String name() {
            return file.getFileName().toString();
        }

        /** The same for programs; sizes in bytes, the age in seconds. */
        public ObjectNode toJson() {
            ObjectNode node = Json.object();
            node.put("file", name());
            node.put("made", made.toString());
            node.put("age", Duration.between(made, Instant.now()).toSeconds());
            node.put("bytes", bytes);
            node.put("folder", Storage.isFolder(file));
            node.put("server", server);
            node.put("environment", environment);
            node.put("commit", commit);
            node.put("sha256", sha256);
            node.put("state", state.words);
            node.set("uses", Json.tree(uses));
            return node;
        }

        /** The same backup, of which more was found out. */
        Backup as(State state) {
            return new Backup(file, made, bytes, server, environment, commit, sha256, state, uses);
        }
    }

    /** All backups of a run folder, which need not be there. */
    public static List<Backup> in(Path folder) {
        List<Backup> backups = new ArrayList<>();
        Map<String, List<String>> uses = Uses.in(folder);
        for (Path file : files(folder, ARCHIVES)) {
            try {
                backups.add(look(file, uses.getOrDefault(file.getFileName().toString(), List.of())));
            } catch (IOException e) {
                throw Storage.unreadable(file, e);
            }
        }
        backups.sort(Comparator.comparing(Backup::made).thenComparing(Backup::name).reversed());
        return backups;
    }

    /** The files of a folder whose names match; none where there is no folder. */
    static List<Path> files(Path folder, String glob) {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (var entries = Files.newDirectoryStream(folder, glob)) {
                entries.forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    private static Backup look(Path file, List<String> uses) throws IOException {
        long bytes = Storage.bytes(file);
        Instant changed = Files.getLastModifiedTime(file).toInstant();
        if (!Manifest.exists(file)) {
            return new Backup(file, stamped(file, changed), bytes, null, null, null, null, State.UNKNOWN, uses);
        }
        try {
            Manifest manifest = Manifest.of(file);
            State state = manifest.bytes() == bytes ? State.PROVEN : State.DAMAGED;
            return new Backup(file, Instant.parse(manifest.created()), bytes, manifest.identity().version(),
                    manifest.environment(), manifest.commit(), manifest.sha256(), state, uses);
        } catch (Failure changedManifest) {
            return new Backup(file, stamped(file, changed), bytes, null, null, null, null, State.DAMAGED, uses);
        }
    }

    // A copied file is as young as its copy; its name is not.
    private static Instant stamped(Path file, Instant otherwise) {
        String stamp = file.getFileName().toString().replaceAll("^backup-|\\.dump$", "");
        try {
            return LocalDateTime.parse(stamp, Run.SECOND).atZone(ZoneId.systemDefault()).toInstant();
        } catch (DateTimeException e) {
            return otherwise;
        }
    }

    /** What stands beside an archive and goes with it, whether it is there or not. */
    static List<Path> beside(Path archive) {
        return List.of(Manifest.file(archive), Script.schemaOf(archive), Script.globalsOf(archive));
    }

    /** What a killed run left: half files, and what stood beside a backup that is gone. */
    public static List<Path> leftBehind(Path folder) {
        List<Path> left = new ArrayList<>(files(folder, HALVES));
        for (Path file : files(folder, BESIDE)) {
            String archive = file.getFileName().toString()
                    .replaceFirst("\\.(dump\\.json|(schema|globals)\\.sql)$", ".dump");
            if (!Files.exists(file.resolveSibling(archive))) {
                left.add(file);
            }
        }
        left.sort(null);
        return left;
    }

    /** The backups as a table that fits a terminal of 80 columns. */
    public static String table(List<Backup> backups, Instant now) {
        StringBuilder text = new StringBuilder(row("file", "age", "size", "server", "of", "commit", "state"));
        for (Backup backup : backups) {
            String use = backup.uses.contains(Uses.CURRENT) ? " *" : "";
            String size = Size.of(backup.bytes).replace("bytes", "B");
            text.append(row(backup.name(), age(Duration.between(backup.made, now)), size,
                    known(backup.server).split(" ")[0], shortened(known(backup.environment)),
                    known(backup.commit).substring(0, Math.min(SHORT_COMMIT, known(backup.commit).length())),
                    backup.state.words + use));
        }
        boolean used = backups.stream().anyMatch(backup -> backup.uses.contains(Uses.CURRENT));
        return text.append(used ? "* " + Uses.CURRENT + " refers to it" : "").toString().stripTrailing();
    }

    private static String row(String file, String age, String size, String server, String of, String commit,
                              String state) {
        return String.format("%s %4s %7s %-5s %s %-7s %s", Width.pad(file, 27), age, size, server, Width.pad(of, 10),
                commit, state).stripTrailing() + "\n";
    }

    private static String known(String value) {
        return value == null ? "?" : value;
    }

    private static String shortened(String environment) {
        return Width.cut(environment, 10);
    }

    private static String age(Duration age) {
        if (age.toHours() >= 48) {
            return age.toDays() + "d";
        }
        return age.toMinutes() >= 120 ? age.toHours() + "h"
                : age.toSeconds() >= 120 ? age.toMinutes() + "m" : Math.max(0, age.toSeconds()) + "s";
    }
}
