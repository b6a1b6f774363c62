//SOURCES Exec.java Failure.java

package lib;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The repository that is released; one method, one git command, read in git's machine formats. */
public final class Git {
    private final Path folder;

    public Git(Path folder) {
        this.folder = folder;
    }

    /** The top level of the repository a folder belongs to. */
    public static Path topLevel(Path folder) {
        Exec.Result result = git(folder, "rev-parse", "--show-toplevel").run();
        if (!result.ok()) {
            throw Failure.usage(folder + " is not in a git repository" + because(result), "go into your repository, or name it: --repo DIR");
        }
        return Path.of(result.out());
    }

    private static String because(Exec.Result result) {
        // Git's own word matters when the folder is a repository that git refuses (dubious ownership, say).
        return result.err().contains("not a git repository") ? "" : ": " + result.tail(2);
    }

    private static Exec git(Path folder, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        // No question on the terminal: a phase that waits for a password nobody sees never ends.
        return Exec.of(command).in(folder).with("GIT_TERMINAL_PROMPT", "0").with("LC_ALL", "C.UTF-8");
    }

    private Exec git(String... arguments) {
        return git(folder, arguments);
    }

    private String read(String... arguments) {
        return git(arguments).run().orStop("git " + arguments[0] + " failed", Exec.typed(List.of(command(arguments)))).out();
    }

    private static String[] command(String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }

    /** The branch that is checked out; empty when HEAD is detached. */
    public String branch() {
        Exec.Result result = git("symbolic-ref", "--quiet", "--short", "HEAD").run();
        return result.ok() ? result.out() : "";
    }

    /** The commit a name stands for, or null when there is none. */
    public String commit(String name) {
        Exec.Result result = git("rev-parse", "--verify", "--quiet", name + "^{commit}").run();
        return result.ok() ? result.out() : null;
    }

    /** Changed and untracked paths, as porcelain status prints them. */
    public List<String> changes() {
        String out = new String(git("status", "--porcelain", "-z", "--untracked-files=all").run()
                .orStop("git status failed", "git status").bytes(), StandardCharsets.UTF_8);
        List<String> paths = new ArrayList<>();
        String[] entries = out.split("\0");
        for (int i = 0; i < entries.length; i++) {
            if (entries[i].length() > 3) {
                paths.add(entries[i].substring(3));
                // A rename is followed by the name it had.
                i += entries[i].startsWith("R") ? 1 : 0;
            }
        }
        return paths;
    }

    /** The remote a branch follows, else {@code origin}, else the only one there is; null without a remote. */
    public String remote(String branch) {
        Exec.Result configured = git("config", "--get", "branch." + branch + ".remote").run();
        if (configured.ok() && !configured.out().isEmpty() && !configured.out().equals(".")) {
            return configured.out();
        }
        List<String> remotes = git("remote").run().lines();
        return remotes.contains("origin") ? "origin" : remotes.size() == 1 ? remotes.get(0) : null;
    }

    /** Fetches all branches of a remote. */
    public Exec.Result fetch(String remote) {
        return git("fetch", "--quiet", "--prune", remote).run();
    }

    /** How many commits each of the two has that the other lacks: {left, right}. */
    public int[] apart(String left, String right) {
        String[] counts = read("rev-list", "--left-right", "--count", left + "..." + right).split("\\s+");
        return new int[] {Integer.parseInt(counts[0]), Integer.parseInt(counts[1])};
    }

    /** Whether one commit is contained in another. */
    public boolean contains(String whole, String part) {
        return git("merge-base", "--is-ancestor", part, whole).run().ok();
    }

    /** Commits that a range holds, newest first, "abbreviated hash and subject" each. */
    public List<String> log(String range) {
        String out = read("log", "--no-decorate", "--format=%h %s", range);
        return out.isEmpty() ? List.of() : out.lines().toList();
    }

    /** The summary line of the difference between two commits. */
    public String shortstat(String from, String to) {
        return read("diff", "--shortstat", from, to).strip();
    }

    /** Files that differ between two commits below a folder ("" for all), as "status\tpath". */
    public List<String> changed(String from, String to, String below) {
        String out = below.isEmpty() ? read("diff", "--name-status", "--no-renames", from, to)
                : read("diff", "--name-status", "--no-renames", from, to, "--", below);
        return out.isEmpty() ? List.of() : out.lines().toList();
    }

    /**
     * The tree that merging two commits gives, without touching the work tree.
     *
     * @param conflicts the paths that both sides changed; the tree is no use when there are any
     */
    public record Merge(String tree, List<String> conflicts) {
    }

    /** Merges two commits in memory (git 2.38 or newer). */
    public Merge merge(String ours, String theirs) {
        Exec.Result result = git("merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs).run();
        if (result.exit() > 1 || result.lines().isEmpty()) {
            throw Failure.missing("this git cannot preview a merge: " + git("--version").run().out() + "; " + result.tail(1),
                    "install git 2.38 or newer");
        }
        List<String> lines = result.lines();
        return new Merge(lines.get(0), result.ok() ? List.of() : lines.subList(1, lines.size()).stream().distinct().toList());
    }

    /** Makes a commit object of a tree, signed when the repository wants signed commits; no branch moves. */
    public String commitTree(String tree, String message, List<String> parents) {
        List<String> arguments = new ArrayList<>(List.of("commit-tree", tree, "-m", message));
        parents.forEach(parent -> arguments.addAll(List.of("-p", parent)));
        if ("true".equals(git("config", "--type=bool", "--get", "commit.gpgsign").run().out())) {
            arguments.add("-S");
        }
        return read(arguments.toArray(String[]::new));
    }

    /** The tree of a commit with one file's content replaced. */
    public String treeWith(String commit, String path, byte[] content, Path index) {
        String blob = git("hash-object", "-w", "--stdin", "--path", path).input(content).run()
                .orStop("git hash-object failed", "git fsck").out();
        String mode = read("ls-tree", commit, "--", path).split("\\s+")[0];
        Map<String, String> own = Map.of("GIT_INDEX_FILE", index.toString());
        git("read-tree", commit).with(own).run().orStop("git read-tree failed", "git fsck");
        git("update-index", "--cacheinfo", mode + "," + blob + "," + path).with(own).run()
                .orStop("git update-index failed", "git fsck");
        return git("write-tree").with(own).run().orStop("git write-tree failed", "git fsck").out();
    }

    /** Pushes commits to branches of a remote, all of them or none, never by force. */
    public Exec.Result push(String remote, List<String> refspecs) {
        List<String> arguments = new ArrayList<>(List.of("push", "--quiet", "--atomic", remote));
        arguments.addAll(refspecs);
        return git(arguments.toArray(String[]::new)).run();
    }

    /** Pushes one branch after the other, to a remote that cannot take them together; the first refusal ends it. */
    public Exec.Result pushEach(String remote, List<String> refspecs) {
        Exec.Result result = null;
        for (String refspec : refspecs) {
            result = git("push", "--quiet", remote, refspec).run();
            if (!result.ok()) {
                return result;
            }
        }
        return result;
    }

    /**
     * Why a remote takes no push from here, or null when it does. Tried for real, because a dry run never reaches the hooks:
     * a throw-away ref is pushed and removed, a throw-away branch where the host takes branches only.
     */
    public String refusal(String remote) {
        String refused = null;
        for (String space : List.of("refs/release-probe/", "refs/heads/release-probe-")) {
            String ref = space + java.util.UUID.randomUUID();
            Exec.Result push = git("push", "--quiet", remote, "HEAD:" + ref).run();
            if (push.ok()) {
                git("push", "--quiet", remote, ":" + ref).run().orStop("the probe " + ref + " cannot be removed again",
                        "git push " + remote + " :" + ref);
                return null;
            }
            refused = push.tail(3);
        }
        return refused;
    }

    /** Moves the checked-out branch and the work tree forward to a commit. */
    public void forward(String commit) {
        read("merge", "--quiet", "--ff-only", commit);
    }

    /** Whether git ignores a path; a folder's path ends with a slash. */
    public boolean ignored(String path) {
        return git("check-ignore", "--quiet", "--no-index", path).run().ok();
    }

    /** Whether git follows a file at a path or below it. */
    public boolean tracked(String path) {
        return !read("ls-files", "--", path).isEmpty();
    }

    /** One committed file, or null when the commit does not hold it. */
    public byte[] file(String commit, String path) {
        Exec.Result result = git("cat-file", "blob", commit + ":" + path).run();
        return result.ok() ? result.bytes() : null;
    }

    /** All committed files below a folder ("" for the whole tree) by path; read in one go, exactly as git stores them. */
    public Map<String, byte[]> files(String commit, String below) {
        return read(commit, paths(commit).stream()
                .filter(path -> below.isEmpty() || path.startsWith(below.endsWith("/") ? below : below + "/")).toList());
    }

    /** All paths of a commit. */
    public List<String> paths(String commit) {
        String out = new String(git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).run()
                .orStop("git ls-tree failed", "git fsck").bytes(), StandardCharsets.UTF_8);
        return out.isEmpty() ? List.of() : List.of(out.split("\0"));
    }

    /** Some committed files by path. */
    public Map<String, byte[]> read(String commit, List<String> paths) {
        StringBuilder names = new StringBuilder();
        paths.forEach(path -> names.append(commit).append(':').append(path).append('\n'));
        byte[] out = git("cat-file", "--batch").input(names.toString().getBytes(StandardCharsets.UTF_8)).run()
                .orStop("git cat-file failed", "git fsck").bytes();
        Map<String, byte[]> files = new LinkedHashMap<>();
        int at = 0;
        for (String path : paths) {
            var header = new ByteArrayOutputStream();
            while (out[at] != '\n') {
                header.write(out[at++]);
            }
            at++;
            String[] words = header.toString(StandardCharsets.UTF_8).split(" ");
            if (words[words.length - 1].equals("missing")) {
                continue;
            }
            int size = Integer.parseInt(words[words.length - 1]);
            files.put(path, java.util.Arrays.copyOfRange(out, at, at + size));
            at += size + 1;
        }
        return files;
    }
}
