//SOURCES ../Exec.java ../Failure.java ../Git.java ../Hash.java ../Services.java
//SOURCES ../ServiceSetting.java Health.java Railway.java

package lib.deploy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import lib.Exec;
import lib.Failure;
import lib.Git;
import lib.Hash;
import lib.ServiceSetting;
import lib.Services;

/** The wait for the version that was pushed: each service is asked until the new one answers, and not the old one. */
public final class Deploy {
    /** How long a deploy may take, in seconds. */
    private static final String PATIENCE = "RELEASE_DEPLOY_SECONDS";
    private static final int USUAL_PATIENCE = 900;
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration REMIND = Duration.ofSeconds(30);
    private static final Duration COMMAND = Duration.ofMinutes(1);

    private final Path repo;
    private final Services services;
    private final String commit;

    /** The deploy of a commit. */
    public Deploy(Path repo, Services services, String commit) {
        this.repo = repo;
        this.services = services;
        this.commit = commit;
    }

    /**
     * What was seen of a service before the push; without it an old answer could pass for a new one.
     *
     * @param down whether the release had stopped it, and it really did not answer any more
     * @param answer the SHA-256 of what it answered; null when it did not, or nobody looked
     * @param deployments the ids that Railway listed; null where nobody looked
     */
    public record Before(boolean down, String answer, List<String> deployments) {
    }

    /**
     * How the wait for a service ended.
     *
     * @param proven whether it is certain that the pushed version answers
     */
    public record End(String service, boolean proven, String words) {
    }

    /** Looks at every service right before the push. */
    public Map<String, Before> before(boolean stopped) {
        Map<String, Before> all = new LinkedHashMap<>();
        services.settings().forEach((name, service) -> {
            Health.Answer answer = service.health() == null ? null : new Health(service).ask();
            boolean works = answer != null && answer.works();
            all.put(name, new Before(stopped && service.stoppable() && answer != null && !works,
                    works ? Hash.of(answer.body()) : null,
                    service.railway() == null ? List.of() : services.railway(name).deployments().stream()
                            .map(Railway.Deployment::id).toList()));
        });
        return all;
    }

    /** The services whose new version nothing can tell from the old one: that it came up again proves neither. */
    public static List<String> blind(Services services) {
        return services.settings().entrySet().stream().filter(entry -> {
            ServiceSetting service = entry.getValue();
            return service.health() != null && service.railway() == null && service.deployed().isEmpty()
                    && !new Health(service).tells();
        }).map(Map.Entry::getKey).toList();
    }

    /** Waits for every service that can be asked; the first that fails, or takes too long, ends it. */
    public List<End> await(Map<String, Before> before, Consumer<String> say) throws InterruptedException {
        List<End> ends = new ArrayList<>();
        long deadline = System.nanoTime() + Services.seconds(PATIENCE, USUAL_PATIENCE).toNanos();
        for (Map.Entry<String, ServiceSetting> entry : services.settings().entrySet()) {
            if (entry.getValue().awaited()) {
                ends.add(await(entry.getKey(), entry.getValue(),
                        before.getOrDefault(entry.getKey(), new Before(false, null, null)), deadline, say));
            }
        }
        return ends;
    }

    /** What is seen of a service at one moment; {@code end} is null while it is not the new version. */
    private record Look(End end, String seen) {
    }

    private End await(String name, ServiceSetting service, Before before, long deadline, Consumer<String> say)
            throws InterruptedException {
        String said = "";
        long reminded = System.nanoTime();
        while (true) {
            Look look = look(name, service, before);
            if (look.end != null) {
                return look.end;
            }
            if (System.nanoTime() > deadline) {
                throw Failure.stop("the new version of " + name + " did not come up within "
                        + Services.seconds(PATIENCE, USUAL_PATIENCE).toSeconds() + " s: " + look.seen,
                        "look at the deploy at your provider; then: jbang release.java resume   # it waits again");
            }
            if (!look.seen.equals(said) || System.nanoTime() - reminded > REMIND.toNanos()) {
                say.accept("waiting for " + name + ": " + look.seen);
                said = look.seen;
                reminded = System.nanoTime();
            }
            Thread.sleep(LOOK.toMillis());
        }
    }

    private Look look(String name, ServiceSetting service, Before before) {
        String words = "";
        boolean proven = false;
        if (service.railway() != null) {
            Look railway = railway(name, before);
            if (railway.end == null) {
                return railway;
            }
            words = railway.seen;
            proven = true;
        }
        if (!service.deployed().isEmpty()) {
            List<String> command = Services.withCommit(service.deployed(), commit);
            Exec.Result result = Exec.of(command).in(repo).with("RELEASE_COMMIT", commit).within(COMMAND).run();
            if (!result.ok()) {
                String last = result.tail(1);
                return new Look(null, command.get(0) + " says not yet" + (last.isBlank() ? "" : ": " + last));
            }
            words += (words.isEmpty() ? "" : ", ") + command.get(0) + " says so";
            proven = true;
        }
        if (service.health() != null) {
            Health health = new Health(service);
            Health.Answer answer = health.ask();
            boolean from = health.from(answer, commit);
            if (!answer.works() || health.tells() && !from) {
                return new Look(null, answer.works() ? answer.seen() + " from another version" : answer.seen());
            }
            words += (words.isEmpty() ? "" : ", ") + answer.seen() + (from ? " from " + Git.brief(commit)
                    : proven ? "" : evidence(before, answer));
            proven |= from;
        }
        return new Look(new End(name, proven, words), words);
    }

    // A restart brings the old version back as well, and an answer may differ for many reasons: all that is told, and
    // none of it counts as a proof.
    private static String evidence(Before before, Health.Answer answer) {
        return before.down ? ", after it had been down"
                : before.answer == null ? ""
                : before.answer.equals(Hash.of(answer.body())) ? " with the same answer as before the push"
                : " with another answer than before the push";
    }

    private Look railway(String name, Before before) {
        Railway.Deployment newest = services.railway(name).deployments().stream()
                .filter(deployment -> before.deployments == null || !before.deployments.contains(deployment.id()))
                // Whose build it is, Railway does not say of an upload.
                .filter(deployment -> deployment.commit().isEmpty() ? before.deployments != null
                        : deployment.commit().equals(commit))
                .findFirst().orElse(null);
        if (newest == null) {
            return new Look(null, "Railway has no deployment of " + Git.brief(commit) + " yet");
        }
        if (List.of("FAILED", "CRASHED", "SKIPPED").contains(newest.status())) {
            throw Failure.stop("the deployment of " + name + " at Railway ended with " + newest.status(),
                    "railway logs --build " + newest.id() + "   # mend it and push, or: "
                    + services.railway(name).backCommand() + "; then: jbang release.java resume");
        }
        String seen = "Railway: " + newest.status();
        return new Look(newest.runs() ? new End(name, true, seen) : null, seen);
    }
}
