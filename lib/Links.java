//SOURCES Exec.java Failure.java

package lib;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The symbolic links of a commit: git keeps of each only the path that it points to. */
public final class Links {
    private final Map<String, String> loose = new HashMap<>();

    /** Puts in the place of each link what it leads to, as far as that is committed as well. */
    Links(List<String> links, Map<String, byte[]> files) {
        Map<String, String> targets = new HashMap<>();
        links.stream().filter(files::containsKey)
                .forEach(path -> targets.put(path, new String(files.get(path), StandardCharsets.UTF_8)));
        for (String link : targets.keySet()) {
            String end = link;
            Set<String> seen = new HashSet<>();
            while (end != null && targets.containsKey(end)) {
                end = seen.add(end) ? resolved(end, targets.get(end)) : null;
            }
            if (end != null && files.containsKey(end)) {
                files.put(link, files.get(end));
            } else {
                loose.put(link, targets.get(link));
            }
        }
    }

    private static String resolved(String link, String target) {
        try {
            String path = Path.of(link).resolveSibling(target).normalize().toString().replace('\\', '/');
            return path.startsWith("..") || Path.of(path).isAbsolute() ? null : path;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** The links among a release's own files that lead nowhere, where no folder is known that they would be in. */
    void refuse(Pattern paths) {
        loose.forEach((link, target) -> {
            if (paths.matcher(link).matches()) {
                throw loose(link, target);
            }
        });
    }

    /** A migration that is a link to something that is not committed is read from nowhere. */
    void refuse(String folder) {
        loose.forEach((link, target) -> {
            if (folder.isEmpty() || link.equals(folder) || link.startsWith(folder + "/")) {
                throw loose(link, target);
            }
        });
    }

    private static Failure loose(String link, String target) {
        return Failure.stop(link + " is a symbolic link to " + target + ", and what is there is not a file of"
                + " this commit", mend(link));
    }

    /** The command that puts in the place of a link what it leads to. */
    public static String mend(String link) {
        String path = Exec.typed(List.of(link));
        String copy = Exec.typed(List.of(link + ".copy"));
        // Where it leads nowhere the copy fails, and the link is still there.
        return "cp -RL " + path + " " + copy + " && rm " + path + " && mv " + copy + " " + path + " && git add " + path
                + "   # then commit it";
    }
}
