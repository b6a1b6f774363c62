//SOURCES ../Clients.java ../Exec.java ../Failure.java ../Run.java ../Size.java Endings.java Listing.java
//SOURCES Manifest.java Picked.java Storage.java

package lib.backup;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Run;
import lib.Size;

/**
 * A backup on disk that was read back whole.
 *
 * @param listing what it lists
 * @param manifest what stood beside it; null when an archive came without one
 */
public record Archive(Path file, long bytes, Listing listing, String sha256, Manifest manifest) {
    /** From so many bytes on it pays to read an archive by two programs. */
    private static final long LARGE = 16 << 20;
    /** What pg_restore says of a format that it does not know yet: 1.15 came with 16, 1.16 with 17. */
    private static final Pattern NEWER = Pattern.compile("unsupported version \\(1\\.(1[5-9]|2\\d)\\)");
    /** What a program says that was built without what an archive is, or shall be, packed by. */
    static final String NOT_BUILT_IN = "this build does not support compression";
    private static final String AGAIN = "make a new one: jbang backup.java";

    /** Reads any archive whole; one that differs from its manifest is refused even if it can be read. */
    public static Archive verify(Path file) {
        if (Files.isDirectory(file) && !Storage.isFolder(file)) {
            throw Failure.stop(file + " is a folder, and none that pg_dump wrote: it has no table of contents",
                    "ls -l " + typed(file));
        }
        if (!Files.exists(file)) {
            throw Failure.stop("there is no file " + file, "ls -l " + typed(file.toAbsolutePath().getParent()));
        }
        Manifest manifest = Manifest.exists(file) ? Manifest.of(file) : null;
        CompletableFuture<String> hash = CompletableFuture.supplyAsync(() -> Storage.sha256(file));
        if (manifest != null && !joined(hash).equals(manifest.sha256())) {
            throw Failure.stop(file + " is not the backup that was made: SHA-256 " + joined(hash).substring(0, 12)
                    + "… instead of " + manifest.sha256().substring(0, 12) + "…", AGAIN);
        }
        Listing listing = readBack(file, reader(manifest), file.toString());
        return new Archive(file, Storage.bytes(file), listing, joined(hash), manifest);
    }

    private static <T> T joined(CompletableFuture<T> work) {
        try {
            return work.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Failure failure ? failure : e;
        }
    }

    // Without a manifest only the newest reads it for certain.
    private static Clients.Client reader(Manifest manifest) {
        return manifest == null ? Clients.newest() : manifest.reader();
    }

    /** The client that reads it, also onto a newer server. */
    public Clients.Client reader() {
        return reader(manifest);
    }

    /** Its size and kind, for people. */
    public String size() {
        return Size.of(bytes) + (folder() ? " in a folder" : "");
    }

    /** Whether it is a folder, and not one file. */
    public boolean folder() {
        return Storage.isFolder(file);
    }

    /** Whether it is the one that was made, which only a manifest can tell. */
    public boolean described() {
        return manifest != null;
    }

    /** Whether damaged rows show when they are read. */
    public boolean summed() {
        return listing.summed();
    }

    /** How many objects it lists. */
    public int entries() {
        return listing.entries().size();
    }

    /** How its rows are compressed. */
    public String packing() {
        return listing.packing();
    }

    /** Reads every row and returns its list, which alone passes on most damaged archives. */
    static Listing readBack(Path file, Clients.Client client, String name) {
        long bytes = Storage.bytes(file);
        if (bytes == 0) {
            throw Failure.stop(name + " is empty", AGAIN);
        }
        Exec.Result list = client.call("pg_restore", "--list", file.toString()).run();
        readable(name, list);
        Listing listing = Listing.of(list.lines());
        List<String> tables = listing.tables();
        boolean folder = Storage.isFolder(file);
        if (folder) {
            whole(name, file, listing);
        }
        if (folder && listing.summed()) {
            // To see where they end all rows were unpacked, and their sums compared.
            readWithout(name, client, file, listing, Set.copyOf(tables));
        } else if (bytes < LARGE || tables.size() < 2) {
            readable(name, read(client, file));
        } else {
            // To unpack keeps one core busy: the rows of every second table are read beside all the rest.
            Set<String> second = IntStream.range(0, tables.size()).filter(place -> place % 2 == 1)
                    .mapToObj(tables::get).collect(Collectors.toSet());
            try (Picked picked = Picked.of(listing.entries().stream().filter(second::contains).toList())) {
                CompletableFuture<Exec.Result> beside = CompletableFuture
                        .supplyAsync(() -> read(client, file, picked.option()));
                readWithout(name, client, file, listing, second);
                readable(name, joined(beside));
            }
        }
        return listing;
    }

    private static void readWithout(String name, Clients.Client client, Path file, Listing listing,
            Set<String> others) {
        try (Picked rest = Picked.of(listing.entries().stream().filter(entry -> !others.contains(entry)).toList())) {
            readable(name, read(client, file, rest.option()));
        }
    }

    private static void whole(String name, Path folder, Listing listing) {
        try {
            Endings.wrong(folder, listing).ifPresent(wrong -> {
                throw unreadable(name, wrong);
            });
        } catch (IOException e) {
            throw unreadable(name, Run.reason(e));
        }
    }

    private static Failure unreadable(String name, String why) {
        return Failure.stop(name + " cannot be read back whole: " + why, AGAIN);
    }

    private static Exec.Result read(Clients.Client client, Path file, String... options) {
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("--file=" + (File.separatorChar == '\\' ? "NUL" : "/dev/null"), file.toString()));
        return client.call("pg_restore", arguments).run();
    }

    private static void readable(String name, Exec.Result result) {
        if (!result.ok()) {
            throw unreadable(name, result);
        }
    }

    private static Failure unreadable(String name, Exec.Result result) {
        String said = result.tail(1);
        Matcher newer = NEWER.matcher(said);
        if (newer.find()) {
            int major = Integer.parseInt(newer.group(1)) + 1;
            throw Failure.missing(name + " was made by pg_dump " + major + " or newer, which no pg_restore here reads: "
                    + said, "install pg_dump " + major + " or newer: " + Clients.install(major));
        }
        if (said.contains(NOT_BUILT_IN)) {
            throw Failure.missing(name + " is packed by what " + result.command().get(0) + " was built without: "
                    + said, "install one that knows it, as PostgreSQL's own packages do, then: export "
                    + Clients.VARIABLE + "=ITS_FOLDER");
        }
        return unreadable(name, said.isBlank() ? "pg_restore ended with " + result.exit() : said);
    }

    static String typed(Path path) {
        return Exec.typed(List.of(path.toString()));
    }
}
