//SOURCES Exec.java Failure.java

package lib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** SHA-256 in hexadecimal, of what this project compares: texts and files. */
public final class Hash {
    /** From so many bytes on it pays to start a program, each several times as fast as Java with our options. */
    private static final long LARGE = 4 << 20;
    private static final List<List<String>> PROGRAMS = List.of(List.of("openssl", "dgst", "-sha256", "-r"),
            List.of("sha256sum", "--binary"));
    private static final Pattern SAID = Pattern.compile("([0-9a-f]{64}) \\*.*", Pattern.DOTALL);

    private Hash() {
    }

    public static String of(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The hash of a file, read in pieces. */
    public static String of(Path file) {
        try {
            if (Files.size(file) >= LARGE) {
                for (List<String> program : PROGRAMS) {
                    String hash = said(program, file);
                    if (hash != null) {
                        return hash;
                    }
                }
            }
            return read(file);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, file + " cannot be read: " + e.getMessage(), "ls -l " + file, e);
        }
    }

    // Null where there is no such program, or it says anything but a hash.
    private static String said(List<String> program, Path file) {
        List<String> command = new ArrayList<>(program);
        command.add(file.toAbsolutePath().toString());
        try {
            Exec.Result result = Exec.of(command).run();
            Matcher said = SAID.matcher(result.out());
            return result.ok() && said.matches() ? said.group(1) : null;
        } catch (Failure e) {
            if (e.exit == Failure.Exit.INTERRUPTED) {
                throw e;
            }
            return null;
        }
    }

    private static String read(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (var in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = in.read(buffer)) > 0; ) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
