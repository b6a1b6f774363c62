//SOURCES Postgres.java Settings.java

package lib;

import java.security.GeneralSecurityException;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * What takes Java long to load, and every phase needs a moment later: it is loaded on another core while the command
 * line is read. Nothing depends on it.
 */
final class HeadStart {
    private HeadStart() {
    }

    /** Begins, and does not wait. */
    static void begin() {
        Thread thread = new Thread(HeadStart::load, "head start");
        thread.setDaemon(true);
        thread.start();
    }

    private static void load() {
        try {
            Settings.load();
            Postgres.load();
            // How the driver signs in: SCRAM-SHA-256, with as many rounds as servers ask for.
            SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(new char[] {'-'}, new byte[16], 4096, 256));
        } catch (GeneralSecurityException | RuntimeException | Error e) {
            // Whoever needs it meets the same, and says it.
            return;
        }
    }
}
