//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.Executors;
import lib.Exec;
import org.junit.jupiter.api.Test;

/** The gates of git with remotes behind SSH and HTTP, and with rules that a host has for a branch. */
class RemotesTest extends PreflightCase {
    /** What stands for ssh: it runs git's own server program here, as the host would there. */
    private void ssh(String body) {
        Path ssh = World.script(world.folder.resolve("ssh"), body);
        world.environment.put("GIT_SSH_COMMAND", "'" + ssh + "'");
        world.environment.put("GIT_SSH_VARIANT", "simple");
        world.git("remote", "set-url", "origin", "git@code.example.com:" + world.origin);
    }

    @Test
    void aRemoteBehindSshIsFetchedFromAndPushedTo() {
        ssh("shift\neval exec \"$@\"\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.push", "pass", "origin takes a push");
    }

    @Test
    void aKeyThatIsNotKnownAndAHostThatIsNotKnownAreToldApart() {
        ssh("echo 'git@code.example.com: Permission denied (publickey).' >&2\nexit 255\n");
        stops("git.behind", 12, "Permission denied (publickey)", "ssh -T git@code.example.com   # this machine's key");
        ssh("echo 'Host key verification failed.' >&2\nexit 255\n");
        World.Result seen = stops("git.behind", 12, "Host key verification failed", "compare the fingerprint");
        saw(seen, "git.push", "skip", "not looked at: git.behind comes first");
    }

    @Test
    void aRemoteBehindHttpIsFetchedFromAndPushedToAndALoginIsAskedOfNobody() throws Exception {
        world.git(world.origin, "config", "http.receivepack", "true");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::backend);
        server.start();
        try {
            String place = "127.0.0.1:" + server.getAddress().getPort() + "/origin.git";
            world.git("remote", "set-url", "origin", "http://me:sesame@" + place);
            World.Result seen = gates();
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "git.push", "pass", "origin takes a push");
            assertTrue(!seen.all().contains("sesame"), seen::all);
            world.git("remote", "set-url", "origin", "http://" + place);
            stops("git.behind", 12, "could not read Username", "credential.helper");
        } finally {
            server.stop(0);
        }
    }

    /** git's own HTTP server, for whoever gives the password. */
    private void backend(HttpExchange exchange) throws IOException {
        String login = "Basic " + Base64.getEncoder().encodeToString("me:sesame".getBytes(StandardCharsets.UTF_8));
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (!login.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"git\"");
            exchange.sendResponseHeaders(401, -1);
            exchange.close();
            return;
        }
        String query = exchange.getRequestURI().getRawQuery();
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        String encoding = exchange.getRequestHeaders().getFirst("Content-Encoding");
        Exec.Result result = Exec.of("git", "http-backend").input(body).with(Map.of(
                "GIT_PROJECT_ROOT", world.folder.toString(), "GIT_HTTP_EXPORT_ALL", "1", "REMOTE_USER", "me",
                "REQUEST_METHOD", exchange.getRequestMethod(), "PATH_INFO", exchange.getRequestURI().getPath(),
                "QUERY_STRING", query == null ? "" : query, "CONTENT_TYPE", type == null ? "" : type,
                "CONTENT_LENGTH", String.valueOf(body.length),
                "HTTP_CONTENT_ENCODING", encoding == null ? "" : encoding)).run();
        byte[] out = result.bytes();
        String text = new String(out, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        int status = 200;
        for (String line : text.substring(0, end).split("\r\n")) {
            String[] header = line.split(": ", 2);
            if (header[0].equals("Status")) {
                status = Integer.parseInt(header[1].substring(0, 3));
            } else {
                exchange.getResponseHeaders().set(header[0], header[1]);
            }
        }
        exchange.sendResponseHeaders(status, 0);
        try (OutputStream stream = exchange.getResponseBody()) {
            stream.write(out, end + 4, out.length - end - 4);
        }
    }

    @Test
    void rulesOfTheHostForABranchAreToldWhereItsProgramKnowsThem() throws IOException {
        Files.createSymbolicLink(Files.createDirectories(world.folder.resolve("acme")).resolve("shop.git"),
                world.origin);
        ssh("shift\ncd '" + world.folder + "'\neval exec \"$@\"\n");
        world.git("remote", "set-url", "origin", "git@github.com:acme/shop.git");
        Path record = standIn("gh", """
                case "$2" in
                */release) echo '[{"type":"deletion"},{"type":"pull_request"},{"type":"required_signatures"}]';;
                *) echo '[]';;
                esac
                """);
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.push", "warn", "release has rules that may refuse it: pull_request, required_signatures");
        assertTrue(seen.gate("git.push").path("hint").asText()
                .startsWith("gh api repos/acme/shop/rules/branches/release"), seen::all);
        assertEquals("api repos/acme/shop/rules/branches/main\napi repos/acme/shop/rules/branches/release\n",
                World.read(record));
        Files.delete(world.folder.resolve("bin/gh"));
        standIn("gh", "echo 'gh: not logged in' >&2\nexit 4\n");
        saw(gates(), "git.push", "pass", "what its host demands of release alone: gh api repos/acme/shop/");
    }
}
