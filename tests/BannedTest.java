//SOURCES ../lib/assess/Banned.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Gate;
import lib.assess.Banned;
import org.junit.jupiter.api.Test;

/** Pushing a schema past the migrations: refused where the database is not local, left alone where it is. */
class BannedTest {
    private static List<String> in(String... filesAndTexts) {
        Map<String, byte[]> files = new HashMap<>();
        for (int i = 0; i < filesAndTexts.length; i += 2) {
            files.put(filesAndTexts[i], filesAndTexts[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        return Banned.in(files).stream().map(Banned.Use::toString).toList();
    }

    @Test
    void whatReachesADatabaseElsewhereIsRefused() {
        assertEquals(List.of("package.json, script deploy: drizzle-kit push",
                "package.json, script db:sync: prisma db push"),
                in("package.json", "{\"scripts\": {\"deploy\": \"npm run build && npx drizzle-kit push --force\","
                + "\"db:sync\": \"dotenv -e .env.production -- prisma db push\","
                + "\"db:push\": \"drizzle-kit push\", \"start\": \"node server.js\"}}"));
        assertEquals(List.of(".github/workflows/ship.yml line 3: prisma db push"), in(".github/workflows/ship.yml",
                "steps:\n  # - run: npx prisma migrate reset\n  - run: npx prisma db push --accept-data-loss\n"));
        assertEquals(List.of("Procfile line 1: rails db:schema:load"), in("Procfile",
                "release: bundle exec rails db:schema:load\n"));
        assertEquals(List.of("src/main/resources/application-prod.properties: spring.jpa.hibernate.ddl-auto=update"),
                in("src/main/resources/application-prod.properties", "spring.jpa.hibernate.ddl-auto=update\n"));
        assertEquals(1, in(".github/workflows/x.yml", "services: \n  db:\nrun: DATABASE_URL=$PROD_URL drizzle-kit push")
                .size(), "a line that says production is no test");
        Failure failure = assertThrows(Failure.class, () -> Banned.finding(List.of(new Banned.Use("a", "b"))));
        assertTrue(failure.getMessage().contains("a: b"), failure.getMessage());
    }

    @Test
    void whatIsLocalIsNot() {
        assertEquals(List.of(), in("package.json", "{\"scripts\": {\"dev\": \"drizzle-kit push && next dev\"}}",
                ".github/workflows/test.yml", "env:\n  DATABASE_URL: postgres://x@localhost/x\nrun: prisma db push\n",
                "node_modules/a/package.json", "{\"scripts\": {\"deploy\": \"prisma db push\"}}",
                "application-dev.properties", "spring.jpa.hibernate.ddl-auto=update", "broken/package.json", "{",
                ".github/workflows/ship.yml", "run: npx prisma migrate deploy\nrun: npx drizzle-kit migrate\n"));
        assertEquals(Gate.Status.pass, Banned.finding(List.of()).status());
    }
}
