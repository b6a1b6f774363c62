package lib;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The secrets this process has met, so that none of them is ever shown or stored. */
public final class Secrets {
    private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();
    private static final String MASK = "****";

    private Secrets() {
    }

    /** Remembers a secret as it is and as it stands in a URL; what is shorter than four characters would mask words. */
    public static void add(String secret) {
        if (secret == null || secret.length() < 4) {
            return;
        }
        KNOWN.add(secret);
        String form = URLEncoder.encode(secret, StandardCharsets.UTF_8);
        KNOWN.add(form);
        KNOWN.add(form.replace("+", "%20"));
    }

    /** The text without any secret that was met so far. */
    public static String mask(String text) {
        if (text == null || KNOWN.isEmpty()) {
            return text;
        }
        // The longest first: a secret may be the beginning of another one's encoded form.
        for (String secret : KNOWN.stream().sorted(Comparator.comparing(String::length).reversed()).toList()) {
            text = text.replace(secret, MASK);
        }
        return text;
    }
}
