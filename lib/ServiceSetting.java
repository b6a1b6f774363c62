//SOURCES RailwaySetting.java

package lib;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What release.json may say about a service of the application; commands are lists of words.
 *
 * @param start brings it back after a stop; empty where the deploy of the release branch does
 * @param deploy brings the pushed version up; empty where the push itself does
 * @param railway the service at Railway, stopped, watched and brought back through its command line
 * @param health a URL that answers with 2xx while the service works
 * @param expect what the answer of {@code health} must hold; {@code {commit}} stands for the commit that was pushed
 * @param deployed a command that succeeds as soon as the pushed version runs; {@code {commit}} as above
 */
public record ServiceSetting(List<String> stop, List<String> start, List<String> deploy, RailwaySetting railway,
                             String health, String expect, List<String> deployed) {
    /** Stands for the commit that was pushed, in {@code expect} and in commands. */
    public static final String COMMIT = "{commit}";

    public ServiceSetting {
        stop = stop == null ? List.of() : stop;
        start = start == null ? List.of() : start;
        deploy = deploy == null ? List.of() : deploy;
        deployed = deployed == null ? List.of() : deployed;
    }

    /** Whether there is a way to stop it. */
    public boolean stoppable() {
        return railway != null || !stop.isEmpty();
    }

    /** Whether something can tell that the pushed version runs. */
    public boolean awaited() {
        return railway != null || health != null || !deployed.isEmpty();
    }

    /** The commands it needs, Railway's own among them. */
    public List<List<String>> commands() {
        List<String> own = railway == null ? List.of() : Arrays.asList("railway");
        return Stream.of(own, stop, start, deploy, deployed).filter(words -> !words.isEmpty()).toList();
    }

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        if (health != null && !health.matches("https?://[^\\s/]+.*")) {
            return ".health is no http:// or https:// URL";
        }
        if (expect != null && (health == null || expect.isBlank())) {
            return expect.isBlank() ? ".expect is empty"
                    : ".expect says what \"health\" must answer, and there is none";
        }
        if (railway != null && !stop.isEmpty()) {
            return " says twice how it is stopped: \"railway\" and \"stop\"";
        }
        String mistake = railway == null ? null : railway.mistake();
        return mistake == null ? null : ".railway" + mistake;
    }
}
