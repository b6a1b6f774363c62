//SOURCES Case.java Cause.java Complaint.java Offenders.java RowCauses.java SchemaCauses.java ServerCauses.java
//SOURCES ToolCauses.java

package lib.triage;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a failure comes from, and the way out.
 *
 * @param id the cause: {@code lock}, {@code nulls}, {@code duplicates} and so on; {@code unknown} for none of them
 * @param title the cause in one line
 * @param what this case in words; may be empty
 * @param offenders the rows behind it; null when it is not about rows
 * @param fix SQL or a command that gets past it
 */
public record Triage(String id, String title, String what, Offenders offenders, String fix, Complaint complaint) {
    private static final List<Cause> CAUSES = Stream.of(ToolCauses.ALL, RowCauses.ALL, ServerCauses.ALL,
            SchemaCauses.ALL).flatMap(List::stream).toList();

    /** Finds the cause of a complaint from what it says alone. */
    public static Triage of(Complaint complaint) {
        return of(complaint, null);
    }

    /**
     * The same where a database can be asked.
     *
     * @param ask the first value of a query on the database that the statement failed on, as it was then
     */
    public static Triage of(Complaint complaint, Function<String, String> ask) {
        Case failure = Case.of(complaint, ask);
        for (Cause cause : CAUSES) {
            if (cause.explains(complaint)) {
                Cause.Answer answer = cause.way().out(failure);
                return new Triage(cause.id(), cause.title(), answer.what(), answer.offenders(), answer.fix(),
                        complaint);
            }
        }
        return new Triage("unknown", "a failure of no known kind", "", null,
                "-- look the code up: Appendix A of the PostgreSQL manual, PostgreSQL Error Codes", complaint);
    }

    /** The cause for a person: what went wrong, the query that shows the rows, and the fix. */
    public String text() {
        StringBuilder text = new StringBuilder("cause: ").append(id).append(" (").append(title).append(")");
        if (!what.isEmpty()) {
            text.append("\n  ").append(what);
        }
        if (offenders != null) {
            text.append("\nto see the ").append(offenders.what()).append(":\n  ")
                    .append(offenders.pasted().replace("\n", "\n  "));
        }
        return text.append("\na way out:\n  ").append(fix.replace("\n", "\n  ")).toString();
    }
}
