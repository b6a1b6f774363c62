//SOURCES Failure.java Git.java Project.java Run.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The commits that the phases of a run have looked at: what is released must be what they looked at, all of them. */
public final class Footing {
    private Footing() {
    }

    /** Stops when something else is checked out, or the release branch is another, than when a phase looked at it. */
    public static void refuseMoved(Project project, Run run) {
        String head = project.git.commit("HEAD");
        String released = project.git.commit(project.released());
        JsonNode record = run.record();
        for (String phase : List.of("preflight", "backup", "assess", "validate")) {
            JsonNode facts = record.path(phase).path("facts");
            same(phase, "the checked-out commit", facts.at("/commit").asText(), head);
            same(phase, "the checked-out commit", facts.at("/certificate/commit").asText(), head);
            same(phase, project.released(), facts.at("/released").asText(), released);
        }
    }

    private static void same(String phase, String what, String seen, String now) {
        if (!seen.isEmpty() && !seen.equals(now)) {
            throw Failure.stop(what + " is not the one any more that " + phase + " looked at: " + Git.brief(seen)
                    + " -> " + (now == null ? "gone" : Git.brief(now)), "jbang release.java   # looks at it anew");
        }
    }
}
