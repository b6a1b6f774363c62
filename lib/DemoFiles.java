package lib;

/** What the demo's files hold: a guest house that knew its guests by e-mail alone, and now gives them an account. */
final class DemoFiles {
    static final String CONFIG = """
            import { defineConfig } from "drizzle-kit";

            export default defineConfig({ dialect: "postgresql", schema: "./schema.ts", out: "./drizzle" });
            """;

    static final String TEMPLATE = """
            # Notes for the next release

            What must happen to production's data, in words. Each entry says what changed and which rows it concerns.

            <!-- Add entries below this line -->
            """;

    static final String ENTRY = """

            ## Guests get an account
            - The new table `guests` has one row for each e-mail, whatever its case.
            - `bookings`, `reviews`, `wishlists`, `cards` and `logins` refer to it by `guest_id` and lose their `email`.
            - `bookings.room_name` is called `bookings.room` from now on.
            - Environment: `ALLOWED_EMAIL` -> `ALLOWED_EMAILS`
            """;

    static final String SETTINGS = """
            {
              "checks": [["sh", "check.sh"]],
              "environments": {
                "production": {
                  "url": {"env": "DEMO_DATABASE_URL"},
                  "services": {"web": {"stop": ["%s/hosting", "stop"]}}
                }
              }
            }
            """;

    static final String CHECK = """
            #!/bin/sh
            # Stands for the build and the tests: every migration that the journal names is there.
            for tag in $(sed -n 's/.*"tag" *: *"\\([^"]*\\)".*/\\1/p' drizzle/meta/_journal.json); do
                test -f "drizzle/$tag.sql" || { echo "drizzle/$tag.sql is missing"; exit 1; }
            done
            """;

    static final String HOSTING = """
            #!/bin/sh
            # Stands for the hosting provider: runs one service, which is connected to production all the time.
            home='%s'
            export PGHOST=127.0.0.1 PGPORT=%d PGUSER='%s' PGDATABASE='%s' PGPASSFILE='%s' PGSSLMODE=disable
            PSQL='%s'
            case "$1" in
            deploy)
                "$0" stop
                echo 'SELECT count(*) FROM bookings \\watch 1' | PGAPPNAME=web "$PSQL" -Xq >"$home/web.log" 2>&1 &
                echo $! >"$home/web.pid"
                ;;
            stop)
                if [ -f "$home/web.pid" ]; then
                    %7$s
                    kill "$(cat "$home/web.pid")" 2>/dev/null
                    rm -f "$home/web.pid"
                fi
                ;;
            psql)
                exec "$PSQL" -X
                ;;
            esac
            exit 0
            """;

    static final String DEPLOY = """
            #!/bin/sh
            # The provider deploys whatever is pushed to release.
            while read -r old new ref; do
                if [ "$ref" = refs/heads/release ]; then
                    '%s/hosting' deploy
                fi
            done
            """;

    static final String PROTECT = """
            #!/bin/sh
            if [ "$1" = refs/heads/release ]; then
                echo 'release is a protected branch: changes go through a pull request' >&2
                exit 1
            fi
            """;

    static final String BOOKINGS = """
            CREATE TABLE "bookings" (
                "id" serial PRIMARY KEY NOT NULL,
                "email" text NOT NULL,
                "room_name" text NOT NULL,
                "arrival" date NOT NULL,
                "nights" integer NOT NULL,
                "price" numeric(10, 2) NOT NULL
            );
            --> statement-breakpoint
            CREATE TABLE "logins" (
                "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
                "email" text NOT NULL,
                "at" timestamp with time zone DEFAULT now() NOT NULL
            );
            --> statement-breakpoint
            CREATE TABLE "cards" (
                "id" serial PRIMARY KEY NOT NULL,
                "email" text NOT NULL,
                "token" text NOT NULL,
                CONSTRAINT "cards_email_unique" UNIQUE("email")
            );
            """;

    static final String REVIEWS = """
            CREATE TABLE "reviews" (
                "id" serial PRIMARY KEY NOT NULL,
                "email" text NOT NULL,
                "booking_id" integer NOT NULL,
                "stars" integer NOT NULL,
                "text" text
            );
            --> statement-breakpoint
            CREATE TABLE "wishlists" (
                "id" serial PRIMARY KEY NOT NULL,
                "email" text NOT NULL,
                "room" text NOT NULL
            );
            --> statement-breakpoint
            ALTER TABLE "reviews" ADD CONSTRAINT "reviews_booking_id_bookings_id_fk" FOREIGN KEY ("booking_id") \
            REFERENCES "public"."bookings"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
            CREATE INDEX "bookings_email_idx" ON "bookings" USING btree ("email","arrival");--> statement-breakpoint
            CREATE UNIQUE INDEX "wishlists_email_room_idx" ON "wishlists" USING btree ("email","room");
            """;

    static final String GUESTS = """
            CREATE TABLE "guests" (
                "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
                "email" text NOT NULL,
                "name" text,
                "created_at" timestamp with time zone DEFAULT now() NOT NULL,
                CONSTRAINT "guests_email_unique" UNIQUE("email")
            );
            --> statement-breakpoint
            ALTER TABLE "bookings" ADD COLUMN "guest_id" uuid NOT NULL;--> statement-breakpoint
            ALTER TABLE "reviews" ADD COLUMN "guest_id" uuid NOT NULL;--> statement-breakpoint
            ALTER TABLE "wishlists" ADD COLUMN "guest_id" uuid NOT NULL;--> statement-breakpoint
            ALTER TABLE "cards" ADD COLUMN "guest_id" uuid NOT NULL;--> statement-breakpoint
            ALTER TABLE "logins" ADD COLUMN "guest_id" uuid NOT NULL;--> statement-breakpoint
            ALTER TABLE "bookings" ADD CONSTRAINT "bookings_guest_id_guests_id_fk" FOREIGN KEY ("guest_id") \
            REFERENCES "public"."guests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
            ALTER TABLE "reviews" ADD CONSTRAINT "reviews_guest_id_guests_id_fk" FOREIGN KEY ("guest_id") \
            REFERENCES "public"."guests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
            ALTER TABLE "wishlists" ADD CONSTRAINT "wishlists_guest_id_guests_id_fk" FOREIGN KEY ("guest_id") \
            REFERENCES "public"."guests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
            ALTER TABLE "cards" ADD CONSTRAINT "cards_guest_id_guests_id_fk" FOREIGN KEY ("guest_id") \
            REFERENCES "public"."guests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
            ALTER TABLE "logins" ADD CONSTRAINT "logins_guest_id_guests_id_fk" FOREIGN KEY ("guest_id") \
            REFERENCES "public"."guests"("id") ON DELETE no action ON UPDATE no action;
            """;

    /** A column that must have a value, and nobody says which. */
    static final String UNKNOWN = """
            --> statement-breakpoint
            ALTER TABLE "bookings" ADD COLUMN "breakfast" boolean NOT NULL;
            """;

    static final String BY_GUEST = """
            ALTER TABLE "bookings" RENAME COLUMN "room_name" TO "room";--> statement-breakpoint
            ALTER TABLE "cards" DROP CONSTRAINT "cards_email_unique";--> statement-breakpoint
            DROP INDEX "bookings_email_idx";--> statement-breakpoint
            DROP INDEX "wishlists_email_room_idx";--> statement-breakpoint
            CREATE INDEX "bookings_guest_idx" ON "bookings" USING btree ("guest_id","arrival");--> statement-breakpoint
            CREATE UNIQUE INDEX "wishlists_guest_room_idx" ON "wishlists" \
            USING btree ("guest_id","room");--> statement-breakpoint
            ALTER TABLE "bookings" DROP COLUMN "email";--> statement-breakpoint
            ALTER TABLE "reviews" DROP COLUMN "email";--> statement-breakpoint
            ALTER TABLE "wishlists" DROP COLUMN "email";--> statement-breakpoint
            ALTER TABLE "cards" DROP COLUMN "email";--> statement-breakpoint
            ALTER TABLE "logins" DROP COLUMN "email";--> statement-breakpoint
            ALTER TABLE "cards" ADD CONSTRAINT "cards_guest_id_unique" UNIQUE("guest_id");
            """;

    /** Some write their e-mail in capitals, some are known from a login alone. */
    static final String ROWS = """
            INSERT INTO bookings (email, room_name, arrival, nights, price)
            SELECT CASE WHEN i % 9 = 0 THEN initcap(e) ELSE e END,
                   (ARRAY['Attic', 'Garden', 'Harbour', 'Library'])[1 + i % 4],
                   date '2026-01-01' + i % 500, 1 + i % 9, 60 + (i * 37) % 240
            FROM (SELECT i, 'guest' || i % 1100 || '@example.com' AS e FROM generate_series(1, 6000) AS i) AS b;
            INSERT INTO reviews (email, booking_id, stars, text)
            SELECT email, id, 1 + id % 5, (ARRAY['quiet', 'lovely view', 'the stairs creak', NULL])[1 + id % 4]
            FROM bookings WHERE id % 3 = 0;
            INSERT INTO wishlists (email, room) SELECT DISTINCT lower(email), room_name FROM bookings WHERE id % 5 = 0;
            INSERT INTO cards (email, token)
            SELECT 'guest' || i || '@example.com', md5(i::text) FROM generate_series(0, 799) AS i;
            INSERT INTO logins (email, at)
            SELECT 'Guest' || i % 1300 || '@example.com', timestamptz '2026-01-01' + i * interval '1 hour'
            FROM generate_series(1, 3000) AS i;
            ANALYZE
            """;

    static final String HISTORY = """
            CREATE SCHEMA drizzle;
            CREATE TABLE drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)
            """;

    /** While the checks run, the last of preflight, a table appears that the application's role may not read. */
    static final String MEANWHILE = """
            echo 'CREATE TABLE door_codes (room text, code text); REVOKE ALL ON door_codes FROM CURRENT_USER' \\
                | '%s/hosting' psql
            """;

    /** Two wishes of one guest that differ only in the case of the e-mail: unique before, not afterwards. */
    static final String DUPLICATES = """
            INSERT INTO wishlists (email, room) VALUES ('Twice@example.com', 'Attic'), ('twice@example.com', 'Attic')
            """;

    private DemoFiles() {
    }
}
