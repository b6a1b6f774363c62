package lib.schema;

import java.util.List;
import java.util.Map;

/** What a hosting platform puts into each database before an application's first migration. */
final class Platform {
    /** What migrations of Supabase take for granted, as far as they name it. */
    static final String SUPABASE = """
            CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; CREATE ROLE service_role NOLOGIN BYPASSRLS;
            CREATE ROLE authenticator NOLOGIN; CREATE ROLE supabase_admin NOLOGIN; CREATE ROLE dashboard_user NOLOGIN;
            CREATE ROLE supabase_auth_admin NOLOGIN; CREATE ROLE supabase_storage_admin NOLOGIN;
            CREATE SCHEMA extensions; CREATE SCHEMA auth; CREATE SCHEMA storage; CREATE SCHEMA realtime;
            CREATE SCHEMA vault; CREATE SCHEMA graphql_public;
            CREATE TABLE auth.users (id uuid PRIMARY KEY, email text, phone text, role text, aud text,
              raw_user_meta_data jsonb, raw_app_meta_data jsonb, email_confirmed_at timestamptz, deleted_at timestamptz,
              last_sign_in_at timestamptz, created_at timestamptz, updated_at timestamptz);
            CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
            CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
            CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
            CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT NULL::jsonb';
            CREATE TABLE storage.buckets (id text PRIMARY KEY, name text NOT NULL, owner uuid, public boolean,
              file_size_limit bigint, allowed_mime_types text[], created_at timestamptz, updated_at timestamptz);
            CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text, name text, owner uuid, owner_id text,
              metadata jsonb, path_tokens text[], version text, created_at timestamptz, updated_at timestamptz);
            CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]';
            CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
            CREATE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
            CREATE PUBLICATION supabase_realtime;
            """;

    private static final Map<String, List<String>> SCHEMAS = Map.of("supabase", List.of("auth", "storage", "realtime",
            "_realtime", "_analytics", "extensions", "graphql", "graphql_public", "pgbouncer", "pgsodium",
            "pgsodium_masks", "supabase_functions", "supabase_migrations", "vault", "net", "cron"));

    private Platform() {
    }

    /** The schemas that are the platform's own. */
    static List<String> schemas(String tool) {
        return SCHEMAS.getOrDefault(tool, List.of());
    }
}
