//SOURCES Exec.java Failure.java Git.java Json.java Project.java VersionSetting.java

package lib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number of a release, with what says so: a tag, a file's {@code version}, an entry of the changelog.
 *
 * @param files the files that its commit changes, by path
 */
public record Version(String number, String tag, Map<String, byte[]> files) {
    private static final Pattern SEMANTIC = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)");
    private static final Pattern IN_FILE = Pattern.compile("(\"version\"\\s*:\\s*\")([^\"]*)(\")");
    private static final Pattern BREAKING = Pattern.compile("(?m)^\\w+(\\([^)]*\\))?!:|^BREAKING[ -]CHANGE:");
    private static final Pattern FEATURE = Pattern.compile("(?m)^feat(\\([^)]*\\))?:");

    /** The version that comes next; null where release.json numbers no releases. */
    public static Version next(Project project) {
        VersionSetting setting = project.settings.version();
        if (setting == null) {
            return null;
        }
        Git git = project.git;
        String last = git.tags().last(setting.tag().replace(VersionSetting.NUMBER, "[0-9]*"));
        String file = setting.file() == null ? null : text(git, setting.file());
        if (setting.file() != null && file == null) {
            throw Failure.usage("release.json: version.file is " + setting.file() + ", and that is not committed",
                    "git add " + setting.file());
        }
        String current = file != null ? inFile(setting.file(), file) : last == null ? "0.0.0" : number(last, setting);
        List<String> commits = git.messages((last == null ? project.released() : last) + "..HEAD");
        String next = setting.bump().equals("none") ? current : raised(current, setting.bump(), commits);
        String tag = setting.tag().replace(VersionSetting.NUMBER, next);
        List<String> inTheWay = new ArrayList<>();
        if (git.commit("refs/tags/" + tag) != null) {
            inTheWay.add("git tag --delete " + tag);
        }
        if (git.tags().at(project.remote(), tag) != null) {
            inTheWay.add("git push " + project.remote() + " :refs/tags/" + tag);
        }
        if (!inTheWay.isEmpty()) {
            throw Failure.stop("there is a tag " + tag + " already", setting.bump().equals("none")
                    ? "raise the version in " + setting.file() + ", and commit it"
                    : String.join(" && ", inTheWay) + "   # if it is not that of a release");
        }
        Map<String, byte[]> files = new LinkedHashMap<>();
        if (file != null && !next.equals(current)) {
            put(files, setting.file(), IN_FILE.matcher(file).replaceFirst("$1" + next + "$3"));
            locked(git, setting.file(), current, next, files);
        }
        if (setting.changelog() != null) {
            put(files, setting.changelog(), entry(text(git, setting.changelog()), next, commits));
        }
        return new Version(next, tag, files);
    }

    private static String text(Git git, String path) {
        byte[] bytes = git.file("HEAD", path);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void put(Map<String, byte[]> files, String path, String text) {
        files.put(path, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String inFile(String path, String text) {
        try {
            // A dependency's version may stand before that of the whole.
            String version = Json.MAPPER.readTree(text).path("version").asText();
            Matcher first = IN_FILE.matcher(text);
            if (!SEMANTIC.matcher(version).matches() || !first.find() || !first.group(2).equals(version)) {
                throw Failure.usage(path + ": \"version\" is "
                        + (version.isEmpty() ? "missing" : "\"" + version + "\""),
                        "write three numbers there, before every other \"version\": \"version\": \"1.0.0\"");
            }
            return version;
        } catch (IOException e) {
            throw Failure.usage(path + " is not JSON", "name another file in release.json: version.file");
        }
    }

    private static String number(String tag, VersionSetting setting) {
        String[] around = setting.tag().split(Pattern.quote(VersionSetting.NUMBER), -1);
        String number = tag.substring(around[0].length(), tag.length() - around[1].length());
        if (!SEMANTIC.matcher(number).matches()) {
            throw Failure.usage("the last tag, " + tag + ", is no version of three numbers",
                    "git tag " + setting.tag().replace(VersionSetting.NUMBER, "1.0.0") + "   # on the last release");
        }
        return number;
    }

    private static String raised(String current, String bump, List<String> commits) {
        Matcher parts = SEMANTIC.matcher(current);
        parts.matches();
        int major = Integer.parseInt(parts.group(1));
        int minor = Integer.parseInt(parts.group(2));
        int patch = Integer.parseInt(parts.group(3));
        boolean breaks = commits.stream().anyMatch(message -> BREAKING.matcher(message).find());
        boolean adds = commits.stream().anyMatch(message -> FEATURE.matcher(message).find());
        // Before 1.0.0 nothing is promised, and a break raises the second number.
        String which = !bump.equals("conventional") ? bump : breaks && major > 0 ? "major"
                : breaks || adds ? "minor" : "patch";
        return switch (which) {
            case "major" -> major + 1 + ".0.0";
            case "minor" -> major + "." + (minor + 1) + ".0";
            default -> major + "." + minor + "." + (patch + 1);
        };
    }

    // npm writes the version twice at the top of its lock file.
    private static void locked(Git git, String file, String current, String next, Map<String, byte[]> files) {
        String path = file.replaceFirst("package\\.json$", "package-lock.json");
        String text = path.equals(file) ? null : text(git, path);
        for (int i = 0; text != null && i < 2; i++) {
            Matcher found = IN_FILE.matcher(text);
            text = found.find() && found.group(2).equals(current) ? found.replaceFirst("$1" + next + "$3") : text;
            put(files, path, text);
        }
    }

    private static String entry(String changelog, String next, List<String> commits) {
        StringBuilder entry = new StringBuilder("## " + next + " - " + LocalDate.now() + "\n\n");
        commits.stream().map(message -> message.lines().findFirst().orElse(""))
                .filter(subject -> !subject.matches("(?i)(merge|release:).*"))
                .forEach(subject -> entry.append("- ").append(subject).append('\n'));
        String text = changelog == null || changelog.isBlank() ? "# Changelog\n" : changelog;
        int first = text.startsWith("## ") ? 0 : text.indexOf("\n## ") + 1;
        return first > 0 || text.startsWith("## ") ? text.substring(0, first) + entry + "\n" + text.substring(first)
                : text.stripTrailing() + "\n\n" + entry;
    }
}
