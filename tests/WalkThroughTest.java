//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** README's first release with each tool, walked through: its file, its command, and the output that it shows. */
class WalkThroughTest {
    private static final Path FIXTURES = World.ROOT.resolve("tests/fixtures");
    private static final Pattern STEPS = Pattern.compile("(?s)`([^`\\n]+)`[^`]*\n```sql\n(.*?)```\n.*?```sh\n"
            + "\\./jbang (\\S+)\\.java ?([^\\n]*)\n```\n+```\n(.*?)```");

    /** The part of README below a heading. */
    private static Matcher steps(String heading) {
        String readme = World.read(World.ROOT.resolve("README.md"));
        int begin = readme.indexOf("\n### " + heading + "\n");
        assertTrue(begin > 0, "README has no part ### " + heading);
        int end = readme.indexOf("\n#", begin + 2);
        Matcher steps = STEPS.matcher(readme.substring(begin, end));
        assertTrue(steps.find(), "### " + heading + " shows no file, no command or no output");
        return steps;
    }

    @ParameterizedTest
    @CsvSource({"Prisma, prisma, prisma, prisma", "Supabase, supabase, supabase, supabase",
        "Flyway, flyway, sql, src/main/resources/db/migration", "Plain SQL, , , "})
    void whatReadmeShowsIsWhatHappens(String heading, String fixture, String from, String to) {
        Matcher steps = steps(heading);
        String database = "walk_" + heading.toLowerCase(java.util.Locale.ROOT).replace(' ', '_');
        try (World world = World.of(database, "template0")) {
            if (fixture == null) {
                world.write("migrations/001_people.sql", "CREATE TABLE people (id int PRIMARY KEY, email text);\n");
                world.execute("CREATE TABLE people (id int PRIMARY KEY, email text)");
            } else {
                World.psql(world.production, World.read(FIXTURES.resolve(fixture).resolve("db.sql"))
                        .replace("OWNER TO postgres", "OWNER TO app"));
                World.copy(FIXTURES.resolve(fixture).resolve(from), world.repo.resolve(to));
                if (fixture.equals("flyway")) {
                    // The database of the fixture has run this one too.
                    world.write(to + "/V1_5__late.sql", "CREATE TABLE late(id int);\n");
                }
            }
            world.commit("the application as it is in production");
            world.git("push", "-q", "-u", "origin", "main", "main:release");
            world.write(steps.group(1), steps.group(2));
            world.commit("the next migration");
            world.git("push", "-q", "origin", "main");
            World.Result seen = world.run(steps.group(3), steps.group(4).split(" "));
            assertEquals(0, seen.exit(), seen::all);
            String all = numberless(seen.all());
            for (String shown : steps.group(5).replace("…\n", "").split("(?m)^(?=✓)")) {
                assertTrue(all.contains(numberless(shown)), () -> "not printed: " + shown + "\n" + seen.all());
            }
            assertEquals("0", world.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'phone'"),
                    "a dry run changes nothing");
        }
    }

    private static String numberless(String text) {
        return text.replaceAll("\\d+", "0").replaceAll("\\s+", " ").strip();
    }
}
