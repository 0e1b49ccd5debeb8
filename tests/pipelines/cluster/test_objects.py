"""What an installation applies, as data: rights, safety, secrets. That a cluster takes it is shown in tests/cluster."""

import base64
import json

import pytest
import yaml

from pipelines import rights, secret
from pipelines.cluster import install, installation, objects
from pipelines.cluster.settings import S3, Settings
from steps.__main__ import VERBS
from steps.errors import UsageError

SETTINGS = Settings(namespace="lab", image="benchlab/steps:abc")
AWS = S3(bucket="runs", region="eu-central-1", access_key="k", secret_key="s")


def made(settings=SETTINGS, *, enforce=True):
    s3 = settings.s3 or objects.own_store(settings, access_key="the-key", secret_key="the-secret")
    return objects.of(settings, s3, enforce=enforce)


def one(found, kind, name=None):
    return next(each for each in found if each["kind"] == kind and name in (None, each["metadata"]["name"]))


def test_each_step_runs_as_an_account_that_is_installed():
    """Every verb has its ServiceAccount, and each account a role with exactly its rights."""
    found = made()

    assert {rights.account_of(verb) for verb in VERBS} == {
        each["metadata"]["name"] for each in found if each["kind"] == "ServiceAccount"
    }
    for account in rights.ACCOUNTS:
        rules = one(found, "Role", account)["rules"]
        assert rules == [right.rule for right in rights.RIGHTS if right.account == account]


def test_no_right_is_a_wildcard_or_a_way_to_more():
    """Nothing may read secrets (a component's key is made and removed), run commands in pods, or change roles; each says why."""
    for right in (*rights.RIGHTS, *rights.TRACING_RIGHTS, *rights.NODE_RIGHTS):
        assert "*" not in (right.group, right.resource, *right.verbs)
        assert right.resource not in {"pods/exec", "roles", "rolebindings", "serviceaccounts", "nodes/proxy"}
        assert right.resource != "secrets" or set(right.verbs) <= {"create", "delete"}
        assert right.why


def test_every_pod_that_is_installed_is_restricted():
    """The store and the sweeper fit the strictest Pod Security, which also lets Argo's executor in where that is configured."""
    found = made()
    pods = [one(found, "Deployment")["spec"]["template"]["spec"]]
    spec = one(found, "CronWorkflow")["spec"]["workflowSpec"]
    pods.append({"securityContext": spec["securityContext"], "containers": [each["container"] for each in spec["templates"]]})

    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_somebody_elses_namespace_is_warned_and_not_locked():
    """Pods that are refused could be another's."""
    assert one(made(), "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    labels = one(made(enforce=False), "Namespace")["metadata"]["labels"]
    assert labels == {"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/audit": "restricted"}


def test_steps_and_argo_use_the_same_bucket():
    """The Secret holds what steps read, and the artifact repository points at it."""
    found = made()
    data = {key: base64.b64decode(value).decode() for key, value in one(found, "Secret")["data"].items()}
    repository = json.loads(one(found, "ConfigMap")["data"]["benchlab"])["s3"]

    assert data.keys() <= {key for _, key, _ in secret.SETTINGS}
    assert data["endpoint"] == f"http://{repository['endpoint']}" == "http://benchlab-objects.lab.svc:8333"
    assert data["bucket"] == repository["bucket"]
    assert repository["insecure"] is True
    for field, key in (("accessKeySecret", "access-key"), ("secretKeySecret", "secret-key")):
        assert repository[field] == {"name": secret.NAME, "key": key}


def test_s3_of_ones_own_needs_no_store_in_the_cluster():
    """With --s3 there is neither a Deployment nor a claim, and AWS is reached over TLS."""
    found = made(SETTINGS.model_copy(update={"s3": AWS}))
    repository = json.loads(one(found, "ConfigMap")["data"]["benchlab"])["s3"]

    assert not {"Deployment", "Service", "PersistentVolumeClaim"} & {each["kind"] for each in found}
    assert (repository["endpoint"], repository["insecure"]) == ("s3.amazonaws.com", False)


def test_without_keys_the_pods_own_identity_is_used():
    """As on EKS: no key in the Secret, and Argo asks its SDK."""
    found = made(SETTINGS.model_copy(update={"s3": S3(bucket="runs")}))

    assert json.loads(one(found, "ConfigMap")["data"]["benchlab"])["s3"]["useSDKCreds"] is True
    assert "access-key" not in one(found, "Secret")["data"]


def test_results_have_a_volume_where_one_is_asked_for():
    """--storage makes a claim; without it they live in the pod."""
    found = made(SETTINGS.model_copy(update={"storage": "10Gi", "storage_class": "fast"}))

    assert one(found, "PersistentVolumeClaim")["spec"]["storageClassName"] == "fast"
    assert one(found, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert "PersistentVolumeClaim" not in {each["kind"] for each in made()}


def test_dry_run_prints_everything_but_the_credentials():
    """What is printed ends up in logs."""
    plan = install.plan(None, SETTINGS.model_copy(update={"s3": AWS.model_copy(update={"secret_key": "very-secret"})}))
    text = install.to_yaml(plan)

    assert [each["kind"] for each in yaml.safe_load_all(text)] == [each["kind"] for each in plan.objects]
    assert base64.b64encode(b"very-secret").decode() not in text
    assert "very-secret" not in text


def test_every_image_can_be_another():
    """A registry of one's own: the reference of each is a setting."""
    text = json.dumps(made(Settings(namespace="lab", image="r.example/steps:1", objects_image="r.example/weed:2")))

    assert "r.example/steps:1" in text
    assert "r.example/weed:2" in text
    assert "chrislusf" not in text


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "--s3 needs BENCHLAB_S3_BUCKET"),
        ({"BENCHLAB_S3_BUCKET": "b", "AWS_ACCESS_KEY_ID": "k"}, "belong together"),
        ({"BENCHLAB_S3_BUCKET": "b", "AWS_ENDPOINT_URL": "minio:9000"}, "begins with neither"),
        ({"BENCHLAB_S3_BUCKET": "b", "BENCHLAB_S3_ADDRESSING": "round"}, "addressing"),
    ],
)
def test_s3_that_cannot_be_used_is_refused_before_anything_is_applied(environment, why):
    """The message names the setting."""
    with pytest.raises(UsageError, match=why):
        installation.settings("lab", environment, own_s3=True, kube=None, nodes=True)


def test_two_installations_in_one_cluster_do_not_share_what_is_the_clusters():
    """What does not live in a namespace is called after it."""
    names = {one(made(Settings(namespace=name, image="i")), "ClusterRole")["metadata"]["name"] for name in ("a", "b")}

    assert len(names) == 2


def test_tracers_have_a_namespace_with_roles_for_who_needs_them():
    """One account may make pods there; those that clean up may list and remove; nothing in it has a network."""
    found = [each for each in made() if each["metadata"].get("namespace") == "lab-trace"]
    roles = {each["metadata"]["name"]: each["rules"] for each in found if each["kind"] == "Role"}
    subjects = {each["subjects"][0]["namespace"] for each in found if each["kind"] == "RoleBinding"}

    assert roles == {
        account: [right.rule for right in rights.TRACING_RIGHTS if right.account == account]
        for account in (rights.TRACE, rights.PLACE, rights.SWEEPER)
    }
    assert [account for account, rules in roles.items() if any("create" in rule["verbs"] for rule in rules)] == [rights.TRACE]
    assert subjects == {"lab"}
    assert one(found, "NetworkPolicy")["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_installation_without_tracing_has_nothing_of_it():
    """No privileged namespace, and a sweeper that does not look into it."""
    text = json.dumps(made(SETTINGS.model_copy(update={"tracing": False})))

    assert '"lab-trace"' not in text
    assert '"privileged"' not in text
    assert json.dumps(["--tracing", "lab-trace"])[1:-1] in json.dumps(made())
