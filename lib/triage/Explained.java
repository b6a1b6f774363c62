//SOURCES ../Count.java ../Failure.java ../Gate.java ../Phase.java Complaint.java Log.java Triage.java

package lib.triage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Phase;

/** The log of a failed migration, explained error by error. */
public final class Explained {
    /** As much of a log is read from its end: what failed stands there. */
    private static final int MOST_BYTES = 8 << 20;

    private Explained() {
    }

    /** Adds what each error comes from to the text and to the facts; a log without any is a {@link Failure}. */
    public static Gate.Finding of(Path log, Phase phase, StringBuilder text) {
        List<Complaint> complaints = Log.read(read(log));
        String name = log.toString().equals("-") ? "standard input" : log.toString();
        if (complaints.isEmpty()) {
            throw Failure.stop(name + " holds no error of PostgreSQL or of a migration tool that is known here",
                    "give the whole output, the errors with it: COMMAND > migrate.log 2>&1");
        }
        List<Map<String, Object>> facts = new ArrayList<>();
        for (Complaint complaint : complaints) {
            Triage triage = Triage.of(complaint);
            facts.add(fact(triage));
            text.append(text.isEmpty() ? "" : "\n").append(complaint.place().isEmpty() ? "" : complaint.place() + ": ")
                    .append(complaint.message())
                    .append(complaint.state().isEmpty() ? "" : " [" + complaint.state() + "]")
                    .append('\n').append(complaint.statement().isEmpty() ? "" : Log.head(complaint) + "\n")
                    .append(triage.text()).append('\n');
        }
        phase.fact("errors", facts);
        String causes = String.join(", ", facts.stream().map(fact -> fact.get("cause").toString()).distinct().toList());
        return Gate.passed(name + ": " + Count.of(complaints.size(), "error") + ", "
                + causes);
    }

    private static Map<String, Object> fact(Triage triage) {
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("cause", triage.id());
        fact.put("title", triage.title());
        fact.put("state", triage.complaint().state());
        fact.put("message", triage.complaint().message());
        fact.put("place", triage.complaint().place());
        fact.put("statement", Log.head(triage.complaint()));
        fact.put("what", triage.what());
        fact.put("query", triage.offenders() == null ? null : triage.offenders().pasted());
        fact.put("fix", triage.fix());
        return fact;
    }

    private static String read(Path log) {
        try {
            byte[] bytes = log.toString().equals("-") ? System.in.readAllBytes() : Files.readAllBytes(log);
            int from = Math.max(0, bytes.length - MOST_BYTES);
            return new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw Failure.usage(log + " cannot be read: " + (Files.isDirectory(log) ? "it is a folder"
                    : Files.exists(log) ? Gate.words(e) : "there is no such file"), "name the file of the log");
        }
    }
}
