//SOURCES Exec.java Failure.java Git.java

package lib;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is not as it was where a branch left another one. */
public final class Changed {
    private Changed() {
    }

    /** The paths below the top level that differ, uncommitted and untracked ones among them; none that are gone. */
    public static List<String> since(Path repo, String commit) {
        Exec.Result base = Git.git(repo, "merge-base", commit, "HEAD").run();
        if (!base.ok()) {
            throw Failure.usage(commit + " and HEAD have no commit in common",
                    "git fetch --unshallow   # in a shallow clone; else name a branch this one came from");
        }
        String changed = read(repo, "diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", base.out());
        String untracked = read(repo, "ls-files", "-z", "--others", "--exclude-standard");
        return Stream.of((changed + untracked).split("\0")).filter(path -> !path.isEmpty()).distinct().toList();
    }

    private static String read(Path repo, String... arguments) {
        return new String(Git.git(repo, arguments).run().orStop("git " + arguments[0] + " failed", "git status")
                .bytes(), StandardCharsets.UTF_8);
    }
}
