//SOURCES ../Gate.java ../Json.java ../Project.java

package lib.rehearsal;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Gate;
import lib.Json;
import lib.Project;

/** Prisma's generated client: it holds the schema it was made from, which must be the one of the repository. */
final class PrismaClient {
    private static final Pattern OUTPUT = Pattern.compile("(?m)^\\s*output\\s*=\\s*\"([^\"]+)\"");
    private static final Pattern INLINE = Pattern.compile("\"inlineSchema\":\\s*(\"(?:[^\"\\\\]|\\\\.)*\")");
    private static final String GENERATE = "npx prisma generate";

    private PrismaClient() {
    }

    /** Compares both; skipped where there is no Prisma schema, or no client to look at. */
    static Gate.Finding of(Project project) {
        Map.Entry<String, byte[]> schema = project.files().entrySet().stream()
                .filter(file -> file.getKey().endsWith("schema.prisma")).findFirst().orElse(null);
        if (schema == null) {
            return Gate.skipped("there is no schema.prisma");
        }
        String text = new String(schema.getValue(), StandardCharsets.UTF_8);
        String made = generated(project.repo, project.repo.resolve(schema.getKey()), text);
        if (made == null) {
            return Gate.skipped("no generated client was found here; where the application is built: " + GENERATE);
        }
        return bare(made).equals(bare(text)) ? Gate.passed("the generated client was made from " + schema.getKey())
                : Gate.warned("the generated client was made from another schema than " + schema.getKey(), GENERATE);
    }

    // Layout and comments change nothing.
    private static String bare(String schema) {
        return schema.replaceAll("(?m)//.*$", "").replaceAll("\\s+", "");
    }

    private static String generated(Path repo, Path schema, String text) {
        Matcher output = OUTPUT.matcher(text);
        if (output.find()) {
            Path folder = schema.resolveSibling(output.group(1)).normalize();
            String copy = read(folder.resolve("schema.prisma"));
            return copy != null ? copy : inline(read(folder.resolve("internal/class.ts")));
        }
        for (Path folder = schema.getParent(); folder != null && folder.startsWith(repo); folder = folder.getParent()) {
            String copy = read(folder.resolve("node_modules/.prisma/client/schema.prisma"));
            if (copy != null) {
                return copy;
            }
        }
        return null;
    }

    private static String inline(String source) {
        Matcher inline = INLINE.matcher(source == null ? "" : source);
        try {
            return inline.find() ? Json.MAPPER.readTree(inline.group(1)).asText() : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static String read(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.readString(file) : null;
        } catch (IOException e) {
            // Not UTF-8: not what Prisma writes.
            return null;
        }
    }
}
