"""The least rights: each is taken away in turn, and something that a step does is seen to fail without it.

Real calls with the ServiceAccount's own token against the real API server. What stays possible without a right did not need it.
"""

from contextlib import contextmanager

import pytest

from pipelines import rights
from pipelines.cluster import access, install, objects
from steps.kube import Denied
from steps.places import lost
from steps.places.tracer_pod import namespace_of
from tests.cluster.conftest import finished, wait_for


def cases(account, *, group=None):
    """Each right of an account, verb by verb; also those that it has where tracers are."""
    return [
        pytest.param(right, verb, id=f"{verb}-{right.resource.replace('/', '-')}{'-tracing' if right.tracing else ''}")
        for right in (*rights.RIGHTS, *rights.TRACING_RIGHTS)
        for verb in right.verbs
        if right.account == account
        and (right.group == "argoproj.io" and right.resource == "workflowtaskresults") == (group == "argo")
    ]


def token(kube, account):
    """The API as an account sees it, with a token as its pods have one."""
    path = f"/api/v1/namespaces/{kube.namespace}/serviceaccounts/{account}/token"
    made = kube.call("POST", path, body={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
    return access.with_token(kube, made["status"]["token"])


def may(kube, right, verb):
    """Whether the API server lets whoever `kube` is do this."""
    resource, _, sub = right.resource.partition("/")
    asked = {"namespace": kube.namespace, "group": right.group, "resource": resource, "subresource": sub, "verb": verb}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": asked}}
    return kube.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=review)["status"]["allowed"]


def tracing(kube):
    """The namespace of the tracers beside that one."""
    return kube.into(namespace_of(kube.namespace))


@contextmanager
def without(installed, right, verb):
    """The account without one of its rights, once the API server knows; afterwards it has it again."""
    home = tracing(installed.kube) if right.tracing else installed.kube
    role = home.get("Role", right.account)
    kept = [dict(each) for each in role["rules"]]
    for rule in kept:
        if (rule["apiGroups"], rule["resources"]) == ([right.group], [right.resource]):
            rule["verbs"] = [each for each in rule["verbs"] if each != verb]
    as_account = token(installed.kube, right.account)
    there = as_account.into(home.namespace)
    assert may(there, right, verb)
    home.patch("Role", right.account, {"rules": [rule for rule in kept if rule["verbs"]]})
    try:
        wait_for(lambda: not may(there, right, verb), within_s=10)
        yield as_account
    finally:
        made = install.plan(installed.kube, installed.settings).objects
        roles = [each for each in made if (each["kind"], each["metadata"]["name"]) == ("Role", right.account)]
        home.apply(next(each for each in roles if each["metadata"]["namespace"] == home.namespace), force=True)
        wait_for(lambda: may(there, right, verb), within_s=10)


@pytest.fixture
def leftovers(installed):
    """One thing of each kind that a lost run leaves, owned by nobody."""
    meta = {"namespace": installed.namespace, "labels": {"benchlab.dev/run": "lost", "benchlab.dev/identity": "lost"}}
    safe = {"securityContext": objects.POD_SAFETY, "terminationGracePeriodSeconds": 0}
    pod = {**safe, "containers": [{"name": "main", "image": installed.settings.image, "command": ["sleep", "600"]}]}
    pod["containers"][0]["securityContext"] = objects.CONTAINER_SAFETY
    made = [
        {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {}},
        {"apiVersion": "v1", "kind": "Secret", "stringData": {"key.pem": "a key"}},
        {"apiVersion": "v1", "kind": "Pod", "spec": {**pod, "nodeSelector": {"no": "such-node"}}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "lost"}},
                "template": {"metadata": {"labels": {"app": "lost"}}, "spec": pod},
            },
        },
    ]
    for each in made:
        installed.kube.create({**each, "metadata": {**meta, "name": "lost"}})
    where = tracing(installed.kube)
    tracer = next(each for each in made if each["kind"] == "Pod")
    where.create({**tracer, "metadata": {**meta, "name": "lost-tracer", "namespace": where.namespace}})
    yield
    for each in made:
        installed.kube.delete(each["kind"], "lost")
    where.delete("Pod", "lost-tracer")


def test_account_of_the_sweeper_has_enough(installed, leftovers):
    """With all its rights it removes everything, a tracer too, and says so."""
    as_sweeper = token(installed.kube, rights.SWEEPER)
    said = lost.sweep(as_sweeper, time_to_live_s=0, tracing=tracing(as_sweeper))

    assert sorted(line.split()[0] for line in said) == ["ConfigMap", "Deployment", "Pod", "Pod", "Secret", "Service"]
    assert lost.look(installed.kube, time_to_live_s=0, tracing=tracing(installed.kube)) == []


@pytest.mark.parametrize(("right", "verb"), cases(rights.SWEEPER))
def test_sweeper_needs_each_of_its_rights(installed, leftovers, right, verb):
    """Without one of them the sweep is refused, and the refusal names it."""
    with without(installed, right, verb) as as_sweeper, pytest.raises(Denied, match=f"{verb} {right.resource}"):
        lost.sweep(as_sweeper, time_to_live_s=0, tracing=tracing(as_sweeper))


def test_accounts_of_steps_cannot_read_the_secret_or_make_a_pod(installed):
    """What computes may not create; what creates may not read credentials; none may give itself rights."""
    for account in rights.ACCOUNTS:
        as_account = token(installed.kube, account)
        for call in (
            lambda kube: kube.get("Secret", "benchlab-s3"),
            lambda kube: kube.list("Secret"),
            lambda kube: kube.patch("Role", rights.PLACE, {"rules": []}),
            lambda kube: kube.into("kube-system").list("Pod"),
        ):
            with pytest.raises(Denied):
                call(as_account)
    with pytest.raises(Denied):
        token(installed.kube, rights.STEPS).list("Pod")
    for account in set(rights.ACCOUNTS) - {rights.TRACE}:
        with pytest.raises(Denied):
            tracing(token(installed.kube, account)).create(pod_of_nobody())


def pod_of_nobody():
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


@pytest.mark.argo
@pytest.mark.parametrize("account", rights.ACCOUNTS)
@pytest.mark.parametrize("verb", [None, "create", "patch"])
def test_argo_needs_its_two_rights_of_every_account(installed, account, verb):
    """A step hands its output over with both; with one of them it ends in Error."""
    right = next(each for each in rights.RIGHTS if each.account == account and each.resource == "workflowtaskresults")
    template = objects.step("measure", [], installed.settings) | {"serviceAccountName": account}
    template["container"] |= {"command": ["python", "-c", "open('/tmp/out', 'w').write('said')"], "args": []}
    template["outputs"] = {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]}
    made = objects.workflow(template, deadline_s=60)
    made["metadata"]["name"] = name = f"argo-rights-{account}-{verb or 'both'}"

    if verb is None:
        installed.kube.create(made)
        status = finished(installed.kube, name)["status"]
        assert status["phase"] == "Succeeded", status.get("message")
    else:
        with without(installed, right, verb):
            installed.kube.create(made)
            status = finished(installed.kube, name)["status"]
        assert status["phase"] != "Succeeded"
    installed.kube.delete("Workflow", name)
