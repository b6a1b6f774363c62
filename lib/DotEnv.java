//SOURCES Failure.java

package lib;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A .env file as Node's dotenv reads it (16 to 18 use one and the same pattern), with the references of dotenv-expand
 * where they lead somewhere; a {@code $} that leads nowhere stays, for it may be part of a password.
 */
public final class DotEnv {
    private static final String SPACE = "[\\s\\x{a0}\\x{feff}]";
    /** dotenv's own pattern; quoted parts are written so that a long value needs no deep stack. */
    private static final Pattern LINE = Pattern.compile("^" + SPACE + "*(?:export" + SPACE + "+)?([\\w.-]+)(?:" + SPACE
            + "*=" + SPACE + "*?|:" + SPACE + "+?)(" + quoted('\'') + "|" + quoted('"') + "|" + quoted('`')
            + "|[^#\\n]+)?" + SPACE + "*(#.*)?$", Pattern.MULTILINE | Pattern.UNIX_LINES);
    private static final Pattern AROUND = Pattern.compile("^(['\"`])([\\s\\S]*)\\1$",
            Pattern.MULTILINE | Pattern.UNIX_LINES);
    private static final Pattern REFERENCE = Pattern.compile("(?<!\\\\)\\$(?:\\{([A-Za-z_][\\w.]*)"
            + "(?::?-((?:[^{}]|\\$\\{[^}]*})*))?}|([A-Za-z_]\\w*))");
    private static final int DEPTH = 20;

    private final Map<String, String> values = new LinkedHashMap<>();
    /** The names whose values stand in single quotes, where nothing is a reference. */
    private final Set<String> literal = new HashSet<>();
    private final String text;
    private final String file;

    private DotEnv(String text, String file) {
        this.text = text.replaceAll("\\r\\n?", "\n");
        this.file = file;
        Matcher line = LINE.matcher(this.text);
        while (line.find()) {
            // Of two with the same name the last one counts.
            String raw = line.group(2) == null ? "" : line.group(2);
            values.put(line.group(1), value(raw));
            literal.remove(line.group(1));
            if (raw.strip().startsWith("'")) {
                literal.add(line.group(1));
            }
        }
    }

    /** Reads a file; what is no UTF-8 is refused, for a password in it would be another one. */
    public static DotEnv of(Path file) {
        String name = file.getFileName().toString();
        try {
            byte[] bytes = Files.readAllBytes(file);
            boolean wide = bytes.length > 1 && (bytes[0] == (byte) 0xff && bytes[1] == (byte) 0xfe
                    || bytes[0] == (byte) 0xfe && bytes[1] == (byte) 0xff);
            if (wide) {
                throw Failure.usage(name + " is written in UTF-16, as PowerShell's > does, and nothing reads it",
                        "iconv -f UTF-16 -t UTF-8 " + name + " > env.new && mv env.new " + name);
            }
            return new DotEnv(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(),
                    name);
        } catch (CharacterCodingException e) {
            throw Failure.usage(name + " is not written in UTF-8", "iconv -f ISO-8859-1 -t UTF-8 " + name
                    + " > env.new && mv env.new " + name);
        } catch (IOException e) {
            throw Failure.usage(name + " cannot be read", "ls -l " + name);
        }
    }

    private static String quoted(char quote) {
        return SPACE + "*" + quote + "[^" + quote + "]*(?:(?<=\\\\)" + quote + "[^" + quote + "]*)*" + quote;
    }

    private static String value(String raw) {
        String value = raw.strip().replaceAll("^[\\x{a0}\\x{feff}]+|[\\x{a0}\\x{feff}]+$", "");
        boolean twice = value.startsWith("\"");
        value = AROUND.matcher(value).replaceAll("$2");
        return twice ? value.replace("\\n", "\n").replace("\\r", "\r") : value;
    }

    /** All names and values, without references resolved: what dotenv alone makes of the file. */
    public Map<String, String> values() {
        return values;
    }

    /**
     * One value, its references resolved; null when the file has none of that name. A line that means it and cannot be
     * understood is a failure that names the line and not its text.
     *
     * @param environment where a reference is looked up before the file
     */
    public String get(String name, Map<String, String> environment) {
        String doubt = doubt(name);
        if (doubt != null) {
            throw Failure.usage(file + " " + doubt, "write it as one line: " + name
                    + "='postgresql://USER:PASSWORD@HOST:PORT/DATABASE'");
        }
        String value = values.get(name);
        if (value != null && value.startsWith("encrypted:")) {
            throw Failure.usage(name + " in " + file + " is encrypted by dotenvx",
                    "let dotenvx decrypt it: dotenvx run -- jbang release.java");
        }
        return value == null || literal.contains(name) ? value : expand(value, name, environment, 0);
    }

    // Why the last line that begins with a name is not what whoever wrote it meant; null when all is well.
    private String doubt(String name) {
        Matcher begun = Pattern.compile("^[ \\t]*(?:export[ \\t]+|set[ \\t]+|\\$env:)?" + Pattern.quote(name)
                + "(?![\\w.-])[ \\t]*(.*)$", Pattern.MULTILINE | Pattern.UNIX_LINES).matcher(text);
        String doubt = null;
        while (begun.find()) {
            String where = "line " + (text.substring(0, begun.start()).lines().count() + 1);
            String rest = begun.group(1);
            String after = rest.replaceFirst("^[=:]\\s*", "");
            if (!rest.startsWith("=") && !rest.startsWith(": ")) {
                // A sentence may begin with the name; an address behind it was meant.
                doubt = !values.containsKey(name) && rest.contains("://")
                        ? where + " names " + name + ", but not as NAME=VALUE" : doubt;
            } else if (after.matches("['\"`].*") && !closed(begun.start(1))) {
                doubt = where + ": the quote before the value of " + name + " is not closed";
            } else if (after.matches("[^'\"`#\\s][^#]*[^#\\s]#.*")) {
                doubt = where + ": the value of " + name + " is cut off at #, as dotenv does it without quotes";
            } else {
                doubt = null;
            }
        }
        return doubt;
    }

    private boolean closed(int from) {
        return Pattern.compile("[=:]\\s*(?:" + quoted('\'') + "|" + quoted('"') + "|" + quoted('`') + ")[ \\t]*(#.*)?$",
                Pattern.MULTILINE | Pattern.UNIX_LINES).matcher(text).region(from, text.length()).lookingAt();
    }

    private String expand(String value, String own, Map<String, String> environment, int depth) {
        if (depth > DEPTH) {
            throw Failure.usage(file + ": " + own + " refers to itself", "write its value out");
        }
        StringBuilder text = new StringBuilder();
        Matcher reference = REFERENCE.matcher(value);
        while (reference.find()) {
            String name = reference.group(1) == null ? reference.group(3) : reference.group(1);
            String found = environment.getOrDefault(name, "");
            if (found.isEmpty() && !name.equals(own) && values.containsKey(name)) {
                found = literal.contains(name) ? values.get(name)
                        : expand(values.get(name), name, environment, depth + 1);
            }
            if (found.isEmpty() && reference.group(2) != null) {
                found = expand(reference.group(2), own, environment, depth + 1);
            }
            boolean nowhere = found.isEmpty() && !values.containsKey(name) && reference.group(2) == null;
            reference.appendReplacement(text, Matcher.quoteReplacement(nowhere ? reference.group() : found));
        }
        return reference.appendTail(text).toString().replace("\\$", "$");
    }
}
