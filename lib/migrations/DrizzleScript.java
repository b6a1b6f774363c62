package lib.migrations;

/** The program with which Node runs an installed drizzle-orm: it loads that package, its client, and nothing else. */
final class DrizzleScript {
    /**
     * Arguments: the package's folder, the driver, the application's folder. One line of JSON for each thing said:
     * first {@code ready} or {@code cannot}; then, for each line {@code migrate} it is given, {@code sent} or
     * {@code query} (which is answered by {@code rows} or {@code error}) and {@code done}. It ends with its input.
     */
    static final String TEXT = """
            "use strict";
            const fs = require("fs");
            const path = require("path");
            const { createRequire } = require("module");
            const { pathToFileURL } = require("url");

            const [home, driver, app] = process.argv.slice(2);
            const out = process.stdout.write.bind(process.stdout);
            const say = (message) => out(JSON.stringify(message) + "\\n");
            // What a package prints is no part of the conversation.
            process.stdout.write = process.stderr.write.bind(process.stderr);

            const waiting = [];
            const ask = (query, values) => new Promise((resolve, reject) => {
              waiting.push({ resolve, reject });
              say({ query, values: (values || []).map((value) => (value === null ? null : String(value))) });
            });
            const innermost = (error) => (error && error.cause ? innermost(error.cause) : error);
            const words = (error) => {
              const cause = innermost(error);
              return [cause && cause.code, (cause && cause.message) || String(cause)].filter(Boolean).join(" ");
            };

            const load = (file) => import(pathToFileURL(path.join(home, file)).href);
            const foreign = (error) => error && /ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND/.test(error.code)
              && /^Cannot find (package|module) '(?![./]|[A-Za-z]:|file:)/.test(error.message);
            // As drizzle-orm itself would find it; in a workspace the application may be nearer to it.
            const client = (name) => {
              for (const from of [fs.realpathSync(home), app]) {
                try {
                  return createRequire(path.join(from, "here.cjs"))(name);
                } catch (error) {
                  if (!foreign(error)) throw error;
                }
              }
              return null;
            };
            const tls = { disable: false, require: "require", "verify-ca": "verify-full" };
            const clients = {
              "node-postgres": ["pg", (pg) => {
                const pool = new pg.Pool({ max: 1 });
                pool.on("error", () => {});
                return [pool, () => pool.query("select 1")];
              }],
              "postgres-js": ["postgres", (postgres) => {
                const mode = process.env.PGSSLMODE || "prefer";
                const sql = postgres({ max: 1, onnotice: () => {}, ssl: mode in tls ? tls[mode] : mode });
                return [sql, () => sql.unsafe("select 1")];
              }],
            };
            // An old client on a new Node, or before a new server, may be silent for ever.
            const answers = (question) => Promise.race([question(), new Promise((resolve, reject) =>
              setTimeout(reject, 5000).unref())]).then(() => true, () => false);

            // The client that the application itself has, where it is there and gets through.
            async function real() {
              const [name, connect] = clients[driver] || [];
              const loaded = name && client(name);
              if (!loaded) return null;
              const [connection, question] = connect(loaded);
              if (!await answers(question)) return null;
              let drizzle;
              try {
                ({ drizzle } = await load(driver + "/index.js"));
              } catch (error) {
                if (foreign(error)) return null;
                throw error;
              }
              const version = JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8")).version;
              const logger = { logQuery: (query) => say({ sent: query }) };
              // 1.0 takes one object, 0.29 knows only two arguments.
              return { way: name, db: /^[1-9]/.test(version) ? drizzle({ client: connection, logger })
                : drizzle(connection, { logger }) };
            }

            // For a driver that reaches no plain PostgreSQL: its own migrate() on a session whose queries we are asked.
            async function lent() {
              const { drizzle } = await load("pg-proxy/index.js");
              const db = drizzle(ask);
              const transaction = async (work) => {
                await ask("begin");
                try {
                  const result = await work(db);
                  await ask("commit");
                  return result;
                } catch (error) {
                  await ask("rollback");
                  throw error;
                }
              };
              db.transaction = db.session.transaction = transaction;
              // In 0.x the session of pg-proxy answers nothing to this one.
              db.session.all = (query) => db.session.execute(query);
              db.batch = (queries) => transaction(async () => {
                const results = [];
                for (const query of queries) results.push(await query);
                return results;
              });
              return { way: null, db };
            }

            let run;
            async function start() {
              if (parseInt(process.versions.node, 10) < 16) return { cannot: "old" };
              try {
                const { migrate } = await load(driver + "/migrator.js");
                const { way, db } = await real() || await lent();
                run = (options) => (driver === "pg-proxy"
                  ? migrate(db, async (queries) => { for (const query of queries) await ask(query); }, options)
                  : migrate(db, options));
                return { ready: true, way };
              } catch (error) {
                return { cannot: foreign(error) ? "package" : "load", words: words(error) };
              }
            }

            const lines = require("readline").createInterface({ input: process.stdin });
            lines.on("close", () => process.exit(0));
            lines.on("line", async (line) => {
              const message = JSON.parse(line);
              if (!message.migrate) {
                const { resolve, reject } = waiting.shift();
                if (message.error) reject(Object.assign(new Error(message.error), { code: message.code }));
                else resolve({ rows: message.rows });
                return;
              }
              let error = null;
              try {
                await run(message.migrate);
              } catch (thrown) {
                error = words(thrown);
              }
              say({ done: true, error });
            });
            start().then((answer) => say(Object.assign(answer, { node: process.version })));
            """;

    private DrizzleScript() {
    }
}
