//SOURCES ../Console.java ../Failure.java ../FirewallSetting.java ../Gate.java ../Json.java ../Target.java
//SOURCES Addresses.java DigitalOcean.java Lease.java OwnAddress.java Reach.java

package lib.way;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lib.Console;
import lib.Failure;
import lib.FirewallSetting;
import lib.Gate;
import lib.Json;
import lib.Target;

/**
 * This machine among the trusted sources of an environment's database, for as long as a process works with it. The API
 * only takes the whole list: it is read right before each write, what others put there goes back as it came, and the
 * list is read again afterwards. Between that reading and the write, some tenths of a second, another one's change can
 * still be lost; the API offers nothing against it.
 */
final class Firewall {
    static final String KIND = "firewall";
    private static final String RULE = "ip_addr";
    private static final int TRIES = 4;
    /** At the end nobody wants to wait: what is left is taken back by the next script. */
    private static final int LAST_TRIES = 2;
    /** A new rule takes a moment; what still does not answer then has other reasons, which db.reach tells. */
    private static final Duration EFFECT = Duration.ofSeconds(45);

    private final Path folder;
    private final String environment;
    private final FirewallSetting.DigitalOcean wish;
    private final Console console;
    private Gate.Finding found;
    private DigitalOcean ocean;
    private Addresses own;
    private volatile Lease lease;
    private volatile boolean added;
    private volatile boolean ending;

    Firewall(Path folder, String environment, FirewallSetting.DigitalOcean wish, Console console) {
        this.folder = folder;
        this.environment = environment;
        this.wish = wish;
        this.console = console;
    }

    /**
     * Lets this machine in, if it is not let in already. What was found once holds for this process: in the middle of a
     * release the provider's API is not needed a second time.
     *
     * @param direct whether the target is the server itself, and no tunnel's end
     */
    Gate.Finding open(Target target, boolean direct) {
        if (found == null) {
            found = Lease.all(folder, KIND).stream().filter(this::theirs).findFirst()
                    .map(other -> Gate.passed(Lease.HELD + other.owner())).orElseGet(this::join);
            if (added && direct) {
                awaitEffect(target);
            }
        }
        return found;
    }

    private boolean theirs(Lease other) {
        return !other.ours() && other.held() && other.text("environment").equals(environment)
                && other.text("database").equals(wish.database());
    }

    private Gate.Finding join() {
        ocean = new DigitalOcean(wish.database(), wish.token().env());
        own = OwnAddress.find(wish.address(), "environments." + environment + ".firewall.digitalocean.address",
                java.net.URI.create(DigitalOcean.api()).getHost());
        List<ObjectNode> now = ocean.change(TRIES, console, this::with,
                rules -> rules.isEmpty() || trusted(rules));
        if (now.isEmpty()) {
            return Gate.warned("database " + ocean.database + " trusts every address there is: it has no trusted"
                    + " sources", "name those that may connect, the application first: doctl databases firewalls"
                    + " append " + ocean.database + " --rule app:ID   # or droplet:, k8s:, tag:, ip_addr:");
        }
        if (added) {
            return Gate.passed(own + " is a trusted source of database " + ocean.database + " until this ends");
        }
        lease = write(false);
        return Gate.passed(own + " is a trusted source of database " + ocean.database + " already");
    }

    // Without any rule everybody is let in: the first one would shut all others out, the application too.
    private List<ObjectNode> with(List<ObjectNode> rules) {
        if (ending) {
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while the firewall was opened", null);
        }
        if (rules.isEmpty() || trusted(rules)) {
            return rules;
        }
        if (lease == null) {
            lease = write(true);
        }
        List<ObjectNode> all = new ArrayList<>(rules);
        all.add(Json.object().put("type", RULE).put("value", own.toString())
                .put("description", "release.java, until it ends"));
        // From here on the rule may stand there, whatever the answer is.
        added = true;
        return all;
    }

    private Lease write(boolean ours) {
        return Lease.write(folder, KIND, environment, Json.object().put("database", wish.database())
                .put("address", own.toString()).put("token", wish.token().env()).put("added", ours));
    }

    private boolean trusted(List<ObjectNode> rules) {
        return rules.stream().anyMatch(rule -> {
            Addresses range = Addresses.parse(rule.path("value").asText());
            return rule.path("type").asText().equals(RULE) && range != null && range.holds(own);
        });
    }

    private void awaitEffect(Target target) {
        long deadline = System.nanoTime() + EFFECT.toNanos();
        for (boolean first = true; !Reach.answers(target); first = false) {
            if (System.nanoTime() > deadline) {
                return;
            }
            if (first) {
                console.say("waiting until the firewall lets " + own + " in");
            }
            Reach.pause();
        }
    }

    /** Takes back what was added; what cannot be taken back now is left to the next script that runs here. */
    void close() {
        ending = true;
        if (lease != null) {
            // Interrupted in the middle of a change, we wait for its end: what it still wrote would come back then.
            DigitalOcean.awaitChange();
            if (added) {
                remove(lease, own.toString(), ocean, console);
            } else {
                lease.end();
            }
            lease = null;
        }
    }

    /** Takes back what killed processes left; never the reason for anything to stop. */
    static void sweep(Path folder, Console console) {
        for (Lease left : Lease.all(folder, KIND)) {
            if (left.held()) {
                continue;
            }
            String address = left.text("address");
            String database = left.text("database");
            if (address.isEmpty() || database.isEmpty()) {
                console.mark("warn", left.file + " cannot be read: it says which address a killed run let through the "
                        + "firewall");
                console.say("  -> look at the trusted sources of the database, then: rm '" + left.file + "'");
            } else if (!left.what.path("added").asBoolean()) {
                left.end();
            } else {
                console.say("process " + left.owner() + " ended without taking " + address
                        + " from the trusted sources of database " + database);
                try {
                    remove(left, address, new DigitalOcean(database, left.text("token")), console);
                } catch (Failure failure) {
                    warn(left, address, database, failure, console);
                }
            }
        }
    }

    private static void remove(Lease lease, String address, DigitalOcean ocean, Console console) {
        try {
            List<ObjectNode> stood = new ArrayList<>();
            List<ObjectNode> left = ocean.change(LAST_TRIES, console, rules -> {
                List<ObjectNode> others = rules.stream().filter(rule -> !is(rule, address)).toList();
                stood.addAll(rules.stream().filter(rule -> is(rule, address)).toList());
                // Without any rule everybody is let in.
                return others.isEmpty() ? rules : others;
            }, rules -> rules.stream().noneMatch(rule -> is(rule, address)));
            if (left.stream().anyMatch(rule -> is(rule, address))) {
                console.mark("warn", address + " stays: it is the only trusted source of database " + ocean.database
                        + " by now, and without any the database is open to every address");
                console.say("  -> doctl databases firewalls append " + ocean.database + " --rule ip_addr:ADDRESS");
                return;
            }
            lease.end();
            console.mark("pass", address + (stood.isEmpty() ? " was no trusted source of database "
                    : " is no trusted source of database ") + ocean.database + " any more");
        } catch (Failure failure) {
            warn(lease, address, ocean.database, failure, console);
        }
    }

    private static boolean is(ObjectNode rule, String address) {
        return rule.path("type").asText().equals(RULE) && rule.path("value").asText().equals(address);
    }

    private static void warn(Lease lease, String address, String database, Failure failure, Console console) {
        console.mark("warn", address + " may still be a trusted source of database " + database + ": "
                + failure.getMessage());
        console.say("  -> the next command here that uses a database tries again (" + lease.file.getFileName()
                + "); by hand: doctl databases firewalls list " + database + "   # then: doctl databases firewalls"
                + " remove " + database + " --uuid UUID");
    }
}
