"""A component as Kubernetes objects: what is in them follows from the same entry and template as the process."""

import json

import pytest

from phases.catalogue.databases import POSTGRES
from phases.catalogue.gateways import CADDY, DIRECT, ENVOY, GATEWAYS, NGINX, TRAEFIK
from phases.catalogue.upstreams import UPSTREAM
from steps.certificates import issue
from steps.errors import PlaceError, UsageError
from steps.model import DeployedComponent
from steps.places import pods
from steps.places.base import Deployed, Job
from steps.places.pods import Setting
from tests.lab import experiment

OWNER = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "name": "w", "uid": "1"}
SETTING = Setting(namespace="lab", image="benchlab/steps:1", owner=OWNER)


def deployed(component, host="198.51.100.7"):
    record = DeployedComponent(name=component.name, program="p", version="1", argv=(), config_digest=None, ready_ms=1)
    return Deployed(record=record, host=host, ports={"http": 8080}, keeper=f"http://{host}:7099")


def render(component, *, asked=None, beside=None, setting=SETTING):
    job = Job(run="run-1", cell=f"{component.name}-500rps-r1", experiment=asked or experiment((component,)))
    return pods.render(component, job=job, beside={"upstream": deployed(UPSTREAM)} if beside is None else beside, setting=setting)


def by_kind(rendered):
    return {each["kind"]: each for each in rendered.objects}


def containers(rendered):
    return {each["name"]: each for each in by_kind(rendered)["Deployment"]["spec"]["template"]["spec"]["containers"]}


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda each: each.name)
def test_every_gateway_becomes_three_objects_that_find_each_other(gateway):
    """The Service's selector and the Deployment's are labels of the pod; the pod mounts the ConfigMap of that name."""
    rendered = render(gateway)
    found = by_kind(rendered)
    template = found["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"]

    assert [each["kind"] for each in rendered.objects] == ["ConfigMap", "Service", "Deployment"]
    assert {each["metadata"]["name"] for each in rendered.objects} == {rendered.name}
    assert found["Service"]["spec"]["selector"].items() <= labels.items()
    assert found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert {"name": "config", "configMap": {"name": rendered.name}} in template["spec"]["volumes"]
    assert list(found["ConfigMap"]["data"]) == [gateway.config]
    assert "@{" not in json.dumps(rendered.objects)


def test_what_is_made_carries_its_run_and_belongs_to_the_workflow():
    """Teardown finds things by label, and the Workflow takes along whatever is left when it is deleted."""
    for each in render(ENVOY).objects:
        meta = each["metadata"]
        assert meta["namespace"] == "lab"
        assert meta["ownerReferences"] == [OWNER]
        assert {name: value for name, value in meta["labels"].items() if name.startswith("benchlab.dev/")} == {
            "benchlab.dev/run": "run-1",
            "benchlab.dev/phase": "phase-4",
            "benchlab.dev/experiment": "gateway-comparison",
            "benchlab.dev/cell": "envoy-500rps-r1",
            "benchlab.dev/component": "envoy",
        }
        assert meta["labels"]["app.kubernetes.io/component"] == "contender"


def test_upstream_is_named_by_its_services_address():
    """Not by its name: how often a contender asks the DNS is nobody's measurement."""
    config = by_kind(render(NGINX))["ConfigMap"]["data"]["nginx.conf"]

    assert "server 198.51.100.7:8080;" in config
    assert "listen 0.0.0.0:8080;" in config


def test_container_runs_the_words_of_the_process_in_the_upstream_image():
    """The same words with other paths, whatever the image would start by itself."""
    program = containers(render(TRAEFIK))["traefik"]

    assert program["image"] == "docker.io/library/traefik:v3.7.15"
    assert program["command"][:2] == ["/usr/local/bin/traefik", "--entryPoints.web.address=0.0.0.0:8080"]
    assert "--providers.file.filename=/benchlab/config/traefik.dynamic.yaml" in program["command"]
    assert {"name": "GOMAXPROCS", "value": "1"} in program["env"]


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda each: each.name)
def test_pod_asks_for_no_right(gateway):
    """Pod Security "restricted", no token, no variables from Services, and one user for component and keeper."""
    spec = by_kind(render(gateway))["Deployment"]["spec"]["template"]["spec"]

    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"], spec["shareProcessNamespace"]) == (
        False,
        False,
        True,
    )
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for each in spec["containers"]:
        own = each["securityContext"]
        assert (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"]) == (False, True)
        assert own["capabilities"]["drop"] == ["ALL"]
        assert own["capabilities"].get("add", []) == (["NET_BIND_SERVICE"] if each["name"] == "caddy" else [])


def test_contenders_may_use_alike():
    """The same memory for all, and no limit of CPU: the kernel's throttling would be in every percentile."""
    asked = [containers(render(each))[each.name]["resources"] for each in GATEWAYS]

    assert all(each == asked[0] for each in asked)
    assert asked[0]["limits"] == {"memory": asked[0]["requests"]["memory"]}


def test_nobody_asks_a_component_that_is_ready():
    """A startup probe ends when it was answered; a readiness probe would go on during the load."""
    program = containers(render(ENVOY))["envoy"]

    assert program["startupProbe"]["httpGet"] == {"path": "/json", "port": "http"}
    assert not {"readinessProbe", "livenessProbe"} & set(program)


def test_keeper_stands_beside_the_component_with_its_configuration():
    """The image of the steps, the same configuration mounted, a port of its own in the Service."""
    rendered = render(CADDY)
    keeper = containers(rendered)["keeper"]

    assert keeper["image"] == "benchlab/steps:1"
    assert keeper["command"] == [
        *("python", "-P", "-S", "-m", "steps.keeper", "--beside", "caddy", "--port", "7099"),
        *("--config", "/benchlab/config/Caddyfile", "--ready", "8080", "/json"),
    ]
    assert keeper["volumeMounts"] == [{"name": "config", "mountPath": "/benchlab/config", "readOnly": True}]
    ports = {each["name"]: each["port"] for each in by_kind(rendered)["Service"]["spec"]["ports"]}
    assert ports == {"http": 8080, "keeper": 7099}


def test_keeper_of_a_database_sees_how_much_it_keeps_and_can_change_nothing():
    """Others' keepers do not see their folder at all, and neither that of one whose files are in memory."""
    keeper = containers(render(POSTGRES))["keeper"]
    in_memory = containers(render(POSTGRES.model_copy(update={"files": "memory"})))["keeper"]

    assert keeper["command"][-2:] == ["--folder", "/benchlab/folder"]
    assert {"name": "folder", "mountPath": "/benchlab/folder", "readOnly": True} in keeper["volumeMounts"]
    assert "--folder" not in in_memory["command"]
    assert "folder" not in {each["name"] for each in in_memory["volumeMounts"]}


def test_dollars_of_a_component_reach_it():
    """The kubelet expands $(NAME) in words and variables; written $$(NAME), it stays what it is."""
    process = ENVOY.process.model_copy(update={"argv": ("@{program}", "$(HOME) $HOME"), "env": {"WORDS": "$(PATH)"}})
    component = ENVOY.model_copy(update={"process": process})

    program = containers(render(component))["envoy"]

    assert program["command"][1] == "$$(HOME) $HOME"
    assert {"name": "WORDS", "value": "$$(PATH)"} in program["env"]


def test_names_fit_and_tell_runs_apart():
    """A Service's name has 63 characters at most; two runs may have the same cell in one namespace."""
    asked = experiment()
    long = Job(run="run-1", cell="c" * 63, experiment=asked)
    names = {pods.name_of(Job(run=run, cell="envoy-500rps-r1", experiment=asked), "envoy") for run in ("run-1", "run-2")}

    assert len(pods.name_of(long, "envoy")) == 63
    assert len(names) == 2
    assert all(name.startswith("envoy-500rps-r1-envoy-") for name in names)


def test_component_without_an_image_is_refused():
    """It says so before anything is made."""
    with pytest.raises(PlaceError, match="envoy has no image: it cannot run in a pod"):
        render(ENVOY.model_copy(update={"image": None}))


def test_template_that_does_not_travel_is_refused():
    """An experiment carries its templates; a missing one is a mistake, not an empty configuration."""
    with pytest.raises(UsageError, match=r"the experiment carries no configuration template envoy\.yaml"):
        render(ENVOY, asked=experiment().model_copy(update={"configs": {}}))


def test_a_load_is_rather_sent_from_another_node():
    """The affinity is a wish: on a cluster of one node the load runs all the same."""
    rules = pods.apart("run-1")["podAntiAffinity"]

    assert list(rules) == ["preferredDuringSchedulingIgnoredDuringExecution"]


def test_selector_does_not_find_the_steps_of_a_run():
    """Steps carry the run's label, components also their own name."""
    assert pods.selector("r", None) == "benchlab.dev/run=r,benchlab.dev/component"
    assert pods.selector("r", "c") == "benchlab.dev/run=r,benchlab.dev/component,benchlab.dev/cell=c"
    assert pods.selector("r", "c", "envoy") == "benchlab.dev/run=r,benchlab.dev/component=envoy,benchlab.dev/cell=c"


def test_every_image_is_asked_for_its_version_in_one_pod():
    """One container each, with the words that the program's entry has for it."""
    made = pods.versions(GATEWAYS, run="run-1", mark="ab", setting=SETTING)

    asked = {each["name"]: each["command"] for each in made["spec"]["containers"]}
    assert asked["haproxy"] == ["/usr/local/sbin/haproxy", "-vv"]
    assert list(asked) == [each.name for each in GATEWAYS]
    assert made["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("component", [*GATEWAYS, UPSTREAM], ids=lambda each: each.name)
def test_image_has_the_version_that_the_process_has(component):
    """One version in the entry: that of the wheel, of the image's tag, and of the stand-in that tests run."""
    assert component.image.reference.rpartition(":")[2].removeprefix("v") == component.version


def test_direct_path_has_no_pod():
    """The baseline has no program, so no image either."""
    assert DIRECT.image is None


def test_a_certificate_is_a_secret_that_only_its_program_sees():
    """It belongs to the Workflow, goes with the rest by its labels, and its key is nowhere else."""
    sidecar = ENVOY.under("sidecar", identity="sidecar")
    job = Job(run="run-1", cell="sidecar-500rps-r1", experiment=experiment((sidecar,)), identities=issue(["sidecar"]))

    rendered = pods.render(sidecar, job=job, beside={"upstream": deployed(UPSTREAM)}, setting=SETTING)
    found, program = by_kind(rendered), containers(rendered)
    others = [each for each in rendered.objects if each["kind"] != "Secret"]

    assert [each["kind"] for each in rendered.objects] == ["ConfigMap", "Service", "Secret", "Deployment"]
    assert sorted(found["Secret"]["stringData"]) == ["ca.pem", "cert.pem", "key.pem"]
    assert found["Secret"]["metadata"]["ownerReferences"] == [OWNER]
    assert found["Secret"]["metadata"]["labels"] == found["Service"]["metadata"]["labels"]
    assert {"name": "identity", "mountPath": "/benchlab/identity", "readOnly": True} in program["sidecar"]["volumeMounts"]
    assert "identity" not in {each["name"] for each in program["keeper"]["volumeMounts"]}
    assert "PRIVATE KEY" not in json.dumps(others)


def test_a_certificate_is_exchanged_by_a_keeper_that_cannot_read_it():
    """Its pod's keeper moves a link in the program's folder; the second certificate is in a folder below the first."""
    sidecar = ENVOY.under("sidecar", identity="sidecar", rotates_s=2.5)
    identities = issue(["sidecar"], renewed=["sidecar"])
    job = Job(run="run-1", cell="sidecar-500rps-r1", experiment=experiment((sidecar,)), identities=identities)

    rendered = pods.render(sidecar, job=job, beside={"upstream": deployed(UPSTREAM)}, setting=SETTING)
    found, keeper = by_kind(rendered), containers(rendered)["keeper"]
    volumes = {each["name"]: each for each in found["Deployment"]["spec"]["template"]["spec"]["volumes"]}

    assert sorted(found["Secret"]["stringData"]) == ["ca.pem", "cert.pem", "key.pem", "next-cert.pem", "next-key.pem"]
    assert {"key": "next-key.pem", "path": "next/key.pem"} in volumes["identity"]["secret"]["items"]
    assert keeper["command"][-4:] == ["--rotate", "/benchlab/folder", "/benchlab/identity", "2.5"]
    assert [each["name"] for each in keeper["volumeMounts"]] == ["config", "folder"]
