//SOURCES ../Failure.java ../Postgres.java ../Target.java ../sql/Name.java Archive.java Picked.java Server.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * What an archive needs of the server it is restored on, because no dump of one database holds it: extensions to be
 * installed there, and the roles that policies and user mappings name.
 */
final class Requirements {
    private static final Pattern EXTENSION = Pattern.compile("^\\d+; \\d+ \\d+ EXTENSION - (.+?) *$");
    private static final Pattern NAMING_ROLES = Pattern.compile("^\\d+; \\d+ \\d+ (POLICY|USER MAPPING) .*");
    private static final String ROLE = "(?:\"(?:[^\"]|\"\")+\"|[^\\s,;\"]+)";
    private static final Pattern TO = Pattern.compile("^CREATE (?:POLICY .*? TO (" + ROLE + "(?:, " + ROLE
            + ")*)(?: USING | WITH CHECK |;)|USER MAPPING FOR (" + ROLE + ") SERVER ).*");
    private static final Set<String> ANYBODY = Set.of("public", "PUBLIC", "CURRENT_USER", "SESSION_USER",
            "CURRENT_ROLE");

    final Set<String> extensions;
    final Set<String> roles;

    private Requirements(Set<String> extensions, Set<String> roles) {
        this.extensions = extensions;
        this.roles = roles;
    }

    /** Reads them from the archive; its data is not touched. */
    static Requirements of(Archive archive) {
        Set<String> extensions = new TreeSet<>();
        for (String entry : archive.listing().entries()) {
            Matcher matcher = EXTENSION.matcher(entry);
            if (matcher.matches()) {
                // With its owner behind it, where the archive was made with owners.
                extensions.add(matcher.group(1).split(" ")[0]);
            }
        }
        List<String> naming = archive.listing().entries(NAMING_ROLES);
        return new Requirements(extensions, naming.isEmpty() ? Set.of() : roles(archive, naming));
    }

    private static Set<String> roles(Archive archive, List<String> entries) {
        try (Picked picked = Picked.of(entries)) {
            String sql = archive.reader().call("pg_restore", picked.option(), "--file=-", archive.file().toString())
                    .run().orStop(archive.file() + " cannot be read", null).out();
            Set<String> roles = new LinkedHashSet<>();
            for (String line : sql.lines().toList()) {
                Matcher matcher = TO.matcher(line);
                if (matcher.matches()) {
                    Matcher role = Pattern.compile(ROLE)
                            .matcher(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
                    while (role.find()) {
                        String name = role.group();
                        roles.add(name.startsWith("\"")
                                ? name.substring(1, name.length() - 1).replace("\"\"", "\"") : name);
                    }
                }
            }
            roles.removeAll(ANYBODY);
            return roles;
        }
    }

    /** Refuses a server that lacks an extension, naming all that it lacks. */
    void refuseMissingExtensions(Connection connection) throws SQLException {
        Set<String> missing = new TreeSet<>(extensions);
        Postgres.rows(connection, "SELECT name FROM pg_available_extensions")
                .forEach(row -> missing.remove(row.get(0)));
        if (!missing.isEmpty()) {
            throw Failure.stop("the server does not have the extension" + (missing.size() == 1 ? " " : "s ")
                    + String.join(", ", missing) + ", which the backup needs",
                    "install " + String.join(", ", missing) + " on it (or choose it in the provider's dashboard), then"
                    + " run this again; or restore on a server that has it");
        }
    }

    /** The roles that are not on the server; made without login when that was asked for. */
    void refuseMissingRoles(Connection connection, boolean create) throws SQLException {
        Set<String> missing = new LinkedHashSet<>(roles);
        Postgres.rows(connection, "SELECT rolname FROM pg_roles").forEach(row -> missing.remove(row.get(0)));
        if (missing.isEmpty()) {
            return;
        }
        String commands = missing.stream().map(role -> "CREATE ROLE " + Name.quote(role) + " NOLOGIN;")
                .collect(Collectors.joining(" "));
        if (!create) {
            throw Failure.stop("policies of the backup name roles that the server does not have: "
                    + String.join(", ", missing), "--create-roles makes them without login; or yourself: " + commands);
        }
        for (String role : missing) {
            try {
                Postgres.execute(connection, "CREATE ROLE " + Name.quote(role) + " NOLOGIN");
            } catch (SQLException e) {
                throw Server.failure("role " + role + " cannot be made", e, "as the administrator: " + commands);
            }
        }
    }

    /** Tries each extension in an empty database and takes it back, so that a refusal is known before the load. */
    void tryExtensions(Target empty) throws SQLException {
        for (String extension : extensions) {
            try (Connection connection = Postgres.write(empty, "restore")) {
                connection.setAutoCommit(false);
                Postgres.execute(connection, "CREATE EXTENSION IF NOT EXISTS " + Name.quote(extension) + " CASCADE");
                connection.rollback();
            } catch (SQLException e) {
                throw Server.failure("user " + empty.user() + " cannot create the extension " + extension, e,
                        "give the URL of a role that may, the administrator's for this one command");
            }
        }
    }
}
