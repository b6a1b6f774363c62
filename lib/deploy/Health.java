//SOURCES ../Failure.java ../Gate.java ../ServiceSetting.java

package lib.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Gate;
import lib.ServiceSetting;

/** What a service says of itself at a URL, and whether that is the version that was pushed. */
public final class Health {
    /** So many letters of a commit tell it from others. */
    private static final String HASH = "[0-9a-f]{7,40}";
    private static final Pattern ANY_HASH = Pattern.compile("(?<![0-9a-f])(" + HASH + ")(?![0-9a-f])");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** More bytes of an answer than this say nothing about a version. */
    private static final int MOST_BYTES = 100_000;

    private final String url;
    private final Pattern expected;
    private final boolean tells;

    /** The health of a service that has a URL for it. */
    public Health(ServiceSetting service) {
        this.url = service.health();
        this.tells = service.expect() != null && service.expect().contains(ServiceSetting.COMMIT);
        this.expected = service.expect() == null ? ANY_HASH : Pattern.compile(Pattern.quote(service.expect())
                .replace(ServiceSetting.COMMIT, "\\E(" + HASH + ")\\Q"));
    }

    /**
     * One answer.
     *
     * @param works whether it was a 2xx that holds what is expected
     * @param seen the answer in a few words
     */
    public record Answer(boolean works, String body, String seen) {
    }

    /** Asks once; what cannot be reached does not work. */
    public Answer ask() {
        try {
            HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
            connection.setConnectTimeout((int) PATIENCE.toMillis());
            connection.setReadTimeout((int) PATIENCE.toMillis());
            connection.setUseCaches(false);
            // A connection that is kept would go on leading to the version that answered first.
            connection.setRequestProperty("Connection", "close");
            connection.setRequestProperty("Cache-Control", "no-cache");
            connection.setRequestProperty("User-Agent", "release.java");
            int status = connection.getResponseCode();
            if (status / 100 != 2) {
                return new Answer(false, "", "HTTP " + status);
            }
            try (InputStream body = connection.getInputStream()) {
                String text = new String(body.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
                boolean meets = expected == ANY_HASH || expected.matcher(text).find();
                return new Answer(meets, text, "HTTP " + status + (meets ? "" : " without what is expected"));
            }
        } catch (IOException e) {
            return new Answer(false, "", "no answer: " + Gate.words(e));
        } catch (IllegalArgumentException e) {
            throw Failure.usage(url + " is no URL", "correct \"health\" in release.json");
        }
    }

    /** Whether its answers say which commit they come from. */
    public boolean tells() {
        return tells;
    }

    /** Whether an answer names a commit as its own: where it is expected, else anywhere in it. */
    public boolean from(Answer answer, String commit) {
        Matcher found = (tells ? expected : ANY_HASH).matcher(answer.body());
        while (answer.works() && found.find()) {
            if (commit.startsWith(found.group(1))) {
                return true;
            }
        }
        return false;
    }
}
