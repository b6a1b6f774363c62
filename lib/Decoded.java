//SOURCES Exec.java

package lib;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a file that somebody wrote and committed.
 *
 * @param text as well as it can be read; a byte order mark stays in it
 * @param broken why it is not what its author sees, in words that go on after the file's name; null when it is
 */
public record Decoded(String text, String broken) {
    // Both ends: a line of these characters alone may be the rule under a heading.
    private static final Pattern CONFLICT = Pattern.compile("(?ms)^<{7} .*?^={7}\r?$.*?^>{7} ");
    // https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    private static final String POINTER = "version https://git-lfs.github.com/spec/";

    /** Reads bytes as UTF-8, and as UTF-16 where they can be nothing else. */
    public static Decoded of(byte[] bytes) {
        Charset wide = wide(bytes);
        if (wide != null) {
            return new Decoded(new String(bytes, wide), wide.equals(StandardCharsets.UTF_16) ? "is UTF-16"
                    : "is " + wide.name() + " without a byte order mark");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            return new Decoded(text, "holds a NUL byte in line " + line(text, nul));
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException e) {
            return new Decoded(text, "is not valid UTF-8 (line " + line(text, Math.max(0, text.indexOf('\ufffd')))
                    + ")");
        }
        Matcher conflict = CONFLICT.matcher(text);
        return new Decoded(text, text.startsWith(POINTER) ? "is a pointer of Git LFS, and not the file itself"
                : text.contains("<<<<<<<") && conflict.find() ? "holds conflict marks of git (line "
                        + line(text, conflict.start()) + ")" : null);
    }

    /** The command that mends a file which is broken that way. */
    public static String mend(String file, String broken) {
        String path = Exec.typed(List.of(file));
        String fresh = Exec.typed(List.of(file + ".utf8"));
        if (broken.contains("conflict")) {
            return "sed -n '/^<<<<<<< /,/^>>>>>>> /p' " + path + "   # keep what belongs there without the marks, then"
                    + " commit it";
        }
        if (broken.contains("LFS")) {
            return "echo " + Exec.typed(List.of(file + " !filter !diff !merge text")) + " >> .gitattributes && git lfs"
                    + " pull && git add --renormalize " + path + "   # then commit both";
        }
        String command = broken.contains("NUL") ? "tr -d '\\000' < " + path
                : "iconv -f " + (broken.contains("UTF-16") ? broken.split(" ")[1] : "WINDOWS-1252") + " -t UTF-8 "
                + path;
        return command + " > " + fresh + " && mv " + fresh + " " + path + "   # look at it, then commit it";
    }

    /** A text without the byte order mark that some editors put in front. */
    public static String unmarked(String text) {
        return marked(text) ? text.substring(1) : text;
    }

    /** Whether a text begins with a byte order mark. */
    public static boolean marked(String text) {
        return text.startsWith("\ufeff");
    }

    /** The command that takes the byte order mark out of a file. */
    public static String unmark(String file) {
        return "sed -i '1s/^\\xEF\\xBB\\xBF//' " + Exec.typed(List.of(file)) + "   # then commit it";
    }

    // Without a mark it is told by its zeros: every second byte of nearly all that is written in it.
    private static Charset wide(byte[] bytes) {
        if (bytes.length > 1 && (bytes[0] & 0xff) + (bytes[1] & 0xff) == 0xff + 0xfe) {
            return StandardCharsets.UTF_16;
        }
        int[] zeros = new int[2];
        for (int i = 0; i < bytes.length; i++) {
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
        }
        return zeros[1] > bytes.length / 4 && zeros[0] == 0 ? StandardCharsets.UTF_16LE
                : zeros[0] > bytes.length / 4 && zeros[1] == 0 ? StandardCharsets.UTF_16BE : null;
    }

    private static long line(String text, int at) {
        return 1 + text.substring(0, at).chars().filter(c -> c == '\n').count();
    }
}
