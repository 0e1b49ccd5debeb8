"""What the status of a pod means, in a sentence; statuses as Kubernetes 1.34 wrote them."""

import pytest

from steps.places import pod_status

QUOTA = (
    'pods "envoy-x" is forbidden: exceeded quota: benchlab, requested: requests.memory=320Mi, '
    "used: requests.memory=900Mi, limited: requests.memory=1Gi"
)


def pod(*statuses, phase="Pending", image="docker.io/library/nginx:9", **status):
    names = [each["name"] for each in statuses] or ["nginx"]
    return {
        "metadata": {"name": "nginx-x"},
        "spec": {"containers": [{"name": name, "image": image, "command": ["nginx"]} for name in names]},
        "status": {"phase": phase, "containerStatuses": list(statuses), **status},
    }


def waiting(reason, message="", name="nginx"):
    return {"name": name, "state": {"waiting": {"reason": reason, "message": message}}}


def ended(code, reason="Error", message=None, name="nginx"):
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": reason, "message": message}}}


def condition(kind, status, message):
    return {"conditions": [{"type": kind, "status": status, "message": message}]}


CASES = {
    "image": (
        pod(waiting("ImagePullBackOff", 'Back-off pulling image "docker.io/library/nginx:9"')),
        'image docker.io/library/nginx:9 cannot be pulled (ImagePullBackOff): Back-off pulling image "docker.io/library/nginx:9"',
        True,
    ),
    "name of an image": (
        pod(waiting("InvalidImageName", "couldn't parse image name")),
        "image docker.io/library/nginx:9 cannot be pulled (InvalidImageName): couldn't parse image name",
        False,
    ),
    "configuration": (
        pod(waiting("CreateContainerConfigError", 'configmap "nginx-x" not found')),
        'container nginx cannot be started (CreateContainerConfigError): configmap "nginx-x" not found',
        False,
    ),
    "last words": (
        pod(ended(1, message="first\nnginx: [emerg] unknown directive\n\n")),
        'container nginx ended before it was ready, with status 1; its last line: "nginx: [emerg] unknown directive"',
        False,
    ),
    "killed": (pod(ended(137)), "container nginx ended before it was ready, killed by SIGKILL", False),
    "memory": (
        pod(ended(137, "OOMKilled")),
        "container nginx ended before it was ready, out of memory: it used all that it may have",
        False,
    ),
    "restarted": (
        pod({"name": "nginx", "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}}}),
        "container nginx ended before it was ready, with status 2",
        False,
    ),
    "no node": (
        pod(**condition("PodScheduled", "False", "0/1 nodes are available: 1 Insufficient memory.")),
        "no node takes its pod: 0/1 nodes are available: 1 Insufficient memory.",
        True,
    ),
    "evicted": (
        pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        "its pod was ended by Kubernetes, Evicted: The node was low on resource: memory.",
        False,
    ),
}


@pytest.mark.parametrize(("found", "what", "passing"), CASES.values(), ids=CASES)
def test_trouble_of_a_pod_is_told_in_a_sentence(found, what, passing):
    """What happened, to what, in whose words; and whether waiting can help."""
    assert pod_status.trouble([found], []) == pod_status.Trouble(what, passing)


@pytest.mark.parametrize(
    ("said", "what", "passing"),
    [
        (QUOTA, "the namespace's quota is used up (exceeded quota: benchlab, requested: requests.memory=320Mi", True),
        (
            'pods "x" is forbidden: violates PodSecurity "restricted:latest": hostPath',
            "the namespace's Pod Security refuses",
            False,
        ),
        ("admission webhook denied the request", "Kubernetes refuses its pod: admission webhook", True),
    ],
    ids=["quota", "Pod Security", "webhook"],
)
def test_pod_that_was_never_made_is_told_of_by_its_deployment(said, what, passing):
    """A refused pod leaves nothing but a condition of the Deployment."""
    found = pod_status.trouble([], [{"status": condition("ReplicaFailure", "True", said)}])

    assert found.what.startswith(what)
    assert found.passing is passing


def test_healthy_pod_has_no_trouble():
    """Creating, pulling and running are no troubles."""
    creating = pod(waiting("ContainerCreating"), **condition("PodScheduled", "True", ""))

    assert pod_status.trouble([creating], [{"status": {}}]) is None
    assert pod_status.trouble([pod({"name": "nginx", "state": {"running": {}}, "lastState": {}})], []) is None


def test_trouble_that_does_not_pass_goes_first():
    """A keeper whose image is slow to come does not hide a component that ended."""
    found = pod_status.trouble([pod(waiting("ErrImagePull", name="keeper"), ended(3))], [])

    assert found.what == "container nginx ended before it was ready, with status 3"


def test_container_that_nobody_rendered_is_found():
    """A mesh that puts itself into the pod is on the path that is measured."""
    admitted = pod({"name": "nginx"}, {"name": "istio-proxy"})
    rendered = pod({"name": "nginx"})["spec"]

    assert "(istio-proxy): is a mesh's injection on" in pod_status.strangers(admitted, rendered)
    assert pod_status.strangers(pod({"name": "nginx"}), rendered) is None


def test_image_that_was_exchanged_is_found():
    """An admission webhook may rewrite a reference: then something else would run than the report says."""
    admitted = pod({"name": "nginx"}, image="mirror.example/nginx:9")

    said = pod_status.strangers(admitted, pod({"name": "nginx"})["spec"])

    assert said == "image of container nginx became 'mirror.example/nginx:9', rendered was 'docker.io/library/nginx:9'"
