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
 */
public record Certificate(Sql sql, String dump, String commit, String released, Postgres.Identity production,
                          boolean rehearsed, String server, String schemaBefore, List<Executor.Done> segments) {
    /** The file that may be applied, and the hash that names it. */
    public record Sql(String file, String sha256, int statements, int segments) {
    }

    public static Certificate of(Project project, JsonNode backup, Plan plan, Path file, Fingerprint schema,
                                 Executor.Result result, String server) {
        Sql sql = new Sql(project.repo.relativize(file).toString(), plan.sha256(), plan.statements().size(),
                plan.segments().size());
        return new Certificate(sql,
                backup.path("sha256").asText(), project.git.commit("HEAD"), project.git.commit(project.released()),
                Json.as(backup.path("identity"), Postgres.Identity.class), server != null, server, schema.hash(),
                result == null ? List.of() : result.done());
    }
}
