//SOURCES Exec.java Git.java

package lib;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The tags of a repository and of its remotes. */
public final class Tags {
    private final Path folder;

    Tags(Path folder) {
        this.folder = folder;
    }

    /** The nearest one behind HEAD whose name fits a pattern; null when there is none. */
    public String last(String pattern) {
        Exec.Result result = Git.git(folder, "describe", "--tags", "--abbrev=0", "--match", pattern, "HEAD").run();
        return result.ok() ? result.out() : null;
    }

    /** The object that a remote has under that name; null when it has none. */
    public String at(String remote, String name) {
        String found = Git.git(folder, "ls-remote", "--tags", remote, "refs/tags/" + name).run()
                .orStop("git cannot ask " + remote, "git ls-remote " + remote).out();
        return found.isEmpty() ? null : found.split("\\s")[0];
    }

    /** Makes the object of a tag of a commit; no name points to it yet. */
    public String object(String commit, String name) {
        String tagger = Git.git(folder, "var", "GIT_COMMITTER_IDENT").run()
                .orStop("git does not know who makes the tag", "git config user.email ADDRESS").out();
        String text = "object " + commit + "\ntype commit\ntag " + name + "\ntagger " + tagger + "\n\nrelease: "
                + name + "\n";
        return Git.git(folder, "mktag").input(text.getBytes(StandardCharsets.UTF_8)).run()
                .orStop("git cannot make the tag " + name, "git tag -a " + name).out();
    }

    /** Gives such an object its name in this clone too. */
    public void name(String name, String object) {
        Git.git(folder, "update-ref", "refs/tags/" + name, object).run();
    }
}
