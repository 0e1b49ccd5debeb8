"""Runs a manifest: asks the reducer what to do, starts and stops processes, and keeps the status.

One thread decides, in a loop: advance, start, stop, tell, wait for news. Each step has a thread that moves its artifacts and
waits for its process; a last one writes the status, so that a slow disk holds up nobody.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pipelines.local.decision import Decision
from pipelines.local.document import Writer
from pipelines.local.ending import Shutdown
from pipelines.local.kubelet import Secrets
from pipelines.local.manifest import Manifest
from pipelines.local.nodes import Status, now
from pipelines.local.process import GRACE_S, Ended, Execution, Machine, Started
from pipelines.local.state import RunFolder
from pipelines.local.walk import Walk
from steps.errors import UsageError
from steps.store import Store

_DEADLINE = "Pod was active on the node longer than the specified deadline"  # the kubelet's words
_WRITE_EVERY_S = 0.2


@dataclass(frozen=True)
class _Asked:
    """Somebody wants the run to end."""

    how: Shutdown


@dataclass(frozen=True)
class _Broken:
    """The status could not be written."""

    why: str


class Run:
    """One run of a manifest. `execute` blocks; `stop` and `terminate` may be called from signal handlers and threads."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        folder: RunFolder,
        store: Store,
        secrets: Secrets,
        environment: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
        observe: Callable[[Status], None] = lambda _: None,
        grace_s: float = GRACE_S,
    ) -> None:
        """parameters: values for the workflow's arguments. Raises UsageError: there is no such argument, or one has no value."""
        given = _parameters(manifest, parameters or {})
        uid = str(uuid.uuid4())
        self._walk = Walk(manifest, name=folder.name, uid=uid, parameters=given, clock=now)
        self._manifest = manifest
        self._folder = folder
        self._machine = Machine(folder.name, folder, store, secrets, environment, grace_s)
        self._observe = observe
        self._news: queue.SimpleQueue[Started | Ended | _Asked | _Broken] = queue.SimpleQueue()
        self._executions: dict[str, Execution] = {}
        self._deadlines: dict[str, float] = {}  # by node, on the monotonic clock
        self._scribe = _Scribe(folder, Writer(manifest, uid=uid, created_at=self._walk.started_at), self._news.put)

    def stop(self) -> None:
        """Ends the steps that run; the exit handler still runs."""
        self._news.put(_Asked("Stop"))

    def terminate(self) -> None:
        """Ends everything; the exit handler does not run."""
        self._news.put(_Asked("Terminate"))

    def execute(self) -> Status:
        """Runs to the end and returns what it came to. Raises OSError: nothing can be written even at the start."""
        self._folder.write_manifest(self._manifest.documents)
        self._folder.write_status(self._scribe.text(self._walk.status()))
        self._scribe.start()
        try:
            while True:
                decision = self._walk.advance()
                self._act(decision)
                self._tell()
                if self._walk.finished_at is not None and not self._executions:
                    break
                self._wait(decision)
        finally:
            for execution in self._executions.values():
                execution.kill()
            self._scribe.finish()
            self._folder.clear()
        status = self._walk.status()
        if self._scribe.problem:  # the last word could not be written: who reads the file later must not be told otherwise
            return replace(status, phase="Error", message=self._scribe.problem)
        return status

    def _act(self, decision: Decision) -> None:
        for pod in decision.start:
            execution = Execution(pod, self._machine, self._news.put)
            self._executions[pod.node_id] = execution
            if pod.deadline_s is not None:
                self._deadlines[pod.node_id] = time.monotonic() + pod.deadline_s
            execution.start()
        for stop in decision.stop:
            if stop.node_id in self._executions:
                self._executions[stop.node_id].stop(stop.message)
        for node_id, at in self._deadlines.items():
            if time.monotonic() >= at and node_id in self._executions:
                self._executions[node_id].stop(_DEADLINE, out_of_time=True)

    def _tell(self) -> None:
        status = self._walk.status()
        self._scribe.take(status)
        self._observe(status)

    def _wait(self, decision: Decision) -> None:
        """Waits for news, and then takes all there is: many steps may end at once."""
        try:
            self._hear(self._news.get(timeout=self._patience_s(decision)))
            while True:
                self._hear(self._news.get_nowait())
        except queue.Empty:
            return

    def _patience_s(self, decision: Decision) -> float | None:
        waits = [at - time.monotonic() for at in self._deadlines.values() if at > time.monotonic()]
        if decision.wake_at is not None:
            waits.append((decision.wake_at - now()).total_seconds())
        return max(0.001, min(waits)) if waits else None

    def _hear(self, news: Started | Ended | _Asked | _Broken) -> None:
        if isinstance(news, Started):
            self._walk.running(news.node_id, news.at)
        elif isinstance(news, Ended):
            self._executions.pop(news.node_id, None)
            self._deadlines.pop(news.node_id, None)
            self._walk.ended(news.node_id, phase=news.phase, message=news.message, outputs=news.outputs, at=news.at)
        elif isinstance(news, _Asked):
            self._walk.shutdown = news.how if self._walk.shutdown != "Terminate" else "Terminate"
        else:
            # The disk is full, or worse: what runs is stopped, and the exit handler may still save what it can.
            self._walk.fail(news.why)


class _Scribe:
    """Writes the newest status, not more often than is useful. A failure is told once, and tried again."""

    def __init__(self, folder: RunFolder, writer: Writer, tell: Callable[[_Broken], None]) -> None:
        self._folder = folder
        self._writer = writer
        self._tell = tell
        self._newest: Status | None = None
        self._ready = threading.Condition()
        self._over = False
        self.problem = ""  # why the last attempt to write failed
        self._thread = threading.Thread(target=self._work, name="status", daemon=True)

    def text(self, status: Status) -> str:
        """The document of a status."""
        return self._writer.text(status)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def take(self, status: Status) -> None:
        """Gives it a newer status; returns at once."""
        with self._ready:
            self._newest = status
            self._ready.notify()

    def finish(self) -> None:
        """Writes what is left, and ends."""
        with self._ready:
            self._over = True
            self._ready.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._newest is not None or self._over)
                status, self._newest = self._newest, None
                over = self._over
            if status is not None:
                self._write(status)
            if over:
                return
            with self._ready:
                self._ready.wait_for(lambda: self._over, timeout=_WRITE_EVERY_S)

    def _write(self, status: Status) -> None:
        before, self.problem = self.problem, ""
        try:
            self._folder.write_status(self._writer.text(status))
        except OSError as error:
            self.problem = f"{self._folder.folder}/workflow.json cannot be written: {error.strerror or error}"
            if not before:
                self._tell(_Broken(self.problem))


def _parameters(manifest: Manifest, given: Mapping[str, str]) -> dict[str, str]:
    """The workflow's arguments with the values given over the ones in the manifest."""
    own = {each.name: each.value for each in manifest.spec.arguments.parameters}
    unknown = sorted(set(given) - set(own))
    if unknown:
        message = f"the manifest has no parameter {unknown[0]}; there are {', '.join(own) or 'none'}"
        raise UsageError(message)
    merged = own | dict(given)
    for name, value in merged.items():
        if value is None:
            message = f"spec.arguments.parameters[{name}]: it has no value, and none was given"
            raise UsageError(message)
    return {name: value for name, value in merged.items() if value is not None}
