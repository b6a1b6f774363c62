//SOURCES ../Cli.java ../Failure.java ../Phase.java ../Project.java Kept.java Neighbours.java SingleTables.java Steps.java

package lib.backup;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import lib.Cli;
import lib.Failure;
import lib.Phase;
import lib.Project;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * A backup brought back: into a new database beside the live one, proven there, and only then put in its place. The
 * live one is renamed and kept.
 */
public final class Restore {
    /** What {@code backup.java restore} takes. */
    public static final class Wish extends Steps.Options {
        @Parameters(arity = "0..1", paramLabel = "FILE", description = "The backup.")
        private Path file;
        @Option(names = "--to", required = true, paramLabel = "ENV", description = "The environment to restore.")
        private String to;
        @Option(names = "--table", paramLabel = "NAME", description = "Only this table, into a database of its own,"
                + " from which rows can be copied back; may be given again.")
        private List<String> tables = List.of();
        @Option(names = "--new-database", paramLabel = "NAME",
                description = "Restore into a new database of this name, and replace nothing.")
        private String newDatabase;
        @Option(names = "--type-name", paramLabel = "NAME",
                description = "The name of the production database that is to be replaced, as if typed.")
        private String typedName;
        @Option(names = "--unproven",
                description = "Take a backup without a manifest, although nothing says what it must hold.")
        private boolean unproven;
        @Option(names = "--status", description = "Show what earlier restores left beside the live database.")
        private boolean status;
        @Option(names = "--finish", paramLabel = "NAME", description = "Swap in a restored, proven database.")
        private String finish;
        @Option(names = "--undo", paramLabel = "NAME", description = "Put back what was live before a restore.")
        private String undo;
        @Option(names = "--drop-old", paramLabel = "NAME", description = "Drop one that --status shows.")
        private String dropOld;

        /** Whether anything is done that the run record should hold. */
        public boolean changes() {
            return !status;
        }

        /** Does what was asked for, as gates of the phase; the result for stdout, null when it stopped. */
        public String run(Cli.Options common, Phase phase, Project project) {
            long asked = Stream.of(file, status ? "" : null, finish, undo, dropOld).filter(Objects::nonNull).count();
            if (asked != 1 || file == null && (newDatabase != null || !tables.isEmpty())
                    || newDatabase != null && !tables.isEmpty()) {
                throw Failure.usage(asked == 0 ? "no backup is named" : "these do not go together",
                        "give FILE alone, with --table or with --new-database; or one of --status, --finish, --undo,"
                        + " --drop-old");
            }
            if (file == null) {
                try (Kept kept = new Kept(project, common.console(), this, typedName, phase, to)) {
                    return status ? kept.status() : finish != null ? kept.finish(finish)
                            : undo != null ? kept.undo(undo) : kept.drop(dropOld);
                }
            }
            try (Steps steps = new Steps(common, this, phase, project, "restore")) {
                return !tables.isEmpty() ? tables(steps) : newDatabase != null ? beside(steps) : replace(steps);
            }
        }

        // In the live database's place.
        private String replace(Steps steps) {
            boolean swapped = steps.gate("archive", () -> steps.verify(file, unproven))
                    && steps.gate("target", () -> steps.target(to, true, typedName))
                    && steps.gate("leftovers", steps::leftovers) && steps.gate("extensions", steps::requirements)
                    && steps.gate("load", steps::load) && steps.gate("compare", steps::compare)
                    && steps.gate("owners", steps::owners)
                    && steps.gate("swap", () -> steps.swap(Neighbours.Kind.BEFORE, true));
            return swapped ? steps.server.live.database() : null;
        }

        // Into a new database of that name.
        private String beside(Steps steps) {
            boolean made = steps.gate("archive", () -> steps.verify(file, unproven))
                    && steps.gate("target", () -> steps.target(to, false, null))
                    && steps.gate("name", () -> steps.free(newDatabase)) && steps.gate("leftovers", steps::leftovers)
                    && steps.gate("extensions", steps::requirements) && steps.gate("load", steps::load)
                    && steps.gate("compare", steps::compare) && steps.gate("rename", () -> steps.rename(newDatabase));
            return made ? newDatabase : null;
        }

        // Into a database of their own.
        private String tables(Steps steps) {
            SingleTables wanted = new SingleTables(steps, tables);
            boolean made = steps.gate("archive", () -> steps.verify(file, false))
                    && steps.gate("tables", wanted::find) && steps.gate("target", () -> steps.target(to, false, null))
                    && steps.gate("leftovers", steps::leftovers) && steps.gate("extensions", steps::requirements)
                    && steps.gate("load", wanted::load) && steps.gate("compare", wanted::compare);
            return made ? steps.replacement.name() : null;
        }
    }

    private Restore() {
    }
}
