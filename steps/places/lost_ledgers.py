"""The ledgers of lost runs: when nothing of a run is there any more, what the store still thinks open is struck off.

A run that came to its exit handler has closed its own. What its report sealed is left as it is, open entries too: they were true
when it was sealed, and a changed object breaks a seal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from steps.kube import Kube, Object
from steps.ledger import KEY
from steps.model import LedgerEntry, now
from steps.places.lost import KINDS, RUN, SELECTOR, UNDER_WAY
from steps.seal import Seal, newest_name
from steps.store import Store

OVER = f"{RUN},workflows.argoproj.io/completed=true,workflows.argoproj.io/phase!=Succeeded"
PHASE, EXPERIMENT = "benchlab.dev/phase", "benchlab.dev/experiment"
PARAMETER = "experiment-"  # of a phase's Workflow: one for each of its experiments


def close(kube: Kube, store: Store, *, tracing: Kube | None = None) -> list[str]:
    """Closes the open entries of every lost run in the namespace of which nothing is left; returns what they stood for.

    tracing: the namespace of its tracers, where nobody of the run may be left either.
    Raises ClusterError, StoreError, UsageError: an entry is damaged.
    """
    closed = []
    for run, prefix in sorted(gone(kube, tracing)):
        where = kube.namespace + (f", no Pod in {tracing.namespace}" if tracing else "")
        closed += [f"{what}, of run {run}" for what in _strike_off(store, prefix, run=run, namespace=where)]
    return closed


def gone(kube: Kube, tracing: Kube | None = None) -> set[tuple[str, str]]:
    """The runs that did not succeed, are not under way and have nothing in the namespace; with where they are in the store."""
    over = kube.list("Workflow", selector=OVER)  # first: what begins meanwhile is then seen to be there
    there = {each["metadata"]["labels"].get(RUN) for each in kube.list("Workflow", selector=f"{RUN},{UNDER_WAY}")}
    places = [*((kube, kind) for kind in KINDS), *([(tracing, "Pod")] if tracing else [])]
    there |= {each["metadata"]["labels"][RUN] for place, kind in places for each in place.list(kind, selector=SELECTOR)}
    return {found for each in over for found in _where(each) if found[0] not in there}


def _where(workflow: Object) -> Iterator[tuple[str, str]]:
    """The run that a Workflow is part of, and its prefix in the store: one for each experiment."""
    labels = workflow["metadata"]["labels"]
    given = workflow["spec"].get("arguments", {}).get("parameters", ())
    names = [each["name"].removeprefix(PARAMETER) for each in given if each["name"].startswith(PARAMETER)]
    for experiment in names or [labels.get(EXPERIMENT)]:
        if PHASE in labels and experiment:
            yield labels[RUN], f"runs/{labels[PHASE]}/{experiment}/{labels[RUN]}"


def _strike_off(store: Store, prefix: str, *, run: str, namespace: str) -> Iterator[str]:
    """Closes each open entry below a prefix that no report has sealed."""
    keys = list(store.list(f"{prefix}/ledger/"))
    sealed = _sealed(store, prefix) if keys else frozenset()
    for key in keys:
        text = store.get(key)
        entry = LedgerEntry.from_json(text, source=key)
        if entry.closed_at or hashlib.sha256(text).hexdigest() in sealed:
            continue
        proof = f"swept: no {', '.join(KINDS)} of run {run} in namespace {namespace}"
        store.put(entry.facts.get(KEY, key), entry.model_copy(update={"closed_at": now(), "proof": proof}).to_json())
        yield entry.what


def _sealed(store: Store, prefix: str) -> frozenset[str]:
    """The digests in a run's newest seal; none, where it has no seal."""
    name = newest_name(key.removeprefix(f"{prefix}/") for key in store.list(f"{prefix}/seal-"))
    if name is None:
        return frozenset()
    return frozenset(Seal.from_json(store.get(f"{prefix}/{name}"), source=name).objects.values())
