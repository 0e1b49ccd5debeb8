"""Pods as a place, on a real cluster: every gateway deployed, asked, watched by its keeper, removed, and seen to be gone."""

import asyncio
import json
import socket
import time
from contextlib import contextmanager

import pytest

from phases.catalogue.gateways import CADDY, ENVOY, GATEWAYS, HAPROXY, NGINX
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from pipelines import rights
from steps.drivers import cross_check, identity
from tests.cluster.place_lab import PlaceLab, get, usage, with_image
from tests.lab import experiment


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda each: each.name)
def test_gateway_answers_as_its_upstream_and_leaves_nothing(place_lab, gateway, tmp_path, record_property):
    """Byte for byte through Services, under Pod Security "restricted"; teardown proves absence and closes the ledger."""
    place_lab.asked = experiment((gateway,), ready_within_s=30)
    cell = f"{gateway.name}-500rps-r1"
    began = time.monotonic()

    endpoints = place_lab.deploy(cell)
    deployed_s = time.monotonic() - began
    before = {name: usage(endpoints, name) for name in endpoints.keepers}
    for _ in range(300):
        assert get(f"{endpoints.target}/json") == PRODUCT_JSON.encode()
    after = {name: usage(endpoints, name) for name in endpoints.keepers}
    difference = asyncio.run(identity.difference(endpoints, "before"))
    began = time.monotonic()
    removal = place_lab.remove(cell, logs=tmp_path)
    removed_s = time.monotonic() - began

    assert difference is None
    assert list(endpoints.keepers) == ["upstream", gateway.name]
    for name, one in after.items():
        used_us = 1e6 * (one.cpu_s - before[name].cpu_s) / 300
        record_property(f"{name} us per request", used_us)
        print(f"{name}: {used_us:.0f} µs per request, {one.memory_mib:.1f} MiB {one.memory_kind}, {one.processes} processes")
        assert 5 < used_us < 3000
        # What a program gained by a capability of its file, nobody without it may look into.
        assert (one.running, one.memory_kind) == (True, "rss" if name == "caddy" else "pss")
        assert 1 < one.memory_mib < 250
    ready = {each.record.name: round(each.record.ready_ms) for each in place_lab.deployed.values()}
    print(f"deployed in {deployed_s:.1f} s (ready after {ready} ms), removed in {removed_s:.1f} s")
    assert all(0 < each.record.ready_ms < 10_000 for each in place_lab.deployed.values())
    assert gateway.image.reference in place_lab.deployed[gateway.name].record.version
    assert (removal.left, place_lab.objects()) == ((), [])
    assert [(entry.closed_at is not None, entry.proof) for entry in place_lab.ledger()] == [(True, removal.absence)] * 2
    assert {path.name for path in tmp_path.iterdir()} >= {f"{gateway.name}.conf", "upstream.conf"}


def test_everything_belongs_to_the_workflow(place_lab):
    """What nobody tore down goes when its Workflow is deleted: Service, ConfigMap, Deployment and its pods."""
    place_lab.deploy("direct-500rps-r1")
    owned = [each for each in place_lab.objects() if each["kind"] in {"Deployment", "Service", "ConfigMap"}]

    place_lab.kube.delete("ConfigMap", place_lab.owner["name"])

    assert [each["metadata"]["ownerReferences"][0]["uid"] for each in owned] == [place_lab.owner["uid"]] * 3
    assert gone(place_lab, within_s=60)


def gone(lab, *, within_s):
    deadline = time.monotonic() + within_s
    while lab.objects() and time.monotonic() < deadline:
        time.sleep(0.3)
    return lab.objects() == []


def test_removal_of_nothing_is_content(place_lab):
    """A second teardown finds nothing, and says how it looked."""
    removal = place_lab.remove(None)

    assert (removal.removed, removal.left) == ((), ())
    own = place_lab.kube.namespace
    assert removal.absence.endswith(f"in namespace {own}, nor a Pod in {own}-trace")


def test_two_runs_do_not_get_in_each_others_way(place_lab):
    """The same cell of another run stands beside it, and stays when the first is removed."""
    first = place_lab.deploy("direct-500rps-r1")
    other = PlaceLab(place_lab.kube, place_lab.environment, run=f"{place_lab.run}-b")
    second = other.deploy("direct-500rps-r1")

    place_lab.remove(None)

    assert first.target != second.target
    assert get(f"{second.target}/json") == PRODUCT_JSON.encode()
    assert (place_lab.objects(), other.remove(None).left) == ([], ())


def test_circumstances_name_the_cluster_and_every_version(place_lab):
    """Asked in the images themselves; one that cannot be had says so, and nothing of the asking stays."""
    asked = experiment(GATEWAYS)
    broken = with_image(CADDY, "docker.io/library/caddy:0.0.1")
    asked = asked.model_copy(update={"contenders": (NGINX, HAPROXY, ENVOY, broken)})
    began = time.monotonic()

    facts = place_lab.place.facts(asked, run=place_lab.run)

    print(f"in {time.monotonic() - began:.1f} s: {facts.cluster}")
    print({name: said.splitlines()[0] for name, said in facts.components.items()})
    assert facts.cluster["kubernetes"].startswith("v1.")
    assert facts.cluster["nodes"]
    assert all(each.version in facts.components[each.name] for each in (NGINX, HAPROXY, ENVOY, UPSTREAM))
    assert facts.components["caddy"].startswith("unknown: image docker.io/library/caddy:0.0.1 cannot be pulled")
    assert place_lab.remove(None).left == ()


@pytest.mark.parametrize("component", ["upstream"])
def test_keeper_and_kubelet_agree_on_cpu_time(place_lab, component):
    """The same cumulative counter from two sources; the kubelet's is up to fifteen seconds old."""
    endpoints = place_lab.deploy("direct-500rps-r1")
    [pod] = place_lab.pods(component)
    burn(endpoints, seconds=4)
    time.sleep(16)

    keeper_s = usage(endpoints, component).cpu_s
    kubelet_s = kubelet_cpu_s(place_lab.kube, pod, component)

    print(f"keeper {keeper_s:.3f} s, kubelet {kubelet_s:.3f} s")
    assert keeper_s == pytest.approx(kubelet_s, rel=0.1, abs=0.05)
    place_lab.remove(None)


def burn(endpoints, *, seconds):
    """Requests on one connection, as fast as they are answered."""
    host, port = endpoints.target.removeprefix("http://").split(":")
    until = time.monotonic() + seconds
    with socket.create_connection((host, int(port))) as connection:
        while time.monotonic() < until:
            connection.sendall(b"GET /json HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(4096)


def kubelet_cpu_s(kube, pod, component):
    """CPU seconds of the container since its start, as the kubelet has them."""
    node = pod["spec"]["nodeName"]
    summary = json.loads(kube.text(f"/api/v1/nodes/{node}/proxy/stats/summary", query={}))
    found = next(each for each in summary["pods"] if each["podRef"]["uid"] == pod["metadata"]["uid"])
    return next(each["cpu"]["usageCoreNanoSeconds"] for each in found["containers"] if each["name"] == component) / 1e9


def test_keeper_and_kubelet_agree_over_a_load(place_lab, tmp_path):
    """As the load step compares them: side by side before and after, with the right that `install` gives it and no other."""
    endpoints = place_lab.deploy("direct-500rps-r1")
    with account_that_reads_kubelets(place_lab.kube, tmp_path) as account:

        async def whole():
            before = await cross_check.ask(endpoints, account=account)
            await asyncio.to_thread(burn, endpoints, seconds=6)
            return await cross_check.compare(endpoints, before, account=account)

        [check] = asyncio.run(whole())
    place_lab.remove(None)

    print(check.told())
    assert check.keeper_s > 0.3
    assert check.kubelet_s == pytest.approx(check.keeper_s, rel=0.05)
    assert check.over_s == pytest.approx(6, abs=1.5)


@contextmanager
def account_that_reads_kubelets(kube, folder):
    """The files of a ServiceAccount with exactly the rights on nodes that the load has."""
    name = f"kubelets-{kube.namespace}"
    [right] = [each for each in rights.NODE_RIGHTS if each.account == rights.STEPS]
    made = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": kube.namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    kube.create({**made, "kind": "ClusterRole", "rules": [right.rule]})
    kube.create({**made, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]})
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = kube.call("POST", f"/api/v1/namespaces/{kube.namespace}/serviceaccounts/default/token", body=asked)
    (folder / "token").write_text(token["status"]["token"])
    (folder / "ca.crt").write_text(kube.get("ConfigMap", "kube-root-ca.crt")["data"]["ca.crt"])
    try:
        yield folder
    finally:
        kube.delete("ClusterRoleBinding", name)
        kube.delete("ClusterRole", name)
