//SOURCES ../Consent.java ../Console.java ../Exec.java ../Failure.java ../Gate.java ../Json.java ../LastRelease.java
//SOURCES ../Postgres.java ../Project.java ../Run.java ../Size.java ../Target.java ../sql/Name.java
//SOURCES Trash.java

package lib.trash;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lib.Consent;
import lib.Console;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.LastRelease;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Size;
import lib.Target;
import lib.sql.Name;

/** The trash of one environment's database: looked at, emptied of what has expired, and taken from. */
public final class Bin {
    private static final String TIMEOUT = "SET LOCAL lock_timeout = '5s'";

    private final Project project;
    private final Run run;
    private final Console console;

    public Bin(Project project, Run run, Console console) {
        this.project = project;
        this.run = run;
        this.console = console;
    }

    /** Prints what is in it. */
    public void show(boolean json) throws SQLException {
        List<Trash.Entry> entries;
        try (Connection connection = Postgres.read(target(), "trash")) {
            entries = Trash.of(connection);
        }
        console.result(json ? Json.pretty(json(entries)) : text(entries));
    }

    // A URL that leads to another database than the one that was released is found out before anything is done.
    private Target target() throws SQLException {
        Target target = project.address().target();
        Optional<LastRelease> last = LastRelease.of(run, project.environment);
        if (last.isPresent()) {
            try (Connection connection = Postgres.read(target, "trash")) {
                Postgres.Identity now = Postgres.identity(connection);
                Postgres.Identity then = last.get().certificate().production();
                if (!now.same(then)) {
                    throw Failure.stop("the database is not the one that was released: " + now.database() + " ("
                            + now.oid() + ") instead of " + then.database() + " (" + then.oid() + ")",
                            "check the database URL; nothing was changed");
                }
            }
        }
        return target;
    }

    /** The list as a person reads it. */
    private static String text(List<Trash.Entry> entries) {
        if (entries.isEmpty()) {
            return "the trash is empty";
        }
        StringBuilder text = new StringBuilder(String.format("%-32s %-7s %9s  %s%n", "OBJECT", "KEPT", "SIZE",
                "UNTIL"));
        entries.forEach(entry -> text.append(String.format("%-32s %-7s %9s  %s%s%n", entry.shown(), entry.way(),
                Size.of(entry.bytes()), entry.expires().replaceFirst(":\\d\\d[+-].*", ""),
                entry.expired() ? " expired" : "")));
        return text.toString().stripTrailing();
    }

    /** The list as the fact that programs read. */
    private static ObjectNode json(List<Trash.Entry> entries) {
        ObjectNode node = Json.object().put("phase", "trash").put("status", "pass");
        node.putArray("gates");
        node.putObject("facts").set("trash", Trash.facts(entries));
        return node;
    }

    /** Brings one object back, named as the list shows it or by its schema there. */
    public void undrop(String object, String approved) throws SQLException {
        Target target = target();
        try (Connection connection = Postgres.write(target, "undrop")) {
            Trash.Entry entry = find(Trash.of(connection), object);
            if (entry.undo().isEmpty()) {
                throw Failure.decide(entry.shown() + " had no primary key beside it, so nothing tells which row each of"
                        + " its values belongs to; all rows as they were are in " + entry.schema(),
                        "bring them back by hand: SELECT * FROM " + Name.quote(entry.schema()) + ".…");
            }
            String sql = String.join(";\n", entry.undo()) + ";\nDROP SCHEMA " + Name.quote(entry.schema())
                    + " CASCADE;\n";
            console.say(sql);
            if (entry.way().equals("copied")) {
                console.mark("warn", "only its rows were kept: constraints, indexes and defaults do not come back");
            }
            Consent.to("bring it back", sql, approved, command("undrop", object), console);
            List<String> left = bring(connection, entry);
            console.mark("pass", entry.shown() + " is back");
            left.forEach(line -> console.mark("warn", "did not come back: " + line));
            console.say("The schema is not what the migrations say now: add a migration that says so too.");
        } catch (SQLException e) {
            throw new Failure(Failure.Exit.STOP, object + " does not come back: " + Gate.words(e)
                    + "\nnothing was changed, the trash still has it", "look what is in its way, then: "
                    + command("undrop", object), e);
        }
    }

    // The object itself or nothing; what belonged to it comes as far as what it needs is still there.
    private static List<String> bring(Connection connection, Trash.Entry entry) throws SQLException {
        List<String> left = new ArrayList<>();
        connection.setAutoCommit(false);
        Postgres.execute(connection, TIMEOUT);
        for (String statement : entry.undo()) {
            boolean extra = statement.contains(" ADD CONSTRAINT ") || statement.startsWith("CREATE ")
                    || statement.startsWith("ALTER PUBLICATION") || statement.endsWith(" SET NOT NULL");
            Savepoint before = connection.setSavepoint();
            try {
                Postgres.execute(connection, statement);
                connection.releaseSavepoint(before);
            } catch (SQLException e) {
                if (!extra) {
                    throw e;
                }
                connection.rollback(before);
                left.add(statement + ": " + Gate.words(e).lines().findFirst().orElse(""));
            }
        }
        Postgres.execute(connection, "DROP SCHEMA " + Name.quote(entry.schema()) + " CASCADE");
        connection.commit();
        return left;
    }

    private Trash.Entry find(List<Trash.Entry> entries, String object) {
        List<Trash.Entry> found = entries.stream().filter(entry -> entry.object().equals(object)
                || entry.shown().equals(object) || entry.schema().equals(object)).toList();
        if (found.isEmpty()) {
            throw Failure.stop("the trash has no " + object + (entries.isEmpty() ? ": it is empty" : "; it has "
                    + String.join(", ", entries.stream().map(Trash.Entry::shown).distinct().toList())),
                    command("undrop", null) + "   # lists it");
        }
        if (found.size() > 1) {
            throw Failure.decide("the trash has " + found.size() + " of the name " + object + ": " + String.join(", ",
                    found.stream().map(entry -> entry.schema() + " (dropped " + entry.dropped() + ")").toList()),
                    "name the one you mean: " + command("undrop", found.get(found.size() - 1).schema()));
        }
        return found.get(0);
    }

    /** Removes for good what has expired, and nothing else. */
    public void collect(String approved) throws SQLException {
        try (Connection connection = Postgres.write(target(), "gc")) {
            List<Trash.Entry> all = Trash.of(connection);
            List<Trash.Entry> expired = all.stream().filter(Trash.Entry::expired).toList();
            console.say(text(all));
            if (expired.isEmpty()) {
                console.mark("pass", "nothing has expired" + all.stream().map(Trash.Entry::expires).sorted().findFirst()
                        .map(first -> "; the first does on " + first).orElse(""));
                return;
            }
            List<String> held = Trash.held(connection);
            if (!held.isEmpty()) {
                throw Failure.stop("something still needs what is in the trash: " + String.join("; ", held),
                        "drop that first, or bring the object back: " + command("undrop", null));
            }
            String sql = String.join("", expired.stream().map(entry -> "DROP SCHEMA " + Name.quote(entry.schema())
                    + " CASCADE;   -- " + entry.shown() + "\n").toList());
            console.say(sql);
            Consent.to("remove " + (expired.size() == 1 ? "it" : "them") + " for good", sql, approved,
                    command("gc", null), console);
            connection.setAutoCommit(false);
            for (Trash.Entry entry : expired) {
                Postgres.execute(connection, TIMEOUT);
                // Its label may have been changed while somebody thought it over.
                String still = Postgres.one(connection, "SELECT expires < now() FROM "
                        + Name.quote(entry.schema()) + "." + Trash.LABEL);
                if ("t".equals(still)) {
                    Postgres.execute(connection, "DROP SCHEMA " + Name.quote(entry.schema()) + " CASCADE");
                    connection.commit();
                    console.mark("pass", entry.shown() + " is gone for good");
                } else {
                    connection.rollback();
                    console.mark("skip", entry.shown() + " is kept longer now");
                }
            }
        }
    }

    private String command(String verb, String object) {
        List<String> command = new ArrayList<>(List.of("jbang", "release.java", verb));
        if (object != null) {
            command.add(object);
        }
        if (!project.environment.equals("production")) {
            command.addAll(List.of("--env", project.environment));
        }
        return Exec.typed(command);
    }
}
