"""The arms of mesh-benchmark: the same chain in each, as long as the load asks for; no text asks for what is not there."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from phases.catalogue.meshes import LAYERS, MTLS_MESH, NONE, PLAIN, ROTATED, SERVICES, WATCHED
from phases.catalogue.meshes_elsewhere import MESHES
from phases.phase_10_mesh import EXPERIMENTS
from steps.certificates import issue
from steps.model import Component, DeployedComponent, Experiment, hops_of
from steps.places import pods
from steps.places.base import Deployed, Job
from steps.places.pods import Setting
from steps.places.templates import fill, placeholders

CONFIGS = Path(__file__).parent.parent.parent / "phases" / "configs"
PLACE = {"program", "config", "folder", "host", "workers", "port", "app", "bin"}
(MESH,) = EXPERIMENTS
CELLS = [(arm, load) for arm in MESH.arms for load in MESH.loads]


def texts(component):
    process = component.process
    words = [word for words in process.prepare for word in words]
    return [*process.argv, *process.env.values(), *words, (CONFIGS / component.config).read_text() if component.config else ""]


def deployed(arm, load):
    hops = hops_of(load)
    return (*MESH.around_under(hops), *arm.parts_under(hops))


@pytest.mark.parametrize(("arm", "load"), CELLS, ids=lambda each: each.name)
def test_a_text_asks_only_for_what_was_deployed_before(arm, load):
    """In the order of the cell, under each length of the chain."""
    there, last = set(), None
    for each in deployed(arm, load):
        own = PLACE | set(each.settings) | {f"port.{port.name}" for port in each.ports}
        own |= {"upstream.host", "upstream.port"} if each.upstream else set()
        own |= {"before.name", "before.host", "before.port"} if last else set()
        own |= {"identity"} if each.identity else set()
        assert set().union(*map(placeholders, texts(each))) <= own
        assert each.upstream is None or each.upstream in there
        there.add(each.name)
        last = each.name


@pytest.mark.parametrize("load", MESH.loads, ids=lambda load: load.name)
def test_a_chain_has_as_many_services_as_its_load_has_hops(load):
    """And one sidecar for each, with one for the caller, who comes last; the direct path is entered at its first service."""
    hops = load.hops

    assert [each.name for each in deployed(NONE, load)] == [f"service-{n}" for n in range(1, hops + 1)]
    for arm in (PLAIN, MTLS_MESH, ROTATED):
        assert [each.name for each in deployed(arm, load)[hops:]] == [*(f"sidecar-{n}" for n in range(1, hops + 1)), arm.name]


def test_each_arm_differs_from_the_one_before_it_in_one_thing():
    """Encryption alone is mTLS less plain: the same programs, words and settings in the same places."""
    for below, above in pairwise((PLAIN, MTLS_MESH, ROTATED)):
        for one, other in zip(below.parts, above.parts, strict=True):
            assert (one.process.program, one.process.argv, one.process.env) == (
                other.process.program,
                other.process.argv,
                other.process.env,
            )
            assert (one.upstream, one.hop, one.ready, one.resources) == (other.upstream, other.hop, other.ready, other.resources)
    assert list(MESH.layers) == [layer.name for layer in LAYERS]
    assert all(one.config == other.config for one, other in zip(MTLS_MESH.parts, ROTATED.parts, strict=True))


def test_the_two_templates_differ_in_tls_alone():
    """Line by line, what the plain one has is in the other, in the same order, but for the name of the port."""
    plain = [line for line in lines("sidecar.envoy.yaml") if "filters:" not in line]
    mtls = iter([line.replace("port.mtls", "port.inbound") for line in lines("sidecar-mtls.envoy.yaml")])

    assert all(line in mtls for line in plain)


def lines(name):
    return [line for line in (CONFIGS / name).read_text().splitlines() if not line.startswith("#")]


def test_every_arm_with_sidecars_says_where_they_stand():
    """In a cluster a service and its sidecar are two pods, as they are in no mesh: the report says so of each arm."""
    told = {arm.name: arm.parity.more.get("service to its sidecar", "") for arm in MESH.arms}

    assert told.pop("none") == ""
    assert set(told.values()) == {"over loopback; in a cluster from pod to pod"}


def test_a_sidecar_knows_whom_it_lets_in_and_whom_it_calls():
    """The sidecar before it and the caller's; it calls whoever was deployed right before it, and believes nobody else."""
    text = (CONFIGS / "sidecar-mtls.envoy.yaml").read_text()

    assert [line.split()[-1] for line in text.splitlines() if "spiffe://" in line] == [
        "spiffe://benchlab.dev/@{lets_in}",
        "spiffe://benchlab.dev/caller",
        "spiffe://benchlab.dev/@{before.name}",
    ]
    assert "require_client_certificate: true" in text
    for n, each in enumerate(MTLS_MESH.brings, start=1):
        assert (each.identity, each.settings["lets_in"]) == (f"sidecar-{n}", f"sidecar-{n + 1}")
    assert MTLS_MESH.identity == "caller"


def test_certificates_are_exchanged_in_the_rotated_arm_alone():
    """Often enough that a preview's window has one; connections last as long, so that new ones are made with it."""
    assert not any(each.rotates_s for arm in (PLAIN, MTLS_MESH) for each in arm.parts)
    assert {each.rotates_s for each in ROTATED.parts} == {2.0}
    assert {each.settings["connections_last"] for each in ROTATED.parts} == {"2s"}
    assert all(each.rotates_s < load.window_s for load in MESH.as_preview().loads for each in ROTATED.parts)


def test_what_envoy_reads_of_its_certificate_is_json():
    """Once its folder is known."""
    (secret,) = json.loads(fill(WATCHED, {"folder": "/f"}, source="s"))["resources"]

    assert secret["tls_certificate"]["watched_directory"] == {"path": "/f"}
    assert secret["tls_certificate"]["private_key"] == {"filename": "/f/live/key.pem"}


@pytest.mark.parametrize("arm", MESH.arms, ids=lambda arm: arm.name)
def test_entry_survives_its_journey(arm):
    """As JSON, whole, and with nothing in it that Argo would take for a tag; each part has an image for a pod."""
    assert Component.model_validate_json(arm.model_dump_json()) == arm
    assert "{{" not in arm.model_dump_json()
    assert all(each.image for each in (*arm.parts, *SERVICES))


@pytest.mark.parametrize("arm", MESH.arms, ids=lambda arm: arm.name)
def test_every_arm_can_be_rendered_for_pods(arm):
    """From the same entries and templates: each knows the Service of the one before it, and nothing is left unfilled."""
    load = MESH.load_called("three")
    parts = deployed(arm, load)
    configs = {each.config: (CONFIGS / each.config).read_text() for each in parts if each.config}
    asked = MESH.model_copy(update={"phase": "phase-10", "configs": configs})
    identities = issue((each.identity for each in parts if each.identity), renewed=[each.identity for each in parts])
    job = Job(run="run-1", cell=f"{arm.name}-{load.label}-r1", experiment=asked, identities=identities)
    beside = {}
    for number, each in enumerate(parts, start=1):
        made = pods.render(each, job=job, beside=beside, setting=Setting(namespace="lab", image="benchlab/steps:1"))
        beside[each.name] = Deployed(
            record=DeployedComponent(name=each.name, program="p", version="1", argv=(), config_digest=None, ready_ms=1),
            host=f"198.51.100.{number}",
            ports={port.name: port.number for port in each.ports},
            keeper="http://198.51.100.1:7099",
        )
        assert "@{" not in json.dumps(made.objects)
        if each.identity:
            (spec,) = (one["spec"]["template"]["spec"] for one in made.objects if one["kind"] == "Deployment")
            assert [one["command"][:2] for one in spec["initContainers"]] == [["sh", "-c"]]


def test_a_preview_takes_the_chain_of_three():
    """The others take longer than a preview may."""
    assert [load.name for load in MESH.as_preview().loads] == ["three"]


def test_named_meshes_are_rows_with_their_reason():
    """None of them was run: none has a figure."""
    assert (
        [each.name for each in MESH.absent] == [each.name for each in MESHES] == ["istio", "istio-ambient", "linkerd", "cilium"]
    )
    assert all("was not run" in each.reason and "control plane" in each.reason for each in MESH.absent)
    assert all(chart.version[0].isdigit() for mesh in MESHES for chart in mesh.charts)


def test_a_chain_has_every_place_once():
    """A load that is longer than the chain, or a place that is missing, is found when the module is imported."""
    given = dict(MESH)
    with pytest.raises(ValidationError, match=r"a chain of 11 hops needs the places 1 to 11, each once"):
        Experiment.model_validate(
            given | {"loads": (MESH.loads[0].model_copy(update={"hops": 11}),), "quick_loads": (), "hypotheses": ()}
        )
    with pytest.raises(ValidationError, match=r"a chain of 10 hops needs the places 1 to 10, each once"):
        Experiment.model_validate(given | {"around": SERVICES[1:]})
    with pytest.raises(ValidationError, match=r"component x: rotates_s goes with an identity"):
        PLAIN.under("x", rotates_s=1.0)
