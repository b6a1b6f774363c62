//SOURCES Exec.java Failure.java Push.java Tags.java

package lib;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The repository that is released; one method, one git command, read in git's machine formats. */
public final class Git {
    // What git exports to its hooks; inherited from one, they would lead every command here to another repository.
    private static final List<String> INHERITED = List.of("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE");

    private final Path folder;

    public Git(Path folder) {
        this.folder = folder;
    }

    /** The top level of the repository a folder belongs to. */
    public static Path topLevel(Path folder) {
        Exec.Result result = git(folder, "rev-parse", "--show-toplevel").run();
        if (!result.ok()) {
            // Git's own word matters when the folder is a repository that git refuses (dubious ownership, say).
            throw Failure.usage(folder + " is not in a git repository" + (result.err().contains("not a git repository")
                    ? "" : ": " + result.tail(2)), "go into your repository, or name it: --repo DIR");
        }
        return Path.of(result.out());
    }

    static Exec git(Path folder, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        // No question on the terminal: a phase that waits for a password nobody sees never ends.
        Exec exec = Exec.of(command).in(folder).with("GIT_TERMINAL_PROMPT", "0").with("LC_ALL", "C.UTF-8");
        INHERITED.forEach(name -> exec.with(name, null));
        return exec;
    }

    /** Git's reason among what it said, without the advice that it prints around every failure. */
    public static String reason(Exec.Result result) {
        List<String> lines = result.err().lines().map(String::strip).filter(line -> !line.isEmpty()
                && !line.matches("(?i)hint:.*|remote:|To .*|Please make sure you have the correct.*"
                        + "|and the repository exists\\.|error: failed to push some refs.*")).toList();
        return lines.isEmpty() ? "exit " + result.exit() : String.join("; ", lines.stream().limit(4).toList());
    }

    private Exec git(String... arguments) {
        return git(folder, arguments);
    }

    private String read(String... arguments) {
        return git(arguments).run()
                .orStop("git " + arguments[0] + " failed", "git " + Exec.typed(List.of(arguments))).out();
    }

    /** Pushes to a remote. */
    public Push push(String remote) {
        return new Push(folder, remote);
    }

    /** Its tags. */
    public Tags tags() {
        return new Tags(folder);
    }

    /** A commit as people write it. */
    public static String brief(String commit) {
        return commit.substring(0, 7);
    }

    /** The branch that is checked out; empty when HEAD is detached. */
    public String branch() {
        // Not the short form: it becomes heads/main where a tag is called main too.
        Exec.Result result = git("symbolic-ref", "--quiet", "HEAD").run();
        return result.ok() ? result.out().replaceFirst("^refs/heads/", "") : "";
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
                // A rename and a copy are followed by the name they had.
                i += entries[i].substring(0, 2).matches(".*[RC].*") ? 1 : 0;
            }
        }
        return paths;
    }

    /** Those that are one of these files, or lie in one of these folders. */
    public List<String> changes(List<String> places) {
        return changes().stream().filter(path -> places.stream().anyMatch(place ->
                path.equals(place) || path.startsWith(place + "/"))).toList();
    }

    /** Files whose changes git was told not to look for; what they hold is seen by the build and by nobody else. */
    public List<String> hidden() {
        // A lower-case letter before the name marks them.
        return read("ls-files", "-v").lines().filter(line -> line.matches("[a-z] .*"))
                .map(line -> line.substring(2)).toList();
    }

    /** Whether only a part of the committed files is in the work tree. */
    public boolean sparse() {
        return "true".equals(git("config", "--type=bool", "--get", "core.sparseCheckout").run().out());
    }

    /** The address of a remote as git uses it for pushing. */
    public String url(String remote) {
        return read("remote", "get-url", "--push", remote);
    }

    /** The rebase, merge, cherry-pick or revert that was begun and not ended, or null; the tree may look clean. */
    public String unfinished() {
        if (Stream.of("rebase-merge", "rebase-apply").anyMatch(name -> Files.exists(
                folder.resolve(read("rev-parse", "--git-path", name))))) {
            return "rebase";
        }
        return Stream.of("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD").filter(name -> commit(name) != null)
                .map(name -> name.replace("_HEAD", "").replace('_', '-').toLowerCase(Locale.ROOT))
                .findFirst().orElse(null);
    }

    /** What else is called like a remote's branch, and wins over it in every git command; null as a rule. */
    public String hiding(String tracking) {
        return Stream.of("refs/heads/", "refs/tags/").map(space -> space + tracking)
                .filter(name -> git("show-ref", "--verify", "--quiet", name).run().ok()).findFirst().orElse(null);
    }

    /** Whether history was cut off when this was cloned. */
    public boolean shallow() {
        return git("rev-parse", "--is-shallow-repository").run().out().equals("true");
    }

    /** The remote a branch follows, else {@code origin}, else the only one there is; null without a remote. */
    public String remote(String branch) {
        Exec.Result configured = git("config", "--get", "branch." + branch + ".remote").run();
        List<String> remotes = git("remote").run().lines();
        // It may also be a dot (a branch of this repository) or a URL, which has no branches that could be compared.
        if (configured.ok() && remotes.contains(configured.out())) {
            return configured.out();
        }
        return remotes.contains("origin") ? "origin" : remotes.size() == 1 ? remotes.get(0) : null;
    }

    /** Fetches all branches of a remote, those too that a clone of a single branch leaves out. */
    public Exec.Result fetch(String remote) {
        return git("fetch", "--quiet", "--prune", remote, "+refs/heads/*:refs/remotes/" + remote + "/*").run();
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
        String out = read("log", "--no-decorate", "--no-show-signature", "--encoding=UTF-8", "--format=%h %s", range);
        return out.isEmpty() ? List.of() : out.lines().toList();
    }

    /** The summary line of the difference between two commits. */
    public String shortstat(String from, String to) {
        return read("diff", "--shortstat", from, to).strip();
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
        Exec.Result result = git("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
                .run();
        if (result.err().contains("unrelated histories")) {
            throw Failure.stop(ours + " and " + theirs + " have no commit in common",
                    "git merge --allow-unrelated-histories " + ours + "   # only if both really are one application");
        }
        if (result.exit() > 1 || result.bytes().length == 0) {
            throw Failure.missing("this git cannot preview a merge: " + git("--version").run().out() + "; "
                    + result.tail(1), "install git 2.38 or newer");
        }
        // Ended by zeros: otherwise names that are not ASCII come quoted.
        List<String> parts = List.of(new String(result.bytes(), StandardCharsets.UTF_8).split("\0"));
        return new Merge(parts.get(0), result.ok() ? List.of()
                : parts.subList(1, parts.size()).stream().filter(path -> !path.isEmpty()).distinct().toList());
    }

    /** Makes a commit object of a tree, signed when the repository wants signed commits; no branch moves. */
    public String commitTree(String tree, String message, List<String> parents) {
        List<String> arguments = new ArrayList<>(List.of("commit-tree", tree, "-m", message));
        parents.forEach(parent -> arguments.addAll(List.of("-p", parent)));
        if (signs()) {
            arguments.add("-S");
        }
        Exec.Result result = git(arguments.toArray(String[]::new)).run();
        if (result.ok()) {
            return result.out();
        }
        boolean nameless = result.err().contains("tell me who you are") || result.err().contains("empty ident");
        throw Failure.stop("git cannot make a commit: " + reason(result), nameless
                ? "git config --global user.name 'Your Name' && git config --global user.email you@example.com"
                : signs() ? "git commit-tree -S -m test HEAD^{tree}   # commit.gpgsign is on, and signing must work"
                : "git commit-tree -m test HEAD^{tree}");
    }

    /** Whether this repository wants its commits signed. */
    public boolean signs() {
        return "true".equals(git("config", "--type=bool", "--get", "commit.gpgsign").run().out());
    }

    /** The tree of a commit with the content of some files replaced, or added. */
    public String treeWith(String commit, Map<String, byte[]> files, Path index) {
        Map<String, String> own = Map.of("GIT_INDEX_FILE", index.toString());
        git("read-tree", commit).with(own).run().orStop("git read-tree failed", "git fsck");
        files.forEach((path, content) -> {
            String blob = git("hash-object", "-w", "--stdin", "--path", path).input(content).run()
                    .orStop("git hash-object failed", "git fsck").out();
            String there = read("ls-tree", commit, "--", path);
            String mode = there.isEmpty() ? "100644" : there.split("\\s+")[0];
            git("update-index", "--add", "--cacheinfo", mode + "," + blob + "," + path).with(own).run()
                    .orStop("git update-index failed", "git fsck");
        });
        return git("write-tree").with(own).run().orStop("git write-tree failed", "git fsck").out();
    }

    /** The whole messages of the commits that a range holds, newest first. */
    public List<String> messages(String range) {
        return Stream.of(read("log", "--no-decorate", "--no-show-signature", "--encoding=UTF-8", "--format=%B%x1e",
                range).split("\u001e")).map(String::strip).filter(message -> !message.isEmpty()).toList();
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

    /** The paths that git ls-files lists with these options, of the patterns given. */
    public List<String> listed(List<String> options, String... patterns) {
        List<String> arguments = new ArrayList<>(List.of("ls-files", "-z", "--full-name"));
        arguments.addAll(options);
        arguments.add("--");
        arguments.addAll(List.of(patterns));
        return Stream.of(read(arguments.toArray(String[]::new)).split("\0")).filter(path -> !path.isEmpty()).toList();
    }

    /** One committed file, or null when the commit does not hold it. */
    public byte[] file(String commit, String path) {
        Exec.Result result = git("cat-file", "blob", commit + ":" + path).run();
        return result.ok() ? result.bytes() : null;
    }

    /** The paths of a commit's symbolic links. */
    public List<String> links(String commit) {
        return Stream.of(read("ls-tree", "-r", "-z", "--full-tree", commit).split("\0"))
                .filter(line -> line.startsWith("120000 ")).map(line -> line.split("\t", 2)[1]).toList();
    }

    /** The committed files whose path is wanted, exactly as git stores them. */
    public Map<String, byte[]> files(String commit, Predicate<String> wanted) {
        String all = new String(git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).run()
                .orStop("git ls-tree failed", "git fsck").bytes(), StandardCharsets.UTF_8);
        List<String> paths = Stream.of(all.split("\0")).filter(path -> !path.isEmpty()).filter(wanted).toList();
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
            // "missing", and what newer versions of git say of a submodule, are followed by nothing.
            if (!words[words.length - 1].matches("\\d+")) {
                continue;
            }
            int size = Integer.parseInt(words[words.length - 1]);
            files.put(path, java.util.Arrays.copyOfRange(out, at, at + size));
            at += size + 1;
        }
        return files;
    }
}
