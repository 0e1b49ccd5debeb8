"""`doctor --argo` on a real cluster: all is fine after an installation, and what is broken is named with its cure."""

import pytest

from pipelines.cluster import doctor, traceable
from tests.cluster.conftest import trace_image, wait_for

pytestmark = pytest.mark.argo


def looked(kube, settings):
    return {each.what: each for each in doctor.findings(kube, settings)}


def test_installed_cluster_is_fine(installed, need_images):
    """Versions, rights, image, store from a pod, clocks, the controller's pace, and a tracer on each node, all seen."""
    need_images(trace_image())
    found = looked(installed.kube, installed.settings)

    assert [each for each in found.values() if not each.fine] == []
    assert found.keys() >= {
        "cluster",
        "nodes",
        "your rights",
        "installation",
        "rights of steps",
        "Argo",
        "image",
        "S3 from a pod",
        "clocks",
    }
    assert found["Argo"].said.startswith("version v")
    traced = [each for each in found.values() if each.what.startswith("tracing on ")]
    assert traced
    assert all("a program of two instructions is taken" in each.said for each in traced)


def test_cluster_without_the_lab_names_the_command(namespace, settings):
    """What is missing is listed, and how it comes there."""
    found = looked(namespace, settings.model_copy(update={"namespace": namespace.namespace}))

    assert not found["installation"].fine
    assert "Secret benchlab-s3" in found["installation"].said
    assert found["installation"].mend == f"python -m pipelines install --namespace {namespace.namespace}"


def test_cluster_without_tracing_says_so_and_is_fine(namespace, settings):
    """It was left out on purpose; the line names what would bring it."""
    (found,) = traceable.findings(namespace, settings.model_copy(update={"namespace": namespace.namespace}))

    assert (found.fine, found.optional) == (True, True)
    assert found.said.startswith("not installed: a traced experiment says so")


def test_image_that_is_nowhere_is_told(installed):
    """The probe does not wait for what will not come."""
    found = looked(installed.kube, installed.settings.model_copy(update={"image": "nowhere.invalid/steps:0"}))

    assert "nowhere.invalid/steps:0" in found["a step in a pod"].said
    assert "make images" in found["a step in a pod"].mend


def test_store_that_is_gone_is_told_from_inside_a_pod(installed):
    """S3 is looked at from where steps use it."""
    kube = installed.kube
    kube.patch("Deployment", "benchlab-objects", {"spec": {"replicas": 0}})
    wait_for(lambda: not kube.list("Pod", selector="app.kubernetes.io/name=benchlab-objects"))
    try:
        found = looked(kube, installed.settings)
    finally:
        kube.patch("Deployment", "benchlab-objects", {"spec": {"replicas": 1}})
        wait_for(lambda: kube.get("Deployment", "benchlab-objects")["status"].get("readyReplicas") == 1)

    assert not found["S3 from a pod"].fine
    assert "cannot be reached" in found["S3 from a pod"].said
