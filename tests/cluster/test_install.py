"""The installation on a real cluster: applied, applied again, changed, taken away; and what it refuses."""

import json
import secrets

import pytest
import yaml

from pipelines.cluster import install, objects
from pipelines.cluster.settings import OBJECTS_IMAGE, S3
from steps.errors import ClusterError, ConflictError
from steps.kube import KINDS
from steps.places.tracer_pod import namespace_of
from tests.cluster.conftest import finished, there, wait_for

ELSEWHERE = S3(bucket="runs", endpoint="http://s3.example:9000", access_key="k", secret_key="s")
EVERYTHING = (*KINDS.keys() & install._OURS, "Pod", "ReplicaSet", "Event")


@pytest.fixture
def untraced(settings):
    """Without a namespace for tracers, whose removal takes its time; the last tests here have one."""
    return settings.model_copy(update={"tracing": False})


def applied(kube, settings, **given):
    """Installs and returns what was said, line by line."""
    said = []
    install.install(kube, settings, **{"force": False, "wait": False, "say": said.append} | given)
    return said


def removed(kube, **given):
    said = []
    install.uninstall(kube, **{"keep_results": False, "dry_run": False, "say": said.append} | given)
    return said


def test_a_second_installation_changes_nothing(installed):
    """Everything is applied by the server, so the same twice is the same; the credentials stay what they are."""
    applied(installed.kube, installed.settings)  # other tests here lead the store's Service astray, and back
    said = applied(installed.kube, installed.settings)

    assert [line for line in said if line.split(": ")[0] != "note" and not line.endswith(": unchanged")] == []


def test_every_object_passes_the_servers_own_check(installed):
    """What --dry-run prints is what the API server takes, unknown fields refused."""
    plan = install.plan(installed.kube, installed.settings.model_copy(update={"storage": "1Gi"}))

    for each in yaml.safe_load_all(install.to_yaml(plan)):
        installed.kube.apply(each, dry_run=True)


def test_setting_that_changes_is_changed_alone(namespace, untraced, kinds):
    """A bigger quota touches the quota and nothing else."""
    mine = untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE})
    applied(namespace, mine)

    said = applied(namespace, mine.model_copy(update={"pods": 77}))

    assert [line for line in said if not line.endswith(": unchanged")] == ["ResourceQuota benchlab: changed"]
    assert namespace.get("ResourceQuota", "benchlab")["spec"]["hard"]["pods"] == "77"
    removed(namespace)


def test_another_store_replaces_the_clusters_own(namespace, untraced, kinds):
    """Whoever goes over to an S3 of his own keeps no idle store."""
    mine = untraced.model_copy(update={"namespace": namespace.namespace})
    applied(namespace, mine)

    said = applied(namespace, mine.model_copy(update={"s3": ELSEWHERE}))

    assert "Deployment benchlab-objects: removed" in said
    assert "Secret benchlab-s3: changed" in said
    assert namespace.get("Deployment", "benchlab-objects") is None
    removed(namespace)


def test_uninstall_removes_all_of_it(kube, untraced, kinds):
    """Of a namespace that install made nothing stays, not even the namespace, nor what is the cluster's."""
    mine = untraced.model_copy(update={"namespace": f"benchlab-test-{secrets.token_hex(3)}"})
    own = kube.into(mine.namespace)
    applied(own, mine)

    assert all(line.endswith(("would be removed", "labels")) for line in removed(own, dry_run=True))
    assert own.get("Secret", "benchlab-s3") is not None
    removed(own)

    assert own.get("Namespace", mine.namespace) is None
    assert [
        each["metadata"]["name"]
        for each in kube.list("ClusterRole", selector=objects.INSTALLED)
        if mine.namespace in each["metadata"]["name"]
    ] == []
    assert removed(own) == [f"nothing of the lab was in {mine.namespace}"]


def test_what_is_somebody_elses_stays(kube, untraced, kinds):
    """A namespace that was there keeps its own things, its artifact repositories and its labels."""
    own = kube.into(f"benchlab-test-{secrets.token_hex(3)}")
    mine = untraced.model_copy(update={"namespace": own.namespace, "s3": ELSEWHERE})
    own.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own.namespace, "labels": {"team": "theirs"}}})
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "artifact-repositories"}, "data": {"theirs": "{}"}}
    own.create(theirs)
    applied(own, mine)

    labels = own.get("Namespace", own.namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"
    assert "pod-security.kubernetes.io/enforce" not in labels
    removed(own)

    assert own.get("ConfigMap", "artifact-repositories")["data"] == {"theirs": "{}"}
    left = own.get("Namespace", own.namespace)["metadata"]["labels"]
    assert {name: value for name, value in left.items() if "kubernetes.io" not in name} == {"team": "theirs"}
    assert not [name for name in left if name.startswith("pod-security")]
    own.delete("Namespace", own.namespace)
    wait_for(lambda: own.get("Namespace", own.namespace) is None, within_s=60)


def test_what_somebody_else_has_set_is_not_overwritten(namespace, untraced, kinds):
    """Another default artifact repository is a conflict, told with its way out; --force takes it over."""
    default = {"workflows.argoproj.io/default-artifact-repository": "theirs"}
    meta = {"name": "artifact-repositories", "annotations": default}
    path = KINDS["ConfigMap"].path(namespace.namespace)
    namespace.call(
        "POST", path, query={"fieldManager": "somebody"}, body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
    )
    mine = untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE})

    with pytest.raises(ConflictError, match=r"ConfigMap artifact-repositories: .*somebody.*--force"):
        applied(namespace, mine)
    assert namespace.get("ServiceAccount", "benchlab") is None  # all or nothing
    applied(namespace, mine, force=True)

    annotations = namespace.get("ConfigMap", "artifact-repositories")["metadata"]["annotations"]
    assert annotations["workflows.argoproj.io/default-artifact-repository"] == "benchlab"
    removed(namespace)


def test_store_whose_image_is_nowhere_is_told(namespace, untraced, kinds):
    """Waiting would not mend it: the message names the image and the option."""
    mine = untraced.model_copy(update={"namespace": namespace.namespace, "objects_image": "nowhere.invalid/weed:0"})

    with pytest.raises(ClusterError, match=r"cannot start: image nowhere\.invalid/weed:0: .*--objects-image"):
        applied(namespace, mine, wait=True)
    removed(namespace)


@pytest.mark.argo
def test_uninstall_refuses_while_a_run_is_under_way(namespace, untraced, kinds):
    """A measurement in its middle is not thrown away by accident."""
    applied(namespace, untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE}))
    run = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "under-way", "labels": {"benchlab.dev/phase": "phase-0"}},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]},
    }
    namespace.create(run)

    with pytest.raises(ConflictError, match="under-way: under way; stop it first"):
        removed(namespace)
    namespace.patch("Workflow", "under-way", {"spec": {"shutdown": "Terminate"}})
    finished(namespace, "under-way")

    assert "Workflow under-way: removed" in removed(namespace)


def test_results_can_be_kept_for_a_later_installation(namespace, untraced, kinds):
    """--keep-results leaves the credentials, and the next installation finds them."""
    mine = untraced.model_copy(update={"namespace": namespace.namespace})
    applied(namespace, mine)
    before = namespace.get("Secret", "benchlab-s3")["data"]

    removed(namespace, keep_results=True)
    assert there(namespace, ("Secret", "Role", "Deployment")) == {("Secret", "benchlab-s3")}
    applied(namespace, mine)

    assert namespace.get("Secret", "benchlab-s3")["data"] == before
    removed(namespace)


def pod(name, **safety):
    """A pod that does nothing."""
    container = {
        "name": "main",
        "image": OBJECTS_IMAGE,
        "command": ["true"],
        "securityContext": objects.CONTAINER_SAFETY | safety,
    }
    spec = {"containers": [container], "restartPolicy": "Never", "securityContext": objects.POD_SAFETY}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_pod_that_is_not_safe_is_refused_in_the_labs_namespace(installed):
    """A namespace that install made enforces Pod Security."""
    with pytest.raises(ClusterError, match="violates PodSecurity"):
        installed.kube.create(pod("greedy", privileged=True, allowPrivilegeEscalation=True))


def test_quota_holds_a_run_that_lost_control_of_itself(namespace, untraced, kinds):
    """The sixth pod of five is refused, and the refusal names the quota."""
    applied(namespace, untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE, "pods": 5}))
    wait_for(lambda: (namespace.get("ResourceQuota", "benchlab") or {}).get("status", {}).get("hard"))
    waiting = {"nodeSelector": {"no": "such-node"}}  # they count, and start nothing
    for number in range(5):
        one = pod(f"p{number}")
        namespace.create({**one, "spec": one["spec"] | waiting})

    with pytest.raises(ClusterError, match="quota benchlab"):
        namespace.create(pod("p5"))
    for number in range(5):
        namespace.delete("Pod", f"p{number}")
    removed(namespace)


@pytest.mark.argo
def test_artifact_travels_between_two_steps_through_the_installed_store(installed):
    """A restricted pod of an account that may only report to Argo writes it, the next one reads it: keys, bucket, rights fit."""
    script = "import sys; text = open('/tmp/in').read() if sys.argv[1:] else 'kept'; open('/tmp/out', 'w').write(text)"
    template = objects.step("measure", [], installed.settings)
    template["container"] |= {"command": ["python", "-c", script], "args": []}
    writes = template | {"name": "writes", "outputs": {"artifacts": [{"name": "text", "path": "/tmp/out"}]}}
    reads = template | {
        "name": "reads",
        "container": template["container"] | {"args": ["read"]},
        "inputs": {"artifacts": [{"name": "text", "path": "/tmp/in"}]},
        "outputs": {"parameters": [{"name": "text", "valueFrom": {"path": "/tmp/out"}}]},
    }
    passed = {"artifacts": [{"name": "text", "from": "{{tasks.writes.outputs.artifacts.text}}"}]}
    tasks = [
        {"name": "writes", "template": "writes"},
        {"name": "reads", "template": "reads", "depends": "writes", "arguments": passed},
    ]
    made = objects.workflow(template, deadline_s=120)
    made["metadata"]["name"] = "artifact"
    made["spec"] |= {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, writes, reads]}
    installed.kube.create(made)

    status = finished(installed.kube, "artifact")["status"]

    nodes = {each["displayName"]: each for each in status["nodes"].values()}
    assert status["phase"] == "Succeeded", json.dumps({name: node.get("message") for name, node in nodes.items()})
    assert nodes["reads"]["outputs"]["parameters"] == [{"name": "text", "value": "kept", "valueFrom": {"path": "/tmp/out"}}]
    installed.kube.delete("Workflow", "artifact")


def test_tracers_namespace_comes_and_goes_with_the_installation(namespace, untraced, kinds):
    """It is made, changed by nothing, left out when it is no longer wanted, and removed with all else."""
    mine = untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE, "tracing": True})
    where = namespace_of(namespace.namespace)

    said = applied(namespace, mine)
    assert f"Namespace {where}: created" in said
    assert namespace.get("Namespace", where)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert all(line.endswith(": unchanged") for line in applied(namespace, mine))

    assert f"Namespace {where}: removed" in applied(namespace, mine.model_copy(update={"tracing": False}))
    assert namespace.get("Namespace", where) is None
    applied(namespace, mine)
    assert f"Namespace {where}: would be removed" in removed(namespace, dry_run=True)
    removed(namespace)
    assert namespace.get("Namespace", where) is None


def test_namespace_of_that_name_that_is_somebody_elses_is_not_opened_to_tracers(namespace, untraced, kinds):
    """Pods of his could then do anything: it is refused before anything is applied."""
    where = namespace_of(namespace.namespace)
    namespace.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": where}})
    mine = untraced.model_copy(update={"namespace": namespace.namespace, "s3": ELSEWHERE, "tracing": True})

    with pytest.raises(ConflictError, match=f"namespace {where} is somebody else's.*--no-tracing"):
        applied(namespace, mine)
    assert namespace.get("ServiceAccount", "benchlab") is None
    removed(namespace)
    assert namespace.get("Namespace", where) is not None
    namespace.delete("Namespace", where)
