"""The node trees in tests/golden/argo, made anew on the Argo that is here, are the ones that were recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pipelines import rights
from pipelines.cluster import objects
from tests.cluster.conftest import finished
from tests.cluster.recorder import differences, record

pytestmark = [pytest.mark.argo, pytest.mark.evidence]

FOLDER = Path(__file__).parents[1] / "golden" / "argo"


def documents(name):
    """A golden's manifest, made safe enough for a restricted namespace; that does not change a node."""
    found = [each for each in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text()) if each]
    for each in found:
        each["spec"]["serviceAccountName"] = rights.STEPS
        each["spec"]["securityContext"] = {key: value for key, value in objects.POD_SAFETY.items() if key != "fsGroup"}
        for template in each["spec"].get("templates", ()):
            if "container" in template:
                template["container"]["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return found


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_a_golden_is_what_argo_makes_today(name, installed):
    """Same manifest, same tree: names, types, phases, messages, outputs."""
    kube, made = installed.kube, documents(name)
    try:
        for each in made:
            kube.create(each)
        workflow = finished(kube, name, within_s=300)
    finally:
        for each in made:
            kube.delete(each["kind"], each["metadata"]["name"])

    golden = json.loads((FOLDER / f"{name}.json").read_text())
    assert differences(golden, record(workflow)) == []
