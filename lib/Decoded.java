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
 * @param flaw why it is not what its author sees; null when it is
 */
public record Decoded(String text, Flaw flaw) {
    // Both ends: a line of these characters alone may be the rule under a heading.
    private static final Pattern CONFLICT = Pattern.compile("(?ms)^<{7} .*?^={7}\r?$.*?^>{7} ");
    // https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    private static final String POINTER = "version https://git-lfs.github.com/spec/";

    /** What is wrong with a file's bytes. */
    public enum Kind {
        UTF_16("UTF-16"), UTF_16LE("UTF-16LE"), UTF_16BE("UTF-16BE"),
        /** Most often what Windows wrote before. */
        NOT_UTF_8("WINDOWS-1252"),
        NUL_BYTE(null), LFS_POINTER(null), CONFLICT_MARKS(null);

        /** What the bytes are read as, in iconv's words; null where another encoding mends nothing. */
        private final String charset;

        Kind(String charset) {
            this.charset = charset;
        }
    }

    /**
     * Why a text is not what its author sees.
     *
     * @param words go on after the file's name
     */
    public record Flaw(Kind kind, String words) {
        /** Whether its bytes are those of another encoding than UTF-8. */
        public boolean foreign() {
            return kind.charset != null;
        }

        /** The command that mends the file. */
        public String mend(String file) {
            String path = Exec.typed(List.of(file));
            String fresh = Exec.typed(List.of(file + ".utf8"));
            String over = " > " + fresh + " && mv " + fresh + " " + path + "   # look at it, then commit it";
            return switch (kind) {
                case CONFLICT_MARKS -> "sed -n '/^<<<<<<< /,/^>>>>>>> /p' " + path
                        + "   # keep what belongs there without the marks, then commit it";
                case LFS_POINTER -> "echo " + Exec.typed(List.of(file + " !filter !diff !merge text"))
                        + " >> .gitattributes && git lfs pull && git add --renormalize " + path
                        + "   # then commit both";
                case NUL_BYTE -> "tr -d '\\000' < " + path + over;
                default -> "iconv -f " + kind.charset + " -t UTF-8 " + path + over;
            };
        }
    }

    /** Reads bytes as UTF-8, and as UTF-16 where they can be nothing else. */
    public static Decoded of(byte[] bytes) {
        Kind wide = wide(bytes);
        if (wide != null) {
            return new Decoded(new String(bytes, Charset.forName(wide.charset)), new Flaw(wide, "is " + wide.charset
                    + (wide == Kind.UTF_16 ? "" : " without a byte order mark")));
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return new Decoded(text, flaw(bytes, text));
    }

    private static Flaw flaw(byte[] bytes, String text) {
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            return new Flaw(Kind.NUL_BYTE, "holds a NUL byte in line " + line(text, nul));
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException e) {
            return new Flaw(Kind.NOT_UTF_8, "is not valid UTF-8 (line "
                    + line(text, Math.max(0, text.indexOf('\ufffd'))) + ")");
        }
        if (text.startsWith(POINTER)) {
            return new Flaw(Kind.LFS_POINTER, "is a pointer of Git LFS, and not the file itself");
        }
        Matcher conflict = CONFLICT.matcher(text);
        return text.contains("<<<<<<<") && conflict.find() ? new Flaw(Kind.CONFLICT_MARKS,
                "holds conflict marks of git (line " + line(text, conflict.start()) + ")") : null;
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
    private static Kind wide(byte[] bytes) {
        if (bytes.length > 1 && (bytes[0] & 0xff) + (bytes[1] & 0xff) == 0xff + 0xfe) {
            return Kind.UTF_16;
        }
        int[] zeros = new int[2];
        for (int i = 0; i < bytes.length; i++) {
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
        }
        return zeros[1] > bytes.length / 4 && zeros[0] == 0 ? Kind.UTF_16LE
                : zeros[0] > bytes.length / 4 && zeros[1] == 0 ? Kind.UTF_16BE : null;
    }

    private static long line(String text, int at) {
        return 1 + text.substring(0, at).chars().filter(c -> c == '\n').count();
    }
}
