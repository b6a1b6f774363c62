//SOURCES ../Console.java ../Gate.java ../Run.java ../Settings.java ../Target.java Firewall.java Lease.java Tunnel.java

package lib.way;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import lib.Console;
import lib.Gate;
import lib.Run;
import lib.Settings;
import lib.Target;

/**
 * The way to an environment's database: let through its firewall, led through its tunnel, as release.json has it. It
 * stays open until this process ends, however it ends; what a killed one left is put right by the next.
 */
public final class Way {
    private static final Map<String, Way> OPEN = new ConcurrentHashMap<>();
    private static final AtomicBoolean BEGUN = new AtomicBoolean();

    private final Path repo;
    private final String environment;
    private final Console console;
    private final Firewall firewall;
    private final Tunnel tunnel;
    private final Map<String, Gate.Finding> told = new LinkedHashMap<>();
    private boolean prepared;

    private Way(Path repo, String environment, Settings.Environment settings, Console console) {
        this.repo = repo;
        this.environment = environment;
        this.console = console;
        Path folder = repo.resolve(Run.FOLDER);
        this.firewall = settings.firewall() == null ? null
                : new Firewall(folder, environment, settings.firewall().digitalocean(), console);
        this.tunnel = settings.tunnel() == null ? null
                : new Tunnel(repo, folder, environment, settings.tunnel(), console);
    }

    /** The way to an environment's database; one a process. */
    public static Way of(Path repo, Settings settings, String environment, Console console) {
        if (BEGUN.compareAndSet(false, true)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.values().forEach(Way::close), "way"));
            Tunnel.sweep(repo.resolve(Run.FOLDER), console);
            Firewall.sweep(repo.resolve(Run.FOLDER), console);
        }
        return OPEN.computeIfAbsent(repo + "\n" + environment,
                key -> new Way(repo, environment, settings.environment(environment), console));
    }

    /** Opens all of it, and says what had to be done for that. */
    public void open(Supplier<Target> target) {
        if (firewall != null || tunnel != null) {
            Target place = target.get();
            tell("firewall", firewall(place));
            tell("tunnel", tunnel(place));
        }
    }

    private void tell(String id, Gate.Finding finding) {
        boolean news = finding.status() != Gate.Status.skip && !finding.message().startsWith(Lease.HELD)
                && !finding.equals(told.put(id, finding));
        if (news) {
            console.mark(finding.status().name(), id + ": " + finding.message());
            if (finding.hint() != null) {
                console.say("  -> " + finding.hint());
            }
        }
    }

    /** Lets this machine through the provider's firewall. */
    public synchronized Gate.Finding firewall(Target target) {
        if (firewall == null) {
            return Gate.skipped("release.json names no firewall of " + environment);
        }
        prepare();
        return firewall.open(target, tunnel == null);
    }

    /** Starts the tunnel whose local end the target is. */
    public synchronized Gate.Finding tunnel(Target target) {
        if (tunnel == null) {
            return Gate.skipped("release.json names no tunnel to " + environment);
        }
        prepare();
        return tunnel.open(target);
    }

    // What is opened is written down first, where git does not see it.
    private void prepare() {
        if (!prepared) {
            Run.open(repo);
            prepared = true;
        }
    }

    // Not synchronized: interrupted while it is being opened, it is closed without waiting for that.
    private void close() {
        try {
            if (tunnel != null) {
                tunnel.close();
            }
        } finally {
            if (firewall != null) {
                firewall.close();
            }
        }
    }
}
