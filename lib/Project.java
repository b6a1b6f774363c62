//SOURCES Address.java Cli.java Console.java Decoded.java Exec.java Failure.java Git.java History.java Holds.java
//SOURCES Links.java Migration.java Notes.java Settings.java
//SOURCES migrations/Deploys.java migrations/Histories.java way/Way.java

package lib;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import lib.migrations.Deploys;
import lib.migrations.Histories;
import lib.way.Way;

/** The application that is released: its repository, its settings and what they lead to. */
public final class Project {
    private static final Pattern BINARY = Pattern.compile("(?i)\\.(png|jpe?g|gif|webp|avif|ico|pdf|zip|t?gz|xz|7z|jar"
            + "|wasm|mp[34]|mov|webm|woff2?|[ot]tf|eot|sqlite|db|dump|bin|exe|dll|so|dylib)$");

    // What a team would hardly call so if it were something else, and what no application keeps for its tests.
    private static final Pattern LIKELY = Pattern.compile("(?i)(?!(?:.*/)?(?:node_modules|vendor|tests?|__tests__|spec"
            + "|fixtures|examples?|samples?|docs?)/)(?:(?:.*/)?(?:[^/.]*migrat[^/.]*|drizzle|supabase|prisma)"
            + "(?:|/.*\\.sql|/meta/_journal\\.json)|db/.*\\.sql)");

    public final Path repo;
    public final Git git;
    public final Settings settings;
    /** The branch that is promoted, and the one that is deployed. */
    public final String source;
    public final String release;
    public final String environment;
    private final Console console;
    private Optional<String> followed;
    private Map<String, byte[]> files;
    private Links links;

    public Project(Cli.Options options) {
        this(options, options.environment());
    }

    /** The same application with an eye on another environment. */
    public Project(Cli.Options options, String environment) {
        this.repo = options.repo();
        this.git = new Git(repo);
        this.settings = Settings.of(repo);
        this.source = settings.branches().source();
        this.release = settings.branches().release();
        this.environment = environment;
        this.console = options.console();
    }

    /** The name of the remote that the source branch goes to. */
    public String remote() {
        return followed().orElseThrow(() -> Failure.stop(
                "this repository has no remote that " + source + " could be pushed to",
                "git remote add origin URL   # then: git push -u origin " + source));
    }

    /** The same; empty where there is none. It is asked for some fifty times in a release, and looked up once. */
    public synchronized Optional<String> followed() {
        if (followed == null) {
            followed = Optional.ofNullable(git.remote(source));
        }
        return followed;
    }

    /** The release branch as the remote had it at the last fetch: {@code origin/release}; there may be none. */
    public String released() {
        return tracking().orElse(release);
    }

    private Optional<String> tracking() {
        return followed().map(remote -> remote + "/" + release);
    }

    /** The commit that is looked at. */
    public String head() {
        String head = git.commit("HEAD");
        if (head == null) {
            throw Failure.stop("this repository has no commit yet, and what is not committed is no part of a release",
                    "git add --all && git commit");
        }
        return head;
    }

    /** Every committed file that can say something about migrations, exactly as git stores it; pictures cannot. */
    public synchronized Map<String, byte[]> files() {
        if (files == null) {
            files = git.files(head(), path -> !BINARY.matcher(path).find());
            links = new Links(git.links("HEAD"), files);
        }
        return files;
    }

    /** The migration history of the application; empty when it has none that is known here. */
    public Optional<History> history() {
        Map<String, byte[]> committed = files();
        if (settings.migrations().folder() == null) {
            links.refuse(LIKELY);
        } else {
            links.refuse(Path.of(settings.migrations().folder()).normalize().toString().replace('\\', '/'));
        }
        Optional<History> history = Histories.find(committed, settings.migrations());
        history.ifPresent(found -> links.refuse(found.folder()));
        return history;
    }

    /** Which of the pending migrations wait; stops where one cannot be left out. */
    public Holds holds(History history, List<Migration> pending) {
        Holds holds = waiting(pending);
        mayWait(history, pending, holds);
        return holds;
    }

    /** The same, whether they can be left out or not. */
    public Holds waiting(List<Migration> pending) {
        return Holds.of(repo, tracking().orElse(null), source, pending, Clock.systemUTC());
    }

    /** Stops where one of those that wait cannot be left out. */
    public void mayWait(History history, List<Migration> pending, Holds holds) {
        holds.check(history, pending, holds.none() ? null : Deploys.found(repo, files(), history));
    }

    /** What the developers noted for this release. */
    public Notes notes() {
        Map<String, byte[]> committed = files();
        if (git.links("HEAD").contains(Notes.FILE)) {
            // A release gives the file another text, and git would take that for the path that the link points to.
            throw Failure.stop(Notes.FILE + " is a symbolic link, and a release takes its entries out of it",
                    Links.mend(Notes.FILE));
        }
        String file = committed.containsKey(Notes.FILE) ? Notes.FILE : committed.keySet().stream()
                .filter(path -> path.matches("(?i)" + Notes.FILE + "(/.*)?")).findFirst().orElse(null);
        if (file == null) {
            return Notes.of(null);
        }
        if (!file.equals(Notes.FILE)) {
            throw Failure.stop(file + " is not read: what a release has to know stands in " + Notes.FILE,
                    "git mv " + Exec.typed(List.of(file)) + " notes.md && " + (file.contains("/") ? "rmdir "
                    + Notes.FILE + " && " : "") + "git mv notes.md " + Notes.FILE
                    + "   # or give it a name of its own");
        }
        Decoded text = Decoded.of(committed.get(file));
        if (text.flaw() != null) {
            throw Failure.stop(file + " " + text.flaw().words() + ": its entries cannot be read as they were written",
                    text.flaw().mend(file));
        }
        return Notes.of(text.text());
    }

    /** The database of the environment, with the words that say where its URL was found; the way to it is open then. */
    public Address.Found address() {
        return Address.find(repo, settings, environment, console);
    }

    /** The same, but null where a person would have to type it. */
    public Address.Found unasked() {
        return Address.unasked(repo, settings, environment, console);
    }

    /** The same while the way to it may still be closed. */
    public Address.Found found() {
        return found(environment);
    }

    /** The database of any environment; the way to it may be closed. */
    public Address.Found found(String other) {
        return Address.look(repo, settings, other, console);
    }

    /** The way to the database of the environment. */
    public Way way() {
        return Way.of(repo, settings, environment, console);
    }
}
