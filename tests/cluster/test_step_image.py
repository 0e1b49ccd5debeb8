"""The image of the steps, looked into from inside."""

import json
import time

from tests.cluster.place_lab import STEPS_IMAGE


def test_image_of_the_steps_holds_what_steps_need_and_no_more(place_lab):
    """In a restricted pod, without a token: every verb's module is there, Hera and the client of the cluster are not."""
    code = """
import importlib, importlib.metadata, importlib.util, json, os
verbs = ["provision", "deploy", "load", "measure", "extend", "teardown", "report", "sweep", "keeper"]
for verb in verbs:
    importlib.import_module(f"steps.{verb}")
there = [name for name in ("hera", "kubernetes", "click", "rich", "pipelines", "phases") if importlib.util.find_spec(name)]
print(json.dumps({"uid": os.getuid(), "there": there, "pydantic": importlib.metadata.version("pydantic")}))
"""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "looks-around"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "main",
                    "image": STEPS_IMAGE,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python", "-c", code],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }
    place_lab.kube.create(pod)
    deadline = time.monotonic() + 60
    while place_lab.kube.get("Pod", "looks-around")["status"]["phase"] in {"Pending", "Running"} and time.monotonic() < deadline:
        time.sleep(0.3)

    said = place_lab.kube.log("looks-around", "main")

    assert json.loads(said.splitlines()[-1]) == {
        "uid": 65532,
        "there": [],
        "pydantic": json.loads(said.splitlines()[-1])["pydantic"],
    }
