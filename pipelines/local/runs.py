"""The runs that this machine keeps: names, status, logs, and stopping one that is under way. Nothing here needs the store."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.local.nodes import Node, Status
from pipelines.local.state import RunFolder, State
from steps.errors import UsageError
from steps.state import holder

LATEST = "@latest"


@dataclass(frozen=True)
class Kept:
    """A run, and the document it was read from."""

    folder: RunFolder
    status: Status

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def document(self) -> dict[str, Any]:
        return self.folder.document()

    def reason(self, node: Node) -> str:
        """Why a node failed: the last line of its log, else its message."""
        return reason(self.folder, self.status, node)


def reason(folder: RunFolder, status: Status, node: Node) -> str:
    """Why a node failed: the last line of its log, else its message."""
    said = folder.last_line(status.pod_name(node)) if node.kind == "Pod" else ""
    return said or node.message


def state() -> State:
    """The state folder that the environment names."""
    return State.from_environment(os.environ)


def names() -> list[str]:
    """The runs that are kept, the newest first."""
    return state().kept()


def find(name: str) -> RunFolder:
    """A run by name or as @latest. Raises UsageError: there is none."""
    here = state()
    kept = here.kept()
    if name == LATEST and not kept:
        message = f"there is no run in {here.folder} yet; start one: python -m pipelines run gateway-comparison --quick"
        raise UsageError(message)
    return here.run(kept[0] if name == LATEST else name)


def status(name: str) -> Kept:
    """A run with its status. Raises UsageError."""
    folder = find(name)
    return Kept(folder, folder.status())


def all_of() -> list[Kept]:
    """Every run, the newest first; one whose status is damaged is left to `get NAME` to tell."""
    found = []
    for name in names():
        try:
            found.append(status(name))
        except UsageError:
            continue
    return found


def logs(name: str, wanted: str | None, *, follow: bool) -> Iterator[str]:
    """The lines of a run's steps, each with the step's name in front, in the order of the steps.

    wanted: only steps whose name contains it. Raises UsageError: there is no such run, or no such step.
    """
    folder = find(name)
    read: dict[Path, int] = {}
    while True:
        current = folder.status()
        chosen = [node for node in current.pods() if wanted is None or wanted in node.name]
        if wanted is not None and not chosen and current.fulfilled:
            message = f"run {folder.name} has no step whose name contains {wanted!r}; `get {folder.name}` shows them"
            raise UsageError(message)
        for node in chosen:
            short = node.name.removeprefix(f"{current.workflow}.")
            for line in _new_lines(folder.log(current.pod_name(node)), read):
                yield f"{short}: {line}"
        if not follow or current.fulfilled:
            return
        time.sleep(0.5)


def _new_lines(log: Path, read: dict[Path, int]) -> list[str]:
    """What was added to a log since it was last read; `read` remembers up to where."""
    try:
        with log.open("rb") as file:
            file.seek(read.get(log, 0))
            text = file.read()
    except OSError:
        return []
    read[log] = read.get(log, 0) + len(text)
    return text.decode(errors="replace").splitlines()


def stop(name: str) -> str:
    """Asks a run that is under way to stop, as Ctrl-C does. Raises UsageError: it is over."""
    folder = find(name)
    found = holder(folder.state.lock)
    pid = found.get("pid") if found else None
    if found is None or found.get("run") != folder.name or not isinstance(pid, int):
        message = f"run {folder.name} is not under way"
        raise UsageError(message)
    os.kill(pid, signal.SIGINT)
    return f"run {folder.name} was asked to stop; its exit handler still runs"
