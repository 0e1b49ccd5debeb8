"""The records of a ramp's cell as its steps leave them, of a contender that holds a rate that the test chooses."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from steps.drivers.ramp import Climbed, probe_of
from steps.drivers.search import Until, search
from steps.measure import Inputs, outcome_of
from steps.model import Calibration, Check, Experiment, HttpLoad, RampLoad, Slo
from steps.model.metric import CAPACITY
from steps.sent import Sent, write
from tests.steps.recorded import AT, EXPERIMENT, RUN, Recorded, readings_of

LOAD = RampLoad(slo=Slo(p99_ms=20), start_rps=500, probe_s=0.5, measure_s=2, warmup_s=1, resolution=0.1, expect="hello")
RAMP = Experiment.model_validate(
    {**EXPERIMENT.model_dump(), "name": "small-ramp", "shape": "ramp", "loads": (LOAD,), "metrics": CAPACITY}
)


@dataclass(frozen=True)
class RecordedRamp:
    """What happened in a cell; every part may be replaced."""

    capacity_rps: float = 1200
    cell: str = "nginx-ramp-r1"
    experiment: Experiment = RAMP
    driver_rps: float | None = 4800
    at_shares: dict[str, object] = field(default_factory=dict)  # how the loads at shares differ from a good one
    lost: tuple[int, ...] = ()  # shares that were not measured
    late_ms: float = 0.01  # the driver, above the capacity
    failure: str | None = None
    calibration: Calibration | None = field(default_factory=lambda: Calibration(ceiling_rps=8000))

    @property
    def load(self) -> RampLoad:
        return self.experiment.loads[0]

    def sent(self) -> Sent:
        """What the load step would have in hand."""
        climbed = Climbed(Until.of(self.load, self.driver_rps))
        searching = search(self.load, climbed.until)
        rate = next(searching)
        while True:
            slow_ms, late_ms = (5, 0.01) if rate <= self.capacity_rps else (500, self.late_ms)
            came = {"response_ms": lambda number, ms=slow_ms: ms + number % 100 / 50, "late_ms": lambda _, ms=late_ms: ms}
            probe = self.part(self.load.probe_at(rate), **came)
            climbed.probes.append(probe_of(self.load, rate, probe.flown))
            try:
                rate = searching.send(climbed.probes[-1])
            except StopIteration as done:
                knee = done.value
                break
        for percent in self.load.shares_percent if knee.rps else ():
            if percent not in self.lost:
                at = self.load.share_of(knee.rps, percent)
                climbed.shares[percent] = (at, self.part(at, **self.at_shares))
        climbed.failure = self.failure
        check = Check(when="before", right=True, what="200, 5 bytes as expected")
        return Sent(checks=[check], first_ms=3.0, climbed=climbed, failure=self.failure)

    def part(self, at: HttpLoad, **parts: object) -> Sent:
        """What came of one flight."""
        plain = Recorded(experiment=EXPERIMENT.model_copy(update={"loads": (at,)}), **parts)
        seconds = {"warmup_s": round(at.warmup_s), "duration_s": round(at.duration_s)}
        readings = readings_of("nginx", 0.05, **seconds) + readings_of("echo", 0.02, **seconds)
        return Sent(flown=plain.flown(), readings=readings)

    def store(self, folder: Path) -> Inputs:
        """Writes the records below a folder."""
        given = Recorded(cell=self.cell, experiment=self.experiment, calibration=self.calibration)
        inputs = given.store(folder, load=False)
        write(self.sent(), folder=inputs.load, run=RUN, cell=self.cell, load=self.load, cpus=(0,))
        return inputs

    def outcome(self, folder: Path):
        """What measure makes of it."""
        return outcome_of(self.store(folder), at=AT)
