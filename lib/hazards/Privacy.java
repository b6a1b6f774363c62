package lib.hazards;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Personal values and secrets in SQL: found, and never shown in full. */
final class Privacy {
    private static final Pattern EMAIL = Pattern.compile(
            "(?i)(?<![\\w.+-])[a-z0-9][\\w.+-]*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,24}(?![\\w@])");
    /** Domains that nobody can have (RFC 2606), and robots. */
    private static final Pattern NOBODY = Pattern.compile(
            "(?i)(.*[@.](example\\.(com|net|org)|[\\w-]+\\.(example|test|invalid|localhost|local))|"
            + "(noreply|no-reply|postmaster)@.*|git@.*)");
    private static final Pattern PHONE = Pattern.compile(
            "(?<![\\w+.-])(?:\\+[1-9]\\d{0,2}[ ()./-]*(?:\\d[ ()./-]*){7,12}\\d"
            + "|\\(\\d{3}\\) ?\\d{3}-\\d{4})(?![\\w.])");
    private static final Pattern TOKEN = Pattern.compile("(?<![A-Za-z0-9])"
            + "(?:(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}"
            + "|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\\w{20,}|glpat-[\\w-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}"
            + "|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\\w-]{30,}|npm_[A-Za-z0-9]{30,}|SG\\.[\\w-]{16,}\\.[\\w-]{16,}"
            + "|sk-[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{32,})(?![A-Za-z0-9])"
            + "|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\\s]*");
    private static final Pattern JWT =
            Pattern.compile("(?<![\\w-])eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]{8,}");
    private static final Pattern CARD = Pattern.compile("(?<![\\w.-])"
            + "[2-6]\\d{3}([ -]?)\\d{4}\\1\\d{4}\\1\\d{1,7}(?![\\w.-])"
            + "|(?<![\\w.-])3[47]\\d{2}([ -]?)\\d{6}\\2\\d{5}(?![\\w.-])");

    /** A file full of them is not counted to its end. */
    private static final int ENOUGH = 500;

    /** One such value: what it is, where it stands in the text, and how it may be shown. */
    record Found(String kind, int from, int to, String shown) {
    }

    private Privacy() {
    }

    /** All of them in one text. */
    static List<Found> in(String text) {
        List<Found> found = new ArrayList<>();
        look("JWT", JWT, text, found);
        look("token", TOKEN, text, found);
        look("e-mail address", EMAIL, text, found);
        look("phone number", PHONE, text, found);
        look("card number", CARD, text, found);
        return found;
    }

    private static void look(String kind, Pattern pattern, String text, List<Found> found) {
        for (Matcher matcher = pattern.matcher(text); found.size() < ENOUGH && matcher.find();) {
            String value = matcher.group();
            boolean real = switch (kind) {
                case "e-mail address" -> !NOBODY.matcher(value).matches();
                case "card number" -> luhn(value.replaceAll("\\D", ""));
                case "phone number" -> !value.matches("[^1-9]*([1-9])?[^1-9]*");
                default -> true;
            };
            if (real && found.stream().noneMatch(other -> other.from < matcher.end() && matcher.start() < other.to)) {
                found.add(new Found(kind, matcher.start(), matcher.end(),
                        value.substring(0, 2) + "... (" + value.length() + " characters)"));
            }
        }
    }

    /** The check digit of card numbers. */
    private static boolean luhn(String digits) {
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            sum += i % 2 == 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        }
        return digits.length() >= 13 && sum % 10 == 0;
    }

    /** The text with each of them shortened. */
    static String masked(String text) {
        List<Found> found = new ArrayList<>(in(text));
        found.sort((one, other) -> other.from - one.from);
        StringBuilder masked = new StringBuilder(text);
        found.forEach(value -> masked.replace(value.from, value.to,
                text.substring(value.from, value.from + 2) + "..."));
        return masked.toString();
    }
}
