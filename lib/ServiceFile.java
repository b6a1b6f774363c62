//SOURCES Failure.java PasswordFile.java

package lib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The named connections of PostgreSQL's programs: {@code [prod]} in {@code ~/.pg_service.conf}. */
final class ServiceFile {
    private static final String NAME = "pg_service.conf";
    /** Where packages look when PGSYSCONFDIR is not set: Debian's, other Linux, Homebrew's, a build of one's own. */
    private static final List<String> SYSTEM = List.of("/etc/postgresql-common", "/etc", "/usr/local/etc",
            "/opt/homebrew/etc", "/usr/local/pgsql/etc");

    private ServiceFile() {
    }

    record Section(Map<String, String> words, Path file) {
    }

    /** The section of that name in the first file that has it: the user's own, then the system's. */
    static Section find(String service, Map<String, String> environment) {
        Set<String> known = new LinkedHashSet<>();
        List<Path> read = new ArrayList<>();
        for (Path file : files(environment)) {
            if (Files.isRegularFile(file)) {
                read.add(file);
                Map<String, Map<String, String>> sections = sections(file);
                if (sections.containsKey(service)) {
                    return new Section(sections.get(service), file);
                }
                known.addAll(sections.keySet());
            }
        }
        throw Failure.usage("there is no service \"" + service + "\" in " + (read.isEmpty() ? "any " + NAME
                : String.join(", ", read.stream().map(Path::toString).toList())), known.isEmpty()
                ? "write [" + service + "] and host=…, dbname=…, user=… below it into ~/." + NAME
                : "name one of: " + String.join(", ", known));
    }

    private static List<Path> files(Map<String, String> environment) {
        List<Path> files = new ArrayList<>();
        String named = environment.getOrDefault("PGSERVICEFILE", "");
        String windows = environment.get("APPDATA");
        files.add(!named.isEmpty() ? Path.of(named).toAbsolutePath()
                : java.io.File.separatorChar == '\\' && windows != null ? Path.of(windows, "postgresql", "." + NAME)
                : PasswordFile.home(environment).resolve("." + NAME));
        String system = environment.getOrDefault("PGSYSCONFDIR", "");
        (system.isEmpty() ? SYSTEM : List.of(system)).forEach(folder -> files.add(Path.of(folder, NAME)));
        return files;
    }

    private static Map<String, Map<String, String>> sections(Path file) {
        Map<String, Map<String, String>> sections = new LinkedHashMap<>();
        Map<String, String> words = new LinkedHashMap<>();
        int number = 0;
        try {
            for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList()) {
                number++;
                String text = line.strip();
                int equals = text.indexOf('=');
                if (text.startsWith("[") && text.endsWith("]")) {
                    words = new LinkedHashMap<>();
                    // As in libpq, the first section of a name counts.
                    sections.putIfAbsent(text.substring(1, text.length() - 1), words);
                } else if (equals > 0) {
                    words.putIfAbsent(text.substring(0, equals).strip(), text.substring(equals + 1));
                } else if (!text.isEmpty() && !text.startsWith("#")) {
                    // Its text is not shown: it may be a password.
                    throw Failure.usage(file + " line " + number + " is neither [NAME] nor KEY=VALUE",
                            "correct that line; ldap:// is not understood here");
                }
                if (words.containsKey("service")) {
                    throw Failure.usage(file + " line " + number + ": a service cannot name another one",
                            "write host=…, dbname=…, user=… there");
                }
            }
        } catch (IOException e) {
            throw Failure.usage(file + " cannot be read", "ls -l '" + file + "'");
        }
        return sections;
    }
}
