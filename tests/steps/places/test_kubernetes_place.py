"""Pods as a place, without a cluster: what a step learns of its own pod. `tests/cluster` holds the rest against a real one."""

import pytest

from steps.errors import PlaceError
from steps.places import here
from steps.places.kubernetes import KubernetesPlace

OWNER = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "name": "run-1", "uid": "42"}
POD = {
    "metadata": {"name": "run-1-deploy-7", "ownerReferences": [{**OWNER, "controller": True, "blockOwnerDeletion": True}]},
    "spec": {"containers": [{"name": "wait", "image": "argoexec"}, {"name": "main", "image": "benchlab/steps:1"}]},
}
INSIDE = {"KUBERNETES_SERVICE_HOST": "198.51.100.1", "ARGO_POD_NAME": "run-1-deploy-7"}


def test_keepers_image_and_owner_are_those_of_the_steps_own_pod(api):
    """The same image as the step, and the Workflow takes along what is left; as an owner it does not hold up its own deletion."""
    kube, answers, asked = api
    answers.append((200, POD))

    setting = KubernetesPlace(kube, INSIDE)._setting

    assert (setting.image, setting.owner, setting.namespace) == ("benchlab/steps:1", OWNER, "lab")
    assert asked == ["GET /api/v1/namespaces/lab/pods/run-1-deploy-7"]


def test_step_that_does_not_find_its_own_pod_says_so(api):
    """A host name is cut at 63 characters, a pod's name is not."""
    kube, answers, _ = api
    answers.append((404, {"message": 'pods "run-1-deploy-7" not found'}))

    with pytest.raises(PlaceError, match="there is no pod run-1-deploy-7 in namespace lab: ARGO_POD_NAME must name the pod"):
        assert KubernetesPlace(kube, INSIDE)._setting


def test_pod_is_taken_for_a_place_of_pods():
    """Unless told otherwise: the manifest is the same here and there."""
    with pytest.raises(PlaceError, match="this is not a pod with a ServiceAccount's token"):
        here({"KUBERNETES_SERVICE_HOST": "198.51.100.1"})

    assert type(here({"KUBERNETES_SERVICE_HOST": "198.51.100.1", "BENCHLAB_PLACE": "process"})).__name__ == "ProcessPlace"


def test_nothing_is_pinned_in_pods(api):
    """Which cores a pod gets is the scheduler's and the kernel's business."""
    assert KubernetesPlace(api[0], {}).cores() == (None, None)
