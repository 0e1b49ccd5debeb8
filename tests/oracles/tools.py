"""Other people's load generators, asked for one load and read for what they say of it.

Each is given the rate in the way that it has: as a schedule, as a limit for each of its users, or not at all (wrk and ab send the
next request when the last one is answered).
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from steps.drivers.connection import Target
from steps.drivers.http import LEAD_NS, NAME, Flight
from steps.drivers.summary import summarize
from steps.model import HttpLoad
from tests.oracles.delaying_server import BODY

USERS = 50  # of the tools that send from users or connections in turn


@dataclass(frozen=True)
class Asked:
    """A load, and a folder for what the tool writes."""

    url: str
    rate_rps: int
    duration_s: int
    folder: Path

    @property
    def per_user_rps(self) -> float:
        return self.rate_rps / USERS

    @property
    def most_open(self) -> int:
        """Connections for an open loop: the whole rate for a stall of two seconds and a time-out of one."""
        return 3 * self.rate_rps


@dataclass(frozen=True)
class Told:
    """What a tool says of a load."""

    done: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    dropped: int = 0


@dataclass(frozen=True)
class Tool:
    """A load generator; without `argv` it is ours."""

    name: str
    mode: str
    argv: Callable[[Asked], list[str]] | None = None
    read: Callable[[str, Asked], Told] | None = None
    version: str = ""  # a shell's command that tells it
    open_loop: bool = False  # its latencies run from the intended start

    @property
    def here(self) -> bool:
        return self.argv is None or shutil.which(self.name) is not None

    def says_version(self) -> str:
        """Its name, and the first number with a dot that it prints of itself."""
        if self.argv is None:
            return NAME
        done = subprocess.run(("sh", "-c", self.version), capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+[\w.]*", done.stdout)
        return f"{self.name} {found[0] if found else '(version unknown)'}"

    def load(self, asked: Asked) -> Told:
        """Sends the load and reads what the tool says."""
        if self.argv is None or self.read is None:
            return _ours(asked)
        done = subprocess.run(
            self.argv(asked), cwd=asked.folder, capture_output=True, text=True, check=True, timeout=asked.duration_s + 60
        )
        return self.read(done.stdout, asked)


def _ours(asked: Asked) -> Told:
    load = HttpLoad(
        rate_rps=asked.rate_rps, warmup_s=0, duration_s=asked.duration_s, connections=asked.rate_rps // 4, expect=BODY.decode()
    )

    async def fly() -> Told:
        flight = Flight(load, Target.of(asked.url), spin=False)
        await flight.open()
        summary = summarize(await flight.fly(time.monotonic_ns() + LEAD_NS))
        response = summary.histograms["response"]
        at = [response.get_value_at_percentile(percent) / 1000 for percent in (50, 90, 99, 100)]
        return Told(summary.counts.ok, *at, dropped=summary.counts.dropped)

    return uvloop.run(fly())


def _vegeta(asked: Asked) -> list[str]:
    attack = f"vegeta attack -rate={asked.rate_rps}/s -duration={asked.duration_s}s -max-workers={asked.most_open}"
    return ["sh", "-c", f"echo GET {asked.url}/ | {attack} | vegeta report -type=json"]


def _read_vegeta(said: str, asked: Asked) -> Told:
    told = json.loads(said)
    at = [told["latencies"][name] / 1e6 for name in ("50th", "90th", "99th", "max")]
    return Told(told["status_codes"].get("200", 0), *at)


def _oha(asked: Asked) -> list[str]:
    rate = ("-q", str(asked.rate_rps), "--latency-correction", "-n", str(asked.rate_rps * asked.duration_s))
    return ["oha", "--no-tui", "--output-format", "json", *rate, "-c", str(asked.rate_rps // 4), f"{asked.url}/"]


def _read_oha(said: str, asked: Asked) -> Told:
    told = json.loads(said)
    at = [told["latencyPercentiles"][name] * 1000 for name in ("p50", "p90", "p99")]
    return Told(told["statusCodeDistribution"].get("200", 0), *at, told["summary"]["slowest"] * 1000)


K6_SCRIPT = """
import http from "k6/http";
const most = Number(__ENV.MOST);
export const options = {
  scenarios: { open: { executor: "constant-arrival-rate", rate: Number(__ENV.RATE), timeUnit: "1s", duration: __ENV.DURATION,
                       preAllocatedVUs: most, maxVUs: most } },
  summaryTrendStats: ["p(50)", "p(90)", "p(99)", "max"],
};
export default () => { http.get(__ENV.URL); };
export const handleSummary = (data) => ({ stdout: JSON.stringify(data.metrics) });
"""


def _k6(asked: Asked) -> list[str]:
    (asked.folder / "load.js").write_text(K6_SCRIPT)
    settings = {
        "RATE": asked.rate_rps,
        "DURATION": f"{asked.duration_s}s",
        "MOST": asked.most_open,
        "URL": f"{asked.url}/",
    }
    return ["k6", "run", "--quiet", *(word for name, value in settings.items() for word in ("-e", f"{name}={value}")), "load.js"]


def _read_k6(said: str, asked: Asked) -> Told:
    told = json.loads(said)
    at = [told["http_req_duration"]["values"][name] for name in ("p(50)", "p(90)", "p(99)", "max")]
    dropped = told.get("dropped_iterations", {"values": {"count": 0}})["values"]["count"]
    return Told(told["iterations"]["values"]["count"], *at, dropped=dropped)


def _wrk(asked: Asked) -> list[str]:
    return ["wrk", "-t1", f"-c{USERS}", f"-d{asked.duration_s}s", "--latency", f"{asked.url}/"]


_WRK_MS = {"us": 0.001, "ms": 1, "s": 1000}


def _read_wrk(said: str, asked: Asked) -> Told:
    def ms(pattern: str) -> float:
        value, unit = re.search(rf"{pattern}\s+([\d.]+)(us|ms|s)\b", said).groups()
        return float(value) * _WRK_MS[unit]

    at = [ms(rf"\n\s+{percent}%") for percent in (50, 90, 99)]
    return Told(int(re.search(r"(\d+) requests in", said)[1]), *at, ms(r"Latency\s+\S+\s+\S+"))


def _hey(asked: Asked) -> list[str]:
    return ["hey", "-z", f"{asked.duration_s}s", "-c", str(USERS), "-q", f"{asked.per_user_rps:g}", f"{asked.url}/"]


def _read_hey(said: str, asked: Asked) -> Told:
    at = [1000 * float(re.search(rf"{percent}% in ([\d.]+) secs", said)[1]) for percent in (50, 90, 99)]
    slowest = 1000 * float(re.search(r"Slowest:\s+([\d.]+) secs", said)[1])
    return Told(int(re.search(r"\[200\]\s+(\d+) responses", said)[1]), *at, slowest)


def _ab(asked: Asked) -> list[str]:
    return ["ab", "-k", "-q", "-c", str(USERS), "-t", str(asked.duration_s), "-n", "10000000", f"{asked.url}/"]


def _read_ab(said: str, asked: Asked) -> Told:
    at = [float(re.search(rf"\n\s+{percent}%\s+(\d+)", said)[1]) for percent in (50, 90, 99, 100)]
    return Told(int(re.search(r"Complete requests:\s+(\d+)", said)[1]), *at)


LOCUST_SCRIPT = """
from locust import FastHttpUser, constant_throughput, task

class User(FastHttpUser):
    wait_time = constant_throughput({per_user_rps})

    @task
    def ask(self):
        self.client.get("/")
"""


def _locust(asked: Asked) -> list[str]:
    (asked.folder / "load.py").write_text(LOCUST_SCRIPT.format(per_user_rps=asked.per_user_rps))
    users = ("-u", str(USERS), "-r", str(USERS), "-t", f"{asked.duration_s}s", "--csv", "told", "--skip-log")
    return ["locust", "-f", "load.py", "--headless", "--only-summary", "--host", asked.url, *users]


def _read_locust(said: str, asked: Asked) -> Told:
    with (asked.folder / "told_stats.csv").open(newline="") as file:
        whole = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    at = [float(whole[name]) for name in ("50%", "90%", "99%", "100%")]
    return Told(int(whole["Request Count"]) - int(whole["Failure Count"]), *at)


OURS = Tool("benchlab", "open loop", open_loop=True)
TOOLS = (
    OURS,
    Tool(
        "vegeta",
        "open loop, as many workers as it takes",
        _vegeta,
        _read_vegeta,
        'go version -m "$(command -v vegeta)" | grep mod',  # built from its module it does not know its own
        open_loop=True,
    ),
    Tool("oha", "`-q` with `--latency-correction`", _oha, _read_oha, "oha --version", open_loop=True),
    Tool("k6", "constant arrival rate, all users made before", _k6, _read_k6, "k6 version", open_loop=True),
    Tool("wrk", f"closed loop, {USERS} connections", _wrk, _read_wrk, "wrk -v"),
    Tool("hey", f"`-q` for each of {USERS} workers", _hey, _read_hey, "dpkg-query -W hey"),
    Tool("ab", f"closed loop, {USERS} connections, `-k`", _ab, _read_ab, "ab -V"),
    Tool("locust", f"constant throughput of {USERS} users", _locust, _read_locust, "locust --version"),
)
