// The API of the runtime benchmark in Bun: its own HTTP server and SQL client, no library.
//
// Settings come by environment: HOST, PORT, PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL.
import { SQL } from "bun";

const PRODUCT_ID = 48151623;
const BELOW = 2000;
const JSON_TYPE = { headers: { "content-type": "application/json" } };

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

const answer = (value) => new Response(JSON.stringify(value), JSON_TYPE);

function serve() {
  const { HOST, PORT, PRODUCT, DATABASE_URL, DATABASE_POOL } = process.env;
  const product = JSON.parse(PRODUCT);
  const sql = DATABASE_URL ? new SQL(DATABASE_URL, { max: Number(DATABASE_POOL) }) : null;

  Bun.serve({
    hostname: HOST,
    port: Number(PORT),
    idleTimeout: 255, // seconds, the longest it takes
    routes: {
      "/health": { GET: () => new Response("ok") },
      "/json": { GET: () => answer(product) },
      "/echo": { POST: async (request) => new Response(await request.arrayBuffer(), JSON_TYPE) },
      "/compute": { GET: () => answer({ below: BELOW, primes: primes(BELOW) }) },
      "/database": {
        GET: async () => {
          if (!sql) return new Response("no database is configured", { status: 503 });
          const [{ id, sku, price_cents }] = await sql`SELECT id, sku, price_cents FROM product WHERE id = ${PRODUCT_ID}`;
          return answer({ id, sku, price_cents });
        },
      },
    },
    error(error) {
      console.error(error.message);
      return new Response("the database did not answer", { status: 500 });
    },
  });
}

if (process.argv.includes("--version")) console.log(`bun ${Bun.version}`);
else serve();
