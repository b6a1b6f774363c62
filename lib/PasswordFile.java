//SOURCES Failure.java

package lib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The passwords that libpq's programs look up by place and user: {@code ~/.pgpass}, or the file that is named. */
final class PasswordFile {
    /** Where a socket is taken for "localhost": the folders that PostgreSQL is built with. */
    private static final List<String> USUAL_SOCKETS = List.of("/var/run/postgresql", "/run/postgresql", "/tmp");

    private PasswordFile() {
    }

    record Found(String password, Path file) {
    }

    /**
     * The password of the first line that fits; a file that others may read is refused as soon as it is needed, for
     * libpq would not use it.
     *
     * @param named the parameter {@code passfile}; null where there is none
     * @param words host, port, dbname and user
     */
    static Optional<Found> find(String named, Map<String, String> words, Map<String, String> environment) {
        String wish = named != null && !named.isEmpty() ? named : environment.get("PGPASSFILE");
        Path file = wish != null && !wish.isEmpty() ? Path.of(wish).toAbsolutePath() : usual(environment);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList()) {
                List<String> fields = fields(line);
                if (fields.size() > 4 && fits(fields, words)) {
                    String mode = openTo(file);
                    if (mode != null) {
                        throw Failure.usage("the password file " + file + " can be read by others (" + mode
                                + "), and PostgreSQL's programs ignore it then", "chmod 600 '" + file + "'");
                    }
                    return Optional.of(new Found(fields.get(4), file));
                }
            }
        } catch (IOException e) {
            throw Failure.usage("the password file " + file + " cannot be read", "ls -l '" + file + "'");
        }
        return Optional.empty();
    }

    private static Path usual(Map<String, String> environment) {
        String windows = environment.get("APPDATA");
        return java.io.File.separatorChar == '\\' && windows != null ? Path.of(windows, "postgresql", "pgpass.conf")
                : home(environment).resolve(".pgpass");
    }

    /** The home folder as libpq finds it. */
    static Path home(Map<String, String> environment) {
        String home = environment.getOrDefault("HOME", "");
        return Path.of(home.isEmpty() ? System.getProperty("user.home") : home);
    }

    // Four fields and the password, apart at colons; a backslash takes the next character as it is.
    private static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean literal = false;
        for (int at = 0; at < line.length() && !line.startsWith("#"); at++) {
            char letter = line.charAt(at);
            if (letter == '\\' && at + 1 < line.length()) {
                literal = true;
                field.append(line.charAt(++at));
            } else if (letter == ':' && fields.size() < 4) {
                // "*" is everything, "\*" a star.
                fields.add(field.toString().equals("*") && !literal ? null : field.toString());
                field.setLength(0);
                literal = false;
            } else {
                field.append(letter);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    private static boolean fits(List<String> fields, Map<String, String> words) {
        String host = fields.get(0);
        boolean local = "localhost".equals(host) && USUAL_SOCKETS.contains(words.get("host"));
        return (local || same(host, words.get("host"))) && same(fields.get(1), words.get("port"))
                && same(fields.get(2), words.get("dbname")) && same(fields.get(3), words.get("user"));
    }

    private static boolean same(String field, String value) {
        return field == null || field.equals(value);
    }

    /** The permissions of a file that is open to others than its owner, as {@code rw-r--r--}; null when it is not. */
    static String openTo(Path file) throws IOException {
        if (!Files.getFileStore(file).supportsFileAttributeView("posix")) {
            return null;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        String mode = java.nio.file.attribute.PosixFilePermissions.toString(permissions);
        return mode.endsWith("------") ? null : mode;
    }
}
