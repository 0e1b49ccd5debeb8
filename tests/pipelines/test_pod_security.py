"""No pod of the lab has a right on its node but a tracer's, and that lives where nothing else does."""

import pytest

from pipelines import manifest, select
from pipelines.cluster import objects
from pipelines.cluster.settings import Settings
from steps.places import pod_spec, tracer_pod
from steps.places.tracer_pod import Order
from tests.pod_security import against_baseline, against_restricted

EXPERIMENTS = [experiment for phase in select.phases() for experiment in phase.experiments]
COMPONENTS = {each.name: each for experiment in EXPERIMENTS for each in experiment.programs if each.image}
SETTINGS = Settings(namespace="lab", image="benchlab/steps:abc")
WHERE = tracer_pod.beside({"app": "x"}, "lab")


def tracer(order=Order(("look",), 60)):  # noqa: B008  # frozen
    return tracer_pod.render(
        order, name="t", namespace="lab-trace", labels=tracer_pod.labels_of("r", "c-1rps-r1"), image="i", where=WHERE
    )


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=COMPONENTS)
def test_every_components_pod_is_restricted(component):
    """Its program, its keeper, and what prepares its folder."""
    prepare = component.process.prepare if component.process else ()
    spec = pod_spec.of(component, argv=(), env={}, config=component.config, keeper="k", prepare=prepare, identity="i")

    assert against_restricted(spec) == []
    assert against_restricted(pod_spec.versions([component])) == []


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda each: each.name)
def test_every_step_is_restricted(experiment):
    """Also that which makes tracers: it has a right on another namespace, and none on its node."""
    spec = manifest.of_experiment(experiment, image="benchlab/steps:abc")["spec"]
    containers = [each["container"] for each in spec["templates"] if "container" in each]

    assert containers
    assert against_restricted({"securityContext": spec["securityContext"], "containers": containers}) == []


def test_every_installed_pod_is_restricted():
    """The store and the sweeper."""
    found = objects.of(SETTINGS, objects.own_store(SETTINGS, access_key="k", secret_key="s"), enforce=True)
    specs = [each["spec"]["template"]["spec"] for each in found if each["kind"] == "Deployment"]
    for each in found:
        if each["kind"] == "CronWorkflow":
            spec = each["spec"]["workflowSpec"]
            containers = [template["container"] for template in spec["templates"]]
            specs.append({"securityContext": spec["securityContext"], "containers": containers})

    assert len(specs) == 2
    assert [against_restricted(spec) for spec in specs] == [[], []]


def test_a_tracers_pod_has_the_one_right_that_it_needs():
    """Root and CAP_SYS_ADMIN: no host namespace, no path of the node, no token, nothing to write on but its own room."""
    spec = tracer()["spec"]
    (container,) = spec["containers"]

    assert set(against_baseline(spec)) == {"capability SYS_ADMIN", "unconfined"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["SYS_ADMIN"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["automountServiceAccountToken"] is False
    assert [volume.keys() - {"name"} for volume in spec["volumes"]] == [{"emptyDir"}]
    assert "serviceAccountName" not in spec


def test_only_the_tracers_namespace_lets_such_pods_in():
    """Of what is installed, one namespace is privileged; the runs' own refuses them."""
    found = objects.of(SETTINGS, objects.own_store(SETTINGS, access_key="k", secret_key="s"), enforce=True)
    levels = {
        each["metadata"]["name"]: each["metadata"]["labels"][f"{objects.POD_SECURITY}/enforce"]
        for each in found
        if each["kind"] == "Namespace"
    }

    assert levels == {"lab": "baseline", "lab-trace": "privileged"}


def test_a_program_reaches_the_tracer_word_for_word():
    """The kubelet expands $(NAME) in words and values: a program may hold such."""
    text = "BEGIN { $(x) }"
    (container,) = tracer(Order(("count",), 60, text))["spec"]["containers"]

    assert {"name": "BENCHLAB_PROGRAM", "value": "BEGIN { $$(x) }"} in container["env"]
    assert container["command"][-2:] == ["steps.tracer", "count"]
