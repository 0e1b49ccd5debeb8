"""One cell of a simulated run: what deploy, load and measure would leave of it, from known distributions."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from steps.model import (
    Calibration,
    Cell,
    CellOutcome,
    Component,
    Counts,
    DeployedComponent,
    DeployRecord,
    Driver,
    Environment,
    Experiment,
    HttpLoad,
    LoadRecord,
    Measurement,
    Steadiness,
    Surroundings,
    Usage,
    Window,
    digest,
)
from steps.statistics.histogram import histogram_of, quantile, write_log

RUN = "r20261123-150405"
START = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Nature:
    """How an arm behaves: medians of a log-normal response, CPU, memory."""

    median_ms: float
    spread: float = 0.25
    tail: float = 0.01  # share of requests that take `tail_factor` times as long
    tail_factor: float = 4.0
    cpu_us: float | None = 40.0
    memory_mib: float | None = 12.0
    growth: float = 1.0  # of memory over the window
    ready_ms: float | None = 40.0
    noise: float = 0.04  # between repetitions


NATURES: Mapping[str, Nature] = {
    "direct": Nature(0.42, 0.20, cpu_us=None, memory_mib=None, ready_ms=None),
    "nginx": Nature(0.58, 0.22, cpu_us=38, memory_mib=9.4, ready_ms=22),
    "haproxy": Nature(0.53, 0.20, cpu_us=31, memory_mib=21, ready_ms=31),
    "envoy": Nature(0.66, 0.24, cpu_us=58, memory_mib=38, ready_ms=190),
    "traefik": Nature(0.79, 0.34, tail=0.02, cpu_us=118, memory_mib=62, ready_ms=140, growth=1.15),
    "caddy": Nature(0.92, 0.38, tail=0.03, tail_factor=5, cpu_us=146, memory_mib=48, ready_ms=120, growth=1.2),
}
UPSTREAM_CPU_US = 26.0


@dataclass(frozen=True)
class Story:
    """What happens in a simulated run."""

    seed: int = 4
    failing: Mapping[str, str] = field(default_factory=dict)  # cell id or contender → why
    missing: frozenset[str] = frozenset()  # cell ids without any object
    suspect: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    natures: Mapping[str, Nature] = field(default_factory=lambda: NATURES)
    versions: Mapping[str, str] = field(default_factory=dict)
    extended: bool = False  # whether rounds are added where the evidence needs them
    doubts: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (cell id or contender, metric) → why it is suspect
    settled_s: int | None = None  # the second from which every cell had settled
    steady: Steadiness | None = None  # what is said of that instead


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def environment() -> Environment:
    """The circumstances of a laptop-like machine."""
    return Environment(
        run=RUN,
        at=at(0),
        place="process",
        driver={"benchlab": "0.1.0", "python": "3.11.7", "uvloop": "0.23.0", "cpus": "0"},
        node={
            "machine": "x86_64",
            "cpu": "AMD EPYC 7B13",
            "cores": "2",
            "kernel": "6.1.0-27-cloud-amd64",
            "memory": "23.5 GiB",
            "governor": "unknown",
            "clock": "tsc",
        },
        cluster={},
        calibration=Calibration(ceiling_rps=9400.0, lateness_p99_ms={"500": 0.12}),
    )


def outcome_of(cell: Cell, experiment: Experiment, **more: object) -> CellOutcome:
    return CellOutcome.model_validate(
        {
            "run": RUN,
            "cell": cell.id,
            "contender": cell.contender,
            "load": cell.load,
            "repetition": cell.repetition,
            "experiment_digest": digest(experiment),
            "environment_digest": digest(environment().identity),
            "at": at(0),
            **more,
        }
    )


class Simulation:
    """One cell that went well."""

    def __init__(self, cell: Cell, arm: Component, experiment: Experiment, load: HttpLoad, *, story: Story, number: int) -> None:
        self.cell, self.arm, self.experiment, self.load, self.story = cell, arm, experiment, load, story
        self.nature = story.natures[arm.name]
        self.random = random.Random(f"{story.seed} {cell.id}")
        round_ = random.Random(f"{story.seed} round {cell.repetition}").gauss(0, self.nature.noise)
        self.factor = 2.718 ** (round_ + self.random.gauss(0, self.nature.noise / 2))
        self.begin_s = number * 18 + 2 + load.warmup_s
        self.begin_ns = round(self.begin_s * 1e9)
        self.end_ns = self.begin_ns + round(load.duration_s * 1e9)
        self.ok = round(load.rate_rps * load.duration_s)
        self.cpu_us = (self.nature.cpu_us or 0) * self.factor
        self.upstream_us = UPSTREAM_CPU_US * self.factor
        self.seconds = {second: self._second(second) for second in range(-round(load.warmup_s), round(load.duration_s))}

    def _second(self, second: int) -> list[float]:
        """Response times in ms of one second; the first of the warm-up are slow."""
        cold = 1 + 1.5 * 0.4 ** (second + self.load.warmup_s) if second < 0 else 1.0
        return sorted(self._response(cold) for _ in range(round(self.load.rate_rps)))

    def _response(self, cold: float) -> float:
        nature = self.nature
        slow = nature.tail_factor * self.random.uniform(0.5, 1.5) if self.random.random() < nature.tail else 1.0
        return nature.median_ms * self.factor * cold * slow * self.random.lognormvariate(0, nature.spread)

    def objects(self) -> dict[str, bytes]:
        window = Window(
            started_at=at(self.begin_s),
            ended_at=at(self.begin_s + self.load.duration_s),
            start_ns=self.begin_ns,
            end_ns=self.end_ns,
        )
        counts = Counts(planned=self.ok, sent=self.ok, dropped=0, ok=self.ok, error=0, timeout=0, unfinished=0)
        late = 0.08 * 2.718 ** self.random.gauss(0, 0.2)
        driver = Driver(
            name="benchlab http driver 1",
            cpu_s=self.load.duration_s * 0.99,
            lateness_p50_ms=0.011,
            lateness_p99_ms=late,
            lateness_max_ms=late * 9,
            spin=True,
            cpus=(0,),
            connections=self.load.connections,
        )
        suspicion = self.story.suspect.get(self.cell.id) or self.story.suspect.get(self.cell.contender)
        outcome = outcome_of(
            self.cell,
            self.experiment,
            status="suspect" if suspicion else "ok",
            reasons=(suspicion,) if suspicion else (),
            measurements=tuple(self._doubted(each) for each in self._measurements()),
            counts=counts,
            window=window,
            driver=driver,
            versions=self._versions(),
            surroundings=Surroundings(cores=1, unattributed_cores=0.012 + self.cell.repetition / 1000),
            steady={"p50_ms": self.story.steady or Steadiness(verdict="steady", edge_s=self.story.settled_s, trend=0.01)},
        )
        load = LoadRecord(run=RUN, cell=self.cell.id, load=self.load, window=window, counts=counts, driver=driver, usage=())
        deploy = DeployRecord(run=RUN, cell=self.cell.id, at=at(self.begin_s - 5), components=self._components())
        return {
            "deploy.json": deploy.to_json().encode(),
            "outcome.json": outcome.to_json().encode(),
            "load/load.json": load.to_json().encode(),
            "load/load.hdr": self._histograms(),
            "load/series.csv": self._series(counts),
            "load/usage.csv": self._usage(),
        }

    def _doubted(self, measured: Measurement) -> Measurement:
        doubts = self.story.doubts
        doubt = doubts.get((self.cell.id, measured.metric)) or doubts.get((self.cell.contender, measured.metric))
        return measured.model_copy(update={"suspect": doubt})

    def _window_us(self) -> list[int]:
        return [round(each * 1000) for second, values in self.seconds.items() if second >= 0 for each in values]

    def _measurements(self) -> tuple[Measurement, ...]:
        histogram = histogram_of(self._window_us())
        quantiles = {name: quantile(histogram, q) for name, q in (("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99))}
        made = [
            Measurement(metric=name, value=found.value_ms, reason=found.reason, coarse=found.coarse)
            for name, found in quantiles.items()
        ]
        no_program = "direct traffic has no program of its own"
        own = {
            "cpu_us_per_request": self.cpu_us,
            "memory_mib": (self.nature.memory_mib or 0) * self.nature.growth * self.factor**0.3,
            "ready_ms": (self.nature.ready_ms or 0) * self.factor,
        }
        for name, value in own.items():
            absent = self.nature.cpu_us is None
            made.append(Measurement(metric=name, value=None if absent else value, reason=no_program if absent else None))
        made.append(Measurement(metric="goodput_rps", value=self.ok / self.load.duration_s))
        made.append(Measurement(metric="path_cpu_us_per_request", value=self.cpu_us + self.upstream_us))
        return tuple(made)

    def _versions(self) -> dict[str, str]:
        names = [self.arm.name] if not self.arm.direct else []
        return {
            name: self.story.versions.get(name, f"{self.arm.title} {self.arm.version}\nbuilt with gcc 12.2.0 -O2")
            for name in names
        } | {each.name: f"nginx version: nginx/{each.version}" for each in self.experiment.around}

    def _components(self) -> tuple[DeployedComponent, ...]:
        return tuple(
            DeployedComponent(
                name=name, program=f"/opt/{name}", version=version, argv=(name,), config_digest="sha256:0", ready_ms=30.0
            )
            for name, version in self._versions().items()
        )

    def _histograms(self) -> bytes:
        with tempfile.NamedTemporaryFile(suffix=".hdr") as file:
            path = Path(file.name)
            start_ms = START.timestamp() * 1000 + self.begin_s * 1000
            histograms = {"response": histogram_of(self._window_us())}
            write_log(path, histograms, start_ms=start_ms, end_ms=start_ms + self.load.duration_s * 1000)
            return path.read_bytes()

    def _series(self, counts: Counts) -> bytes:
        rows = [
            {
                "second": second,
                "part": "warmup" if second < 0 else "window",
                **counts.model_copy(update={name: len(values) for name in ("planned", "sent", "ok")}).model_dump(),
                "p50_ms": f"{median(values):.3f}",
                "p99_ms": f"{values[round(0.99 * len(values))]:.3f}",
                "max_ms": f"{values[-1]:.3f}",
            }
            for second, values in self.seconds.items()
        ]
        return _table(rows)

    def _usage(self) -> bytes:
        rows = []
        parts = {each.name: self.upstream_us for each in self.experiment.around}
        if self.nature.cpu_us is not None:
            parts[self.arm.name] = self.cpu_us
        cpu = dict.fromkeys(parts, 0.02)
        first, last = min(self.seconds), max(self.seconds) + 1
        for second in range(first, last + 1):
            progress = (second - first) / (last - first)
            for name, us in parts.items():
                cpu[name] += us * self.load.rate_rps / 1e6 * self.random.uniform(0.93, 1.07)
                memory = self.nature.memory_mib if name == self.arm.name else 6.2
                usage = Usage(
                    component=name,
                    monotonic_ns=self.begin_ns + second * 1_000_000_000 + self.random.randrange(3_000_000),
                    running=True,
                    cpu_s=round(cpu[name], 6),
                    memory_mib=round((memory or 0) * (1 + (self.nature.growth - 1) * progress), 2),
                    memory_kind="pss",
                    processes=2,
                    threads=3,
                )
                edge = {0: "start", last: "end"}.get(second, "")
                rows.append({"edge": edge, "asked_ns": usage.monotonic_ns - 90_000, **usage.model_dump()})
        return _table(rows)


def _table(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
