//SOURCES Exec.java Failure.java Git.java Notes.java Project.java Run.java

package lib;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The commits that a release pushes, made before anything is stopped and without touching the work tree.
 *
 * @param source the new head of the source branch, MIGRATIONS.md back to its template
 * @param release the new head of the release branch, which holds {@code source}
 * @param from the heads they were made from; another one on the remote is a reason to begin again
 */
public record Promotion(String source, String release, String from, String released, boolean cleared) {

    /** Makes the commits: MIGRATIONS.md cleared on the source branch, that merged into the release branch. */
    public static Promotion prepare(Project project, Run run) {
        Git git = project.git;
        String head = git.commit("HEAD");
        String released = git.commit(project.released());
        Notes notes = project.notes();
        String source = head;
        if (!notes.entries().isEmpty()) {
            source = cleared(project, run, head, notes);
        }
        if (git.contains(source, released)) {
            return new Promotion(source, source, head, released, !source.equals(head));
        }
        Git.Merge merge = git.merge(released, source);
        if (!merge.conflicts().isEmpty()) {
            throw Failure.stop("merging " + project.source + " into " + project.release + " conflicts in: "
                    + String.join(", ", merge.conflicts()),
                    "git merge " + project.released() + "   # on " + project.source
                    + ", solve it there, push, then start the release again");
        }
        String release = git.commitTree(merge.tree(), "release: merge " + project.source, List.of(released, source));
        return new Promotion(source, release, head, released, !source.equals(head));
    }

    // git builds the tree in an index of its own, so that the one of the work tree stays as it is.
    private static String cleared(Project project, Run run, String head, Notes notes) {
        Path index = run.file("index");
        try {
            Files.deleteIfExists(index);
            byte[] text = notes.cleared().getBytes(StandardCharsets.UTF_8);
            String tree = project.git.treeWith(head, Notes.FILE, text, index);
            Files.deleteIfExists(index);
            return project.git.commitTree(tree, "release: clear " + Notes.FILE, List.of(head));
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
        List<String> changes = project.git.changes();
        if (!changes.isEmpty()) {
            List<String> first = changes.subList(0, Math.min(5, changes.size()));
            throw Failure.stop("the work tree was changed since the release began: " + String.join(", ", first),
                    "git stash --include-untracked && jbang release.java");
        }
    }

    /** The command that pushes both branches, as it can be typed. */
    public String typed(Project project) {
        return "git push --atomic " + project.remote() + " " + String.join(" ", refspecs(project));
    }

    private List<String> refspecs(Project project) {
        return List.of(source + ":refs/heads/" + project.source, release + ":refs/heads/" + project.release);
    }

    /** Pushes both branches, or neither; then the checked-out branch follows. Doing it twice does no harm. */
    public void push(Project project) {
        Exec.Result result = project.git.push(project.remote(), refspecs(project));
        if (!result.ok() && result.err().contains("does not support --atomic")) {
            result = project.git.pushEach(project.remote(), refspecs(project));
        }
        if (!result.ok()) {
            throw Failure.stop(project.remote() + " refused the push: " + result.tail(10), typed(project));
        }
        if (!project.git.contains("HEAD", source)) {
            project.git.forward(source);
        }
        project.git.fetch(project.remote());
    }
}
