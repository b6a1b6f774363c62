//SOURCES ../Copy.java ../Count.java ../Failure.java ../Fingerprint.java ../Gate.java ../History.java ../Migration.java
//SOURCES ../Postgres.java ../Some.java ../plan/Executor.java ../sql/Name.java ../sql/Statement.java Proof.java
//SOURCES Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Copy;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Some;
import lib.plan.Executor;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The release SQL covers all DDL: the copy after it has the schema that the migration files make of an empty database.
 * What differed before the release is told apart from what the release itself left out or added.
 */
public final class Coverage implements Proof {
    private static final int SHOWN = 8;
    private static final Pattern WHOLE =
            Pattern.compile("(?:table|view|materialized view|foreign table) (.*) is (?:new|missing)");
    private static final Set<String> FRAME = Set.of("BEGIN", "START TRANSACTION", "COMMIT", "END");

    private final Rehearsal rehearsal;

    public Coverage(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.coverage";
    }

    /** The schemas that the files make: of those that production had, and of all that are covered. */
    private record Made(Fingerprint before, Fingerprint after, String refused) {
    }

    /** What differs now: the release's own doing, what a note or a script adds on purpose, and what differed before. */
    private record Found(List<String> release, List<String> added, List<String> drift) {
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        if (rehearsal.history().isEmpty() || rehearsal.history().get().local().isEmpty()) {
            return Gate.skipped("without migration files there is nothing to compare the SQL with");
        }
        History history = rehearsal.history().get();
        Made made;
        try {
            made = made(history);
        } catch (Unable e) {
            rehearsal.phase().fact("coverage", Map.of("proven", false, "why", e.getMessage()));
            return Gate.warned("not proven, because the migration files do not run on an empty database: "
                    + e.getMessage(), "read the SQL against the files; what an empty database lacks may be made by the"
                    + " provider, or by hand");
        }
        Found found = compare(made, rehearsal.after().schema(), rehearsal.before().table());
        rehearsal.phase().fact("coverage", Map.of("proven", true, "differences", found.release, "added", found.added,
                "drift", found.drift));
        if (!found.release.isEmpty()) {
            throw Failure.stop("the SQL does not leave the schema that the files of " + history.tool()
                    + " make of an empty database:\n  " + some(found.release), "correct "
                    + rehearsal.project().repo.relativize(rehearsal.sql()) + ", or rm it to have it written anew;"
                    + " then: jbang validate.java");
        }
        return told(history, found, made.refused);
    }

    private static Gate.Finding told(History history, Found found, String refused) {
        String passed = "the schema is the one that " + Count.of(history.local().size(), "file") + " of "
                + history.tool() + (history.local().size() == 1 ? " makes" : " make") + " of an empty database";
        List<String> notes = new ArrayList<>();
        if (!found.added.isEmpty()) {
            notes.add("besides, the SQL adds on purpose:\n  " + some(found.added));
        }
        if (!found.drift.isEmpty()) {
            notes.add("differed before this release already (drift):\n  " + some(found.drift));
        }
        if (refused != null) {
            notes.add(history.tool() + " itself could not set up an empty database: " + refused);
        }
        boolean same = found.drift.isEmpty();
        return notes.isEmpty() ? Gate.passed(passed) : Gate.warned((same ? passed
                : "every change of the files is covered") + "; " + String.join("\n", notes), same ? null
                : "find out who changed production by hand, and write a migration that says so");
    }

    // What belongs to a table or a view that is new or missing as a whole goes without saying.
    private static String some(List<String> objects) {
        List<String> whole = objects.stream().filter(line -> WHOLE.matcher(line).matches())
                .map(line -> WHOLE.matcher(line).replaceFirst("$1")).toList();
        List<String> all = objects.stream().filter(line -> WHOLE.matcher(line).matches() || whole.stream()
                .noneMatch(name -> line.contains(" " + name + ".") || line.contains(" " + name + " "))).toList();
        return Some.of(all, SHOWN, "\n  ");
    }

    /** Why the files cannot be run on an empty database. */
    private static final class Unable extends Exception {
        Unable(String message) {
            super(message);
        }
    }

    private Made made(History history) throws SQLException, Unable {
        try {
            return made(history, shape(history.tool()), null);
        } catch (Unable inItsOwnWay) {
            // The files may still say what the schema is, even if their tool cannot run them in its transactions.
            return made(history, Shape.NONE, inItsOwnWay.getMessage());
        }
    }

    /** What the tool puts into one transaction: all that is pending, a file, or nothing. */
    private enum Shape { ALL, FILE, NONE }

    private static Shape shape(String tool) {
        return switch (tool) {
            case "drizzle", "node-pg-migrate" -> Shape.ALL;
            case "flyway", "prisma", "supabase" -> Shape.FILE;
            default -> Shape.NONE;
        };
    }

    private Made made(History history, Shape shape, String refused) throws SQLException, Unable {
        List<Migration> old = rehearsal.before().applied();
        List<Migration> covered = new ArrayList<>(history.local());
        covered.removeAll(old);
        covered.removeIf(migration -> rehearsal.held().contains(migration.id()));
        try (Copy empty = rehearsal.copy().beside();
                Connection connection = Postgres.write(empty.target(), "rehearsal")) {
            Postgres.execute(connection, "SET TimeZone = 'UTC'");
            run(connection, history.local().stream().filter(old::contains).toList(), shape);
            Fingerprint before = Fingerprint.of(connection);
            run(connection, covered, shape);
            return new Made(before, Fingerprint.of(connection), refused);
        }
    }

    private static void run(Connection connection, List<Migration> migrations, Shape shape)
            throws SQLException, Unable {
        connection.setAutoCommit(shape == Shape.NONE);
        try {
            for (Migration migration : migrations) {
                if (migration.sql().isBlank()) {
                    throw new Unable(migration.file() + " is not SQL");
                }
                run(connection, migration, shape);
                if (shape == Shape.FILE) {
                    connection.commit();
                }
            }
            if (shape == Shape.ALL) {
                connection.commit();
            }
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
        }
    }

    private static void run(Connection connection, Migration migration, Shape shape) throws Unable {
        List<Statement> statements;
        try {
            statements = Statement.parse(migration.sql());
        } catch (IllegalArgumentException e) {
            throw new Unable(migration.file() + ": " + e.getMessage());
        }
        for (Statement statement : statements) {
            if (shape == Shape.NONE || !FRAME.contains(statement.tag())) {
                try {
                    Postgres.execute(connection, statement.sql());
                } catch (SQLException e) {
                    throw new Unable(migration.file() + " line " + statement.line() + ": " + Gate.words(e).lines()
                            .findFirst().orElse(""));
                }
            }
        }
    }

    private Found compare(Made made, Fingerprint now, Name table) {
        Found found = new Found(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        Predicate<String> aside = aside(table);
        Map<String, String> differs = differing(now, made.after);
        Map<String, String> differed = differing(rehearsal.schema(), made.before);
        differs.forEach((object, how) -> {
            if (!aside.test(object)) {
                (how.equals(differed.get(object)) ? found.drift : how.endsWith("new") && wanted(object) ? found.added
                        : found.release).add(object + " " + how);
            }
        });
        return found;
    }

    // The history itself is the tool's; what a release keeps for a while, instead of dropping it, is ours.
    private static Predicate<String> aside(Name table) {
        return object -> table != null && (object.contains(table.name())
                || !table.schema().equals("public") && object.equals("schema " + table.schema()))
                || object.matches("(.* )?release_trash.*");
    }

    private static Map<String, String> differing(Fingerprint is, Fingerprint wanted) {
        Map<String, String> differing = new TreeMap<>();
        Set<String> names = new TreeSet<>(is.objects().keySet());
        names.addAll(wanted.objects().keySet());
        for (String name : names) {
            String here = is.objects().get(name);
            String there = wanted.objects().get(name);
            if (here == null || !here.equals(there)) {
                differing.put(name, here == null ? "is missing" : there == null ? "is new" : "is different");
            }
        }
        return differing;
    }

    // What an entry or a script of somebody's own makes by name is meant to be there.
    private boolean wanted(String object) {
        String name = object.substring(object.lastIndexOf(' ') + 1).replaceFirst("\\(.*", "");
        String last = name.substring(name.lastIndexOf('.') + 1);
        Stream<String> written = rehearsal.byHand() ? Stream.of(rehearsal.plan().text())
                : rehearsal.project().notes().entries().stream().flatMap(entry -> entry.sql().stream());
        return written.anyMatch(sql -> sql.contains(last));
    }
}
