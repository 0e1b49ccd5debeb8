"""The driver beside other load generators: `python tests/benchmarks/other_tools.py [--runs N]` prints two tables.

First all tools measure the same server, which answers after 20 ms, and after 200 ms for 3 % of the requests: those that send on a
schedule must agree. Then the server is stopped for two seconds in the middle of a load, and each says what it saw. Tools that are
not installed are left out and named. A run of a tool takes 12 s.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, from wherever

from tests.oracles.tools import TOOLS, Asked, Told, Tool

ROOT = Path(__file__).resolve().parents[2]
USUAL_MS, SLOW_MS, SLOW_SHARE = 20, 200, 0.03
TAIL_RPS, STALL_RPS = 500, 1_000
DURATION_S = 12
STALL_AT_S, STALL_S = 4.0, 2.0


@dataclass(frozen=True)
class Server:
    """A delaying server under way."""

    url: str
    process: subprocess.Popen[bytes]

    def stall(self) -> None:
        """Stops it for a while, and lets it go on."""
        time.sleep(STALL_AT_S)
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(STALL_S)
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def delaying_server(*options: str) -> Iterator[Server]:
    """A server in a process of its own; it answers when the block begins."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = (sys.executable, "-m", "tests.oracles.delaying_server", "--port", str(port), *options)
    process = subprocess.Popen(argv, cwd=ROOT)
    try:
        _wait_for(port)
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    message = "the delaying server does not answer"
    raise TimeoutError(message)


def tail(tool: Tool, *, duration_s: int = DURATION_S) -> Told:
    """What a tool says of the server with a tail."""
    options = ("--delay-ms", str(USUAL_MS), "--slow-ms", str(SLOW_MS), "--slow-share", str(SLOW_SHARE))
    with tempfile.TemporaryDirectory() as folder, delaying_server(*options) as server:
        return tool.load(Asked(server.url, TAIL_RPS, duration_s, Path(folder)))


def stall(tool: Tool) -> Told:
    """What a tool says of a server that stops for two seconds."""
    with tempfile.TemporaryDirectory() as folder, delaying_server() as server:
        watch = threading.Thread(target=server.stall)
        watch.start()
        try:
            return tool.load(Asked(server.url, STALL_RPS, DURATION_S, Path(folder)))
        finally:
            watch.join()


def middle(told: Sequence[Told]) -> Told:
    """The median of several runs, figure by figure."""
    columns = zip(*((each.done, each.p50_ms, each.p90_ms, each.p99_ms, each.max_ms, each.dropped) for each in told), strict=True)
    return Told(*(median(column) for column in columns))


def truth_of_the_stall(q: float) -> float:
    """A share STALL_S / DURATION_S of the requests was due while the server stood, and waited for what was left of it, in ms."""
    return max(0.0, 1000 * (STALL_S - (1 - q) * DURATION_S))


def row(name: str, mode: str, told: Told, planned: int | None) -> str:
    figures = " | ".join(f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in _figures(told))
    of = f" of {planned:,}" if planned and not mode.startswith("closed") else ""
    dropped = f", {told.dropped:,.0f} dropped" if told.dropped else ""
    return f"| {name} | {mode} | {told.done:,.0f}{of}{dropped} | {figures} |"


def _figures(told: Told) -> tuple[float, ...]:
    return told.p50_ms, told.p90_ms, told.p99_ms, told.max_ms


def tables(runs: int) -> Iterator[str]:
    """The Markdown, line by line."""
    here = [tool for tool in TOOLS if tool.here]
    versions = {tool.name: tool.says_version() for tool in here}
    missing = [tool.name for tool in TOOLS if not tool.here]
    head = ("| tool | mode | answered | p50 ms | p90 ms | p99 ms | max ms |", "|---|---|---|---|---|---|---|")
    machine = (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, shared with the server and other work"
    )
    yield f"{datetime.now(UTC):%Y-%m-%d}, {machine}; each figure is the median of {runs} runs."
    yield f"Not installed: {', '.join(missing) or 'none'}."
    for title, measure, rate, truth in (
        (
            f"{USUAL_MS} ms, and {SLOW_MS} ms for {SLOW_SHARE * 100:g} % of the requests, at {TAIL_RPS} requests/s",
            tail,
            TAIL_RPS,
            _TAIL,
        ),
        (f"A stall of {STALL_S:g} s in {DURATION_S} s, at {STALL_RPS:,} requests/s", stall, STALL_RPS, _STALL),
    ):
        yield from ("", f"### {title}", "", *head, row("truth", "", truth, None))
        for tool in here:
            told = middle([measure(tool) for _ in range(runs)])
            yield row(versions[tool.name], tool.mode, told, rate * DURATION_S)


_TAIL = Told(TAIL_RPS * DURATION_S, USUAL_MS, USUAL_MS, SLOW_MS, SLOW_MS)
_STALL = Told(STALL_RPS * DURATION_S, *(truth_of_the_stall(q) for q in (0.5, 0.9, 0.99, 1)))


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=3)
    for line in tables(words.parse_args().runs):
        print(line, flush=True)
