//SOURCES ../Exec.java ../Failure.java ../Json.java

package lib.preflight;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Failure;
import lib.Json;

/**
 * What the host of a repository demands of a branch. A push to another branch cannot try that, so it is asked of the
 * host's own program where that is installed and logged in.
 *
 * @param command what shows the rules, as it can be typed; null for a host that is not known here
 * @param rules those that a plain push does not keep, in the host's own words
 */
record Protection(String command, List<String> rules) {
    private static final Pattern GITHUB = Pattern.compile("github\\.com[:/]+([^/]+)/(.+?)(\\.git)?/?$");
    private static final Pattern GITLAB = Pattern.compile("gitlab\\.com[:/]+(.+?)(\\.git)?/?$");
    // From GitHub's REST reference, "Get rules for a branch": the types that refuse a pushed merge commit.
    private static final Set<String> REFUSING = Set.of("update", "pull_request", "required_status_checks",
            "merge_queue", "required_linear_history", "required_deployments", "workflows");
    private static final String SIGNATURES = "required_signatures";

    /**
     * Asks for the rules of a branch.
     *
     * @param url the remote's address
     * @param signing whether the commits of a release will be signed
     */
    static Protection of(Path repo, String url, String branch, boolean signing) {
        Matcher github = GITHUB.matcher(url);
        if (github.find()) {
            String path = "repos/" + github.group(1) + "/" + github.group(2) + "/rules/branches/" + encoded(branch);
            List<String> command = List.of("gh", "api", path);
            return new Protection(Exec.typed(command), refusing(repo, command, signing));
        }
        Matcher gitlab = GITLAB.matcher(url);
        return gitlab.find() ? new Protection(Exec.typed(List.of("glab", "api", "projects/"
                + encoded(gitlab.group(1)) + "/protected_branches/" + encoded(branch))), List.of())
                : new Protection(null, List.of());
    }

    // Without the program, without a login or without the right to look, nothing is known; the push itself decides.
    private static List<String> refusing(Path repo, List<String> command, boolean signing) {
        List<String> rules = new ArrayList<>();
        try {
            Exec.Result result = Exec.of(command).in(repo).within(Duration.ofSeconds(10)).run();
            JsonNode answer = Json.MAPPER.readTree(result.ok() ? result.out() : "[]");
            for (JsonNode rule : answer) {
                String type = rule.path("type").asText();
                if (REFUSING.contains(type) || type.equals(SIGNATURES) && !signing) {
                    rules.add(type);
                }
            }
        } catch (Failure | JsonProcessingException e) {
            return List.of();
        }
        return rules.stream().distinct().toList();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
