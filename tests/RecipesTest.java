//SOURCES Ran.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CONTRIBUTING's recipes, followed in a copy of the project: it compiles, and what they add fires. */
class RecipesTest {
    private static final Pattern FENCE = Pattern.compile("(?ms)^   ```java\n(.*?)^   ```$");

    @TempDir
    Path temp;

    private static List<String> code() {
        List<String> code = new ArrayList<>();
        Matcher fence = FENCE.matcher(World.read(World.ROOT.resolve("CONTRIBUTING.md")));
        while (fence.find()) {
            code.add(fence.group(1).replaceAll("(?m)^   ", ""));
        }
        return code;
    }

    /** The place must be named in the recipe as well. */
    private void before(String place, String file, String code) {
        Path path = temp.resolve(file);
        String text = World.read(path);
        String recipes = World.read(World.ROOT.resolve("CONTRIBUTING.md"));
        assertTrue(recipes.contains("`" + place + "`") && recipes.contains("in `" + file + "`"), place);
        int at = text.lastIndexOf('\n', text.indexOf(place)) + 1;
        assertTrue(at > 0, "no " + place + " in " + file);
        World.write(path, text.substring(0, at) + code + text.substring(at));
    }

    private JsonNode run(World world, String script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(temp.resolve("jbang").toString(), "--quiet", "--main=" + script,
                temp.resolve("release.java").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--json", "--repo", world.repo.toString()));
        Map<String, String> environment = new HashMap<>(Ran.ownEnvironment());
        environment.put("PROD_DATABASE_URL", world.url());
        environment.put("JBANG_COMPILE_OPTIONS", "-encoding UTF-8 -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC");
        Ran ran = Ran.of(temp, environment, "", command);
        assertTrue(ran.out().startsWith("{"), ran.toString());
        return Json.MAPPER.readTree(ran.out());
    }

    @Test
    void whatTheyShowCompilesAndFires() throws Exception {
        for (String name : List.of("lib", "jbang", "preflight.java", "backup.java", "assess.java", "validate.java",
                "release.java")) {
            World.copy(World.ROOT.resolve(name), temp.resolve(name));
        }
        assertTrue(temp.resolve("jbang").toFile().setExecutable(true));
        List<String> code = code();
        assertEquals(6, code.size(), "a gate and its name, a rule, a tool and two lines that name it");
        Path repository = temp.resolve("lib/preflight/Repository.java");
        World.write(repository, World.read(repository).replaceFirst("}\\s*$", "")
                + "\n" + code.get(0) + "}\n");
        before(".gate(\"git.clean\"", "preflight.java", code.get(1));
        before("new Rule(Hazard.dangerous(\"IDX01\"", "lib/hazards/IndexHazards.java", code.get(2));
        World.write(temp.resolve("lib/migrations/Ledger.java"), code.get(3));
        before("NodePgMigrate.folders(files).forEach", "lib/migrations/Histories.java", code.get(4));
        before("case \"sql\" ->", "lib/migrations/Histories.java", code.get(5));
        Path histories = temp.resolve("lib/migrations/Histories.java");
        World.write(histories, World.read(histories).replace("\"sql\");", "\"ledger\", \"sql\");")
                .replace("//SOURCES OtherTool", "//SOURCES Ledger.java OtherTool"));

        try (World world = World.of("recipes", "template0")) {
            world.execute("CREATE TABLE ledger (name text)", "INSERT INTO ledger VALUES ('1_first')");
            world.write("ledger/1_first.sql", "CREATE TABLE first (id int);\n");
            world.write("ledger/2_second.sql", "CREATE INDEX first_id ON first USING hash (id);\n");
            world.commit("two migrations of a ledger");
            JsonNode gates = run(world, "preflight", "--only", "git.finished");
            assertEquals("main is no work in progress", gates.at("/gates/0/message").asText(), gates.toString());
            world.git("switch", "-qc", "wip/more");
            JsonNode stopped = run(world, "preflight", "--only", "git.finished");
            assertEquals("stop", stopped.path("status").asText(), stopped.toString());
            assertEquals("git switch main", stopped.at("/gates/0/hint").asText(), stopped.toString());
            JsonNode review = run(world, "assess", "review", world.repo + "/ledger/2_second.sql");
            assertTrue(review.toString().contains("\"IDX13\"") && review.toString().contains("this index cannot sort"),
                    review.toString());
            JsonNode assessed = run(world, "assess");
            assertEquals("ledger", assessed.at("/facts/tool").asText(), assessed.toString());
            assertEquals("[\"2_second\"]", assessed.at("/facts/pending").toString(), assessed.toString());
        }
    }
}
