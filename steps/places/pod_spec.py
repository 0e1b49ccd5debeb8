"""What runs in a component's pod: its container, as the process has it, and the keeper beside it.

Pure. Nothing needs a right on the node: one user for both containers, a shared process namespace, no capability, a read-only
root file system; that is Pod Security "restricted". A capability in a program's own file (Caddy's) is the one thing that a
keeper cannot look behind: its memory is then read as RSS, which for a single process is the same. A startup probe and no
readiness probe: once a component is ready, nobody but the driver asks it. The keeper is an ordinary container: a restartable
init container would cost each component a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from steps.certificates import path_of
from steps.errors import PlaceError
from steps.model import Component, Image, Ready
from steps.places.templates import fill
from steps.rotation import NEXT

Object = dict[str, Any]

USER = 65532  # "nonroot" of distroless images; the same for component and keeper, or one could not read the other
KEEPER = "keeper"
KEEPER_PORT = 7099
FOLDER, CONFIG, IDENTITY = "/benchlab/folder", "/benchlab/config", "/benchlab/identity"
GRACE_S = 5  # between asked to end and killed
LONGEST_STARTUP_S = 600  # the kubelet's patience; `deploy` has less, and says why it was lost


def image_of(component: Component) -> Image:
    """Raises PlaceError: the component has none."""
    if component.image is None:
        message = f"{component.name} has no image: it cannot run in a pod"
        raise PlaceError(message)
    return component.image


def of(
    component: Component,
    *,
    argv: Iterable[str],
    env: Mapping[str, str],
    config: str | None,
    keeper: str,
    prepare: Iterable[Iterable[str]] = (),
    identity: str | None = None,
) -> Object:
    """The pod of a component.

    config, identity: the ConfigMap and the Secret that hold its configuration and its certificate; keeper: the keeper's image.
    """
    folder: list[Object] = [{"name": "folder", "mountPath": FOLDER}]
    mounts: list[Object] = [{"name": "config", "mountPath": CONFIG, "readOnly": True}] if config else []
    secret: list[Object] = [{"name": "identity", "mountPath": IDENTITY, "readOnly": True}] if identity else []
    volumes: list[Object] = [{"name": "config", "configMap": {"name": config}}] if config else []
    volumes += [{"name": "identity", "secret": _secret(component, identity)}] if identity else []
    before = [
        {**_prepares(component, number, words, env), "volumeMounts": folder + mounts} for number, words in enumerate(prepare, 1)
    ]
    return {
        **_without_rights(image_of(component).user),
        "shareProcessNamespace": True,
        "terminationGracePeriodSeconds": GRACE_S,
        **({"initContainers": before} if before else {}),
        "containers": [
            {
                **_keeper(component, keeper),
                "volumeMounts": [*mounts, *_seen_by_keeper(component, folder)],
            },  # started in this order: it sees the component begin
            {**_program(component, argv, env), "volumeMounts": folder + mounts + secret},
        ],
        "volumes": [{"name": "folder", "emptyDir": {"medium": "Memory"} if component.files == "memory" else {}}, *volumes],
    }


def versions(components: Iterable[Component]) -> Object:
    """A pod in which each component's program says its version and ends."""
    containers = [_asked_for_version(component) for component in components]
    return {
        **_without_rights(),
        "restartPolicy": "Never",
        "containers": containers,
        "volumes": [{"name": "folder", "emptyDir": {}}],
    }


def _asked_for_version(component: Component) -> Object:
    image = image_of(component)
    asked = component.process.program.version_argv if component.process else ()
    known = {"program": image.program, "app": image.app or ""}
    words = [fill(word, known, source=f"{component.name}: version_argv") for word in asked]
    return {
        **_container(component.name, image.reference, words),
        "env": _env({"HOME": FOLDER, "TMPDIR": FOLDER}),
        "securityContext": _confined(image.capabilities),
        "resources": _resources(0.01, 128),
        "volumeMounts": [{"name": "folder", "mountPath": FOLDER}],
    }


def _program(component: Component, argv: Iterable[str], env: Mapping[str, str]) -> Object:
    image = image_of(component)
    return {
        **_container(component.name, image.reference, argv),  # the process's words, whatever the image would start by itself
        "workingDir": FOLDER,
        "env": _env({"HOME": FOLDER, "TMPDIR": FOLDER, "LANG": "C.UTF-8", **env}),
        "ports": [{"name": port.name, "containerPort": port.number} for port in component.ports],
        "startupProbe": _startup_probe(component),
        "resources": _resources(component.resources.cpu_request_cores, component.resources.memory_mib),
        "securityContext": _confined(image.capabilities),
        "terminationMessagePolicy": "FallbackToLogsOnError",  # its last words are in the pod's status
    }


def _prepares(component: Component, number: int, words: Iterable[str], env: Mapping[str, str]) -> Object:
    image = image_of(component)
    return {
        **_container(f"prepare-{number}", image.reference, words),
        "workingDir": FOLDER,
        "env": _env({"HOME": FOLDER, "TMPDIR": FOLDER, "LANG": "C.UTF-8", **env}),
        "resources": _resources(component.resources.cpu_request_cores, component.resources.memory_mib),
        "securityContext": _confined(image.capabilities),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _secret(component: Component, name: str) -> Object:
    """A certificate that is exchanged for another has that one in a folder below."""
    if not component.rotates_s:
        return {"secretName": name}
    names = ("ca.pem", "cert.pem", "key.pem", f"{NEXT}-cert.pem", f"{NEXT}-key.pem")
    return {"secretName": name, "items": [{"key": each, "path": path_of(each)} for each in names]}


def _keeper(component: Component, image: str) -> Object:
    beside = ["--beside", component.name, "--port", str(KEEPER_PORT)]
    if component.config:
        beside += ["--config", f"{CONFIG}/{component.config}"]
    if component.ready:
        beside += ["--ready", str(_ready_port(component)), _ready_as_word(component.ready)]
    if _keeps(component):
        beside += ["--folder", FOLDER]
    if component.rotates_s:
        beside += ["--rotate", FOLDER, IDENTITY, f"{component.rotates_s:g}"]
    return {
        **_container(KEEPER, image, ["python", "-P", "-S", "-m", "steps.keeper", *beside]),
        "ports": [{"name": KEEPER, "containerPort": KEEPER_PORT}],
        "securityContext": _confined(()),
        "resources": _resources(0.01, 64),
    }


def _seen_by_keeper(component: Component, folder: Sequence[Object]) -> list[Object]:
    """The program's folder, where its keeper exchanges a certificate in it, or only looks how much is kept there."""
    if component.rotates_s:
        return list(folder)
    return [{**each, "readOnly": True} for each in folder] if _keeps(component) else []


def _keeps(component: Component) -> bool:
    """Whether it is a database or a broker, which is asked after a load how much it keeps on its disk."""
    return component.speaks != "http" and component.files == "disk"


def _container(name: str, image: str, command: Iterable[str]) -> Object:
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": [literal(word) for word in command]}


def _without_rights(user: int | None = None) -> Object:
    """No token, and no variables from Services, which some programs read as their settings."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user or USER,
            "runAsGroup": user or USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _confined(capabilities: tuple[str, ...]) -> Object:
    kept = {"add": list(capabilities)} if capabilities else {}
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], **kept},
    }


def _resources(cpu_cores: float, memory_mib: int) -> Object:
    memory = f"{memory_mib}Mi"
    return {"requests": {"cpu": f"{round(1000 * cpu_cores)}m", "memory": memory}, "limits": {"memory": memory}}


def _startup_probe(component: Component) -> Object | None:
    check = component.ready
    if check is None:
        return None
    port = check.port or component.ports[0].name
    how = {"tcpSocket": {"port": port}} if check.path is None else {"httpGet": {"path": check.path, "port": port}}
    return {**how, "periodSeconds": 1, "failureThreshold": LONGEST_STARTUP_S}


def _ready_as_word(check: Ready) -> str:
    """As the keeper in a pod is told of it: `/path`, or `tcp:HELLO:ANSWER`."""
    return f"tcp:{check.hello}:{check.answer}" if check.path is None else check.path


def _ready_port(component: Component) -> int:
    asked = component.ready.port if component.ready else None
    return next(port.number for port in component.ports if asked in {None, port.name})


def _env(values: Mapping[str, str]) -> list[Object]:
    return [{"name": name, "value": literal(text)} for name, text in values.items()]


def literal(text: str) -> str:
    """The kubelet expands `$(NAME)`; `$$(NAME)` stays what it is, with one dollar."""
    return text.replace("$(", "$$(")
