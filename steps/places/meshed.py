"""A chain of services as a named mesh takes it: a namespace that is in the mesh, an account for each service, strict policies.

The services are the objects that any component becomes (`steps.places.pods`), with an account of their own, because in a mesh an
identity is an account's. They call each other by name: a mesh that routes has to see whom. Pure; nothing here was run in a mesh.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from steps.model import Component, DeployedComponent
from steps.model.mesh import Mesh
from steps.places import pods
from steps.places.base import Deployed, Job
from steps.places.pod_spec import KEEPER_PORT, Object
from steps.places.pods import Rendered, Setting
from steps.places.templates import fill


def objects(mesh: Mesh, services: Sequence[Component], *, job: Job, setting: Setting) -> tuple[Object, ...]:
    """The namespace, the mesh's policies in it, and the services in the order in which they are deployed.

    Raises PlaceError: a service has no image; UsageError: an unknown placeholder or template.
    """
    namespace: Object = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": setting.namespace,
            "labels": {"app.kubernetes.io/part-of": "benchlab", **mesh.namespace_labels},
            "annotations": dict(mesh.namespace_annotations),
        },
    }
    made = [namespace, *_policies(mesh, setting.namespace)]
    beside: dict[str, Deployed] = {}
    for service in services:
        rendered = pods.render(service, job=job, beside=beside, setting=replace(setting, owner=None))
        made += _with_account(rendered)
        beside[service.name] = _by_name(service, rendered, setting.namespace)
    return tuple(made)


def _policies(mesh: Mesh, namespace: str) -> list[Object]:
    values = {"namespace": namespace}
    return [json.loads(fill(json.dumps(each), values, source=f"{mesh.name}: policy")) for each in mesh.policies]


def _with_account(rendered: Rendered) -> list[Object]:
    """The component's objects under an account of its own, which gives no right to the API: its pod has no token."""
    deployment = next(each for each in rendered.objects if each["kind"] == "Deployment")
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": deployment["metadata"],
        "automountServiceAccountToken": False,
    }
    template = deployment["spec"]["template"]
    pod = {**template["spec"], "serviceAccountName": rendered.name}
    own = {**deployment, "spec": {**deployment["spec"], "template": {**template, "spec": pod}}}
    return [account, *(own if each is deployment else each for each in rendered.objects)]


def _by_name(service: Component, rendered: Rendered, namespace: str) -> Deployed:
    """Where the next one finds it: at its Service's name."""
    host = f"{rendered.name}.{namespace}.svc"
    record = DeployedComponent(
        name=service.name,
        program=rendered.image.program,
        version=service.version,
        argv=rendered.argv,
        config_digest=None,
        ready_ms=0.0,
    )
    ports = {port.name: port.number for port in service.ports}
    return Deployed(record=record, host=host, ports=ports, keeper=f"http://{host}:{KEEPER_PORT}")
