//SOURCES ../Failure.java ../Gate.java ../Json.java

package lib.assess;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Gate;
import lib.Json;

/**
 * Commands in a repository that bring a schema straight into a database, past every migration, where that database is
 * not the developer's own.
 */
public final class Banned {
    private static final Pattern COMMAND = Pattern.compile("\\b(?:drizzle-kit(?:@\\S+)? push(?::pg)?"
            + "|prisma(?:@\\S+)? db push|prisma(?:@\\S+)? migrate (?:reset|dev)|supabase(?:@\\S+)? db reset --linked"
            + "|typeorm(?:-ts-node-\\w+)? schema:(?:sync|drop)|sequelize(?:-cli)? db:drop"
            + "|mikro-orm schema:(?:update|fresh|drop)|rails db:(?:schema:load|reset|drop|setup)|rake db:schema:load"
            + "|php artisan migrate:(?:fresh|refresh|reset)|php artisan db:wipe|flyway\\s(?:.*\\s)?clean"
            + "|liquibase\\s(?:.*\\s)?drop-?all|atlas schema apply|ecto\\.(?:drop|reset))\\b");
    private static final Pattern SETTING = Pattern.compile("(?m)^\\s*(?:spring\\.jpa\\.hibernate\\.)?(?:ddl-auto|"
            + "hibernate\\.hbm2ddl\\.auto)\\s*[=:]\\s*['\"]?(update|create|create-drop)\\b");
    /** Scripts that a host or a package manager runs by itself. */
    private static final Pattern DEPLOY = Pattern.compile("(?i)(?:pre|post)?(?:deploy|start|release|build|install)"
            + "|prepare|vercel-build|heroku-postbuild|railway.*"
            + "|.*\\b(?:prod|production|staging|stage|live|deploy)\\b.*");
    private static final Pattern ELSEWHERE = Pattern.compile("(?i)\\b(?:prod|production|staging|live)\\b|PROD_|STAGING_"
            + "|--linked");
    private static final Pattern LOCAL = Pattern.compile("(?i)localhost|127\\.0\\.0\\.1|@(?:db|postgres|database):"
            + "|\\bservices:\\s");
    private static final Pattern MACHINES = Pattern.compile("(?:\\.github/workflows/.*|\\.gitlab-ci\\.yml"
            + "|\\.circleci/.*|bitbucket-pipelines\\.yml|azure-pipelines\\.yml|Jenkinsfile|(?:.*/)?Procfile"
            + "|(?:.*/)?railway\\.(?:json"
            + "|toml)|(?:.*/)?fly\\.toml|(?:.*/)?render\\.yaml|(?:.*/)?vercel\\.json|(?:.*/)?app\\.json"
            + "|(?:.*/)?(?:Dockerfile|nixpacks\\.toml)[^/]*|(?:.*/)?(?:entrypoint|start|deploy|release)[\\w.-]*\\.sh)");
    private static final Pattern PROFILE = Pattern.compile("(?:.*/)?(?:application|persistence)-?(?:prod|production"
            + "|staging)[\\w-]*\\.(?:properties|ya?ml|xml)");

    private Banned() {
    }

    /** One such command and where it stands. */
    public record Use(String place, String command) {
        @Override
        public String toString() {
            return place + ": " + command;
        }
    }

    /** Looks through committed files: package scripts, what machines run, settings of production. */
    public static List<Use> in(Map<String, byte[]> files) {
        List<Use> uses = new ArrayList<>();
        new TreeMap<>(files).forEach((path, bytes) -> {
            if (path.matches("(?:.*/)?node_modules/.*")) {
                return;
            }
            if (path.equals("package.json") || path.endsWith("/package.json")) {
                scripts(path, text(bytes), uses);
            } else if (MACHINES.matcher(path).matches()) {
                String text = text(bytes);
                lines(path, text, LOCAL.matcher(text).find(), uses);
            } else if (PROFILE.matcher(path).matches()) {
                Matcher setting = SETTING.matcher(text(bytes));
                while (setting.find()) {
                    uses.add(new Use(path, setting.group().strip()));
                }
            }
        });
        return uses;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void scripts(String path, String text, List<Use> uses) {
        JsonNode scripts;
        try {
            scripts = Json.MAPPER.readTree(text).path("scripts");
        } catch (JsonProcessingException e) {
            // The build will say so.
            return;
        }
        scripts.properties().forEach(script -> {
            String command = script.getValue().asText();
            Matcher found = COMMAND.matcher(command);
            boolean away = DEPLOY.matcher(script.getKey()).matches() || ELSEWHERE.matcher(command).find();
            if (away && found.find() && !LOCAL.matcher(command).find()) {
                uses.add(new Use(path + ", script " + script.getKey(), found.group()));
            }
        });
    }

    // A job with a database of its own beside it may do with that what it likes, unless the line says another.
    private static void lines(String path, String text, boolean local, List<Use> uses) {
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            Matcher found = COMMAND.matcher(line);
            if (!line.strip().startsWith("#") && found.find() && (!local || ELSEWHERE.matcher(line).find())) {
                uses.add(new Use(path + " line " + number, found.group()));
            }
        }
    }

    /** Refuses them. */
    public static Gate.Finding finding(List<Use> uses) {
        if (uses.isEmpty()) {
            return Gate.passed("no script and no job pushes a schema past the migrations");
        }
        throw Failure.stop("a schema is pushed past the migrations, into a database that is not local:\n"
                + String.join("\n", uses.stream().map(Use::toString).toList()),
                "take it out, and let release.java bring migrations there; a job with a database of its own names it"
                + " by localhost");
    }
}
