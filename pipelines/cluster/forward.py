"""A door from this machine to a pod's port, through the Kubernetes API: for a store that only the cluster can reach.

Each connection to the local port becomes one of its own through the API; the official client speaks that protocol.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from steps.errors import ClusterError
from steps.kube import Kube

_PIECE = 65536


def pod_behind(kube: Kube, service: str, port: int) -> tuple[str, int]:
    """A ready pod of a Service, and the port of its container that the Service's port leads to. Raises ClusterError."""
    found = kube.get("Service", service)
    if found is None:
        message = f"there is no Service {service} in namespace {kube.namespace} of {kube.where}"
        raise ClusterError(message)
    target = next((each.get("targetPort", port) for each in found["spec"]["ports"] if each["port"] == port), port)
    selector = ",".join(f"{name}={value}" for name, value in (found["spec"].get("selector") or {}).items())
    for pod in kube.list("Pod", selector=selector) if selector else []:
        if any(each["type"] == "Ready" and each["status"] == "True" for each in pod.get("status", {}).get("conditions") or ()):
            return pod["metadata"]["name"], _number(pod, target)
    message = f"no pod of Service {service} in namespace {kube.namespace} is ready"
    raise ClusterError(message)


def _number(pod: dict[str, Any], target: int | str) -> int:
    """A container's port by its number or name."""
    ports = [each for container in pod["spec"]["containers"] for each in container.get("ports") or ()]
    return next(
        (int(each["containerPort"]) for each in ports if each.get("name") == target), int(target) if str(target).isdigit() else 0
    )


@contextlib.contextmanager
def opened(kube: Kube, pod: str, port: int) -> Iterator[int]:
    """A port on 127.0.0.1 that leads to the pod's, as long as the block lasts. Raises ClusterError."""
    api = _official()
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, api, kube.namespace, pod, port), name="forward", daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def _official() -> Any:
    """The official client's API, for the current kubeconfig."""
    from kubernetes import client, config

    try:
        config.load_kube_config()
    except (config.ConfigException, OSError) as error:
        message = f"a port can be forwarded only with a kubeconfig: {error}"
        raise ClusterError(message) from error
    return client.CoreV1Api()


def _accept(listener: socket.socket, api: Any, namespace: str, pod: str, port: int) -> None:
    with contextlib.suppress(OSError):  # the listener is closed when the block ends
        while True:
            here, _ = listener.accept()
            threading.Thread(target=_serve, args=(here, api, namespace, pod, port), name="forwarded", daemon=True).start()


def _serve(here: socket.socket, api: Any, namespace: str, pod: str, port: int) -> None:
    from kubernetes import stream
    from kubernetes.client.exceptions import ApiException

    with here:
        try:
            forward = stream.portforward(api.connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port))
        except ApiException:
            return  # the caller sees a connection that ends at once, and says so
        there = forward.socket(port)
        back = threading.Thread(target=_pump, args=(there, here), name="back", daemon=True)
        back.start()
        _pump(here, there)
        back.join()
        with contextlib.suppress(Exception):
            forward.close()


def _pump(source: Any, sink: Any) -> None:
    """Carries bytes one way until there are no more."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
