"""A cell's records as its steps leave them, from response times that the test chooses."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from steps.drivers.keepers import Reading
from steps.drivers.recording import Fate, Flown, Recording, Schedule
from steps.measure import Inputs, outcome_of
from steps.model import (
    Calibration,
    CanaryReference,
    Check,
    Component,
    DeployedComponent,
    DeployRecord,
    Environment,
    Experiment,
    HttpLoad,
    Port,
    Process,
    Program,
    Ready,
    Usage,
)
from steps.model.metric import METRICS
from steps.model.outbox import Published
from steps.sent import Sent, write

RUN, AT = "r1", "2026-11-23T15:04:05.678Z"
START_NS = 1_000_000_000_000
MS = 1_000_000

LOAD = HttpLoad(path="/", rate_rps=1000, warmup_s=1, duration_s=4, expect="hello")


def component(name):
    """A component as a catalogue would have it."""
    return Component(
        name=name,
        title=name,
        version="1",
        ports=(Port(name="http", number=8080),),
        process=Process(program=Program(wheel="none", file=name, version_argv=("-v",)), argv=(name,)),
        ready=Ready(path="/"),
    )


EXPERIMENT = Experiment(
    name="small",
    question="Which one?",
    baseline=Component(name="direct", title="direct", version="-", direct=True),
    contenders=(component("nginx"),),
    around=(component("echo"),),
    loads=(LOAD,),
    metrics=METRICS,
    phase="phase-4",
)


def readings_of(name, cores, *, warmup_s=1, duration_s=4, memory_mib=64.0, gains=None, **fields):
    """Readings of a component that uses so many cores, each second from the start.

    gains: other counters, and how much each of them gains in a second.
    """
    marks = {warmup_s: "start", warmup_s + duration_s: "end"}
    return [
        Reading(
            marks.get(second, ""),
            START_NS + second * 10**9,
            Usage(
                **{
                    "component": name,
                    "monotonic_ns": START_NS + second * 10**9 + 3 * MS,
                    "running": True,
                    "cpu_s": cores * second,
                    "memory_mib": memory_mib + second,
                    "memory_kind": "pss",
                    "processes": 2,
                    "threads": 2,
                    **{counter: gain * second for counter, gain in (gains or {}).items()},
                    **fields,
                }
            ),
        )
        for second in range(warmup_s + duration_s + 1)
    ]


@dataclass(frozen=True)
class Recorded:
    """What happened in a cell; every part may be replaced."""

    cell: str = "nginx-1000rps-r1"
    experiment: Experiment = EXPERIMENT
    response_ms: object = staticmethod(lambda number: 1 + number % 100 / 50)  # by the request's number
    fate: object = staticmethod(lambda number: Fate.OK)
    late_ms: object = staticmethod(lambda number: 0.01)
    spin: bool = True
    cpu_s: float = 0.5
    readings: list = field(default_factory=lambda: readings_of("nginx", 0.05) + readings_of("echo", 0.02))
    failure: str | None = None
    calibration: Calibration | None = field(default_factory=lambda: Calibration(ceiling_rps=8000))
    deploy_failure: str | None = None
    cpus: tuple[int, ...] | None = (0,)  # of the driver
    open_mean: float | None = None
    published: Published | None = None
    canaries: tuple = (None, None)
    usual: CanaryReference | None = None
    cross_checks: tuple = ()
    programs_cores: float | None = None
    kept: tuple = ()

    def store(self, folder: Path, *, load: bool = True) -> Inputs:
        """Writes the records below a folder; without `load`, the load's own are there already."""
        inputs = Inputs(
            run=RUN,
            cell=self.cell,
            experiment=folder / "experiment.json",
            environment=folder / "environment.json",
            deploy=folder / "deploy.json",
            load=folder / "load",
        )
        inputs.load.mkdir(parents=True, exist_ok=True)
        inputs.experiment.write_text(self.experiment.to_json())
        environment = Environment(
            run=RUN,
            at=AT,
            place="process",
            driver={},
            node={},
            cluster={},
            calibration=self.calibration,
            canary=self.usual,
        )
        inputs.environment.write_text(environment.to_json())
        inputs.deploy.write_text(self.deployed().to_json())
        if load:
            self.store_load(inputs)
        return inputs

    def store_load(self, inputs: Inputs) -> None:
        """Writes what load leaves."""
        check = Check(when="before", right=True, what="200, 5 bytes as expected")
        sent = Sent(
            checks=[check],
            first_ms=3.0,
            flown=self.flown(),
            readings=self.readings,
            failure=self.failure,
            published=self.published,
            canaries=self.canaries,
            cross_checks=self.cross_checks,
            programs_cores=self.programs_cores,
            kept=self.kept,
            idle=tuple(reading.usage for reading in self.readings if reading.edge == "start"),
        )
        write(sent, folder=inputs.load, run=RUN, cell=self.cell, load=self.experiment.loads[0], cpus=self.cpus)

    def deployed(self):
        """What deploy recorded."""
        names = [name for name in (self.cell.split("-")[0], "echo") if name != "direct"]
        components = tuple(
            DeployedComponent(name=name, program=name, version=f"{name} 1", argv=(name,), config_digest=None, ready_ms=50)
            for name in names
        )
        return DeployRecord(run=RUN, cell=self.cell, at=AT, components=components, failure=self.deploy_failure)

    def flown(self) -> Flown:
        """A load that came out so."""
        load = self.experiment.loads[0]
        schedule = Schedule.of(load)
        recording = Recording.of(schedule, start_ns=START_NS)
        for number, due in enumerate(recording.due_ns):
            fate = self.fate(number)
            if fate == "dropped":
                continue
            recording.looked_ns[number] = recording.sent_ns[number] = due + round(self.late_ms(number) * MS)
            if fate != "unfinished":
                recording.ended_ns[number] = due + round(self.response_ms(number) * MS)
                recording.fates[number] = recording.error(fate) if isinstance(fate, str) else fate
        begin_ns = START_NS + schedule.warmup_ns
        return Flown(
            schedule=schedule,
            recording=recording,
            start_ns=START_NS,
            window_ns=(begin_ns, begin_ns + schedule.duration_ns),
            cpu_s=self.cpu_s,
            connections=32,
            spin=self.spin,
            stopped=self.failure,
            open_mean=self.open_mean,
        )

    def outcome(self, folder: Path):
        """What measure makes of it."""
        return outcome_of(self.store(folder), at=AT)

    def but(self, **fields):
        """The same with other parts."""
        return replace(self, **fields)


def value_of(outcome, metric):
    """A measurement's value."""
    return {one.metric: one for one in outcome.measurements}[metric].value


def doubt_of(outcome, metric):
    """Why a measurement is suspect by itself; None: it is not."""
    return {one.metric: one for one in outcome.measurements}[metric].suspect


def reason_of(outcome, metric):
    """Why a measurement has no value."""
    return {one.metric: one for one in outcome.measurements}[metric].reason
