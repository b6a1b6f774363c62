//SOURCES Exec.java Failure.java Hash.java PhaseProcess.java Practice.java ScratchFolder.java Servers.java

package lib;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The classes of our scripts as Java has read and checked them once, kept in the cache folder: each process that finds
 * them starts in two thirds of the time. They are a help and never a need.
 */
public final class ClassArchive {
    private static final String PREFIX = "classes-";
    private static final String ENDING = ".jsa";
    /** Of the mark that a first run leaves. */
    private static final String MET = ".met";
    /** How many stay beside a new one. */
    private static final int KEPT = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    /** From here on an exit code tells of a signal. */
    private static final int SIGNALS = 128;
    /** The scripts begin with a small letter, and our own package is one; tests do not need to start faster. */
    static final Pattern OWN = Pattern.compile("(lib/.*|[a-z][\\w$]*)\\.class");
    private static final Pattern DRIVER = Pattern.compile("(org/postgresql/(?!osgi|xa).*)\\.class");

    /** The end of one that is whole: Java does not look, and dies of one that is cut off. */
    private static final byte[] WHOLE = "whole\n".getBytes(StandardCharsets.US_ASCII);
    private static final AtomicBoolean BESIDE = new AtomicBoolean();

    private ClassArchive() {
    }

    /** Java's options for using the archive of our class path; none as long as there is no such archive. */
    static List<String> options() {
        try {
            Path file = file();
            return file == null || !isMade(file) || Files.size(file) == 0 ? List.of()
                    : List.of("-XX:SharedArchiveFile=" + file, "-Xlog:disable");
        } catch (IOException | Failure e) {
            return List.of();
        }
    }

    // An empty one stands for a Java that could not make any.
    private static boolean isMade(Path file) throws IOException {
        if (!Files.exists(file) || Files.size(file) == 0) {
            return Files.exists(file);
        }
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer end = ByteBuffer.allocate(WHOLE.length);
            channel.read(end, Math.max(0, channel.size() - WHOLE.length));
            return Arrays.equals(end.array(), WHOLE);
        }
    }

    /**
     * Makes the archive beside other work, from the second run on: a machine that lives for one release would only pay.
     * A process asks for it once, however many phases it runs.
     */
    public static Thread makeBeside() {
        Thread thread = new Thread(() -> {
            if (!BESIDE.getAndSet(true)) {
                make(false);
            }
        }, "class archive");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Makes the archive where there is none and nobody is at it. */
    public static void make() {
        make(true);
    }

    private static synchronized void make(boolean atOnce) {
        try {
            Path file = file();
            if (file == null || isMade(file)) {
                return;
            }
            Files.createDirectories(file.getParent());
            try (FileChannel channel = FileChannel.open(file.resolveSibling("classes.lock"),
                    StandardOpenOption.CREATE, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
                if (lock == null || isMade(file)) {
                    return;
                }
                sweep(file.getParent());
                Path met = Path.of(file.toString().replaceFirst(ENDING + "$", MET));
                if (atOnce || Files.exists(met)) {
                    make(file);
                } else {
                    Files.createFile(met);
                }
            }
        } catch (IOException | RuntimeException e) {
            // Without it everything works as well.
            return;
        }
    }

    private static void make(Path file) throws IOException {
        Path folder = Files.createTempDirectory(file.getParent(), PREFIX).toRealPath();
        try {
            Path made = Files.createFile(folder.resolve("made"));
            List<String> command = PhaseProcess.java(Practice.class.getName());
            command.set(command.indexOf("-Xshare:auto"), "-Xshare:dump");
            command.addAll(1, List.of("-XX:SharedClassListFile=" + classes(folder), "-XX:SharedArchiveFile=" + made,
                    "-Xlog:disable"));
            Exec.Result result = Exec.of(command).with(Practice.environment(folder)).within(PATIENCE).runUntold();
            // What a signal has ended is tried again by the next one.
            if (result.exit() < SIGNALS) {
                end(made);
                Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } finally {
            ScratchFolder.delete(folder);
        }
    }

    private static void end(Path made) throws IOException {
        if (Files.size(made) > 0) {
            made.toFile().setWritable(true);
            try (FileChannel channel = FileChannel.open(made, StandardOpenOption.APPEND)) {
                channel.write(ByteBuffer.wrap(WHOLE));
                // After a power failure no half of it may bear its name.
                channel.force(true);
            }
        }
    }

    // The list of classes: what practice loads, with its lambdas, and what it cannot reach.
    private static Path classes(Path folder) throws IOException {
        Path list = folder.resolve("list");
        List<String> command = PhaseProcess.java(Practice.class.getName());
        command.addAll(1, List.of("-XX:DumpLoadedClassList=" + list, "-Xlog:disable"));
        command.add(folder.resolve("repository").toString());
        Exec.of(command).with(Practice.environment(folder)).within(PATIENCE).runUntold();
        List<String> lines = new ArrayList<>(Files.readAllLines(list));
        Path usual = Path.of(System.getProperty("java.home"), "lib", "classlist");
        if (Files.exists(usual)) {
            lines.addAll(Files.readAllLines(usual));
        }
        lines.addAll(names(classPath().get(0), OWN));
        for (String jar : classPath()) {
            if (Path.of(jar).getFileName().toString().startsWith("postgresql-")) {
                lines.addAll(names(jar, DRIVER));
            }
        }
        return Files.write(list, lines);
    }

    /** The classes in a jar file whose path fits, written as there, without the ending. */
    static List<String> names(String jar, Pattern wanted) throws IOException {
        try (JarFile file = new JarFile(jar)) {
            return file.stream().map(entry -> wanted.matcher(entry.getName())).filter(Matcher::matches)
                    .map(matcher -> matcher.group(1)).toList();
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

    static List<String> classPath() {
        return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
    }

    // Of older versions a few stay: a checkout and a copied script may take turns. Of makers that were killed nothing.
    private static void sweep(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.filter(file -> file.getFileName().toString().startsWith(PREFIX))
                    .sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()).reversed()).toList();
            for (String ending : List.of(ENDING, MET)) {
                all.stream().filter(file -> file.toString().endsWith(ending)).skip(KEPT).forEach(ScratchFolder::delete);
            }
            all.stream().filter(file -> !file.toString().endsWith(ENDING) && !file.toString().endsWith(MET))
                    .forEach(ScratchFolder::delete);
        }
    }
}
