"""Bad days of a pod: what cannot stand says why in one sentence, and what changed behind an address is noticed."""

import asyncio
import json
import time

import pytest

from phases.catalogue.gateways import ENVOY, HAPROXY
from pipelines.cluster import access
from steps.drivers import identity
from steps.errors import ClusterError, NotReady, PlaceError
from steps.model import Ready
from steps.places import pod_readiness
from tests.cluster.place_lab import STEPS_IMAGE, get, usage, with_image
from tests.lab import experiment


def test_component_that_was_started_anew_is_noticed(place_lab):
    """A pod that was evicted is replaced behind the same address: the load would measure a stranger."""
    endpoints = place_lab.deploy("direct-500rps-r1")
    [pod] = place_lab.pods("upstream")

    place_lab.kube.delete("Pod", pod["metadata"]["name"])
    wait_for_another(place_lab, pod, endpoints)

    said = asyncio.run(identity.difference(endpoints, "after"))
    assert said == "after the load, upstream is not what was deployed: it was started anew"
    place_lab.remove(None)


def wait_for_another(lab, pod, endpoints):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pods = [each for each in lab.pods("upstream") if each["metadata"]["uid"] != pod["metadata"]["uid"]]
        try:
            if len(lab.pods("upstream")) == 1 and pods and get(f"{endpoints.target}/json"):
                return
        except OSError:
            pass
        time.sleep(0.3)
    pytest.fail("the Deployment made no other pod")


def test_component_that_dies_is_noticed_by_its_keeper(place_lab):
    """Ended by the kernel for its memory, a main process is not running any more, however fast Kubernetes starts another."""
    endpoints = place_lab.deploy("direct-500rps-r1")
    ended = json.loads(get(f"{endpoints.keepers['upstream']}/running"))["instance"].split()[0]

    kill_in_pod(place_lab, "upstream", ended)
    deadline = time.monotonic() + 15
    while usage(endpoints, "upstream").running and time.monotonic() < deadline:
        time.sleep(0.1)

    assert not usage(endpoints, "upstream").running
    said = asyncio.run(identity.difference(endpoints, "after"))
    assert said == "after the load, upstream is not what was deployed: it has ended"
    place_lab.remove(None)


def kill_in_pod(lab, component, pid):
    """As an ephemeral container that shares the pod's processes and its user."""
    [pod] = lab.pods(component)
    keeper = next(each for each in pod["spec"]["containers"] if each["name"] == "keeper")
    container = {
        "name": "assassin",
        "image": keeper["image"],
        "command": ["python", "-c", f"import os; os.kill({pid}, 9)"],
        "securityContext": keeper["securityContext"],
    }
    path = f"/api/v1/namespaces/{lab.kube.namespace}/pods/{pod['metadata']['name']}/ephemeralcontainers"
    lab.kube.call(
        "PATCH",
        path,
        body={"spec": {"ephemeralContainers": [container]}},
        content_type="application/strategic-merge-patch+json",
    )


def eats_memory():
    """A contender that needs more than it may have, at once."""
    process = ENVOY.process.model_copy(update={"argv": ("@{program}", "-c", "bytearray(200 << 20)")})
    return with_image(ENVOY.model_copy(update={"process": process}), f"docker.io/{STEPS_IMAGE}", "/usr/bin/python3").model_copy(
        update={"resources": ENVOY.resources.model_copy(update={"memory_mib": 64})}
    )


BAD = {
    "image that is not there": (
        with_image(HAPROXY, "docker.io/library/haproxy:0.0.1"),
        r"haproxy: image docker\.io/library/haproxy:0\.0\.1 cannot be pulled \((ErrImagePull|ImagePullBackOff)\): ",
    ),
    "program that is not in the image": (
        with_image(HAPROXY, HAPROXY.image.reference, "/usr/bin/haproxy2"),
        r"haproxy: container haproxy (cannot be started|ended before it was ready).*haproxy2",
    ),
    "never ready": (
        HAPROXY.model_copy(update={"ready": Ready(path="/away", within_s=3)}),
        r"haproxy was not ready after 3 s in its pod: GET /away was answered 404",
    ),
    "too little memory": (
        eats_memory(),
        r"envoy: container envoy ended before it was ready, out of memory",
    ),
    "too much asked for": (
        HAPROXY.model_copy(update={"resources": HAPROXY.resources.model_copy(update={"cpu_request_cores": 900})}),
        r"haproxy: no node takes its pod: 0/\d+ nodes are available: .*Insufficient cpu",
    ),
}


@pytest.mark.parametrize(("contender", "said"), BAD.values(), ids=BAD)
def test_contender_that_cannot_stand_says_why(place_lab, contender, said, monkeypatch):
    """One sentence, in bounded time; what was made is removed like anything else."""
    monkeypatch.setattr(pod_readiness, "PATIENCE_S", 3.0)
    place_lab.asked = experiment((contender,)).model_copy(update={"contenders": (contender,)})
    began = time.monotonic()

    with pytest.raises(NotReady, match=said) as caught:
        place_lab.deploy(f"{contender.name}-500rps-r1")

    print(f"after {time.monotonic() - began:.1f} s: {caught.value}")
    assert "\n" not in str(caught.value)
    assert place_lab.remove(None).left == ()
    assert place_lab.objects() == []


def test_configuration_that_is_wrong_is_told_in_the_programs_words(place_lab):
    """The last line of the container's log, without a right to read logs."""
    place_lab.asked = experiment((HAPROXY,))
    configs = {**place_lab.asked.configs, "haproxy.cfg": "frontend a\n    nonsense\n    bind @{host}:@{port}\n"}
    place_lab.asked = place_lab.asked.model_copy(update={"configs": configs})

    with pytest.raises(
        NotReady, match=r"container haproxy ended before it was ready, with status 1; its last line: .*atal error"
    ):
        place_lab.deploy("haproxy-500rps-r1")

    place_lab.remove(None)


def test_quota_that_is_used_up_is_named(place_lab, monkeypatch):
    """The pod is never made; the Deployment's condition knows why."""
    monkeypatch.setattr(pod_readiness, "PATIENCE_S", 2.0)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}}
    place_lab.kube.create(quota)

    with pytest.raises(NotReady, match=r"upstream: the namespace's quota is used up \(exceeded quota: small, requested: pods=1"):
        place_lab.deploy("direct-500rps-r1")

    assert place_lab.remove(None).left == ()


def test_missing_right_is_named(place_lab):
    """A ServiceAccount that may look and not make: the message says who may not do what, and where."""
    place_lab.kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "onlooker"}})
    place_lab.kube.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "look"},
            "rules": [{"apiGroups": ["", "apps"], "resources": ["*"], "verbs": ["list"]}],
        }
    )
    place_lab.kube.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "look"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "look"},
            "subjects": [{"kind": "ServiceAccount", "name": "onlooker", "namespace": place_lab.kube.namespace}],
        }
    )
    path = f"/api/v1/namespaces/{place_lab.kube.namespace}/serviceaccounts/onlooker/token"
    token = place_lab.kube.call("POST", path, body={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
    place_lab.kube = access.with_token(place_lab.kube, token["status"]["token"])

    with pytest.raises(ClusterError, match=r"onlooker may not create configmaps in namespace \S+: ask the administrators"):
        place_lab.deploy("direct-500rps-r1")


def test_place_is_refused_beside_a_cluster_without_an_image(place_lab):
    """The keeper's image is that of the step's own pod; beside a cluster somebody must name it."""
    del place_lab.environment["BENCHLAB_IMAGE"]

    with pytest.raises(PlaceError, match="set BENCHLAB_IMAGE"):
        place_lab.deploy("direct-500rps-r1")
