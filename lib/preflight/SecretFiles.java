//SOURCES ../Address.java ../DotEnv.java ../Exec.java ../Failure.java ../Gate.java ../Git.java ../Placeholder.java
//SOURCES ../Project.java

package lib.preflight;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lib.Address;
import lib.DotEnv;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Placeholder;
import lib.Project;

/** The files of a repository that hold secrets: git must neither have them nor be about to take them. */
public final class SecretFiles {
    /** Examples are for everybody, and a vault is encrypted. */
    private static final Pattern EXAMPLE = Pattern.compile(
            "\\.env(\\..+)?[._-](example|sample|template|tpl|dist|defaults?|schema|vault)(\\..+)?");
    /** What frameworks read for one machine only, and the private keys of dotenvx. */
    private static final Pattern OWN = Pattern.compile("\\.env|\\.env(\\..+)?\\.local|\\.env\\.keys");
    /** What frameworks want to have committed for tests: secrets of servers that live as long as a test. */
    private static final Pattern TEST = Pattern.compile("\\.env\\.(test|ci|e2e|dev|development)");
    private static final Pattern SECRET = Pattern.compile("(?i)(?!(NEXT_)?PUBLIC_|VITE_|REACT_APP_).*(SECRET|TOKEN"
            + "|PASSWORD|PASSWD|PRIVATE_?KEY|API_?KEY|CREDENTIALS?).*");
    private static final String[] PATTERNS = {".env*", "**/.env*", "*pgpass*", "*pg_service.conf", "*.pem", "*.key",
        "*.p12", "*.pfx", "*.pk8"};
    private static final Pattern FOR_TESTS = Pattern.compile(
            "(?i)(.*/)?(tests?|__tests__|spec|fixtures?|examples?|mocks?|testdata)/.*");

    private final Project project;
    private final List<String> tracked = new ArrayList<>();
    private final List<String> open = new ArrayList<>();
    private final List<String> doubts = new ArrayList<>();

    public SecretFiles(Project project) {
        this.project = project;
    }

    /**
     * Names every file that git has, and every one that the next {@code git add} would take.
     *
     * @param folder what was found about the run folder, to which this is added
     */
    public Gate.Finding look(Gate.Finding folder) {
        listed("--cached").forEach(this::committed);
        listed("--others", "--exclude-standard").stream().filter(path -> environment(path) && !example(path))
                .forEach(open::add);
        if (!tracked.isEmpty()) {
            throw Failure.stop(String.join(", ", tracked) + (tracked.size() == 1 ? " is in git, and it holds secrets"
                    : " are in git, and they hold secrets"), "git rm --cached " + Exec.typed(tracked) + " && "
                    + ignore(tracked) + " && git add .gitignore && git commit -m 'Take secrets out of git'   "
                    + "# and change the secrets in " + (tracked.size() == 1 ? "it" : "them"));
        }
        if (!open.isEmpty()) {
            throw Failure.stop(String.join(", ", open) + (open.size() == 1 ? " is" : " are") + " not ignored by git",
                    ignore(open) + " && git add .gitignore && git commit -m 'Ignore secrets' .gitignore");
        }
        boolean there = Files.exists(project.repo.resolve(".env"));
        String finding = folder.message() + (there ? ", and so does .env" : "");
        return doubts.isEmpty() ? Gate.passed(finding)
                : Gate.warned(finding + "\n" + String.join("\n", doubts),
                        "change what is secret there, and leave an example in its place");
    }

    private static String ignore(List<String> paths) {
        List<String> lines = new ArrayList<>(List.of("\\n"));
        paths.forEach(path -> lines.add("/" + path.replace("%", "%%").replace("\\", "\\\\\\\\") + "\\n"));
        String text = String.join("", lines).equals("\\n/.env\\n") ? "\\n.env\\n" : String.join("", lines);
        return "printf '" + text.replace("'", "'\\''") + "' >> .gitignore";
    }

    private void committed(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (environment(path)) {
            if (example(path)) {
                if (remote(values(path)) != null) {
                    doubts.add(path + " is an example, and its " + remote(values(path)) + " leads to a real server");
                }
            } else if (OWN.matcher(name).matches() || secret(path, TEST.matcher(name).matches())) {
                tracked.add(path);
            }
        } else if (name.equals(".pgpass") || name.equals("pgpass.conf")) {
            if (Pattern.compile("(?m)^[^#\\n].*:.*:.*:.*:.+$").matcher(text(path)).find()) {
                tracked.add(path);
            }
        } else if (name.equals(".pg_service.conf") || name.equals("pg_service.conf")) {
            if (Pattern.compile("(?m)^\\s*password=.").matcher(text(path)).find()) {
                tracked.add(path);
            }
        } else if (used().contains(project.repo.resolve(path).toAbsolutePath().toString())) {
            tracked.add(path);
        } else if (!FOR_TESTS.matcher(path).matches() && text(path).contains("PRIVATE KEY-----")) {
            doubts.add(path + " is a private key, and it is in git");
        }
    }

    // The keys of the client certificates that database URLs name.
    private List<String> used() {
        List<String> keys = new ArrayList<>();
        List<String> names = new ArrayList<>(project.settings.environments().keySet());
        if (!names.contains(project.environment)) {
            names.add(project.environment);
        }
        for (String name : names) {
            try {
                Address.Found found = Address.peek(project.repo, project.settings, name);
                if (found != null && found.target().parameters().containsKey("sslkey")) {
                    keys.add(found.target().parameters().get("sslkey"));
                }
            } catch (Failure unusable) {
                // The gate of settings says so.
                continue;
            }
        }
        return keys;
    }

    private boolean secret(String path, boolean forTests) {
        Map<String, String> values = values(path);
        return remote(values) != null || !forTests && values.entrySet().stream().anyMatch(entry ->
                SECRET.matcher(entry.getKey()).matches() && entry.getValue().length() > 7
                && !entry.getValue().startsWith("encrypted:") && !entry.getValue().startsWith("$")
                && Placeholder.in(":" + entry.getValue() + "@") == null);
    }

    // The name of a variable that holds a database URL with a password to another machine.
    private static String remote(Map<String, String> values) {
        for (var entry : values.entrySet()) {
            String value = entry.getValue();
            if (value.matches("(?s)[a-z][a-z0-9+]*://[^\\s:/@]*:[^\\s@]+@[^\\s]+") && Placeholder.in(value) == null) {
                String host = value.substring(value.lastIndexOf('@') + 1).replaceFirst("[:/?].*", "");
                boolean example = host.matches("(?i)localhost|127\\..*|\\[.*|[^.]*|(.*\\.)?example\\.(com|org|net)"
                        + "|host\\.docker\\.internal|.*\\.(test|invalid|local)");
                if (!example) {
                    return entry.getKey();
                }
            }
        }
        return null;
    }

    private Map<String, String> values(String path) {
        Path file = project.repo.resolve(path);
        try {
            return Files.isRegularFile(file) ? DotEnv.of(file).values() : Map.of();
        } catch (Failure unreadable) {
            return Map.of();
        }
    }

    private String text(String path) {
        try {
            Path file = project.repo.resolve(path);
            return Files.isRegularFile(file) ? new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean environment(String path) {
        return path.substring(path.lastIndexOf('/') + 1).matches("\\.env([._-].*)?");
    }

    private static boolean example(String path) {
        return EXAMPLE.matcher(path.substring(path.lastIndexOf('/') + 1)).matches();
    }

    private List<String> listed(String... which) {
        return project.git.listed(List.of(which), PATTERNS);
    }
}
