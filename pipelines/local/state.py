"""What a run keeps on this machine: its status, its manifest, its logs, and the lock that says it lives.

    lock                      held for the life of a run; says which one
    runs/RUN/workflow.json    the Workflow with its status, as Argo would show it
    runs/RUN/manifest.json    what was executed
    runs/RUN/logs/POD.log     what each step printed
    work/RUN/steps/NODE/      what each step read and wrote; gone when the run is over

Every document is written beside its place, forced to the disk and moved there, so it is whole at any moment.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pipelines.local import document, gotext
from pipelines.local.nodes import Status, now
from steps import state as ground
from steps.errors import ConflictError, UsageError
from steps.state import write_whole

# A keeper holds the lock for an instant whenever it looks whether the run still lives.
_PATIENCE_S = 1.0


class RunFolder:
    """What is kept of one run."""

    def __init__(self, state: State, name: str) -> None:
        self.state = state
        self.name = name
        self.folder = state.folder / "runs" / name
        self.logs = self.folder / "logs"
        self.steps = state.work(name) / "steps"

    def create(self) -> None:
        """Makes the folders."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.steps.mkdir(parents=True, exist_ok=True)

    def log(self, pod: str) -> Path:
        """Where the step of that pod name prints."""
        return self.logs / f"{pod}.log"

    def last_line(self, pod: str) -> str:
        """The last line that a step printed, which is the reason when it failed; may be empty."""
        try:
            with self.log(pod).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    def write_manifest(self, documents: tuple[Mapping[str, Any], ...]) -> None:
        """Keeps what is executed."""
        write_whole(self.folder / "manifest.json", json.dumps(list(documents), indent=2) + "\n")

    def write_status(self, text: str) -> None:
        """Keeps where the run is."""
        write_whole(self.folder / "workflow.json", text)

    def document(self) -> dict[str, Any]:
        """The Workflow as it was last written. Raises UsageError: there is no such run here, or it is damaged."""
        path = self.folder / "workflow.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            message = f"there is no run {self.name} on this machine ({path} is missing)"
            raise UsageError(message) from error
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read: {error}"
            raise UsageError(message) from error
        return dict(found)

    def status(self) -> Status:
        """The status as it was last written; a run whose process is gone was interrupted. Raises UsageError."""
        found = document.read(self.document(), self.name)
        if found.fulfilled or not ground.is_over(self.state.lock, self.name):
            return found
        return replace(found, phase="Error", message="interrupted", finished_at=found.at)

    def clear(self) -> None:
        """Removes what the steps left in their folders, and the record of a run that was never begun."""
        shutil.rmtree(self.steps, ignore_errors=True)
        for folder in (self.state.cells(self.name), self.state.work(self.name), self.logs, self.folder):
            with suppress(OSError):  # what teardown could not remove stays, for sweep
                folder.rmdir()


class State(ground.State):
    """The state folder, as the one who runs things sees it."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The folder that the environment names."""
        return cls(ground.State.from_environment(environment).folder)

    def run(self, name: str) -> RunFolder:
        """What is kept of a run."""
        return RunFolder(self, name)

    def kept(self) -> list[str]:
        """The names of all runs whose status is kept, the newest first."""
        found = list(self.folder.glob("runs/*/workflow.json"))
        return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]

    @contextmanager
    def hold(self, run: str) -> Iterator[RunFolder]:
        """Holds the lock for a run: one at a time on a machine, or they would measure each other.

        Raises ConflictError: another run holds it, and which.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor)
            said = json.dumps({"run": run, "pid": os.getpid(), "since": gotext.rfc3339(now())})
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, said.encode(), 0)
            folder = self.run(run)
            folder.create()
            yield folder
        finally:
            os.close(descriptor)  # which lets go of the lock

    def _take(self, descriptor: int) -> None:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() < until:
                    time.sleep(0.05)
                    continue
                raise ConflictError(_taken(ground.holder(self.lock) or {}, self.folder)) from error
            return


def _taken(holder: Mapping[str, object], folder: Path) -> str:
    run, pid, since = (holder.get(key, "?") for key in ("run", "pid", "since"))
    return f"run {run} is under way in {folder} (process {pid}, since {since}): wait for it, or stop it"
