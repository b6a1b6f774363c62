//SOURCES Exec.java Git.java

package lib;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Pushes from a repository to one remote, never by force. */
public final class Push {
    private final Path folder;
    private final String remote;

    Push(Path folder, String remote) {
        this.folder = folder;
        this.remote = remote;
    }

    /** Brings commits to branches, all of them or none. */
    public Exec.Result together(List<String> refspecs) {
        List<String> arguments = new ArrayList<>(List.of("push", "--quiet", "--atomic", remote));
        arguments.addAll(refspecs);
        return git(arguments.toArray(String[]::new));
    }

    /** Brings one after the other, to a remote that cannot take them together; the first refusal ends it. */
    public Exec.Result each(List<String> refspecs) {
        Exec.Result result = null;
        for (String refspec : refspecs) {
            result = git("push", "--quiet", remote, refspec);
            if (!result.ok()) {
                return result;
            }
        }
        return result;
    }

    /**
     * How a remote took the push of a throw-away ref.
     *
     * @param refusal why it did not, or null when it did
     * @param left the ref that could not be removed again, or null
     */
    public record Probe(String refusal, String left) {
    }

    /**
     * Tries a push for real, because a dry run never reaches the hooks: a throw-away ref is pushed and removed, a
     * throw-away branch where the host takes branches only. A submodule's commit that its own remote lacks is refused.
     */
    public Probe probe(String commit) {
        String refusal = null;
        for (String space : List.of("refs/release-probe/", "refs/heads/release-probe-")) {
            String ref = space + UUID.randomUUID();
            Exec.Result push = git("push", "--quiet", "--recurse-submodules=check", remote, commit + ":" + ref);
            if (push.ok()) {
                // Our own pre-push hook has nothing to say about the removal.
                boolean removed = git("push", "--quiet", "--no-verify", remote, ":" + ref).ok();
                return new Probe(null, removed ? null : ref);
            }
            refusal = Git.reason(push);
        }
        return new Probe(refusal, null);
    }

    private Exec.Result git(String... arguments) {
        return Git.git(folder, arguments).run();
    }
}
