// The API of the runtime benchmark in Node: Fastify and pg.
//
// Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL.
import { createRequire } from "node:module";

import Fastify from "fastify";
import pg from "pg";

const PRODUCT_ID = 48151623;
const BELOW = 2000;
const ONE_ROW = { name: "one-row", text: "SELECT id, sku, price_cents FROM product WHERE id = $1" };

// Counts the primes below a limit by trial division: work that no library does for a runtime.
function primes(limit) {
  let found = 0;
  for (let n = 2; n < limit; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) {
      if (n % d === 0) {
        prime = false;
        break;
      }
    }
    if (prime) found++;
  }
  return found;
}

function version() {
  const require = createRequire(import.meta.url);
  const libraries = ["fastify", "pg"].map((name) => `${name} ${require(`${name}/package.json`).version}`);
  return [`node ${process.version}`, ...libraries].join(", ");
}

function serve() {
  const { HOST, PORT, PRODUCT, DATABASE_URL, DATABASE_POOL } = process.env;
  const product = JSON.parse(PRODUCT);
  const pool = DATABASE_URL ? new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_POOL) }) : null;
  pool?.on("error", (error) => console.error(error.message)); // an idle connection was lost: the next query opens another

  const app = Fastify({ logger: false, keepAliveTimeout: 3_600_000 });
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.get("/health", () => "ok");
  app.get("/json", (_request, reply) => reply.type("application/json").send(JSON.stringify(product)));
  app.post("/echo", (request, reply) => reply.type("application/json").send(request.body));
  app.get("/compute", (_request, reply) => reply.type("application/json").send(JSON.stringify({ below: BELOW, primes: primes(BELOW) })));
  app.get("/database", async (_request, reply) => {
    if (!pool) return reply.code(503).send("no database is configured");
    const { rows } = await pool.query({ ...ONE_ROW, values: [PRODUCT_ID] });
    const { id, sku, price_cents } = rows[0];
    return reply.type("application/json").send(JSON.stringify({ id, sku, price_cents }));
  });
  app.listen({ host: HOST, port: Number(PORT) }).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}

if (process.argv.includes("--version")) console.log(version());
else serve();
