"""The runs of an Argo: by name, as a status that is shown like a local run's, and why their steps failed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipelines.cluster import words
from pipelines.cluster.api import Argo, Brief, Document
from pipelines.cluster.compressed import offloaded
from pipelines.local import document as reader
from pipelines.local.nodes import Node, Status, now
from steps.errors import ClusterError, UsageError
from steps.model import Experiment
from steps.refusals import Absent

SHOWN = 20  # runs in a list, the newest
_TAIL = 12  # lines that surely hold the step's last one, before the executor's own
# Argo's executor speaks in the same container: of itself, and of how the step ended.
_EXECUTOR = re.compile(r"time=\S+ level=\w+ msg=.*\bargo=true\b|Error: exit status \d+$")


@dataclass
class Reasons:
    """Why steps failed: the last line that each printed, asked for once."""

    api: Argo
    known: dict[str, str] = field(default_factory=dict)

    def __call__(self, status: Status, node: Node) -> str:
        """The reason of a step that failed, or what one waits for; for people."""
        if not words.PLAIN_FAILURE.match(node.message):
            return words.cause(node.message)
        if node.id not in self.known:
            self.known[node.id] = self._last_line(status, node) or node.message
        return self.known[node.id]

    def _last_line(self, status: Status, node: Node) -> str:
        try:
            lines = printed(self.api.log(status.workflow, pod_of(status, node), last=_TAIL))
        except ClusterError:  # its pod is gone, or we may not read logs: Argo's own words are left
            return ""
        return lines[-1].strip() if lines else ""


def printed(lines: list[str]) -> list[str]:
    """What the step itself printed: without the times in front, and without what Argo's executor says in the same container."""
    plain = [line.partition(" ")[2] for line in lines]
    return [line for line in plain if not _EXECUTOR.match(line)]


def pod_of(status: Status, node: Node) -> str:
    """The name of a step's pod; of one that is tried again, its last attempt's."""
    attempts = [status.nodes[child] for child in node.children if child in status.nodes and status.nodes[child].retried]
    return status.pod_name(attempts[-1] if node.kind == "Retry" and attempts else node)


@dataclass(frozen=True)
class Kept:
    """A run on a cluster, and the document it was read from."""

    document: Document
    status: Status
    reasons: Reasons

    @property
    def name(self) -> str:
        return self.status.workflow

    def reason(self, node: Node) -> str:
        return self.reasons(self.status, node)


def status_of(document: Document) -> Status:
    """The status in a Workflow. Raises ClusterError: its nodes are where we cannot read them."""
    name = document["metadata"]["name"]
    if offloaded(document):
        message = f"the steps of {name} are kept in Argo's database, which only Argo Server reads: set ARGO_SERVER"
        raise ClusterError(message)
    found = reader.read(document, name)
    # Argo keeps them by id, which says nothing: people read steps as they came.
    nodes = dict(sorted(found.nodes.items(), key=lambda each: (each[1].started_at, each[1].name)))
    return replace(found, nodes=nodes, at=found.at if found.fulfilled else now())


def document(api: Argo, name: str) -> Document:
    """A run's Workflow. Raises UsageError: there is none of that name, with the nearest there is."""
    try:
        return api.workflow(name)
    except Absent as error:
        if "not found" not in str(error):
            raise
        known = [each.name for each in api.briefs()]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known[:3])}" if known else "there are none yet"
        message = f"there is no run {name} in namespace {api.namespace} of {api.where}; {hint}"
        raise UsageError(message) from error


def find(api: Argo, name: str) -> Kept:
    """A run by name. Raises UsageError, ClusterError."""
    return of(api, document(api, name))


def of(api: Argo, found: Document) -> Kept:
    """A run, from its document."""
    return Kept(found, status_of(found), Reasons(api))


def newest(api: Argo) -> Brief | None:
    """The newest run; None: there is none."""
    return next(iter(api.briefs()), None)


def all_of(api: Argo) -> list[Kept]:
    """The newest runs; those that cannot be read are left to `get NAME` to tell."""
    found = []
    for each in api.briefs()[:SHOWN]:
        try:
            found.append(of(api, api.workflow(each.name)))
        except ClusterError:
            continue
    return found


def arguments(found: Mapping[str, Document]) -> dict[str, str]:
    """The parameters that a Workflow was started with, those of its template among them."""
    status, spec = found.get("status") or {}, found.get("spec") or {}
    given: dict[str, str] = {}
    for source in (status.get("storedWorkflowTemplateSpec") or {}, spec):
        for each in (source.get("arguments") or {}).get("parameters") or ():
            if "value" in each:
                given[each["name"]] = str(each["value"])
    return given


def run_of(found: Document) -> str:
    """The run whose results a Workflow makes: its own name, or that of the run which it finishes."""
    name: str = found["metadata"]["name"]
    said = arguments(found).get("run", name)
    return name if "{{" in said else said


def experiments_of(found: Document) -> tuple[Experiment, ...]:
    """What a run compares. Raises UsageError: it is not a run of the lab."""
    given = {name: value for name, value in arguments(found).items() if name == "experiment" or name.startswith("experiment-")}
    if not given:
        message = f"{found['metadata']['name']} has no parameter experiment: it is not a run of the lab"
        raise UsageError(message)
    return tuple(Experiment.from_json(value, source=f"the parameter {name}") for name, value in given.items())
