//SOURCES Postgres.java

package lib;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.postgresql.util.PasswordUtil;

/** The password of a throw-away server's superuser, which nobody chooses and nobody types. */
public final class ScratchPassword {
    /**
     * How often it is hashed for each connection. Usual are 4096, against those who guess the passwords of people; they
     * take Java 12 ms, and a rehearsal connects twenty times. 128 random bits cannot be guessed however fast one tries.
     */
    static final int ITERATIONS = 1;
    private static final int BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private ScratchPassword() {
    }

    /** A new one. */
    static String random() {
        return HexFormat.of().formatHex(bytes());
    }

    /** What the server keeps of a password, and takes in its place where a role is made. */
    public static String verifier(String password) {
        return PasswordUtil.encodeScramSha256(password.toCharArray(), ITERATIONS, bytes());
    }

    private static byte[] bytes() {
        byte[] bytes = new byte[BYTES];
        RANDOM.nextBytes(bytes);
        return bytes;
    }
}
