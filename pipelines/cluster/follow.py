"""Follows a run on a cluster: through dropped connections and restarted controllers, to its end.

A watch tells of changes as they happen. When it breaks off, falls silent or is too old to go on, the run is read anew and
watched from there; so nothing is missed that matters, and nothing is believed that a dead connection does not tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines import duration
from pipelines.cluster import runs, words
from pipelines.cluster.api import Argo, Document
from pipelines.local import live
from pipelines.local.nodes import ENDED, Node, Status
from steps.errors import ClusterError, UsageError
from steps.refusals import Unreachable

PATIENCE_S = 300.0  # without any answer
LONGEST_PAUSE_S = 5.0
IMAGE_PATIENCE_S = 30.0  # how long an image may be missing; the kubelet goes on trying, so it may still come
CELL_S = 20.0  # what Argo needs for a cell beside its load, until cells were seen


def phase(document: Document) -> str:
    """The phase of a Workflow; one that the controller has not seen yet is Pending."""
    return (document.get("status") or {}).get("phase") or "Pending"


def over(document: Document) -> bool:
    """Whether a Workflow has ended."""
    return phase(document) in ENDED


def changes(
    api: Argo,
    document: Document,
    *,
    patience_s: float = PATIENCE_S,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Document]:
    """The Workflow now and each time it changes, or might have, until it is over.

    Raises Unreachable: there was no answer for `patience_s`; Absent: it was deleted; ClusterError.
    """
    name = document["metadata"]["name"]
    broken, answered_at = 0, clock()
    yield document
    while not over(document):
        try:
            for document in api.changes(document):  # noqa: B020, PLR1704  # the newest one is where the next watch begins
                broken, answered_at = 0, clock()
                yield document
                if over(document):
                    return
        except Unreachable:
            pass
        pause(min(LONGEST_PAUSE_S, 0.25 * 2**broken))
        broken += 1
        try:
            document = api.workflow(name)
        except Unreachable:
            if clock() - answered_at > patience_s:
                raise
            continue
        answered_at = clock()
        yield document


@dataclass
class Progress(live.Progress):
    """How far a run is. One that is not of the lab has steps, but no cells."""

    def spoken(self, status: Status) -> str:
        self.cells_in_all = self.known(status)
        if self.cells_in_all:
            return super().spoken(status)
        done, known = status.progress
        return f"{done} of {known} steps are over"


def progress(document: Document) -> Progress:
    """What is known of a run's length before it has planned."""
    try:
        found = runs.experiments_of(document)
    except UsageError:
        return Progress(0, 0.0)
    measuring = [each for each in found if not each.reviews]
    cells = sum(map(duration.of_cells, measuring))
    here_s = sum(duration.of_experiment(each) - duration.RUN_S for each in measuring)
    return Progress(cells, CELL_S - duration.CELL_S + here_s / max(1, cells), len(measuring))


@dataclass
class Waiting:
    """What keeps a run from coming on by itself: an image that is not there, or a controller that does not look."""

    clock: Callable[[], float] = time.monotonic
    since: dict[str, float] = field(default_factory=dict)

    def check(self, document: Document, status: Status) -> None:
        """Raises ClusterError: a step has waited too long for its image, or the whole run for a controller."""
        at = self.clock()
        if not (document.get("status") or {}).get("phase"):  # Argo Server fills in a status that nobody has set
            if at - self.since.setdefault("", at) >= IMAGE_PATIENCE_S:
                raise ClusterError(_unseen(document))
            return
        stuck = {node.id: node for node in status.pods() if node.phase == "Pending" and words.no_image(node.message)}
        self.since = {node: self.since.get(node, at) for node in stuck}
        for node, began in self.since.items():
            if at - began >= IMAGE_PATIENCE_S:
                raise ClusterError(_stuck(status, stuck[node]))


def _stuck(status: Status, node: Node) -> str:
    step = node.name.removeprefix(f"{status.workflow}.")
    return (
        f"{step} does not start: {words.cause(node.message)}. The run goes on by itself once it is there; "
        f"to end it: python -m pipelines terminate {status.workflow}"
    )


def _unseen(document: Document) -> str:
    name, namespace = document["metadata"]["name"], document["metadata"].get("namespace")
    return (
        f"no workflow controller has looked at {name} for {IMAGE_PATIENCE_S:g} s: "
        f"does one run, and does it watch namespace {namespace}?"
    )


def show(api: Argo, document: Document) -> runs.Kept:
    """Shows a run until it is over, as a tree in a terminal and as lines elsewhere. Raises ClusterError."""
    reasons, waiting = runs.Reasons(api), Waiting()
    name = document["metadata"]["name"]
    with live.watching(f"{name} in namespace {api.namespace}", progress(document), reasons) as observe:
        for newest in changes(api, document):
            document, status = newest, runs.status_of(newest)
            observe(status)
            waiting.check(document, status)
    return runs.Kept(document, status, reasons)


def wait(api: Argo, document: Document) -> runs.Kept:
    """Waits for a run without a word. Raises ClusterError."""
    waiting = Waiting()
    for newest in changes(api, document):
        document = newest
        waiting.check(document, runs.status_of(document))
    return runs.of(api, document)
