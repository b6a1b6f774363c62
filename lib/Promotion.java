//SOURCES Exec.java Failure.java Git.java Notes.java Project.java Run.java Version.java

package lib;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The commits that a release pushes, made before anything is stopped and without touching the work tree.
 *
 * @param source the new head of the source branch, MIGRATIONS.md back to its template
 * @param release the new head of the release branch, which holds {@code source}
 * @param from the heads they were made from; another one on the remote is a reason to begin again
 * @param tag the name of the tag that is pushed with them; null where releases have no number
 * @param tagObject the tag itself
 */
public record Promotion(String source, String release, String from, String released, boolean cleared, String tag,
                        String tagObject) {
    /** What the remote holds of a promotion: neither branch, the source branch alone, both; or it did not say. */
    public enum Arrived { NOTHING, SOURCE, BOTH, UNKNOWN }

    /** From here on exit codes tell that git was ended. */
    private static final int ENDED = 128;
    /** How git marks a branch or tag that was refused, here or there. */
    private static final String REFUSED = "rejected]";
    /** What git says when the other end is gone, which is no refusal. */
    private static final Pattern CUT = Pattern.compile("(?i)hung up|unexpected disconnect|early EOF|RPC failed"
            + "|broken pipe|connection (was )?(reset|closed|timed out|cut)");

    /** Makes the commits: MIGRATIONS.md cleared on the source branch, that merged into the release branch. */
    public static Promotion prepare(Project project, Run run) {
        Git git = project.git;
        String head = git.commit("HEAD");
        String released = git.commit(project.released());
        Notes notes = project.notes();
        boolean clears = !notes.entries().isEmpty();
        Version version = Version.next(project);
        String source = clears || version != null && !version.files().isEmpty()
                ? changed(project, run, head, clears ? notes : null, version) : head;
        String release = git.contains(source, released) ? source : merged(project, released, source);
        return new Promotion(source, release, head, released, clears, version == null ? null : version.tag(),
                version == null ? null : git.tags().object(source, version.tag()));
    }

    private static String merged(Project project, String released, String source) {
        Git.Merge merge = project.git.merge(released, source);
        if (!merge.conflicts().isEmpty()) {
            throw Failure.stop("merging " + project.source + " into " + project.release + " conflicts in: "
                    + String.join(", ", merge.conflicts()),
                    "git merge " + project.released() + "   # on " + project.source
                    + ", solve it there, push, then start the release again");
        }
        return project.git.commitTree(merge.tree(), message(project), List.of(released, source));
    }

    /** What the commit says that merges the source branch into the release branch. */
    public static String message(Project project) {
        return "release: merge " + project.source;
    }

    // git builds the tree in an index of its own, so that the one of the work tree stays as it is.
    private static String changed(Project project, Run run, String head, Notes notes, Version version) {
        Path index = run.file("index");
        Map<String, byte[]> files = new LinkedHashMap<>(version == null ? Map.of() : version.files());
        if (notes != null) {
            files.put(Notes.FILE, notes.cleared().getBytes(StandardCharsets.UTF_8));
        }
        try {
            Files.deleteIfExists(index);
            String tree = project.git.treeWith(head, files, index);
            Files.deleteIfExists(index);
            return project.git.commitTree(tree, version == null ? "release: clear " + Notes.FILE
                    : "release: " + version.number(), List.of(head));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether both branches still stand where the commits were made from; asked of the remote once more. */
    public void stillFits(Project project) {
        String remote = project.remote();
        project.git.fetch(remote).orStop("git cannot fetch from " + remote, "git fetch " + remote);
        String now = project.git.commit(project.released());
        if (!released.equals(now)) {
            throw Failure.stop(project.released() + " was moved by somebody since the release began: "
                    + released.substring(0, 7) + " -> " + (now == null ? "gone" : now.substring(0, 7)),
                    "jbang release.java");
        }
        if (!project.git.contains("HEAD", remote + "/" + project.source)) {
            throw Failure.stop(remote + "/" + project.source + " has new commits since the release began",
                    "git merge --ff-only " + remote + "/" + project.source + " && jbang release.java");
        }
        if (!from.equals(project.git.commit("HEAD")) || !project.git.branch().equals(project.source)) {
            throw Failure.stop("the repository is not on the commit any more that the release began with: "
                    + from.substring(0, 7),
                    "git switch " + project.source + " && jbang release.java");
        }
        refuseTaken(project, "jbang release.java");
        List<String> changes = project.git.changes();
        if (!changes.isEmpty()) {
            List<String> first = changes.subList(0, Math.min(5, changes.size()));
            throw Failure.stop("the work tree was changed since the release began: " + String.join(", ", first),
                    "git stash --include-untracked && jbang release.java");
        }
    }

    // No push moves a tag that is there.
    private void refuseTaken(Project project, String then) {
        String there = tag == null ? null : project.git.tags().at(project.remote(), tag);
        if (there != null && !there.equals(tagObject)) {
            throw Failure.stop(project.remote() + " has a tag " + tag + " that somebody pushed since the release began",
                    Exec.typed(List.of("git", "push", project.remote(), ":refs/tags/" + tag))
                    + "   # if it is not that of a release; then: " + then);
        }
    }

    /** The command that pushes both branches, as it can be typed. */
    public String typed(Project project) {
        return "git push --atomic " + project.remote() + " " + String.join(" ", refspecs(project));
    }

    private List<String> refspecs(Project project) {
        List<String> branches = List.of(source + ":refs/heads/" + project.source,
                release + ":refs/heads/" + project.release);
        return tag == null ? branches : List.of(branches.get(0), branches.get(1), tagObject + ":refs/tags/" + tag);
    }

    /**
     * Pushes both branches, or neither where the remote can. Doing it twice does no harm. Whatever the client was told,
     * the remote is asked what it holds.
     *
     * @param seen told what arrived, before a failure is thrown
     */
    public void push(Project project, Consumer<Arrived> seen) {
        String before = project.git.commit(project.remote() + "/" + project.source);
        Exec.Result result = project.git.push(project.remote()).together(refspecs(project));
        if (!result.ok() && result.err().contains("does not support --atomic")) {
            result = project.git.push(project.remote()).each(refspecs(project));
        }
        Arrived found = result.ok() ? Arrived.BOTH : arrived(project, before);
        // Of a push that was cut off the remote may still take what it has received.
        boolean cut = result.exit() > ENDED || CUT.matcher(result.err()).find();
        Arrived arrived = found == Arrived.NOTHING && cut && !result.err().contains(REFUSED) ? Arrived.UNKNOWN : found;
        seen.accept(arrived);
        if (arrived != Arrived.BOTH && arrived != Arrived.UNKNOWN) {
            refuseTaken(project, "jbang release.java resume");
        }
        if (arrived != Arrived.BOTH) {
            throw Failure.stop(project.remote() + (arrived == Arrived.UNKNOWN
                    ? " did not say whether it took the push: " : " refused the push: ") + result.tail(10),
                    typed(project));
        }
        if (tag != null) {
            project.git.tags().name(tag, tagObject);
        }
        project.git.fetch(project.remote());
    }

    /**
     * Lets the checked-out branch follow to what was pushed; what is in its way (a file that is being edited) stays as
     * it is, and comes back in words.
     */
    public Optional<String> follow(Project project) {
        if (project.git.contains("HEAD", source)) {
            return Optional.empty();
        }
        try {
            project.git.forward(source);
            return Optional.empty();
        } catch (Failure left) {
            List<String> changes = project.git.changes();
            String merge = "git merge --ff-only " + Git.brief(source);
            return Optional.of(project.source + " here stays behind what was pushed" + (changes.isEmpty() ? ": " + merge
                    : ", because of your changes in " + String.join(", ", changes.subList(0,
                    Math.min(5, changes.size()))) + ": git stash && " + merge + " && git stash pop"));
        }
    }

    /** Goes on only in the repository that these commits were made in, on the branch that they belong to. */
    public void refuseForeign(Project project) {
        if (project.git.commit(source) == null || project.git.commit(release) == null) {
            throw Failure.stop("the commits of this release are not in this repository: " + Git.brief(source) + ", "
                    + Git.brief(release) + "; its record comes from another clone",
                    "go on in the clone that the release was begun in: jbang release.java resume");
        }
        if (!project.git.branch().equals(project.source)) {
            String now = project.git.branch();
            throw Failure.stop((now.isEmpty() ? "no branch is checked out" : now + " is checked out")
                    + ", and the release is of " + project.source,
                    Exec.typed(List.of("git", "switch", project.source)) + " && jbang release.java resume");
        }
    }

    // What the remote holds of it now; before: the head of the source branch there until the push.
    private Arrived arrived(Project project, String before) {
        String remote = project.remote();
        if (!project.git.fetch(remote).ok()) {
            return Arrived.UNKNOWN;
        }
        if (holds(project, project.released(), release)) {
            return Arrived.BOTH;
        }
        boolean there = before != null && project.git.contains(before, source);
        return !there && holds(project, remote + "/" + project.source, source) ? Arrived.SOURCE : Arrived.NOTHING;
    }

    private static boolean holds(Project project, String branch, String commit) {
        return project.git.commit(branch) != null && project.git.contains(branch, commit);
    }

    /**
     * The same promotion on top of what others have pushed since: the commits that were approved stay as they are, and
     * what is new on either branch is merged with them. Without such commits it is this one.
     */
    public Promotion onTop(Project project) {
        String remote = project.remote();
        project.git.fetch(remote).orStop("git cannot fetch from " + remote, "git fetch " + remote);
        String main = project.git.commit(remote + "/" + project.source);
        String live = project.git.commit(project.released());
        String onMain = main == null || project.git.contains(source, main) ? source
                : project.git.contains(main, source) ? main : with(project, project.source, main);
        String onRelease = live == null || project.git.contains(release, live) ? release
                : project.git.contains(live, release) ? live : with(project, project.release, live);
        return new Promotion(onMain, onRelease, from, released, cleared, tag, tagObject);
    }

    private String with(Project project, String branch, String theirs) {
        String ours = branch.equals(project.release) ? release : source;
        Git.Merge merge = project.git.merge(theirs, ours);
        if (!merge.conflicts().isEmpty()) {
            throw Failure.stop(project.remote() + "/" + branch + " was moved by somebody, and what is there conflicts"
                    + " with this release in: " + String.join(", ", merge.conflicts()),
                    "git fetch && git switch --detach " + project.remote() + "/" + branch + " && git merge " + ours
                    + "   # solve it, then: git push " + project.remote() + " HEAD:" + branch
                    + " && git switch " + project.source + " && jbang release.java resume");
        }
        return project.git.commitTree(merge.tree(), message(project), List.of(theirs, ours));
    }
}
