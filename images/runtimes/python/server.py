"""The API of the runtime benchmark in Python: Starlette on uvicorn, and asyncpg.

Settings come by environment: PRODUCT (the JSON that /json answers), DATABASE_URL, DATABASE_POOL; address and port are uvicorn's.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PRODUCT_ID = 48151623
BELOW = 2000
ONE_ROW = "SELECT id, sku, price_cents FROM product WHERE id = $1"


def answer(value: object) -> Response:
    return Response(json.dumps(value, separators=(",", ":"), ensure_ascii=False), media_type="application/json")


def primes(limit: int) -> int:
    """Counts the primes below a limit by trial division: work that no library does for a runtime."""
    found = 0
    for n in range(2, limit):
        d = 2
        while d * d <= n:
            if n % d == 0:
                break
            d += 1
        else:
            found += 1
    return found


async def health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def product(request: Request) -> Response:
    return answer(request.state.product)


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/json")


async def compute(_: Request) -> Response:
    return answer({"below": BELOW, "primes": primes(BELOW)})


async def database(request: Request) -> Response:
    if request.state.pool is None:
        return PlainTextResponse("no database is configured", status_code=503)
    row = await request.state.pool.fetchrow(ONE_ROW, PRODUCT_ID)
    return answer(dict(row))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
    shown, url = json.loads(os.environ["PRODUCT"]), os.environ.get("DATABASE_URL")
    if not url:
        yield {"product": shown, "pool": None}
        return
    size = int(os.environ["DATABASE_POOL"])
    async with asyncpg.create_pool(url, min_size=1, max_size=size) as pool:
        yield {"product": shown, "pool": pool}


routes = [
    Route("/health", health),
    Route("/json", product),
    Route("/echo", echo, methods=["POST"]),
    Route("/compute", compute),
    Route("/database", database),
]
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":  # what it is made of
    libraries = (f"{name} {version(name)}" for name in ("uvicorn", "starlette", "uvloop", "httptools", "asyncpg"))
    print(f"Python {sys.version.split()[0]}", *libraries, sep=", ")
