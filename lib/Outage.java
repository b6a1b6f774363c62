//SOURCES Json.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** The services of a release: whether they stand still, since when, how long it was to take and how long it took. */
public final class Outage {
    /** STOPPING is a stop command that has not succeeded, or not yet. */
    enum State { UNTOUCHED, STOPPING, STOPPED, STARTED }

    private State state = State.UNTOUCHED;
    private Instant stopped;
    private Instant started;
    private boolean inherited;
    private JsonNode forecast = Json.MAPPER.nullNode();

    State state() {
        return state;
    }

    /** What the release before had stopped, and not started again, stands still at the beginning of this one. */
    void inherit(Outage before) {
        inherited = before.lasts() || before.inherited;
    }

    /** Whether it was the release before that stopped the services, and nothing here has started them since. */
    boolean inherited() {
        return inherited;
    }

    /** How long it is to take, in seconds and by its parts; null when no stop is planned. */
    public void forecast(JsonNode seconds) {
        forecast = seconds == null ? Json.MAPPER.nullNode() : seconds;
    }

    /** It begins with the first stop command; a second try does not make it shorter. */
    void stopping() {
        inherited = false;
        stopped = lasts() ? stopped : Instant.now();
        state = State.STOPPING;
    }

    void stopped() {
        state = State.STOPPED;
    }

    void started() {
        inherited = false;
        state = State.STARTED;
        started = Instant.now();
    }

    /** The release is over: whatever starts the services has done so. */
    void over() {
        started = started == null ? Instant.now() : started;
    }

    /** Whether the services were stopped, whatever became of them since. */
    boolean happened() {
        return stopped != null;
    }

    /** Whether the services were stopped and not started again since. */
    boolean lasts() {
        return state == State.STOPPED || state == State.STOPPING;
    }

    /**
     * From the stop until it was up again, in seconds; null when nothing was stopped or nothing is up yet, and when the
     * clock went backwards.
     *
     * @param deploying whether a deploy that starts the services is under way
     */
    Double seconds(boolean deploying) {
        if (stopped == null || started == null && !deploying) {
            return null;
        }
        double seconds = Duration.between(stopped, started == null ? Instant.now() : started).toMillis() / 1000.0;
        return seconds < 0 ? null : seconds;
    }

    /** Measured and forecast, in seconds, for people and programs. */
    ObjectNode facts(boolean deploying) {
        return Json.object().put("seconds", seconds(deploying)).set("forecast", forecast);
    }

    void record(ObjectNode node) {
        node.put("service", state.name().toLowerCase(Locale.ROOT)).put("inherited", inherited);
        node.put("stoppedAt", text(stopped)).put("startedAt", text(started)).set("forecast", forecast);
    }

    void restore(JsonNode node) {
        String name = node.path("service").asText();
        state = name.isEmpty() ? State.UNTOUCHED : State.valueOf(name.toUpperCase(Locale.ROOT));
        inherited = node.path("inherited").asBoolean();
        stopped = instant(node.path("stoppedAt"));
        started = instant(node.path("startedAt"));
        forecast(node.get("forecast"));
    }

    private static String text(Instant instant) {
        return instant == null ? null : instant.toString();
    }

    private static Instant instant(JsonNode node) {
        return node.isTextual() ? Instant.parse(node.asText()) : null;
    }
}
