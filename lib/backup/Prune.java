//SOURCES ../Failure.java ../Run.java Archive.java Backups.java Storage.java

package lib.backup;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lib.Failure;
import lib.Run;
import lib.backup.Backups.Backup;
import lib.backup.Backups.State;

/**
 * Which backups of an environment can go. The newest good ones stay, and whatever a run still needs; the newest good
 * one is read again, byte for byte, before anything is removed because of it.
 */
public final class Prune {
    /** What becomes of one backup, and why. */
    public record Fate(Backup backup, boolean kept, String why) {
    }

    private final Path folder;
    private final List<Fate> fates;

    private Prune(Path folder, List<Fate> fates) {
        this.folder = folder;
        this.fates = fates;
    }

    /**
     * Decides, and changes nothing.
     *
     * @param keep how many good ones stay, at least 1
     */
    public static Prune of(Path folder, String environment, int keep) {
        if (keep < 1) {
            throw Failure.usage("--keep " + keep + " would leave no backup at all", "keep at least one: --keep 1");
        }
        List<Backup> backups = new ArrayList<>(Backups.in(folder));
        while (true) {
            List<Fate> fates = fates(backups, environment, keep);
            Optional<Backup> newest = fates.stream().filter(Fate::kept).map(Fate::backup)
                    .filter(backup -> backup.state() == State.PROVEN && environment.equals(backup.environment()))
                    .findFirst();
            if (fates.stream().allMatch(Fate::kept) || newest.isPresent() && whole(newest.get())) {
                return new Prune(folder, fates);
            }
            backups.replaceAll(each -> each == newest.orElseThrow() ? each.as(State.DAMAGED) : each);
        }
    }

    private static boolean whole(Backup backup) {
        return Storage.sha256(backup.file()).equals(backup.sha256());
    }

    private static List<Fate> fates(List<Backup> backups, String environment, int keep) {
        List<Fate> fates = new ArrayList<>();
        int good = 0;
        for (Backup backup : backups) {
            if (backup.environment() != null && !backup.environment().equals(environment)) {
                continue;
            }
            boolean enough = good >= keep;
            good += backup.state() == State.PROVEN ? 1 : 0;
            fates.add(fate(backup, enough, keep));
        }
        return fates;
    }

    private static Fate fate(Backup backup, boolean enough, int keep) {
        String newest = keep == 1 ? "the newest good one" : "the newest " + keep + " good ones";
        if (!backup.uses().isEmpty()) {
            return new Fate(backup, true, "needed by " + String.join(", ", backup.uses()));
        }
        if (backup.environment() == null) {
            return new Fate(backup, true, (backup.state() == State.UNKNOWN ? "no manifest" : "its manifest is damaged")
                    + ": nobody knows which database it is of");
        }
        if (!enough) {
            String good = keep == 1 ? newest : "one of " + newest;
            return new Fate(backup, true, backup.state() == State.PROVEN ? good
                    : "damaged, but no " + keep + " good ones are newer");
        }
        return new Fate(backup, false, (backup.state() == State.PROVEN ? "older than " : "damaged, and older than ")
                + newest);
    }

    /** The backups that are kept, or those that are not, as programs read them; the newest first. */
    public List<ObjectNode> fates(boolean kept) {
        return fates.stream().filter(fate -> fate.kept == kept)
                .map(fate -> fate.backup.toJson().put("why", fate.why)).toList();
    }

    /** What a killed run left, which goes as well. */
    public List<Path> leftBehind() {
        return Backups.leftBehind(folder);
    }

    /** The bytes of the archives that are not kept. */
    public long freed() {
        return fates.stream().filter(fate -> !fate.kept).mapToLong(fate -> fate.backup.bytes()).sum();
    }

    /** The fates as lines for people: the verb says whether it has happened. */
    public String text(String verb) {
        StringBuilder text = new StringBuilder();
        for (Path file : leftBehind()) {
            text.append(line(verb, file, "left behind by a run that was killed"));
        }
        for (Fate fate : fates) {
            text.append(line(fate.kept ? "kept" : verb, fate.backup.file(), fate.why));
        }
        return text.toString().stripTrailing();
    }

    private static String line(String what, Path file, String why) {
        return String.format("%-12s %-27s %s%n", what, file.getFileName(), why);
    }

    /** Removes what is not kept, and what was left behind; only under the lock of the run. */
    public void remove() {
        for (Path file : leftBehind()) {
            delete(file);
        }
        for (Fate fate : fates) {
            if (!fate.kept) {
                // The archive first: what is left after a kill here is recognised, an archive without manifest is not.
                delete(fate.backup.file());
                Backups.beside(fate.backup.file()).forEach(Prune::delete);
            }
        }
    }

    private static void delete(Path file) {
        try {
            Storage.remove(file);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, file + " cannot be removed: " + Run.reason(e),
                    "see who owns the folder: ls -ld " + Archive.typed(file.getParent()), e);
        }
    }
}
