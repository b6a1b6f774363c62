package lib;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The secrets this process has met, so that none of them is ever shown or stored. */
public final class Secrets {
    private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();
    /** What stands where a secret would. */
    static final String MASK = "****";
    /** Where a password stands in a URL, whoever's it is; our own hints write PASSWORD there. */
    private static final Pattern IN_URL = Pattern.compile("(://[^\\s:/@\"']*:)(?!PASSWORD@)[^\\s/\"']+(?=@)");
    private static final Pattern IN_QUERY = Pattern.compile("([?&](?:ssl)?password=)[^&\\s\"']+");
    /** A password like "postgres" or "5432": taken for a secret, it would tear words and file names apart. */
    private static final Pattern WORD = Pattern.compile("[A-Za-z_]{0,11}|[0-9]{0,6}|.{0,3}");

    private Secrets() {
    }

    /** Remembers a secret as it is, as it stands in a URL and in JSON; a mere word is masked in URLs only. */
    public static void add(String secret) {
        if (secret == null || WORD.matcher(secret).matches()) {
            return;
        }
        KNOWN.add(secret);
        KNOWN.add(secret.replace("\\", "\\\\").replace("\"", "\\\""));
        String form = URLEncoder.encode(secret, StandardCharsets.UTF_8);
        KNOWN.add(form);
        KNOWN.add(form.replace("+", "%20"));
    }

    /** The text without any secret that was met so far, and without the password of any URL. */
    public static String mask(String text) {
        if (text == null) {
            return null;
        }
        // The longest first: a secret may be the beginning of another one's encoded form.
        for (String secret : KNOWN.stream().sorted(Comparator.comparing(String::length).reversed()).toList()) {
            text = text.replace(secret, MASK);
        }
        if (!text.contains("://")) {
            return text;
        }
        return IN_QUERY.matcher(IN_URL.matcher(text).replaceAll("$1" + MASK)).replaceAll("$1" + MASK);
    }
}
