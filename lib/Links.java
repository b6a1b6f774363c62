//SOURCES Failure.java

package lib;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The symbolic links of a commit: git keeps of each only the path that it points to. */
final class Links {
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

    /** A migration that is a link to something that is not committed is read from nowhere. */
    void refuse(String folder) {
        loose.forEach((link, target) -> {
            if (folder.isEmpty() || link.equals(folder) || link.startsWith(folder + "/")) {
                throw Failure.stop(link + " is a symbolic link to " + target + ", and what is there is not a file of"
                        + " this commit", "put the file itself there: cp --remove-destination $(readlink -f " + link
                        + ") " + link + " && git add " + link);
            }
        });
    }
}
