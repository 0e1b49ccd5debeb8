"""Waits until a component in a pod can be measured, and says in one sentence why it could not."""

from __future__ import annotations

import http.client
import time

from steps.errors import NotReady, PlaceError, UsageError
from steps.kube import Kube, Object
from steps.model import Component, DeployedComponent, PodContainer, Ready, Running, digest
from steps.places import pod_status
from steps.places.base import Deployed, Job, secured
from steps.places.patience import patiently
from steps.places.pod_spec import KEEPER_PORT
from steps.places.pods import Rendered, selector
from steps.places.readiness import ask

STARTS_WITHIN_S = 75.0  # scheduled, image pulled, started; two components fit into the step's own limit
PATIENCE_S = 12.0  # for a trouble that can pass: the kubelet pulls again after ten seconds
LOOK_EVERY_S = 0.1
ASK_EVERY_S = 0.02
KEEPER_WITHIN_S = 5.0


def wait(component: Component, rendered: Rendered, *, host: str, job: Job, kube: Kube) -> Deployed:
    """From its objects to the first good answer through its Service. Raises NotReady, PlaceError."""
    if component.ready is None:
        message = f"{component.name} has no ready check"
        raise PlaceError(message)
    eyes = _Eyes(component, selector(job.run, job.cell, component.name), kube)
    pod = eyes.until_it_runs()
    if (strange := pod_status.strangers(pod, _template(rendered))) is not None:
        message = f"{component.name} does not run as it was rendered: {strange}"
        raise PlaceError(message)
    ports = {port.name: port.number for port in component.ports}
    _until_ready(component, component.ready, host, ports, eyes)
    keeper = f"http://{host}:{KEEPER_PORT}"
    found = _ask_keeper(component, host)
    config = None if rendered.config is None else digest(rendered.config)
    status = pod_status.container_status(pod, component.name)
    record = DeployedComponent(
        name=component.name,
        program=f"{rendered.image.reference} {rendered.image.program}",
        version=f"{rendered.image.reference}\n{status.get('imageID', '')}".strip(),
        argv=rendered.argv,
        config_digest=config,
        ready_ms=found.ready_ms or 0.0,
    )
    expected = Running(component=component.name, instance=found.instance, argv=rendered.argv, config_digest=config)
    return Deployed(
        record=record,
        host=host,
        ports=ports,
        keeper=keeper,
        rendered=expected,
        pod=_container(pod, component.name),
        secured=secured(component, host, ports),
    )


def _container(pod: Object, name: str) -> PodContainer | None:
    """Where the kubelet of its node finds it; None: the API does not tell the node's address."""
    meta, address = pod["metadata"], pod.get("status", {}).get("hostIP")
    return PodContainer(node=address, namespace=meta["namespace"], pod=meta["name"], container=name) if address else None


class _Eyes:
    """Looks at a component's pod, and raises what is wrong with it once that has lasted."""

    def __init__(self, component: Component, which: str, kube: Kube) -> None:
        self._component = component
        self._which = which
        self._kube = kube
        self._troubled_since: float | None = None

    def _list(self, kind: str) -> list[Object]:
        return patiently(lambda: self._kube.list(kind, selector=self._which))

    def until_it_runs(self) -> Object:
        """The component's pod, with its container running."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            pods = self.look()
            for pod in pods:
                if pod_status.runs(pod, self._component.name):
                    return pod
            if time.monotonic() > deadline:
                state = pods[0].get("status", {}).get("phase", "unknown") if pods else "not there"
                message = f"{self._component.name} did not start within {STARTS_WITHIN_S:g} s: its pod is {state}"
                raise NotReady(message)
            time.sleep(LOOK_EVERY_S)

    def look(self) -> list[Object]:
        """Its pods. Raises NotReady: one is in trouble, and will not come out of it."""
        pods = self._list("Pod")
        found = pod_status.trouble(pods, [] if pods else self._list("Deployment"))
        now = time.monotonic()
        self._troubled_since = None if found is None else self._troubled_since or now
        if found and (not found.passing or now - (self._troubled_since or now) > PATIENCE_S):
            message = f"{self._component.name}: {found.what}"
            raise NotReady(message)
        return pods


def _until_ready(component: Component, check: Ready, host: str, ports: dict[str, int], eyes: _Eyes) -> None:
    """Returns with the first good answer."""
    port = ports[check.port or component.ports[0].name]
    began = looked = time.monotonic()
    while True:
        said = ask(check, host, port)
        now = time.monotonic()
        if said == "":
            return
        if now - looked > LOOK_EVERY_S:
            eyes.look()
            looked = now
        if now - began > check.within_s:
            message = f"{component.name} was not ready after {check.within_s:g} s in its pod: {check.said} {said}"
            raise NotReady(message)
        time.sleep(ASK_EVERY_S)


def _ask_keeper(component: Component, host: str) -> Running:
    """What its keeper says of it. Raises NotReady: the keeper does not answer, or does not see it."""
    deadline = time.monotonic() + KEEPER_WITHIN_S
    said = "it was not asked"
    while time.monotonic() < deadline:
        try:
            found = Running.from_json(_get(host), source="its answer")
            if found.instance is not None and found.ready_ms is not None:
                return found
            said = "it does not see the component's process, or no good answer of it"
        except (OSError, http.client.HTTPException, UsageError) as error:
            said = str(error)
        time.sleep(0.1)
    message = f"the keeper of {component.name} did not answer within {KEEPER_WITHIN_S:g} s: {said}"
    raise NotReady(message)


def _get(host: str) -> bytes:
    connection = http.client.HTTPConnection(host, KEEPER_PORT, timeout=1.0)
    try:
        connection.request("GET", "/running")
        return connection.getresponse().read()
    finally:
        connection.close()


def _template(rendered: Rendered) -> Object:
    spec: Object = next(each for each in rendered.objects if each["kind"] == "Deployment")["spec"]["template"]["spec"]
    return spec
