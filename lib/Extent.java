//SOURCES Count.java plan/Executor.java plan/Journal.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import lib.plan.Executor;
import lib.plan.Journal;

/** How far one SQL file changed the database: first as it goes on, later as production itself shows it. */
public final class Extent {
    /**
     * UNKNOWN is a statement or a COMMIT whose outcome nobody could be asked about, or a process that died meanwhile.
     */
    enum State { UNTOUCHED, APPLYING, ROLLED_BACK, PARTLY, UNKNOWN, APPLIED }

    private final String sql;
    private State state = State.UNTOUCHED;
    private String plan = "";
    private int segments;
    private int committed;
    private int ahead;
    private boolean alone;

    /** Nothing of it has run yet; {@code sql} is what people call it. */
    Extent(String sql) {
        this.sql = sql;
    }

    /** What people call the SQL. */
    String sql() {
        return sql;
    }

    State state() {
        return state;
    }

    /** The number of the segment that comes after those that are committed. */
    int next() {
        return committed + 1;
    }

    /** Whether there was nothing to change. */
    boolean empty() {
        return segments == 0;
    }

    /** Whether all of it is committed. */
    public boolean complete() {
        return state == State.APPLIED;
    }

    /** Whether nothing of it was ever begun. */
    boolean untouched() {
        return state == State.UNTOUCHED;
    }

    void certified(String sha256) {
        plan = sha256;
    }

    /** So many of the segments change nothing that code could see; they may run while it is at work. */
    public void ahead(int first) {
        ahead = first;
    }

    /** Whether all that has changed is what no code can see, so that the old code fits the database as before. */
    public boolean unseen() {
        return !changed() || (state == State.PARTLY || alone) && committed + (alone ? 1 : 0) <= ahead;
    }

    void applying(int all, int already) {
        segments = all;
        committed = already;
        alone = false;
        state = State.APPLYING;
    }

    void committed(int already) {
        committed = already;
    }

    void applied(Executor.Result result) {
        committed = result.committed();
        state = result.trouble() != null && result.trouble().open() ? State.UNKNOWN
                : committed == segments ? State.APPLIED : committed == 0 ? State.ROLLED_BACK : State.PARTLY;
    }

    /** Whether the database is not any more what it was, or may not be. */
    boolean changed() {
        return switch (state) {
            case PARTLY, UNKNOWN, APPLIED -> true;
            case APPLYING -> committed > 0 || alone;
            case UNTOUCHED, ROLLED_BACK -> false;
        };
    }

    /** Whether some of the SQL is committed, or may be, and production can say how to go on with the rest. */
    boolean segmentsLeft() {
        return state == State.PARTLY || state == State.UNKNOWN && alone;
    }

    boolean owns(Journal journal) {
        return journal.plan().equals(plan);
    }

    /** Whether it is known how it ended, for all of it: then its journal can tell nothing more. */
    boolean decided() {
        return state == State.APPLIED || state == State.ROLLED_BACK;
    }

    void looked(Optional<Journal> journal, boolean working) {
        Optional<Journal> own = journal.filter(this::owns);
        if (own.isPresent()) {
            segments = own.get().segments();
            committed = own.get().committed();
            alone = own.get().alone() > 0;
            state = own.get().complete() ? State.APPLIED : working ? State.APPLYING : alone ? State.UNKNOWN
                    : committed > 0 ? State.PARTLY : State.ROLLED_BACK;
        } else if (state == State.UNKNOWN && committed == 0) {
            // The journal is there before the first statement, and until the record says that all is committed.
            state = State.ROLLED_BACK;
        } else if (state == State.PARTLY) {
            state = State.UNKNOWN;
        }
    }

    String words() {
        String part = committed + " of " + Count.of(segments, "segment") + " " + Count.are(segments)
                + " committed";
        String before = committed > 0 ? "CHANGED: " + part + "; " : "";
        return switch (state) {
            case UNTOUCHED -> "not changed";
            case ROLLED_BACK -> "not changed: the transaction was rolled back";
            case APPLYING -> before + (alone ? "segment " + next() + " is under way, outside of a transaction"
                    : "the transaction was under way: the server rolls it back when the connection goes");
            case PARTLY -> unseen() ? "CHANGED: " + part + ": what nobody has to wait for, and no code can see"
                    : "CHANGED: " + part + ", the next one was rolled back";
            case UNKNOWN -> before + (alone
                    ? "segment " + next() + " was begun outside of a transaction: production shows how that ended"
                    : "NOT KNOWN: segment " + next() + " of " + segments
                    + " may be committed; look before you do anything");
            case APPLIED -> segments == 0 ? "not changed: there was nothing to apply"
                    : "changed: all of the " + sql + " is committed";
        };
    }

    /** For the run record. */
    ObjectNode record(ObjectNode node) {
        node.put("database", state.name());
        node.put("segments", segments);
        node.put("committed", committed);
        node.put("ahead", ahead);
        node.put("plan", plan);
        return node;
    }

    void restore(JsonNode record) {
        state = State.valueOf(record.path("database").asText(State.UNTOUCHED.name()));
        // A process that died while it applied left nobody who knows how that ended.
        state = state == State.APPLYING ? State.UNKNOWN : state;
        segments = record.path("segments").asInt();
        committed = record.path("committed").asInt();
        ahead = record.path("ahead").asInt();
        plan = record.path("plan").asText();
    }
}
