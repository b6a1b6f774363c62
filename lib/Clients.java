//SOURCES Exec.java Failure.java

package lib;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The pg_dump, pg_restore and psql of this machine, and which of them fits a server. */
public final class Clients {
    /** A list of folders, as PATH is one, that replaces the whole search; for tests and odd installations. */
    public static final String VARIABLE = "RELEASE_PG_CLIENTS";

    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) ((\\d+)\\S*)");
    private static final List<String> USUAL = List.of("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
            "/usr/libexec/postgresql*", "/opt/homebrew/opt/libpq/bin", "/opt/homebrew/opt/postgresql@*/bin",
            "/usr/local/opt/libpq/bin", "/usr/local/opt/postgresql@*/bin",
            "/Applications/Postgres.app/Contents/Versions/*/bin", "C:/Program Files/PostgreSQL/*/bin");

    /** What programs have said of themselves, by file and time of its last change: each is asked once. */
    private static final Map<List<Object>, Version> KNOWN = new ConcurrentHashMap<>();

    private Clients() {
    }

    /**
     * One set of client programs.
     *
     * @param version as the program gives it: {@code 17.11}
     * @param bin the folder that holds them
     */
    public record Client(int major, String version, Path bin) {
        /** The path of {@code pg_dump}, {@code pg_restore} or {@code psql}. */
        public Path tool(String name) {
            Path file = executable(bin, name);
            if (Files.isExecutable(file)) {
                return file;
            }
            throw Failure.missing(name + " is not beside pg_dump " + version + " in " + bin,
                    "install it: " + install(major));
        }

        /** A call of one of them; what it says is read here, in English. */
        public Exec call(String name, List<String> arguments) {
            List<String> command = new ArrayList<>(List.of(tool(name).toString()));
            command.addAll(arguments);
            return Exec.of(command).with("LC_ALL", "C");
        }

        /** The same. */
        public Exec call(String name, String... arguments) {
            return call(name, List.of(arguments));
        }
    }

    /** All clients found, the newest first. */
    public static List<Client> all() {
        List<Client> clients = new ArrayList<>();
        programs(VARIABLE, USUAL, "pg_dump")
                .forEach((bin, version) -> clients.add(new Client(version.major, version.text, bin)));
        clients.sort(Comparator.comparing((Client client) -> Version.order(client.version)).reversed());
        return clients;
    }

    /** The newest client of the machine. */
    public static Client newest() {
        return all().stream().findFirst().orElseThrow(() -> Failure.missing(
                "there is no working pg_dump on this machine", "install one as new as the server: " + install(0)));
    }

    /** The client for a server: the same major, whose dumps restore there without errors, else the next newer one. */
    public static Client fitting(int serverMajor) {
        return notOlder(serverMajor, "the server is PostgreSQL " + serverMajor,
                "pg_dump refuses a server newer than itself");
    }

    /** The client that reads an archive: of the major that made it, else the next newer one. */
    public static Client reading(int archiveMajor) {
        return notOlder(archiveMajor, "the backup was made by pg_dump " + archiveMajor,
                "pg_restore does not read what a newer one wrote");
    }

    private static Client notOlder(int major, String wanted, String refused) {
        List<Client> all = all();
        // The list begins with the newest: of two with the same major the first one is the newer minor.
        Optional<Client> fitting = all.stream().filter(client -> client.major >= major)
                .min(Comparator.comparingInt(Client::major));
        String found = all.stream().map(client -> client.version + " in " + client.bin)
                .collect(Collectors.joining(", "));
        return fitting.orElseThrow(() -> Failure.missing(wanted + (all.isEmpty()
                ? " and there is no working pg_dump on this machine" : " and " + refused + "; found: " + found),
                "install pg_dump " + major + " or newer: " + install(major)));
    }

    /** The command that installs the clients here; major 0 stands for any. */
    public static String install(int major) {
        String release = "";
        try {
            release = Files.readString(Path.of("/etc/os-release"));
        } catch (IOException | InvalidPathException e) {
            // Not a Linux, or a very bare one: the general words below do.
        }
        return install(major, System.getProperty("os.name"), release);
    }

    /**
     * The command that installs the clients of a major on some system.
     *
     * @param system the JVM's os.name
     * @param release the text of its /etc/os-release, empty when it has none
     */
    public static String install(int major, String system, String release) {
        String number = major == 0 ? "" : String.valueOf(major);
        if (system.startsWith("Windows")) {
            return "winget install PostgreSQL.PostgreSQL" + (major == 0 ? ".18" : "." + number);
        }
        if (system.startsWith("Mac")) {
            return "brew install libpq";
        }
        String family = release.lines().filter(line -> line.matches("ID(_LIKE)?=.*")).collect(Collectors.joining(" "))
                .replaceAll("ID(_LIKE)?=|[\"']", "");
        Set<String> words = new LinkedHashSet<>(List.of(family.split("\\s+")));
        if (words.contains("debian") || words.contains("ubuntu")) {
            return "apt-get install postgresql-client" + (major == 0 ? "" : "-" + number
                    + " (from the PostgreSQL project's own apt repository if the distribution has only an older one)");
        }
        if (words.contains("alpine")) {
            return "apk add postgresql" + number + "-client";
        }
        if (words.contains("rhel") || words.contains("fedora") || words.contains("centos")) {
            return "dnf install postgresql" + number;
        }
        if (words.contains("suse") || words.contains("opensuse")) {
            return "zypper install postgresql" + number;
        }
        return "the package of your system that holds pg_dump" + (major == 0 ? "" : " " + number + " or newer");
    }

    /** A version as a program gives it, and its major. */
    record Version(int major, String text) {
        /** A text that sorts as the versions do: 9.6 before 15.2 before 15.18. */
        static String order(String version) {
            return Pattern.compile("\\d+").matcher(version).replaceAll(number -> String.format("%6s", number.group()));
        }
    }

    /** The folders that hold a working program, each once, with its version; a variable may name other folders. */
    static Map<Path, Version> programs(String variable, List<String> usual, String program) {
        Map<Path, Version> found = new LinkedHashMap<>();
        for (Path folder : folders(variable, usual)) {
            Path file = executable(folder, program);
            if (!Files.isExecutable(file) || Files.isDirectory(file)) {
                continue;
            }
            try {
                Path real = file.toRealPath();
                // Debian's wrapper picks a version by its own rules, not by the server; the real ones are listed too.
                if (!real.endsWith("pg_wrapper") && !found.containsKey(real.getParent())) {
                    // A link may have another name (alternatives); then its neighbours are where the link is.
                    Path bin = real.getFileName().equals(file.getFileName()) ? real.getParent() : folder;
                    version(executable(bin, program)).ifPresent(version -> found.put(bin, version));
                }
            } catch (IOException e) {
                // A link that leads nowhere is no program.
            }
        }
        return found;
    }

    private static List<Path> folders(String variable, List<String> usual) {
        String own = System.getenv(variable);
        List<Path> folders = new ArrayList<>();
        String path = own == null ? System.getenv().getOrDefault("PATH", "") : own;
        for (String entry : path.split(Pattern.quote(File.pathSeparator))) {
            try {
                if (!entry.isBlank()) {
                    folders.add(Path.of(entry).toAbsolutePath());
                }
            } catch (InvalidPathException e) {
                // A broken entry of PATH is everybody's and nobody's: the others still count.
            }
        }
        if (own == null) {
            // A drive letter is not a path elsewhere, nor the reverse.
            usual.stream().filter(pattern -> pattern.startsWith("C:") == WINDOWS)
                    .forEach(pattern -> folders.addAll(expand(pattern)));
        }
        return folders;
    }

    /** The folders a pattern with one star stands for. */
    private static List<Path> expand(String pattern) {
        int star = pattern.indexOf('*');
        if (star < 0) {
            return List.of(Path.of(pattern));
        }
        int before = pattern.lastIndexOf('/', star);
        int after = pattern.indexOf('/', star);
        List<Path> folders = new ArrayList<>();
        String name = pattern.substring(before + 1, after < 0 ? pattern.length() : after);
        try (DirectoryStream<Path> matches = Files.newDirectoryStream(Path.of(pattern.substring(0, before)), name)) {
            matches.forEach(match -> folders.add(after < 0 ? match : match.resolve(pattern.substring(after + 1))));
        } catch (IOException e) {
            // No such folder here.
        }
        return folders;
    }

    /** What a program says about itself; nothing when it does not run. */
    static Optional<Version> version(Path program) {
        try {
            List<Object> key = List.of(program, Files.getLastModifiedTime(program));
            Version known = KNOWN.get(key);
            if (known != null) {
                return Optional.of(known);
            }
            Exec.Result result = Exec.of(program.toString(), "--version").within(Duration.ofSeconds(20)).run();
            Matcher matcher = VERSION.matcher(result.out());
            if (!result.ok() || !matcher.find()) {
                return Optional.empty();
            }
            Version version = new Version(Integer.parseInt(matcher.group(2)), matcher.group(1));
            KNOWN.put(key, version);
            return Optional.of(version);
        } catch (IOException e) {
            return Optional.empty();
        } catch (Failure e) {
            if (e.exit == Failure.Exit.INTERRUPTED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** A program's file in a folder. */
    static Path executable(Path bin, String name) {
        return bin.resolve(WINDOWS ? name + ".exe" : name);
    }
}
