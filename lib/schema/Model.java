//SOURCES ../Failure.java ../Fingerprint.java ../Gate.java ../Postgres.java ../Target.java

package lib.schema;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.Target;
import org.pgcodekeeper.core.DatabaseType;
import org.pgcodekeeper.core.database.pg.jdbc.PgJdbcConnector;
import org.pgcodekeeper.core.ignorelist.IgnoreSchemaList;
import org.pgcodekeeper.core.ignorelist.IgnoredObject;
import org.pgcodekeeper.core.loader.DatabaseLoader;
import org.pgcodekeeper.core.loader.LoaderFactory;
import org.pgcodekeeper.core.model.difftree.DbObjType;
import org.pgcodekeeper.core.monitor.NullMonitor;
import org.pgcodekeeper.core.schema.AbstractDatabase;
import org.pgcodekeeper.core.settings.CoreSettings;

/**
 * The schema of one database as pgCodeKeeper reads it, with what it does not see.
 *
 * @param defaults the default privileges, which neither it nor a fingerprint holds
 */
record Model(AbstractDatabase database, Fingerprint fingerprint, Set<String> defaults, int major) {
    private static final String DEFAULTS = """
            SELECT coalesce(n.nspname || '.', '') || CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
              WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END
              || ' for ' || CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END
              || ' (' || string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type) || ')'
            FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl) a
            WHERE a.grantee <> defaclrole GROUP BY n.nspname, defaclobjtype, a.grantee""";

    /** Reads a live database in a transaction that only reads. */
    static Model of(Target target, CoreSettings settings, Set<String> hidden) {
        try (Connection connection = Postgres.read(target, "schema")) {
            int major = Postgres.identity(connection).major();
            Set<String> defaults = new TreeSet<>();
            Postgres.rows(connection, DEFAULTS).forEach(row -> defaults.add(row.get(0)));
            Fingerprint fingerprint = Fingerprint.of(connection);
            return new Model(load(target, settings, hidden), fingerprint, defaults, major);
        } catch (SQLException e) {
            throw Postgres.unreachable(target, e);
        }
    }

    private static AbstractDatabase load(Target target, CoreSettings settings, Set<String> hidden) {
        settings.setDbType(DatabaseType.PG);
        IgnoreSchemaList ignored = new IgnoreSchemaList();
        hidden.forEach(schema -> ignored.add(new IgnoredObject(schema, null, false, false, true, false,
                EnumSet.noneOf(DbObjType.class))));
        DatabaseLoader loader = LoaderFactory.createJdbcLoader(settings, "UTC", new PgJdbcConnector(target.jdbc()) {
            @Override
            public Connection getConnection() {
                return Postgres.read(target, "schema");
            }
        }, new NullMonitor(), ignored);
        try {
            AbstractDatabase database = loader.loadAndAnalyze();
            if (!loader.getErrors().isEmpty()) {
                throw Failure.stop("the schema of " + target.place() + " cannot be read whole: "
                        + loader.getErrors().get(0).toString().lines().findFirst().orElse(""), Gate.UNFORESEEN);
            }
            return database;
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, "the schema of " + target.place() + " cannot be read: "
                    + Gate.words(e), Gate.UNFORESEEN, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while a schema was read", null, e);
        }
    }
}
