package lib.migrations;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The text of a committed file.
 *
 * @param broken why no server would take it as it is, null when nothing is wrong with it
 */
record SqlText(String sql, String broken) {
    static SqlText of(byte[] bytes) {
        if (bytes.length > 1 && (bytes[0] & 0xff) + (bytes[1] & 0xff) == 0xff + 0xfe) {
            return new SqlText(new String(bytes, StandardCharsets.UTF_16), "is UTF-16");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            return new SqlText(text, "holds a NUL byte in line " + line(text, nul));
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return new SqlText(text, null);
        } catch (CharacterCodingException e) {
            return new SqlText(text, "is not valid UTF-8 (line " + line(text, Math.max(0, text.indexOf('\ufffd')))
                    + ")");
        }
    }

    /** The text without the byte order mark that some editors put in front. */
    static String unmarked(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    private static long line(String text, int at) {
        return 1 + text.substring(0, at).chars().filter(c -> c == '\n').count();
    }
}
