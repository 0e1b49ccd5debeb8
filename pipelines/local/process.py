"""A step as a process: in a folder of its own, with its artifacts, its variables and its log."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.local import artifacts, kubelet, scope, substitution
from pipelines.local.artifacts import ArtifactError
from pipelines.local.decision import Pod
from pipelines.local.kubelet import Secrets
from pipelines.local.nodes import Phase, now
from pipelines.local.spec import Artifact, Container, Outputs, Parameter
from pipelines.local.state import RunFolder
from steps import shell
from steps.errors import LabError, PlaceError
from steps.store import Store

GRACE_S = 30.0  # what Kubernetes gives a pod between SIGTERM and SIGKILL

_RESULT_BYTES = 256 * 1024  # Argo keeps the end of what is printed


@dataclass(frozen=True)
class Machine:
    """What all steps of a run share."""

    workflow: str
    folder: RunFolder
    store: Store
    secrets: Secrets
    environment: Mapping[str, str]
    grace_s: float = GRACE_S


@dataclass(frozen=True)
class Ended:
    """What a step came to."""

    node_id: str
    phase: Phase
    message: str
    outputs: Outputs | None
    at: datetime


@dataclass(frozen=True)
class Started:
    """A step's process is there."""

    node_id: str
    at: datetime


class Execution:
    """One step on its way; it lives in a thread of its own and tells `report` when it starts and when it ends."""

    def __init__(self, pod: Pod, machine: Machine, report: Callable[[Started | Ended], None]) -> None:
        self.pod = pod
        self._machine = machine
        self._report = report
        self._folder = machine.folder.steps / pod.node_id
        self._process: shell.Program | None = None
        self._stop_message: str | None = None
        self._out_of_time = False
        self._lock = threading.Lock()
        self._kill = threading.Timer(machine.grace_s, self._signal, (signal.SIGKILL,))
        self._kill.daemon = True

    def start(self) -> None:
        """Goes to work; returns at once."""
        threading.Thread(target=self._run, name=self.pod.name, daemon=True).start()

    def stop(self, message: str, *, out_of_time: bool = False) -> None:
        """Ends the step: SIGTERM now, SIGKILL after the grace; `message` becomes its node's.

        out_of_time: what it wrote is lost, as with a pod that is past its deadline.
        """
        with self._lock:
            if self._stop_message is not None:
                return
            self._stop_message = message
            self._out_of_time = out_of_time
        self._kill.start()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the step without grace."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self._process is not None:
                shell.signal_group(self._process, number)

    def _run(self) -> None:
        try:
            ended = self._execute()
        except (LabError, OSError) as error:
            ended = self._ended("Error", str(error), None)
        except Exception as error:  # noqa: BLE001  # a mistake of ours must not leave the run waiting for ever
            ended = self._ended("Error", f"{type(error).__name__}: {error}", None)
        self._kill.cancel()
        self._report(ended)

    def _execute(self) -> Ended:
        try:
            self._bring()
        except ArtifactError as error:
            return self._ended("Error", f"init: Error (exit code 64): {error}", None)
        container = self.pod.template.container
        if container is None or self._stop_message is not None:
            return self._ended("Failed", self._stop_message or "it is no container", None)
        try:
            status = self._call(container)
        except PlaceError as error:
            return self._ended("Failed", f"main: Error (exit code 64): {error}", None)
        return self._take(status)

    def _bring(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for artifact in self.pod.template.inputs.artifacts:
            if artifact.path and (artifact.placed or not artifact.optional):
                artifacts.bring(artifact, self._place(artifact.path), self._machine.store, workflow=self._machine.workflow)
        for path in self._written():
            self._place(path).parent.mkdir(parents=True, exist_ok=True)

    def _call(self, container: Container) -> int:
        """Runs the program to its end and returns its exit status. Raises PlaceError: it cannot be started."""
        placed = substitution.fill(container, scope.table(scope.of_paths(self.pod.template, lambda path: str(self._place(path)))))
        given = kubelet.variables(placed.env, self._machine.secrets) | self._identity()
        argv = [kubelet.expand(each, given) for each in (*placed.command, *placed.args)]
        if argv[0] in {"python", "python3"}:
            argv[0] = sys.executable
        log = self._machine.folder.log(self.pod.name)
        out = self._folder / "stdout" if self.pod.wants_result else log
        with self._lock:
            self._process = shell.run_apart(
                argv, cwd=self._folder, env=kubelet.base(self._machine.environment) | given, out=out, err=log
            )
            stopped = self._stop_message is not None
        self._report(Started(self.pod.node_id, now()))
        if stopped:
            self._signal(signal.SIGTERM)
        process = self._process
        shell.await_end(process)
        with self._lock:
            self._process = None
        return shell.reap(process)

    def _identity(self) -> dict[str, str]:
        """What every container of Argo's can ask: who it is."""
        return {"ARGO_WORKFLOW_NAME": self._machine.workflow, "ARGO_NODE_ID": self.pod.node_id, "ARGO_CONTAINER_NAME": "main"}

    def _take(self, status: int) -> Ended:
        """Collects the outputs, whatever the exit status is, and says what the step came to."""
        parameters, problem = self._parameters()
        kept, problems = self._artifacts() if not self._out_of_time else ((), "")
        outputs = Outputs(parameters=parameters, artifacts=kept, result=self._result(), exit_code=str(status))
        if self._stop_message is not None:
            return self._ended("Failed", self._stop_message, outputs)
        if status != 0:
            return self._ended("Failed", f"main: Error (exit code {status})", outputs)
        if problem or problems:
            return self._ended("Error", f"wait: Error (exit code 64): {problem or problems}", outputs)
        return self._ended("Succeeded", "", outputs)

    def _parameters(self) -> tuple[tuple[Parameter, ...], str]:
        """The output parameters with their values, up to the first that is missing; and what is wrong with that one."""
        declared = self.pod.template.outputs.parameters
        found: list[Parameter] = []
        for parameter in () if self._out_of_time else declared:
            value = self._value(parameter)
            if value is None:
                path = parameter.value_from.path if parameter.value_from else ""
                problem = f"open /var/run/argo/outputs/parameters{path}: no such file or directory"
                return (*found, *declared[len(found) :]), problem
            found.append(parameter.model_copy(update={"value": value.removesuffix("\n")}))
        return (*found, *declared[len(found) :]), ""

    def _value(self, parameter: Parameter) -> str | None:
        source = parameter.value_from
        file = self._place(source.path) if source and source.path else None
        if file is not None and file.is_file():
            return file.read_bytes().decode(errors="replace")
        return source.default if source else None

    def _artifacts(self) -> tuple[tuple[Artifact, ...], str]:
        found: list[Artifact] = []
        problems = ""
        default_key = f"{self._machine.workflow}/{self.pod.name}"
        for artifact in self.pod.template.outputs.artifacts:
            try:
                kept = artifacts.keep(artifact, self._place(artifact.path or ""), self._machine.store, default_key=default_key)
            except ArtifactError as error:
                problems += f"{error}; "
                continue
            found.extend([kept] if kept else [])
        return tuple(found), problems

    def _result(self) -> str | None:
        """What the step printed, if somebody wants it; it goes into the log too."""
        if not self.pod.wants_result:
            return None
        printed = (self._folder / "stdout").read_bytes()
        with self._machine.folder.log(self.pod.name).open("ab") as log:
            log.write(printed)
        return printed[-_RESULT_BYTES:].decode(errors="replace").removesuffix("\n")

    def _written(self) -> list[str]:
        outputs = self.pod.template.outputs
        paths = [each.path for each in outputs.artifacts if each.path]
        return paths + [each.value_from.path for each in outputs.parameters if each.value_from and each.value_from.path]

    def _place(self, path: str) -> Path:
        """Where a container's path is in the step's folder."""
        return self._folder / os.path.normpath(f"/{path}").lstrip("/")

    def _ended(self, phase: Phase, message: str, outputs: Outputs | None) -> Ended:
        return Ended(self.pod.node_id, phase, message, outputs, now())
