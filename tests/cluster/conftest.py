"""The tier on a real cluster: one namespace with the lab in it, and after each test a look whether anything is left.

The cluster is the one that kubectl would take (KUBECONFIG). Where there is none, or no Argo, or not the images, tests are
skipped and say why; with BENCHLAB_CLUSTER_TESTS=required they fail, but for want of Argo. Images: `make images
ARGS=--stand-ins`, then loaded onto the nodes.
"""

from __future__ import annotations

import functools
import os
import secrets
import time
from dataclasses import dataclass

import pytest

from phases.catalogue.upstreams import UPSTREAM
from pipelines.cluster import access, install, objects
from pipelines.cluster.settings import OBJECTS_IMAGE, Settings
from pipelines.image import reference, trace_reference
from steps.errors import LabError
from steps.kube import KINDS as KINDS_OF_THE_API
from steps.kube import Absent, Kube
from steps.places.tracer_pod import namespace_of
from tests.cluster.accounts import EXECUTOR, binding
from tests.cluster.place_lab import in_namespace

KINDS = ("Pod", "Service", "Deployment", "ConfigMap", "PersistentVolumeClaim", "Lease", "Workflow")
ARGOS = ("Workflow", "WorkflowTemplate", "CronWorkflow", "WorkflowTaskResult")
# What stands in a namespace without a run: Kubernetes' own, and the installation.
STOCK = {"kube-root-ca.crt"}
GONE_WITHIN_S = 30
TOLD_WITHIN_S = 30  # a kubelet tells every ten seconds which images it has


def pytest_collection_modifyitems(items):
    """Everything in this folder is of the tier. A file's tests run one after the other; so do all that need Argo's kinds.

    What measures, or watches Argo measure, has the cluster for itself.
    """
    for item in items:
        if "/tests/cluster/" in str(item.path):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.xdist_group("kinds" if "kinds" in item.fixturenames else item.path.stem))
            if any(map(item.get_closest_marker, ("argo", "evidence"))):
                item.add_marker("alone")


@dataclass(frozen=True)
class Installed:
    """A namespace with the lab in it."""

    kube: Kube
    settings: Settings

    @property
    def namespace(self) -> str:
        return self.kube.namespace


@functools.cache
def steps_image():
    """What steps run in: of the code as it was when the tests began, unless somebody tries another."""
    return os.environ.get("BENCHLAB_STEPS_IMAGE") or reference()


def trace_image():
    """What tracers run in, beside that."""
    return trace_reference(steps_image())


def lacking(reason):
    """What this tier needs is not there: skipped, or where BENCHLAB_CLUSTER_TESTS=required (CI) a failure."""
    (pytest.fail if os.environ.get("BENCHLAB_CLUSTER_TESTS") == "required" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def kube():
    """The cluster, as whoever the kubeconfig says; the tests need an administrator."""
    try:
        found = access.connect(dict(os.environ))
        found.version()
        found.list("Namespace")
    except LabError as error:
        lacking(f"no cluster: {error}")
    return found


@pytest.fixture(scope="session")
def need_images(kube):
    """Skips a test whose images are on no node. (A kubelet names fifty at most: where it does, all are assumed to be there.)"""
    began = time.monotonic()

    def missing(references):
        listed = [node["status"].get("images", ()) for node in kube.list("Node")]
        names = {name for images in listed for image in images for name in image.get("names") or ()}
        lost = [each for each in references if not any(name == each or name.endswith(f"/{each}") for name in names)]
        return [] if any(len(images) >= 50 for images in listed) else lost

    def need(*references):
        while (lost := missing(references)) and time.monotonic() - began < TOLD_WITHIN_S:
            time.sleep(1)  # they may have been loaded a moment ago
        if lost:
            lacking(f"not on the cluster's nodes: {', '.join(lost)} (make images ARGS=--stand-ins, and load them)")

    return need


@pytest.fixture(scope="session")
def namespaces(kube):
    """Makes namespaces. At the end each must be gone; until then nobody waits for it (a namespace takes five seconds to go)."""
    made = []

    def make():
        own = kube.into(f"benchlab-test-{secrets.token_hex(3)}")
        own.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own.namespace, "labels": dict(objects.LABELS)}})
        made.append(own)
        return own

    yield make
    for own in made:
        wait_for(lambda own=own: own.get("Namespace", own.namespace) is None, within_s=90, what=f"{own.namespace} to be gone")


@pytest.fixture(scope="session")
def session_namespace(namespaces):
    """A namespace for the whole session, removed with all that is in it."""
    own = namespaces()
    yield own
    own.delete("Namespace", own.namespace)


@pytest.fixture
def namespace(namespaces):
    """A namespace of the test's own, removed with all that is in it."""
    own = namespaces()
    yield own
    own.delete("Namespace", own.namespace)


@pytest.fixture(scope="session")
def kinds(kube):
    """Argo's kinds. Where there is no Argo, empty ones stand in: what is installed can be seen without a controller."""
    made = [each for each in map(_definition, ARGOS) if kube.get(each["kind"], each["metadata"]["name"]) is None]
    for each in made:
        kube.create(each)
    for each in made:
        kind = each["spec"]["names"]["kind"]
        wait_for(lambda kind=kind: _served(kube, kind), what=f"{kind} to be served")
    yield
    for each in made:
        kube.delete(each["kind"], each["metadata"]["name"])


def _definition(kind):
    """A kind that takes anything, as Argo's minimal definitions do."""
    plural = KINDS_OF_THE_API[kind].plural
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.argoproj.io"},
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _served(kube, kind):
    try:
        return bool(kube.call("GET", KINDS_OF_THE_API[kind].path("default")))
    except Absent:
        return False


@pytest.fixture(autouse=True)
def _argo_where_it_is_needed(request):
    """A test that is marked `argo` wants a controller."""
    if request.node.get_closest_marker("argo"):
        request.getfixturevalue("argo")


@pytest.fixture(scope="session")
def argo(kube, session_namespace, kinds):
    """Skips where no Argo Workflows runs: its kinds may be there without a controller, so a Workflow of no pod is tried."""
    probe = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "is-there-a-controller"},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {"duration": "0"}}]},
    }
    session_namespace.create(probe)
    try:
        wait_for(lambda: (session_namespace.get("Workflow", probe["metadata"]["name"]) or {}).get("status"), within_s=20)
    except AssertionError:
        pytest.skip("no Argo controller looks after Workflows here")
    finally:
        session_namespace.delete("Workflow", probe["metadata"]["name"])


@pytest.fixture(scope="session")
def room(session_namespace, argo):
    """A namespace in which the default account may be used by Argo's executor."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "executor"}, "rules": [EXECUTOR]}
    session_namespace.apply(role)
    session_namespace.apply(binding("executor", "default", session_namespace.namespace))
    return session_namespace


@pytest.fixture(scope="session")
def settings(session_namespace):
    """How the tests install: the sweeper does not come round by itself meanwhile."""
    return Settings(namespace=session_namespace.namespace, image=steps_image(), sweep_every="0 0 1 1 *")


@pytest.fixture(scope="session")
def installed(session_namespace, settings, kinds, need_images):
    """The lab, installed as a user does it, its store ready."""
    need_images(OBJECTS_IMAGE, steps_image())
    install.install(session_namespace, settings, force=False, wait=True, say=lambda _: None)
    yield Installed(session_namespace, settings)
    install.uninstall(session_namespace, keep_results=False, dry_run=False, say=lambda _: None)


@pytest.fixture(autouse=True)
def nothing_left(request):
    """After each test: no pod, Service, Deployment, claim, lease or Workflow that was not there before it."""
    if not {"installed", "session_namespace"} & set(request.fixturenames):
        yield
        return
    own = (
        request.getfixturevalue("installed").kube
        if "installed" in request.fixturenames
        else request.getfixturevalue("session_namespace")
    )
    tracers = own.into(namespace_of(own.namespace))
    foreign = (
        f"app.kubernetes.io/managed-by!={objects.LABELS['app.kubernetes.io/managed-by']}"  # the store's pod may be a new one
    )
    before = there(own, selector=foreign)

    def left():
        return there(own, selector=foreign) - before | there(tracers, ("Pod",))

    yield
    wait_for(lambda: not left(), within_s=GONE_WITHIN_S, what=lambda: f"still there: {sorted(left())}")


def there(kube, kinds=KINDS, *, selector=""):
    """Kind and name of everything in the namespace, or of what has these labels."""
    return {(kind, each["metadata"]["name"]) for kind in kinds for each in kube.list(kind, selector=selector)} - {
        ("ConfigMap", name) for name in STOCK
    }


def wait_for(condition, *, within_s=60, what="it"):
    """What the condition comes to, as soon as that is true of it."""
    until = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < until, what() if callable(what) else f"waited {within_s} s for {what}"
        time.sleep(0.2)
    return found


def finished(kube, name, *, within_s=120):
    """A Workflow once it is over."""

    def over():
        found = kube.get("Workflow", name)
        return found if found and found["metadata"].get("labels", {}).get("workflows.argoproj.io/completed") == "true" else None

    return wait_for(over, within_s=within_s, what=f"Workflow {name} to end")


@pytest.fixture
def place_lab(request, store_environment, need_images):
    """Cells deployed through the place in a namespace of the test's own, which takes restricted pods only."""
    need_images(steps_image(), UPSTREAM.image.reference)
    return in_namespace(request.getfixturevalue("namespace"), store_environment)
