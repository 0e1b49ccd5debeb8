"""A component as Kubernetes objects: a Deployment, a Service, a ConfigMap and for a certificate a Secret, from a process's entry.

Pure: objects are plain dicts, as the API takes them. Decisions:
- Components are reached by their Service's address, not its name: contenders differ in how often they ask the DNS (nginx once,
  Envoy every five seconds), and that is nobody's measurement.
- A Service does not wait for the kubelet, which looks once a second: `deploy` asks through it until the answer is right.
- Objects are named by cell, component and five digits of the run: two runs in one namespace do not get in each other's way.
- What belongs to a run is found by labels alone, so that teardown needs nothing of the steps before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from steps.errors import UsageError
from steps.ledger import entry_id
from steps.model import Component, Image, digest
from steps.places import pod_spec
from steps.places.base import Deployed, Job, spoken_of
from steps.places.pod_spec import CONFIG, FOLDER, IDENTITY, KEEPER, KEEPER_PORT, Object
from steps.places.templates import fill

VERSIONS = "versions"
LONGEST_LABEL = 63
PREFIX = "benchlab.dev"
IDENTITY_LABEL = f"{PREFIX}/identity"  # who a component is in mTLS: it has a Secret of its own name
LOGS = "kubectl.kubernetes.io/default-container"
STAYS = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}  # an autoscaler would move it in the middle of a load


@dataclass(frozen=True)
class Setting:
    """Where and for whom objects are made."""

    namespace: str
    image: str  # of the steps, which is the keeper's too
    owner: Mapping[str, str] | None = None  # the Workflow, as an owner reference; None: a run that is nobody's


@dataclass(frozen=True)
class Rendered:
    """A component's objects, in the order in which they are made, and what they amount to."""

    name: str
    image: Image
    argv: tuple[str, ...]
    config: str | None
    objects: tuple[Object, ...]


def name_of(job: Job, component: str) -> str:
    """`CELL-COMPONENT-` and five digits that tell runs apart: a name in the namespace, at most 63 characters."""
    return entry_id(job.cell, component, digest(job.run).removeprefix("sha256:")[:5])


def selector(run: str, cell: str | None, component: str | None = None) -> str:
    """What finds everything of a component, a cell, or a run; the run's own steps are not components."""
    which = [f"{PREFIX}/run={run}", f"{PREFIX}/component={component}" if component else f"{PREFIX}/component"]
    return ",".join(which if cell is None else [*which, f"{PREFIX}/cell={cell}"])


def render(component: Component, *, job: Job, beside: Mapping[str, Deployed], setting: Setting) -> Rendered:
    """The component's objects. Raises PlaceError: it has no image; UsageError: an unknown placeholder or template."""
    image = pod_spec.image_of(component)
    values = _values(component, image, job=job, beside=beside)
    source = component.name
    process = component.process
    argv = tuple(fill(word, values, source=f"{source}: argv") for word in (process.argv if process else ()))
    env = {name: fill(text, values, source=f"{source}: env") for name, text in (process.env if process else {}).items()}
    prepare = [
        [fill(word, values, source=f"{source}: prepare") for word in words] for words in (process.prepare if process else ())
    ]
    config = _config(component, job, values)
    name = name_of(job, component.name)
    meta = _meta(name, _labels(component, job), setting)
    held = {"config": None if config is None else name, "identity": name if component.identity else None}
    spec = pod_spec.of(component, argv=argv, env=env, keeper=setting.image, prepare=prepare, **held)
    objects = [_service(component, job, meta), _deployment(component, job, meta, {**spec, "affinity": _together(job)})]
    if config is not None:
        objects.insert(0, _object("v1", "ConfigMap", meta, immutable=True, data={component.config: config}))
    identity = job.identity(component)
    if identity is not None:
        # After the Service of its name, by which it is found again, and before what mounts it.
        objects.insert(-1, _object("v1", "Secret", meta, immutable=True, stringData=identity.files))
    return Rendered(name=name, image=image, argv=argv, config=config, objects=tuple(objects))


def versions(components: Iterable[Component], *, run: str, mark: str, setting: Setting) -> Object:
    """A pod in which each component's image says its version, side by side; `mark` tells it from an earlier attempt's."""
    labels = {
        "app.kubernetes.io/part-of": "benchlab",
        "app.kubernetes.io/managed-by": "benchlab",
        f"{PREFIX}/run": run,
        f"{PREFIX}/component": VERSIONS,
    }
    return _object("v1", "Pod", _meta(entry_id(run, VERSIONS, mark), labels, setting), spec=pod_spec.versions(components))


def apart(run: str) -> Object:
    """For the pod that sends the load: rather on a node where no component of the run is. With one node it means nothing."""
    term = {
        "labelSelector": {
            "matchLabels": {f"{PREFIX}/run": run},
            "matchExpressions": [{"key": f"{PREFIX}/component", "operator": "Exists"}],
        },
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"podAntiAffinity": _rather(term)}


def _values(component: Component, image: Image, *, job: Job, beside: Mapping[str, Deployed]) -> dict[str, str]:
    """What the placeholders of its texts mean in a pod."""
    values = {
        **component.settings,
        "program": image.program,
        "bin": str(PurePosixPath(image.program).parent),
        "app": image.app or "",
        "config": f"{CONFIG}/{component.config}",
        "folder": FOLDER,
        "host": "0.0.0.0",  # noqa: S104  # a pod has an address of its own, known only when it runs
        "workers": str(component.workers or job.experiment.workers),
        "port": str(component.ports[0].number),
        "reached": name_of(job, component.name),
    }
    values |= {f"port.{port.name}": str(port.number) for port in component.ports}
    values |= {"identity": IDENTITY} if component.identity else {}
    return values | spoken_of(component, beside)


def _config(component: Component, job: Job, values: Mapping[str, str]) -> str | None:
    name = component.config
    if name is None:
        return None
    if name not in job.experiment.configs:
        message = f"{component.name}: the experiment carries no configuration template {name}"
        raise UsageError(message)
    return fill(job.experiment.configs[name], values, source=name)


def label_value(text: str) -> str:
    """What a label may hold of a text: `uvicorn-0.54.0` of `uvicorn 0.54.0`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:LONGEST_LABEL].strip("-._")


def _labels(component: Component, job: Job) -> dict[str, str]:
    around = any(component.name == each.name for each in job.experiment.around)
    return {
        "app.kubernetes.io/name": component.name,
        "app.kubernetes.io/instance": job.cell,
        "app.kubernetes.io/version": label_value(component.version),
        "app.kubernetes.io/component": "around" if around else "contender",
        "app.kubernetes.io/part-of": "benchlab",
        "app.kubernetes.io/managed-by": "benchlab",
        f"{PREFIX}/phase": job.experiment.phase,
        f"{PREFIX}/experiment": job.experiment.name,
        **({IDENTITY_LABEL: component.identity} if component.identity else {}),
        **_selected(component, job),
    }


def _selected(component: Component, job: Job) -> dict[str, str]:
    return {f"{PREFIX}/run": job.run, f"{PREFIX}/cell": job.cell, f"{PREFIX}/component": component.name}


def _service(component: Component, job: Job, meta: Object) -> Object:
    ports = {port.name: port.number for port in component.ports} | {KEEPER: KEEPER_PORT}
    spec = {
        "selector": _selected(component, job),
        "ports": [{"name": name, "port": number, "targetPort": number} for name, number in ports.items()],
        "publishNotReadyAddresses": True,
        "ipFamilies": ["IPv4"],  # as the templates write addresses
    }
    return _object("v1", "Service", meta, spec=spec)


def _deployment(component: Component, job: Job, meta: Object, pod: Object) -> Object:
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 0,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _selected(component, job)},
        "template": {"metadata": {"labels": meta["labels"], "annotations": {**STAYS, LOGS: component.name}}, "spec": pod},
    }
    return _object("apps/v1", "Deployment", meta, spec=spec)


def _together(job: Job) -> Object:
    """A cell's components rather on one node: what is between them is then the same for every contender."""
    term = {
        "labelSelector": {"matchLabels": {f"{PREFIX}/run": job.run, f"{PREFIX}/cell": job.cell}},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"podAffinity": _rather(term)}


def _rather(term: Object) -> Object:
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}


def _meta(name: str, labels: Mapping[str, str], setting: Setting) -> Object:
    owners = {"ownerReferences": [dict(setting.owner)]} if setting.owner else {}
    return {"namespace": setting.namespace, "name": name, "labels": dict(labels), **owners}


def _object(version: str, kind: str, meta: Object, **rest: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": meta, **rest}
