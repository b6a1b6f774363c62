//SOURCES Target.java

package lib;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who runs a database, known by its host's name: where its console lets an address in, what leads past its pooler. */
public final class Provider {
    private record Known(String ending, String where) {
    }

    private static final List<Known> ALL = List.of(
            new Known(".ondigitalocean.com", "DigitalOcean, Databases, Network Access, Trusted sources; or let it be "
                    + "done for each release: \"firewall\" in release.json"),
            new Known(".supabase.co", "Supabase, Project Settings, Database, Network Restrictions"),
            new Known(".supabase.com", "Supabase, Project Settings, Database, Network Restrictions"),
            new Known(".neon.tech", "Neon, Project Settings, IP Allow"),
            new Known(".rds.amazonaws.com", "AWS, the instance's security group, an inbound rule for its port; and the "
                    + "instance must be publicly accessible, or reached through a \"tunnel\" in release.json"),
            new Known(".postgres.database.azure.com", "Azure: az postgres flexible-server firewall-rule create "
                    + "--resource-group GROUP --name SERVER --rule-name release --start-ip-address ADDRESS"),
            new Known(".sql.goog", "Google Cloud SQL, Connections, Networking, Authorized networks; or a \"tunnel\" in "
                    + "release.json: [\"cloud-sql-proxy\", \"PROJECT:REGION:INSTANCE\", \"--port\", \"5433\"]"),
            new Known(".render.com", "Render, the database's Networking, Inbound IP Restrictions"),
            new Known(".aivencloud.com", "Aiven, the service's settings, IP address allowlist"),
            new Known(".postgresbridge.com", "Crunchy Bridge, the cluster's Networking, Firewall Rules"),
            new Known(".rlwy.net", "Railway, the database's Settings, Networking: its TCP proxy must be on"),
            new Known(".flycast", "Fly: a \"tunnel\" in release.json: [\"fly\", \"proxy\", \"5433:5432\", \"-a\", "
                    + "\"APP\"]"));

    /** What a host name (with its port) tells of its provider's pooler, and the way past it; $1 is what was found. */
    private static final Map<Pattern, String> PAST_POOLERS = pastPoolers();

    private Provider() {
    }

    private static Map<Pattern, String> pastPoolers() {
        Map<Pattern, String> ways = new LinkedHashMap<>();
        ways.put(Pattern.compile("(.+\\.pooler\\.supabase\\.com):6543"),
                "Supabase: the session pooler at $1:5432, or the direct host db.PROJECT.supabase.co:5432 (IPv6)");
        ways.put(Pattern.compile("(db\\..+\\.supabase\\.co):6543"), "Supabase: $1:5432");
        ways.put(Pattern.compile("([a-z0-9-]+)-pooler(\\..*neon\\.(?:tech|build)):.*"), "Neon: $1$2, without -pooler");
        ways.put(Pattern.compile("(.+\\.db\\.ondigitalocean\\.com):.*"),
                "DigitalOcean: $1:25060 with the database's own name, not the pool's");
        ways.put(Pattern.compile(".+\\.proxy-[a-z0-9]+\\.[a-z0-9-]+\\.rds\\.amazonaws\\.com.*"),
                "RDS Proxy: the endpoint of the instance or the cluster itself");
        ways.put(Pattern.compile("(.+\\.postgres\\.database\\.azure\\.com):6432"), "Azure: $1:5432");
        ways.put(Pattern.compile(".+\\.(?:rlwy\\.net|railway\\.app|railway\\.internal):.*"),
                "Railway: DATABASE_PUBLIC_URL of the Postgres service, not of the pgbouncer in front of it");
        ways.put(Pattern.compile(".+\\.compute(?:-1)?\\.amazonaws\\.com:.*"),
                "Heroku: DATABASE_URL, not DATABASE_CONNECTION_POOL_URL");
        ways.put(Pattern.compile("pgbouncer\\.(.+\\.flympg\\.net):.*"), "Fly: direct.$1:5432");
        ways.put(Pattern.compile("(.+\\.db\\.postgresbridge\\.com):5431"), "Crunchy Bridge: $1:5432");
        ways.put(Pattern.compile("(.+\\.aivencloud\\.com):.*"), "Aiven: the service URI, not that of the pool");
        return ways;
    }

    /** What to do when a host does not answer because something stands between. */
    public static String allow(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return ALL.stream().filter(known -> name.endsWith(known.ending)).findFirst()
                .map(known -> "a firewall stands between: allow this machine's address: " + known.where)
                .orElse("a firewall stands between: allow this machine's address in your provider's dashboard");
    }

    /** The way past a pooler: what the provider calls its direct address, where the host name tells the provider. */
    public static String direct(Target target) {
        return "use the URL that leads to the server directly: " + provider(target)
                .orElse("host and port of PostgreSQL itself (5432, not 6432 or 6543)");
    }

    private static Optional<String> provider(Target target) {
        String place = target.host() + ":" + target.port();
        return PAST_POOLERS.entrySet().stream().map(way -> {
            Matcher matcher = way.getKey().matcher(place);
            return matcher.matches() ? matcher.replaceFirst(way.getValue()) : null;
        }).filter(way -> way != null).findFirst();
    }

    /** Where a host that has only an IPv6 address can be reached by IPv4, when its provider is known. */
    public static Optional<String> byIpv4(Target target) {
        return target.host().matches("db\\..+\\.supabase\\.co")
                ? Optional.of("Supabase: the session pooler, REGION.pooler.supabase.com:5432") : Optional.empty();
    }
}
