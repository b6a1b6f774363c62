//SOURCES ../Fingerprint.java ../Postgres.java ../Project.java ../Json.java Executor.java Plan.java

package lib.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import lib.Fingerprint;
import lib.Json;
import lib.Postgres;
import lib.Project;

/**
 * What a rehearsal proved, and for what alone it holds: these bytes, this backup, these commits, this database, this
 * schema.
 *
 * @param rehearsed whether the SQL ran on a copy at all
 * @param server where it ran
 * @param schemaBefore fingerprint of the schema it was written for
 * @param segments what each segment did, with the fingerprint of the schema it left
 * @param later the data SQL that waits for the deploy; null when there is none
 */
public record Certificate(Sql sql, String dump, String commit, String released, Postgres.Identity production,
                          boolean rehearsed, String server, String schemaBefore, List<Executor.Done> segments,
                          Later later) {
    /** The file that may be applied, and the hash that names it. */
    public record Sql(String file, String sha256, int statements, int segments) {
    }

    /** Data SQL that runs after the deploy, rehearsed on what the release SQL had left. */
    public record Later(Sql sql, String schemaBefore, List<Executor.Done> segments) {
    }

    /** The same for the data SQL that waits; null when there is none. */
    public Certificate waiting() {
        return later == null ? null : new Certificate(later.sql, dump, commit, released, production, rehearsed, server,
                later.schemaBefore, later.segments, null);
    }

    /** This one, for a release with data SQL that waits. */
    public Certificate with(Plan plan, String file, String schema, Executor.Result result) {
        return new Certificate(sql, dump, commit, released, production, rehearsed, server, schemaBefore, segments,
                new Later(new Sql(file, plan.sha256(), plan.statements().size(), plan.segments().size()), schema,
                result == null ? List.of() : result.done()));
    }

    public static Certificate of(Project project, JsonNode backup, Plan plan, Path file, Fingerprint schema,
                                 Executor.Result result, String server) {
        Sql sql = new Sql(project.repo.relativize(file).toString(), plan.sha256(), plan.statements().size(),
                plan.segments().size());
        return new Certificate(sql,
                backup.path("sha256").asText(), project.git.commit("HEAD"), project.git.commit(project.released()),
                Json.as(backup.path("identity"), Postgres.Identity.class), server != null, server, schema.hash(),
                result == null ? List.of() : result.done(), null);
    }
}
