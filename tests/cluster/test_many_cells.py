"""Two hundred cells of one pod each, one after the other: how long one takes, and how large the status grows."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime

import pytest

from tests.cluster.conftest import finished
from tests.cluster.toys import SAFE_PODS, container

pytestmark = [pytest.mark.argo, pytest.mark.evidence]

CELLS = 200
LARGEST = 1 << 20  # bytes: what Argo lets a Workflow be before it packs the nodes, and what packed ones may be


def many(names):
    """The shape of a comparison, of which a cell is one pod that does nothing."""
    cell = {"name": "cell", "arguments": {"parameters": [{"name": "cell", "value": "{{item}}"}]}, "template": "cell"}
    templates = [
        {"name": "main", "parallelism": 1, "dag": {"tasks": [cell | {"name": "cells", "withParam": json.dumps(names)}]}},
        {
            "name": "cell",
            "inputs": {"parameters": [{"name": "cell"}]},
            "dag": {"tasks": [{"name": "load", "template": "load"}]},
        },
        container("load", "pass"),
    ]
    spec = {"entrypoint": "main", "securityContext": SAFE_PODS, "templates": templates, "podGC": {"strategy": "OnPodSuccess"}}
    metadata = {"name": "many-cells", "labels": {"benchlab.dev/phase": "phase-0"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}


def packed(nodes):
    """How many bytes they are in the object, as Argo packs them."""
    return len(base64.b64encode(gzip.compress(json.dumps(nodes, separators=(",", ":")).encode())))


def test_two_hundred_cells_run_and_a_thousand_would_fit(room):
    """All of them succeed; what a thousand cells of the lab's seven nodes would need is extrapolated from these nodes."""
    names = [f"contender-{n % 10}-500rps-r{n // 10}" for n in range(CELLS)]
    room.create(many(names))
    try:
        found = finished(room, "many-cells", within_s=3000)
    finally:
        room.delete("Workflow", "many-cells")
    status = found["status"]
    nodes = status["nodes"]
    began, ended = (datetime.fromisoformat(status[each]) for each in ("startedAt", "finishedAt"))
    plain, small = len(json.dumps(nodes, separators=(",", ":"))), packed(nodes)
    thousand = 1000 * 7 * small / len(nodes)

    print(f"{CELLS} cells in {(ended - began).total_seconds():.0f} s, {(ended - began).total_seconds() / CELLS:.1f} s a cell")
    print(f"{len(nodes)} nodes: {plain:,} bytes, {small:,} packed; 1,000 cells of 7 nodes: {thousand:,.0f} bytes packed")
    assert status["phase"] == "Succeeded"
    assert sum(node["type"] == "Pod" and node["phase"] == "Succeeded" for node in nodes.values()) == CELLS
    assert thousand < LARGEST
