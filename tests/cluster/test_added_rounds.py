"""A whole run on a real Argo that adds rounds: what its step decides in a pod is what the tree and the store show."""

from __future__ import annotations

import pytest

from phases.catalogue.gateways import NGINX
from pipelines import select
from pipelines.cluster import follow, report, runs, submit
from pipelines.cluster.direct import Direct
from pipelines.local import live
from steps.evidence import fetch, read
from steps.model import Experiment

pytestmark = [pytest.mark.argo, pytest.mark.evidence]


def small() -> Experiment:
    """nginx beside direct traffic, one repetition of 2 s: in a pod without a core of its own a driver is often late."""
    whole = select.experiments("gateway-comparison")[0]
    loads = tuple(load.model_copy(update={"rate_rps": 200, "warmup_s": 0.5, "duration_s": 2}) for load in whole.loads)
    return whole.model_copy(update={"contenders": (NGINX,), "loads": loads, "repetitions": 1, "hypotheses": ()})


def test_suspect_cells_are_repeated_on_argo(installed, need_images):
    """Each suspect planned cell once, under `cells-1`, in the round that the plan records; with none, `cells-1` is skipped."""
    need_images(NGINX.image.reference)
    api, asked = Direct(installed.kube), small()
    made = submit.documents([asked], declared=[asked], image=installed.settings.image)
    document = submit.submit(api, made)
    name = document["metadata"]["name"]
    try:
        status = follow.wait(api, document).status
        assert status.phase == "Succeeded", [status.message, *(runs.Reasons(api)(status, node) for node in status.failures())]
        with report.store(api) as store:
            objects, _ = fetch(store, f"{asked.key}/{name}")
    finally:
        installed.kube.delete("Workflow", name)
        installed.kube.delete("WorkflowTemplate", made[0]["metadata"]["name"])

    evidence = read(objects, run=name, prefix=f"{asked.key}/{name}", status=status.phase, failures="null")
    planned = [found for found in evidence.cells if found.cell.repetition == 1]
    suspect = {found.cell.id for found in planned if found.outcome.status == "suspect"}
    added = [cell for extension in evidence.plan.extensions for cell in extension.cells]
    phases = {node.display_name: node.phase for node in status.nodes.values()}
    assert {cell for extension in evidence.plan.extensions for cell in extension.repeats} == suspect
    assert (phases["extend-1"], phases["cells-1"]) == ("Succeeded", "Succeeded" if suspect else "Skipped")
    assert [live.cell_name(node) for node in live.cells(status)] == [found.cell.id for found in planned] + added
    assert all(found.outcome for found in evidence.cells)
