"""This machine as a place: each component is a process tree under its keeper, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from steps.errors import PlaceError
from steps.ledger import Ledger
from steps.model import Component, Environment, Experiment, now
from steps.places import circumstances, leftovers, ports
from steps.places.attempt import HOST, Attempt
from steps.places.base import Cpus, Deployed, Job, Removal
from steps.places.lodging import Lodging
from steps.places.programs import find_program
from steps.places.readiness import PortTaken
from steps.state import State

__all__ = ["ProcessPlace", "find_program", "split_cores"]

TRIES = 3  # a port that was free may be another's by the time the component binds it


def split_cores(available: Sequence[int]) -> tuple[Cpus, Cpus]:
    """The driver's cores and those of the system under test: the first, and all others. A single core is not divided."""
    first, *others = sorted(available) or [0]
    return ((first,), tuple(others)) if others else (None, None)


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


class ProcessPlace:
    """Plain processes on this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._state = State.from_environment(environment)

    def cores(self) -> tuple[Cpus, Cpus]:
        """The cores of the driver, and those of the system under test."""
        return split_cores(sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [])

    def facts(self, experiment: Experiment, *, run: str = "unknown") -> Environment:
        """The circumstances; a component that is not here says so in place of its version."""
        components = [each for each in (*experiment.arms, *experiment.around) if not each.direct]
        return Environment(
            run=run,
            at=now(),
            place="process",
            driver=circumstances.driver(),
            node=circumstances.node(*self.cores()),
            cluster=circumstances.cluster(self._environment),
            components={each.name: self._version(each) for each in components},
        )

    def ledger(self, run: str, *, prefix: str) -> Ledger:
        """The ledger of a run: beside this machine's state, and in the store."""
        return Ledger(self._state.ledger(run), prefix=prefix, environment=self._environment)

    def deploy(self, component: Component, *, job: Job, beside: Mapping[str, Deployed], ledger: Ledger) -> Deployed:
        """Starts a component under a keeper and waits until it answers its ready check."""
        if not _has_proc():
            message = "components run as processes on Linux only: this machine has no /proc"
            raise PlaceError(message)
        program = find_program(component, self._environment)
        for number in range(1, TRIES + 1):
            folder = self._state.cell(job.run, job.cell) / component.name
            attempt = Attempt(
                component=component,
                program=program,
                job=job,
                number=number,
                folder=folder,
                lock=self._state.lock,
                ports=ports.free(component.ports, host=HOST),
                beside=beside,
                environment=self._environment,
                cpus=self.cores()[1],
                lodging=Lodging.of(component, folder=folder, program=program.path),
            )
            try:
                return attempt.deploy(ledger)
            except PortTaken:
                if number == TRIES:
                    raise
                leftovers.remove(attempt.folder, entries=[attempt.entry], logs=None)
        raise AssertionError  # not reached: the last attempt returns or raises

    def remove(self, run: str, cell: str | None, *, ledger: Ledger, logs: Path | None) -> Removal:
        """Ends and removes everything of a cell, or of the run, and looks whether it is gone."""
        if not _has_proc():  # then nothing was ever deployed
            return Removal()
        folder = self._state.cells(run) if cell is None else self._state.cell(run, cell)
        entries = [each for each in ledger.entries() if not each.closed_at and cell in (None, each.cell)]
        return leftovers.remove(folder, entries=entries, logs=logs or self._state.kept_logs(run))

    def _version(self, component: Component) -> str:
        try:
            return find_program(component, self._environment).version
        except PlaceError as error:
            return f"unknown: {error}"
