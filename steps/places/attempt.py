"""One attempt to start a component as a process tree: ledger, folder, configuration, keeper, ready."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import keeper, processes, shell
from steps.certificates import path_of
from steps.errors import NotReady, PlaceError, UsageError
from steps.keeper import Started
from steps.ledger import Ledger, entry_id
from steps.model import Component, DeployedComponent, LedgerEntry, Running, digest, now
from steps.places import leftovers, readiness
from steps.places.base import Cpus, Deployed, Job, secured, spoken_of
from steps.places.lodging import Lodging
from steps.places.programs import Found
from steps.places.readiness import last_line
from steps.places.templates import fill

HOST = "127.0.0.1"
IDENTITY = "identity"  # the folder of a component's certificate and key
KEEPER_WITHIN_S = 10.0
PREPARE_WITHIN_S = 60.0
NO_WORD = "its keeper ended without a word; is there room on the disk?"
PACKAGES = Path(keeper.__file__).parent.parent


@dataclass(frozen=True)
class Attempt:
    """Everything that is known before anything is created."""

    component: Component
    program: Found
    job: Job
    number: int
    folder: Path
    lock: Path
    ports: Mapping[str, int]
    beside: Mapping[str, Deployed]
    environment: Mapping[str, str]  # of the step
    cpus: Cpus
    lodging: Lodging

    @property
    def entry(self) -> LedgerEntry:
        """What the ledger says of it, and what finds it again."""
        name = self.component.name
        return LedgerEntry(
            id=entry_id(self.job.cell, name),
            run=self.job.run,
            cell=self.job.cell,
            kind="process",
            what=f"{name} ({self.program.path.name})",
            facts={
                "folder": str(self.folder),
                "program": str(self.program.path),
                "ports": " ".join(map(str, self.ports.values())),
                "boot": leftovers.boot(),
                **({"room": str(self.lodging.room)} if self.lodging.apart else {}),
            },
            opened_at=now(),
        )

    @property
    def _config_path(self) -> Path | None:
        return self.lodging.room / self.component.config if self.component.config else None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.component.name}.log"

    def deploy(self, ledger: Ledger) -> Deployed:
        """From the ledger's entry to the first good answer. Raises PlaceError, NotReady."""
        argv, config = self._argv(), self._config()
        entry = ledger.open(self.entry)
        self._lay_out(argv, config)
        self._prepare()
        started = self._start_keeper()
        entry = _knowing(entry, what=f"{entry.what}, under keeper {started.pid}", **_pids(started))
        ledger.note(entry)
        ready = readiness.wait(self.component, self.ports, host=HOST, started=started, log=self.log)
        ledger.note(_knowing(entry, sockets=" ".join(sorted(ready.sockets))))
        record = DeployedComponent(
            name=self.component.name,
            program=str(self.program.path),
            version=self.program.version,
            argv=argv,
            config_digest=None if config is None else digest(config),
            ready_ms=(ready.at_ns - started.start_ns) / 1e6,
            attempts=self.number,
        )
        return Deployed(
            record=record,
            host=HOST,
            ports=self.ports,
            keeper=f"http://{HOST}:{started.port}",
            rendered=_rendered(record, started),
            secured=secured(self.component, HOST, self.ports),
        )

    def _values(self) -> dict[str, str]:
        """What the placeholders of its texts mean here."""
        values = {
            **self.component.settings,
            "program": str(self.program.path),
            "app": str(self.program.app),
            "bin": str(self.program.path.parent),
            "config": str(self._config_path or self.lodging.room),
            "folder": str(self.lodging.room),
            "host": HOST,
            "reached": HOST,
            "workers": str(self.component.workers or self.job.experiment.workers),
            "port": str(next(iter(self.ports.values()))),
        }
        values |= {f"port.{name}": str(number) for name, number in self.ports.items()}
        values |= {"identity": str(self.lodging.room / IDENTITY)} if self.component.identity else {}
        return values | spoken_of(self.component, self.beside)

    def _argv(self) -> tuple[str, ...]:
        process = self.component.process
        assert process is not None  # noqa: S101  # find_program refuses a component without one
        return tuple(fill(word, self._values(), source=f"{self.component.name}: argv") for word in process.argv)

    def _config(self) -> str | None:
        """Its configuration, rendered. Raises UsageError: an unknown placeholder or template."""
        name = self.component.config
        if name is None:
            return None
        if name not in self.job.experiment.configs:
            message = f"{self.component.name}: the experiment carries no configuration template {name}"
            raise UsageError(message)
        return fill(self.job.experiment.configs[name], self._values(), source=name)

    def _env(self) -> dict[str, str]:
        """The component's environment, made from nothing: neither secrets nor settings of the user's get in."""
        process = self.component.process
        asked = process.env if process else {}
        own = {name: fill(text, self._values(), source=f"{self.component.name}: env") for name, text in asked.items()}
        path = self.environment.get("PATH") or os.defpath
        room = str(self.lodging.room)
        home = {"HOME": room, "TMPDIR": room, "LANG": "C.UTF-8", "PATH": path}
        return {**home, **self.program.env, **own, leftovers.MARK: str(self.folder)}

    def _lay_out(self, argv: tuple[str, ...], config: str | None) -> None:
        """Makes the component's folder with all that the keeper and the component read."""
        order = {
            "component": self.component.name,
            "argv": argv,
            "env": self._env(),
            "log": str(self.log),
            "config": str(self._config_path) if self._config_path else None,
            "run": self.job.run,
            "lock": str(self.lock),
            "cpus": self.cpus,
            "host": HOST,
            "room": str(self.lodging.room),
            "user": self.lodging.user,
            "identity": str(self.lodging.room / IDENTITY) if self.component.identity else None,
            "rotates_s": self.component.rotates_s,
        }
        try:
            self.folder.mkdir(parents=True)
            self.lodging.make()
            self._lay_out_identity()
            if config is not None and self._config_path is not None:
                self._config_path.write_text(config)
            (self.folder / keeper.ORDER).write_text(json.dumps(order))
        except OSError as error:
            message = f"cannot make the folder of {self.component.name}, {self.folder}: {error.strerror or error}"
            raise PlaceError(message) from error

    def _lay_out_identity(self) -> None:
        """Certificate and key, which nobody but their owner may read; teardown removes them with the folder."""
        identity = self.job.identity(self.component)
        if identity is not None:
            inside = self.lodging.room / IDENTITY
            inside.mkdir(mode=0o700)
            for name, text in identity.files.items():
                path = inside / path_of(name)
                if path.parent != inside and not path.parent.exists():
                    path.parent.mkdir(mode=0o700)
                    self.lodging.give(path.parent)
                path.touch(mode=0o600)
                path.write_text(text)
                self.lodging.give(path)
            self.lodging.give(inside)

    def _prepare(self) -> None:
        """Runs what has to be done before it starts. Raises NotReady: which part of it failed, with its last words."""
        process = self.component.process
        for words in process.prepare if process else ():
            argv = [fill(word, self._values(), source=f"{self.component.name}: prepare") for word in words]
            doing = shell.start(
                argv,
                cwd=self.lodging.room,
                env=self._env(),
                log=self.log,
                cpus=self.cpus,
                dies_with_parent=True,
                user=self.lodging.user,
            )
            ended = shell.ends_within(doing, PREPARE_WITHIN_S)
            if not ended or doing.returncode:
                how = readiness.ending(doing.returncode) if ended else f"not within {PREPARE_WITHIN_S:g} s"
                message = (
                    f'{self.component.name} could not be prepared: {Path(argv[0]).name} ended {how}: "{last_line(self.log)}"'
                )
                raise NotReady(message)

    def _start_keeper(self) -> Started:
        """Starts the keeper and waits until it has started the component."""
        log = self.folder / "keeper.log"
        # -P: not from the folder's files; -S: it needs nothing that is installed, and half the start is looking for that.
        argv = [sys.executable, "-P", "-S", "-m", "steps.keeper", str(self.folder)]
        env = {name: self.environment[name] for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME") if name in self.environment}
        env |= {"PYTHONPATH": str(PACKAGES), leftovers.MARK: str(self.folder)}
        program = shell.start(argv, cwd=self.folder, env=env, log=log)
        deadline = time.monotonic() + KEEPER_WITHIN_S
        while time.monotonic() < deadline:
            if (self.folder / keeper.STARTED).exists():
                return Started.read(self.folder)
            if program.poll() is not None:
                message = f"{self.component.name} could not be started: {last_line(log) or NO_WORD}"
                raise NotReady(message)
            time.sleep(0.002)
        message = f"the keeper of {self.component.name} did not start it within {KEEPER_WITHIN_S:g} s: {last_line(log)}"
        raise NotReady(message)


def _rendered(record: DeployedComponent, started: Started) -> Running:
    main = processes.look(started.component_pid)
    instance = f"{main.pid} {main.started}" if main else None
    return Running(component=record.name, instance=instance, argv=record.argv, config_digest=record.config_digest)


def _pids(started: Started) -> dict[str, str]:
    return {"keeper": f"{started.pid} {started.started}", "main": str(started.component_pid)}


def _knowing(entry: LedgerEntry, *, what: str | None = None, **facts: str) -> LedgerEntry:
    """The entry with more facts."""
    return entry.model_copy(update={"what": what or entry.what, "facts": {**entry.facts, **facts}})
