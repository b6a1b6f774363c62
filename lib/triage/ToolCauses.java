//SOURCES Case.java Cause.java

package lib.triage;

import java.util.List;

/** Failures of the migration tools themselves, and of the gates of a rehearsal. */
final class ToolCauses {
    static final List<Cause> ALL = List.of(
            Cause.of("regression", "a query is slower or broken after the migration", "",
                    "quer(?:y|ies) compared|does not run any more|times: cost", failure -> Cause.Answer.of("",
                    "jbang validate.java   # names the query, both plans and the index that helps")),
            Cause.of("history", "an earlier migration failed and stands in the way", "P3009",
                    "migrate found failed migrations|Detected failed migration|failed migrations in the target",
                    failure -> Cause.Answer.of("the tool goes on only when somebody says what became of it",
                    "npx prisma migrate resolve --rolled-back NAME   # Prisma, after its remains are undone\n"
                    + "flyway repair                                 # Flyway, the same")),
            Cause.of("history", "the history of the database is not that of the files", "P3005 P3012 P3017 P3019",
                    "checksum mismatch|schema is not empty|non-empty schema|Remote migration versions not found"
                    + "|Validate failed|Not run migration .* is preceding", failure ->
                    Cause.Answer.of("a file was edited, removed or never recorded",
                    "jbang assess.java   # names each file that differs")),
            Cause.of("lock", "another run of the migration tool holds its lock", "P1002",
                    "advisory lock|Another migration is already running|changelog lock", failure -> Cause.Answer.of("",
                    "SELECT a.pid, a.application_name, a.state, a.query_start\n"
                    + "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory';")),
            Cause.of("aborted", "an earlier statement of the same transaction failed", "25P02",
                    "current transaction is aborted", failure -> Cause.Answer.of(
                    "the first error of the log is the one that counts", "-- look further up")));

    private ToolCauses() {
    }
}
