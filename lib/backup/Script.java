//SOURCES ../Clients.java ../Exec.java ../Failure.java ../Run.java ../Target.java

package lib.backup;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Run;
import lib.Target;

/**
 * Plain SQL that stands beside a backup: the schema it holds, and the roles and tablespaces of its server. The same
 * schema gives the same bytes: what changes with each dump or with the version of the client is left out.
 */
public final class Script {
    private static final Pattern VOLATILE = Pattern.compile("\\\\restrict \\S+"
            + "|-- Dumped (from database|by pg_dump) version .*|SET transaction_timeout = 0;");
    private static final String KEY = "\\restrict ";
    private static final String END_OF_KEY = "\\unrestrict ";

    private final byte[] sql;

    private Script(byte[] sql) {
        this.sql = sql;
    }

    /** The name of the schema beside a backup. */
    public static Path schemaOf(Path backup) {
        return beside(backup, ".schema.sql");
    }

    /** The name of the roles and tablespaces beside a backup. */
    public static Path globalsOf(Path backup) {
        return beside(backup, ".globals.sql");
    }

    private static Path beside(Path backup, String ending) {
        return backup.resolveSibling(backup.getFileName().toString().replaceFirst("\\.dump$", "") + ending);
    }

    /** The schema of an archive, without owners and privileges; the server is not asked, only the table of contents. */
    public static Script schema(Clients.Client client, Path archive) {
        Exec.Result result = client.call("pg_restore", "--schema-only", "--no-owner", "--no-privileges", "--file=-",
                archive.toString()).run();
        return new Script(stable(result.orStop("the schema cannot be read from " + archive,
                "make a new backup: jbang backup.java").bytes()));
    }

    /**
     * Roles without their passwords, role settings and tablespaces of the whole server.
     *
     * @throws Failure when the server does not let this role see them
     */
    public static Script globals(Clients.Client client, Target target) {
        Map<String, String> environment = target.environment();
        environment.put("PGAPPNAME", "release backup");
        environment.put("PGCLIENTENCODING", null);
        // Its own default is the database postgres, which may be missing or closed to this role.
        Exec.Result result = client.call("pg_dumpall", "--globals-only", "--no-role-passwords", "--no-password",
                "--database=" + target.database()).with(environment).run();
        if (!result.ok()) {
            String said = result.err().lines().filter(line -> line.contains("error:")).findFirst()
                    .orElse(result.tail(1));
            throw Failure.stop(said.isBlank() ? "pg_dumpall ended with " + result.exit() : said, null);
        }
        return new Script(stable(result.bytes()));
    }

    /** Its size in bytes. */
    public long size() {
        return sql.length;
    }

    /** Writes it for its owner only, whole or not at all, in the database's own encoding, which it names itself. */
    public void write(Path file) {
        Run.write(file, sql);
    }

    // Byte for byte: the encoding is the database's, and a name need not even be valid in it.
    private static byte[] stable(byte[] script) {
        List<String> lines = new ArrayList<>();
        String end = null;
        boolean head = true;
        for (String line : new String(script, StandardCharsets.ISO_8859_1).split("\n")) {
            boolean blankAgain = line.isEmpty() && (lines.isEmpty() || lines.get(lines.size() - 1).isEmpty());
            // Below the first object a line may be a part of a function or of a comment: it stays, whatever it says.
            head &= line.isEmpty() || line.matches("--.*|SET .*|SELECT pg_catalog\\.set_config.*|\\\\restrict .*")
                    && !line.startsWith("-- Name: ");
            if (head && line.startsWith(KEY)) {
                end = END_OF_KEY + line.substring(KEY.length());
            }
            boolean left = head && (blankAgain || VOLATILE.matcher(line).matches()) || line.equals(end);
            if (!left) {
                lines.add(line);
            }
        }
        return (String.join("\n", lines).strip() + "\n").getBytes(StandardCharsets.ISO_8859_1);
    }
}
