package lib.migrations;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The comment that every migration of a folder begins with, where each of them so far has one. */
final class ConventionHeader {
    private static final Pattern KEY = Pattern.compile("(?m)^[\\s*-]*@?([A-Za-z][A-Za-z_ -]{1,24}?)\\s*:");
    // What tools write (Prisma names each step: CreateTable), what they read, and what these scripts read.
    private static final Pattern TOOL = Pattern.compile("--(>.*|\\s*([A-Z][a-z]+){2,}|\\s*"
            + "(?i:(up|down) migration|hazard-ok:.*|expect:.*|custom sql migration file.*))?\\s*");

    private ConventionHeader() {
    }

    static List<Convention.Deviation> of(Map<String, String> texts, Set<String> fresh) {
        List<String> before = texts.entrySet().stream().filter(each -> !fresh.contains(each.getKey()))
                .map(Map.Entry::getValue).filter(Objects::nonNull).map(ConventionHeader::header).toList();
        List<Convention.Deviation> found = new ArrayList<>();
        if (before.size() < Convention.ENOUGH || before.stream().anyMatch(String::isEmpty)) {
            return found;
        }
        Set<String> wanted = keys(before.get(0));
        before.forEach(header -> wanted.retainAll(keys(header)));
        for (String name : new TreeSet<>(fresh)) {
            String text = texts.get(name);
            if (text == null || text.isBlank()) {
                continue;
            }
            String own = header(text);
            Set<String> missing = new LinkedHashSet<>(wanted);
            missing.removeAll(keys(own));
            if (own.isEmpty() || !missing.isEmpty()) {
                String line = "-- " + (missing.isEmpty() ? "…" : String.join(": …\n-- ", missing) + ": …");
                found.add(new Convention.Deviation(name, own.isEmpty() ? "it begins without a comment, and each of the "
                        + before.size() + " before it has one" : "its first comment lacks \""
                        + String.join("\", \"", missing) + "\", which each of the " + before.size()
                        + " before it has", null, "add to its first lines:\n" + line, false));
            }
        }
        return found;
    }

    private static Set<String> keys(String header) {
        Set<String> keys = new LinkedHashSet<>();
        Matcher key = KEY.matcher(header);
        while (key.find()) {
            keys.add(key.group(1).toLowerCase(Locale.ROOT));
        }
        return keys;
    }

    // What stands before the first statement, if it is a comment.
    private static String header(String text) {
        String start = (text.startsWith("\ufeff") ? text.substring(1) : text).strip();
        if (start.startsWith("/*")) {
            int end = start.indexOf("*/");
            return end < 0 ? start : start.substring(2, end);
        }
        return String.join("\n", start.lines().map(String::strip).takeWhile(line -> line.startsWith("--"))
                .filter(line -> !TOOL.matcher(line).matches()).toList());
    }
}
