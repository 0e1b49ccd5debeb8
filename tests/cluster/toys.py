"""Workflows that look like runs of the lab and do next to nothing: for the verbs that follow runs."""

from __future__ import annotations

import secrets

from pipelines.cluster import objects

IMAGE = "python:3.11-slim"
SAFE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
SAFE_PODS = {key: value for key, value in objects.POD_SAFETY.items() if key != "fsGroup"}
VERDICT = {"name": "verdict", "globalName": "verdict", "valueFrom": {"path": "/tmp/verdict"}}
LONG = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('begun', flush=True); time.sleep(90)"
)
SPEAKING = "import time\nfor n in range(8): print('line', n, flush=True); time.sleep(0.7)"


def container(name, code, **fields):
    """A template that runs a little Python."""
    call = {"image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["python", "-c", code], "securityContext": SAFE}
    return {"name": name, "container": call | fields}


def documents(code, *, name=None, closing_code="open('/tmp/verdict', 'w').write('Preview')", **fields):
    """A WorkflowTemplate of one step with an exit handler, and a Workflow from it; each with a name of its own."""
    own = name or f"try-{secrets.token_hex(3)}"
    spec = {
        "entrypoint": "main",
        "onExit": "closing",
        "securityContext": SAFE_PODS,
        "arguments": {"parameters": [{"name": "run", "value": "{{workflow.name}}"}]},
        "templates": [
            {"name": "main", "dag": {"tasks": [{"name": "step", "template": "step"}]}},
            {"name": "closing", "dag": {"tasks": [{"name": "report", "template": "report"}]}},
            container("step", code, **fields),
            container("report", closing_code) | {"outputs": {"parameters": [VERDICT]}},
        ],
    }
    template = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": own}, "spec": spec}
    labels = {"benchlab.dev/phase": "phase-0"}
    metadata = {"generateName": f"{own}-", "labels": labels}
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata}
    return [template, workflow | {"spec": {"workflowTemplateRef": {"name": own}}}]


LEVELS = 16


def deep():
    """A Workflow whose nodes outgrow an object: DAGs within DAGs, each handed 80,000 characters."""
    found = documents("pass")[0]["spec"]
    big = {"parameters": [{"name": "big", "value": "{{inputs.parameters.big}}"}]}
    levels = [
        {
            "name": f"level-{level}",
            "inputs": {"parameters": [{"name": "big"}]},
            "dag": {"tasks": [{"name": "down", "template": f"level-{level + 1}", "arguments": big}]},
        }
        for level in range(LEVELS)
    ]
    levels[-1]["dag"]["tasks"] = [{"name": "down", "template": "step"}]
    spec = {key: value for key, value in found.items() if key != "onExit"}
    spec |= {"entrypoint": "level-0", "templates": [*levels, *found["templates"][2:]]}
    spec["arguments"] = {"parameters": [{"name": "big", "value": "x" * 80_000}]}
    metadata = {"generateName": "test-deep-", "labels": {"benchlab.dev/phase": "phase-0"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}
