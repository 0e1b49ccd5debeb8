"""What a place is: the contract that plain processes and pods both keep.

A place deploys one component at a time and knows afterwards how to find everything that belongs to a cell, also without
having deployed it itself: teardown runs elsewhere and later, and what deployed may be dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from steps.certificates import Identity
from steps.errors import LeftBehind, UsageError
from steps.ledger import Ledger
from steps.model import Component, DeployedComponent, Environment, Experiment, LedgerEntry, PodContainer, Running, Secured

MTLS = "mtls"

Cpus = tuple[int, ...] | None  # None: not pinned


@dataclass(frozen=True)
class Job:
    """For which cell of which run something is deployed."""

    run: str
    cell: str
    experiment: Experiment
    identities: Mapping[str, Identity] = field(default_factory=dict)  # by name: of components that have one

    def identity(self, component: Component) -> Identity | None:
        """The component's; None: it has none. Raises UsageError: none was made for it."""
        if component.identity is None:
            return None
        if component.identity not in self.identities:
            message = f"{component.name}: no certificate was made for {component.identity}"
            raise UsageError(message)
        return self.identities[component.identity]


@dataclass(frozen=True)
class Deployed:
    """A component that answers."""

    record: DeployedComponent
    host: str
    ports: Mapping[str, int]  # in the component's order
    keeper: str  # http://HOST:PORT
    rendered: Running | None = None  # what it was started with, for the load to compare with what runs then
    pod: PodContainer | None = None  # where a kubelet finds it
    secured: Secured | None = None  # where it speaks mTLS

    @property
    def port(self) -> int:
        return next(iter(self.ports.values()))

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def placeholders(self, name: str) -> dict[str, str]:
        """How a text speaks of it: `name.host`, `name.port`, and `name.port.PORT` for each of its ports."""
        ports = {f"{name}.port.{port}": str(number) for port, number in self.ports.items()}
        return {f"{name}.host": self.host, f"{name}.port": str(self.port), **ports}


def spoken_of(component: Component, beside: Mapping[str, Deployed]) -> dict[str, str]:
    """What a component's texts may say of those that were deployed before it. Raises UsageError: its upstream was not."""
    values: dict[str, str] = {}
    for name, other in beside.items():
        values |= other.placeholders(name)
    if component.upstream is not None:
        if component.upstream not in beside:
            message = (
                f"{component.name}: its upstream {component.upstream} is not deployed before it; there are {', '.join(beside)}"
            )
            raise UsageError(message)
        values |= beside[component.upstream].placeholders("upstream")
    if beside:
        last = list(beside)[-1]
        values |= {"before.name": last, **beside[last].placeholders("before")}
    return values


def secured(component: Component, host: str, ports: Mapping[str, int]) -> Secured | None:
    """The port of a component that lets in nobody without a certificate: it is called `mtls`. None: it has none."""
    if component.identity is None or MTLS not in ports:
        return None
    return Secured(address=f"{host}:{ports[MTLS]}", identity=component.identity, rotates_s=component.rotates_s)


@dataclass(frozen=True)
class Removal:
    """What was removed and what is still there, in sentences for people."""

    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    proofs: Mapping[str, str] = field(default_factory=dict)  # ledger entry → how its absence was seen
    absence: str = "nothing of it was found"  # the same for all others
    unseen: Mapping[str, str] = field(default_factory=dict)  # namespace → why nobody could look into it

    def proof(self, entry: LedgerEntry) -> str:
        """How its absence was seen. Raises LeftBehind: nobody could look."""
        if why := self.unseen.get(entry.facts.get("namespace", "")):
            message = f"whether {entry.what} is gone is not known: {why}"
            raise LeftBehind(message)
        return self.proofs.get(entry.id, self.absence)


class Place(Protocol):
    """Where components live."""

    def cores(self) -> tuple[Cpus, Cpus]:
        """The cores of the driver, and those of the system under test."""
        ...

    def facts(self, experiment: Experiment, *, run: str = "unknown") -> Environment:
        """The circumstances: driver, node, cluster, and what each component says of its version. Nothing of it stays."""
        ...

    def ledger(self, run: str, *, prefix: str) -> Ledger:
        """The ledger of a run."""
        ...

    def deploy(self, component: Component, *, job: Job, beside: Mapping[str, Deployed], ledger: Ledger) -> Deployed:
        """Starts a component and waits until it is ready. `beside`: what already stands around it, by name.

        Raises PlaceError: it cannot be started; NotReady: it ended or did not answer. What was created then stays for teardown.
        """
        ...

    def remove(self, run: str, cell: str | None, *, ledger: Ledger, logs: Path | None) -> Removal:
        """Ends and removes everything of a cell (None: of the run) and looks whether it is gone. Never raises for leftovers.

        logs: the folder that the components' logs and configurations are copied to.
        """
        ...
