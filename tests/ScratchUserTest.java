//SOURCES ScratchCase.java ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import lib.Servers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As whom the throw-away server runs: as its owner, or as nobody where that is root. */
class ScratchUserTest extends ScratchCase {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @ParameterizedTest
    @ValueSource(ints = {65534, 12345})
    void ordinaryAndNamelessUsersMayToo(int uid) throws Exception {
        assumeTrue(ROOT, "only root can become others");
        open(temp);
        Path theirs = Files.createDirectory(temp.resolve("tmp"));
        Files.setAttribute(theirs, "unix:uid", uid);
        Running child = start(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"), Map.of(),
                theirs, List.of(reachable(anyServer()).toString()), reachableClassPath());
        assertEquals("ready", child.word(), child.toString());
        end(child);
        assertEmpty(theirs);
    }

    // The initdb of 15 answers to --version even where it cannot read its own files; that of 17 does not.
    @ParameterizedTest
    @ValueSource(ints = {15, 17})
    void rootWithoutNamespacesBecomesNobody(int major) throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare");
        open(temp);
        Path place = Files.createDirectory(temp.resolve("tmp"));
        open(place);
        // Below a home closed to others, where a cache usually is.
        Path closed = copy(Servers.embedded(major).getParent(), temp.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), place,
                List.of(closed.resolve("bin").toString()), classPath());
        assertEquals("ready", child.word(), child.toString());
        assertEquals("65534", Files.getAttribute(child.data(), "unix:uid").toString());
        end(child);
        assertEmpty(place);
    }

    @Test
    void rootIsToldOfATemporaryFolderThatNobodyCanEnter() throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare");
        Path place = Files.createDirectory(temp.resolve("tmp"));
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwx------"));
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), place,
                List.of(anyServer().toString()), classPath());
        assertEquals("failed", child.word());
        assertTrue(child.data().toString().contains("who cannot enter " + place.toRealPath()), child.toString());
        assertEmpty(place);
    }

    @Test
    void rootWithNoWayOutIsToldWhy() throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare", "setpriv");
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), temp,
                List.of(anyServer().toString()), classPath());
        assertEquals("failed", child.word());
        assertTrue(child.port().equals("MISSING"), child.toString());
        assertTrue(child.data().toString().contains("setpriv is refused"), child.toString());
    }

    /** Another user cannot read our home: a copy, then. */
    private String reachableClassPath() throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator)) {
            if (Files.exists(Path.of(entry))) {
                entries.add(copy(Path.of(entry), temp.resolve("cp" + entries.size())).toString());
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private Path reachable(Path bin) throws IOException {
        return bin.startsWith("/usr") ? bin : copy(bin.getParent(), temp.resolve("server")).resolve("bin");
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = file.equals(from) ? to : to.resolve(from.relativize(file).toString());
                if (!Files.isDirectory(target)) {
                    Files.copy(file, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        return to;
    }

    private Path refusing(String... programs) throws IOException {
        Path folder = Files.createDirectory(temp.resolve("refusing"));
        for (String program : programs) {
            Path file = Files.writeString(folder.resolve(program),
                    "#!/bin/sh\necho " + program + " is refused >&2\nexit 1\n");
            file.toFile().setExecutable(true);
        }
        return folder;
    }

    private static void open(Path folder) {
        folder.toFile().setReadable(true, false);
        folder.toFile().setExecutable(true, false);
    }
}
