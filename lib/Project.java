//SOURCES Address.java Cli.java Console.java Failure.java Git.java History.java Links.java Notes.java Settings.java
//SOURCES Holds.java Migration.java migrations/Deploys.java migrations/Histories.java way/Way.java

package lib;

import java.nio.charset.StandardCharsets;
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

    public final Path repo;
    public final Git git;
    public final Settings settings;
    /** The branch that is promoted, and the one that is deployed. */
    public final String source;
    public final String release;
    public final String environment;
    private final Console console;
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
        String remote = git.remote(source);
        if (remote == null) {
            throw Failure.stop("this repository has no remote that " + source + " could be pushed to",
                    "git remote add origin URL   # then: git push -u origin " + source);
        }
        return remote;
    }

    /** The release branch as the remote had it at the last fetch: {@code origin/release}; there may be none. */
    public String released() {
        String remote = git.remote(source);
        return remote == null ? release : remote + "/" + release;
    }

    /** Every committed file that can say something about migrations, exactly as git stores it; pictures cannot. */
    public synchronized Map<String, byte[]> files() {
        if (files == null) {
            files = git.files("HEAD", path -> !BINARY.matcher(path).find());
            links = new Links(git.links("HEAD"), files);
        }
        return files;
    }

    /** The migration history of the application; empty when it has none that is known here. */
    public Optional<History> history() {
        Optional<History> history = Histories.find(files(), settings.migrations());
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
        String remote = git.remote(source);
        return Holds.of(repo, remote == null ? null : remote + "/" + release, source, pending, Clock.systemUTC());
    }

    /** Stops where one of those that wait cannot be left out. */
    public void mayWait(History history, List<Migration> pending, Holds holds) {
        holds.check(history, pending, holds.none() ? null : Deploys.found(repo, files(), history));
    }

    /** What the developers noted for this release. */
    public Notes notes() {
        byte[] text = files().get(Notes.FILE);
        return Notes.of(text == null ? null : new String(text, StandardCharsets.UTF_8));
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
