"""A lab in small for tests: cells of the gateway comparison, deployed and torn down by the real steps."""

from __future__ import annotations

import os
import re
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phases.catalogue.gateways import DIRECT, ENVOY
from phases.phase_04 import PHASE
from steps import deploy, teardown
from steps.errors import Unavailable
from steps.ledger import Ledger
from steps.model import DeployRecord, Endpoints, LedgerEntry, Ready, TeardownRecord, Usage
from steps.places import building, leftovers
from steps.places.programs import builds_of, check
from steps.state import State
from steps.store import Store

RUN = "tests"
CONFIGS = Path(__file__).parent.parent / "phases" / "configs"

# What every gateway of our own making begins with: it takes Envoy's arguments.
PRELUDE = f"""#!{sys.executable} -S
import os, re, signal, socket, sys, time

if "--version" in sys.argv:
    print("a gateway of the tests 1.0")
    sys.exit()
config = open(sys.argv[sys.argv.index("--config-path") + 1]).read()
port = int(re.search(r"port_value: (\\d+)", config)[1])


def serve(body=b"{{}}", status=b"200 OK", requests=1_000_000):
    with socket.create_server(("127.0.0.1", port)) as server:
        for _ in range(requests):
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (status, len(body), body))
            connection.close()

"""


def experiment(contenders=None, *, ready_within_s=20.0):
    """The gateway comparison as it travels, with few contenders and another patience."""
    whole = PHASE.experiments[0]
    ready = Ready(path="/json", within_s=ready_within_s)
    arms = tuple(each.model_copy(update={"ready": ready}) for each in contenders or (ENVOY,))
    parts = [part for arm in arms for part in arm.parts]
    configs = {each.config: (CONFIGS / each.config).read_text() for each in (*parts, *whole.around) if each.config}
    update = {"baseline": DIRECT, "contenders": arms, "hypotheses": (), "phase": PHASE.id, "configs": configs}
    return whole.model_copy(update=update)


def whole(lab, experiment):
    """An experiment of phase 10 as it travels, with everything built; skips where a tool is missing."""
    lab.environment["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    try:
        for each in experiment.programs:
            check(each, lab.environment)
            for build in builds_of(each, lab.environment):
                building.make(build, lab.environment)
    except Unavailable as error:
        pytest.skip(str(error))
    configs = {each.config: (CONFIGS / each.config).read_text() for each in experiment.everyone if each.config}
    return experiment.model_copy(update={"phase": "phase-10", "configs": configs})


@dataclass
class Lab:
    """What a run has: its state, the environment of its steps, and a folder for their files."""

    state: State
    environment: dict[str, str]
    folder: Path
    run: str = RUN
    asked: object = field(default_factory=experiment)

    @property
    def prefix(self) -> str:
        return f"{self.asked.key}/{self.run}"

    def gateway(self, code: str) -> None:
        """Makes a script the binary of the contender `envoy`."""
        program = self.folder / "gateway"
        program.write_text(PRELUDE + code)
        program.chmod(0o755)
        self.environment["BENCHLAB_ENVOY"] = str(program)

    def deploy(self, cell: str) -> Endpoints:
        """The step, as a pod or the interpreter would run it."""
        (self.folder / "experiment.json").write_text(self.asked.to_json())
        deploy.run(
            run=self.run,
            cell=cell,
            experiment=self.folder / "experiment.json",
            endpoints=self.folder / "endpoints.json",
            record=self.folder / "deploy.json",
            environment=self.environment,
        )
        return Endpoints.from_json((self.folder / "endpoints.json").read_bytes(), source="endpoints")

    def deployed(self) -> DeployRecord:
        return DeployRecord.from_json((self.folder / "deploy.json").read_bytes(), source="deploy.json")

    def teardown(self, cell: str | None) -> TeardownRecord:
        """The step for a cell, or for the whole run."""
        common = {"run": self.run, "prefix": self.prefix, "record": self.folder / "teardown.json"}
        if cell is None:
            teardown.run_all(**common, environment=self.environment)
        else:
            teardown.run(**common, cell=cell, logs=self.logs, environment=self.environment)
        return self.torn_down()

    def torn_down(self) -> TeardownRecord:
        return TeardownRecord.from_json((self.folder / "teardown.json").read_bytes(), source="teardown.json")

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def ledger(self) -> list[LedgerEntry]:
        """What is still on the local ledger."""
        return Ledger(self.state.ledger(self.run), prefix=self.prefix, environment=self.environment).entries()

    def stored(self, cell: str) -> list[LedgerEntry]:
        """What the store's ledger says of a cell."""
        store = Store.from_environment(self.environment)
        keys = [key for key in store.list(f"{self.prefix}/ledger/") if Path(key).name.startswith(f"{cell}-")]
        return [LedgerEntry.from_json(store.get(key), source=key) for key in keys]

    def processes(self) -> list[int]:
        """Whatever lives of this run."""
        return [each.pid for each in leftovers.Marks.of(self.state.work(self.run), self.ledger()).processes()]


def get(url: str) -> bytes:
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def usage(endpoints: Endpoints, component: str) -> Usage:
    """A reading of a component's keeper."""
    return Usage.from_json(get(f"{endpoints.keepers[component]}/usage"), source="usage")


def port_of(url: str) -> int:
    return int(re.search(r":(\d+)$", url)[1])
