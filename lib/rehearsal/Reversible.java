//SOURCES ../Failure.java ../Fingerprint.java ../Gate.java ../Hash.java ../Run.java
//SOURCES ../backup/Contents.java ../plan/Definitions.java
//SOURCES ../plan/Executor.java ../plan/Plan.java ../plan/Rollback.java ../plan/SqlFile.java ../sql/Name.java
//SOURCES ../Postgres.java Proof.java Rehearsal.java

package lib.rehearsal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Hash;
import lib.Postgres;
import lib.Run;
import lib.backup.Contents;
import lib.plan.Definitions;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.plan.Rollback;
import lib.plan.SqlFile;
import lib.sql.Name;

/**
 * The way back: a script that takes the release back is written, run on the copy after everything else, and what it
 * leaves is compared with what was there before.
 */
public final class Reversible implements Proof {
    private static final int MOST = 8;

    private final Rehearsal rehearsal;
    private Definitions before;

    public Reversible(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.rollback";
    }

    @Override
    public void before() throws SQLException {
        try (Connection connection = rehearsal.read()) {
            before = Definitions.of(connection);
        }
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        SqlFile file = new SqlFile(rehearsal.run(), "rollback");
        Definitions after;
        Rollback rollback;
        rehearsal.after().schema().save(rehearsal.run().file("schema-after.json"));
        try (Connection connection = rehearsal.read()) {
            after = Definitions.of(connection);
            rollback = Rollback.of(rehearsal.plan(), before, after, rows(result));
        }
        boolean edited = file.edited();
        if (!edited) {
            file.write(rollback.text());
        }
        partly(file.path(), after, result);
        String name = rehearsal.project().repo.relativize(file.path()).toString();
        List<String> wrong = prove(file.text(), name, edited ? Set.of() : rollback.remains(),
                edited ? Set.of() : rollback.tables());
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("file", name);
        fact.put("sha256", Hash.of(file.text()));
        fact.put("proven", wrong.isEmpty());
        fact.put("losses", rollback.losses());
        fact.put("remains", rollback.remains());
        rehearsal.phase().fact("rollback", fact);
        if (!wrong.isEmpty()) {
            return Gate.warned("there is no proven way back by SQL, " + name + " is only a draft: "
                    + String.join("\n", wrong), "edit it, and run this again; else the way back is the backup: "
                    + "jbang backup.java restore " + rehearsal.project().repo.relativize(rehearsal.dump()) + " --to "
                    + rehearsal.project().environment);
        }
        String proven = name + (edited ? ", edited by hand," : "") + " ran on the copy, and ";
        return rollback.losses().isEmpty()
                ? Gate.passed(proven + "schema and data are what they were")
                : Gate.warned(proven + "schema and data are what they were, but for this:\n  "
                        + String.join("\n  ", rollback.losses()), "the backup has what does not come back");
    }

    private static List<Long> rows(Executor.Result result) {
        return result.outcomes().stream().map(Executor.Outcome::rows).toList();
    }

    // A release that stops between two segments has a way back of its own; it is tried when it is needed.
    private void partly(Path whole, Definitions after, Executor.Result result) {
        List<Plan.Segment> segments = rehearsal.plan().segments();
        for (int committed = 1; committed < segments.size(); committed++) {
            Plan part = new Plan("", "", segments.subList(0, committed));
            String name = whole.getFileName().toString().replaceFirst("\\.sql$", "-after-" + committed + ".sql");
            Run.write(whole.resolveSibling(name), Rollback.of(part, before, after, rows(result)).text());
        }
    }

    // What is otherwise than before the release, beside what is known to stay; empty when nothing is.
    private List<String> prove(String sql, String name, Set<String> remains, Set<String> tables) throws SQLException {
        if (sql.isBlank()) {
            return List.of("no statement of the release can be taken back");
        }
        Plan plan;
        try {
            plan = Plan.parse(sql, name);
        } catch (Failure unreadable) {
            return List.of(unreadable.getMessage());
        }
        Executor.Result result = new Executor(rehearsal.copy().target(), (connection, done) -> { }, done -> { },
                rehearsal.console()::say).run(plan);
        if (result.trouble() != null) {
            return List.of("line " + result.trouble().line() + ": " + result.trouble().words());
        }
        List<String> wrong = new ArrayList<>();
        try (Connection connection = rehearsal.read()) {
            Fingerprint.of(connection).differences(rehearsal.schema(), Integer.MAX_VALUE).stream()
                    .filter(line -> remains.stream().noneMatch(line::startsWith)).forEach(wrong::add);
        }
        Map<String, Contents.Rows> then = rehearsal.backup().contents().tables();
        Map<String, Contents.Rows> now = rehearsal.backup().contents().again(rehearsal.copy().target(),
                (table, read, all) -> { }).tables();
        then.forEach((table, rows) -> {
            if (!rows.equals(now.get(table)) && !tables.contains(table)
                    && remains.stream().noneMatch(object -> object.startsWith("column "
                    + Name.parse(table) + "."))) {
                wrong.add("the rows of " + Name.parse(table) + " are not what they were");
            }
        });
        return wrong.size() > MOST ? wrong.subList(0, MOST) : wrong;
    }
}
