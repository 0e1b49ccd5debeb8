"""The compiled manifests: golden per shape, properties over every experiment."""

import json
import re
from itertools import pairwise

import pytest
import yaml

from pipelines import lint, manifest, rights, select, shapes
from steps.model import Experiment, Precision
from tests.golden import write

EXPERIMENTS = {
    f"{phase.id}/{each.name}": select.experiments(f"{phase.id}/{each.name}")[0]
    for phase in select.phases()
    for each in phase.experiments
}
FORMS = (
    EXPERIMENTS
    | {f"{name} --quick": each.as_preview() for name, each in EXPERIMENTS.items()}
    | {f"{name} --precision": select.precise(each, "5%", None) for name, each in EXPERIMENTS.items() if not each.reviews}
    | {"a review": write.EXPERIMENTS["review"], "a review --quick": write.EXPERIMENTS["review"].as_preview()}
)
MEASURING = {name: each for name, each in FORMS.items() if not each.reviews}
every_experiment = pytest.mark.parametrize("experiment", FORMS.values(), ids=FORMS.keys())
every_measuring = pytest.mark.parametrize("experiment", MEASURING.values(), ids=MEASURING.keys())


def built(experiment: Experiment) -> dict:
    return manifest.of_experiment(experiment, image=write.IMAGE)


@pytest.mark.parametrize("shape", [*write.EXPERIMENTS, write.PHASE])
def test_a_shape_compiles_to_its_golden_manifest(shape):
    """What a shape compiles to changes only together with its golden file: `make golden`, and read the diff."""
    golden = (write.HERE / f"{shape}.yaml").read_text(encoding="utf-8")

    assert write.manifest(shape) == golden


def test_every_shape_has_a_golden_manifest():
    """No shape goes without a golden file."""
    assert set(write.EXPERIMENTS) == set(shapes.SHAPES)


@every_experiment
def test_dags_have_no_cycles(experiment):
    """Each task can come after all that it waits for."""
    for template in built(experiment)["spec"]["templates"]:
        waiting = {
            task["name"]: {name for name, _ in re.findall(r"([a-z][\w-]*)\.(\w+)", task.get("depends", ""))}
            or ({task["depends"]} if task.get("depends") else set())
            for task in template.get("dag", {}).get("tasks", ())
        }
        while waiting:
            free = {name for name, before in waiting.items() if not before & waiting.keys()}
            assert free, f"{template['name']}: {waiting} wait for each other"
            waiting = {name: before for name, before in waiting.items() if name not in free}


@every_experiment
def test_names_are_unique_dns_labels(experiment):
    """Templates, tasks and cells can be names of Kubernetes objects."""
    from steps.model import Plan

    spec = built(experiment)["spec"]
    tasks = [[task["name"] for task in each["dag"]["tasks"]] for each in spec["templates"] if "dag" in each]
    cells = [] if experiment.reviews else [cell.id for cell in Plan.of(experiment, run="x", seed=1).cells]

    for names in ([each["name"] for each in spec["templates"]], cells, *tasks):
        assert all(one != other for one, other in pairwise(sorted(names)))
        assert all(re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name) for name in names)


@every_measuring
def test_every_deploy_has_a_teardown_that_nothing_can_omit(experiment):
    """Where a DAG deploys, it tears down after any result, and the exit handler does it again."""
    spec = built(experiment)["spec"]
    dags = {each["name"]: {task["name"]: task for task in each["dag"]["tasks"]} for each in spec["templates"] if "dag" in each}

    for tasks in dags.values():
        if "deploy" in tasks:
            said = tasks["teardown"]["depends"]
            assert all(f"deploy.{result}" in said for result in ("Succeeded", "Failed", "Errored"))
            assert all(f"load.{result}" in said for result in ("Succeeded", "Failed", "Errored", "Omitted"))
    assert "teardown-all" in dags[spec["onExit"]]


@every_experiment
def test_a_manifest_survives_json_and_yaml(experiment):
    """What is written is what is read."""
    made = built(experiment)

    assert json.loads(json.dumps(made)) == made
    assert list(yaml.safe_load_all(manifest.to_yaml([made]))) == [made]


@every_experiment
def test_the_experiment_travels_whole(experiment):
    """The experiment in the manifest is the experiment."""
    parameters = {each["name"]: each["value"] for each in built(experiment)["spec"]["arguments"]["parameters"]}

    assert Experiment.model_validate_json(parameters["experiment"]) == experiment


@every_measuring
def test_teardown_fetches_nothing(experiment):
    """The store may be what broke: what removes things needs no artifact."""
    templates = {each["name"]: each for each in built(experiment)["spec"]["templates"]}

    for name in ("teardown", "teardown-all"):
        assert "artifacts" not in templates[name].get("inputs", {})


@every_measuring
def test_a_measurement_is_never_retried(experiment):
    """A repeated measurement is a new cell, so `deploy` and `load` run once."""
    templates = {each["name"]: each for each in built(experiment)["spec"]["templates"]}

    assert "retryStrategy" not in templates["load"]
    assert "retryStrategy" not in templates["deploy"]
    assert templates["provision"]["retryStrategy"]["retryPolicy"] == "OnError"


PLAIN = write.EXPERIMENTS["compare"]


def test_a_changed_run_leaves_the_template_as_its_author_wrote_it():
    """A preview, or a longer load, is said by the Workflow: a schedule that uses the template is not changed by it."""
    longer = PLAIN.model_copy(update={"loads": tuple(load.model_copy(update={"duration_s": 600}) for load in PLAIN.loads)})
    template, workflow = manifest.documents([longer], declared=[PLAIN], image=write.IMAGE)

    said = {each["name"]: each["value"] for each in workflow["spec"]["arguments"]["parameters"]}
    assert template == manifest.documents([PLAIN], image=write.IMAGE)[0]
    assert workflow["spec"]["workflowTemplateRef"] == {"name": PLAIN.name}
    assert said.keys() == {"experiment", "load-limit-s"}
    assert int(said["load-limit-s"]) > 600


def test_a_ramps_load_has_the_time_of_its_longest_search_and_knows_the_drivers_ceiling():
    """Its time limit follows from the search; what provision found is handed to it."""
    capacity = write.EXPERIMENTS["ramp"]
    made = built(capacity)["spec"]
    load = next(each for each in made["templates"] if each["name"] == "load")
    parameters = {each["name"]: each["value"] for each in made["arguments"]["parameters"]}

    assert int(parameters["load-limit-s"]) > capacity.loads[0].longest_s
    assert [each["s3"]["key"].rpartition("/")[2] for each in load["inputs"]["artifacts"]] == [
        "experiment.json",
        "environment.json",
    ]


def precise(share="5%", most_rounds=None):
    return select.precise(PLAIN, share, most_rounds)


def tasks_of(template, name):
    found = next(each for each in template["spec"]["templates"] if each["name"] == name)
    return {task["name"]: task for task in found["dag"]["tasks"]}


@pytest.mark.parametrize(("experiment", "passes"), [(PLAIN, 2), (precise(), 5)], ids=["usual", "precise"])
def test_extensions_form_a_chain_in_which_only_success_is_followed(experiment, passes):
    """Each pass comes after cells that succeeded, which an empty list's do not; what failed anywhere fails the whole."""
    tasks = tasks_of(built(experiment), "main")

    before = "cells"
    for number in range(1, passes + 1):
        assert tasks[f"extend-{number}"]["depends"] == f"({before}.Succeeded)"
        assert tasks[f"cells-{number}"]["depends"] == f"extend-{number}"
        assert tasks[f"cells-{number}"]["withParam"] == f"{{{{tasks.extend-{number}.outputs.parameters.plan}}}}"
        before = f"cells-{number}"
    assert len(tasks) == 2 + 2 * passes
    main = next(each for each in built(experiment)["spec"]["templates"] if each["name"] == "main")
    assert set(main["dag"]["target"].split()) == set(tasks) - {"provision"}


def test_an_extension_needs_no_rights_but_to_tell_its_outputs():
    """It reads and writes the store alone; Argo may try it again, for it says the same again."""
    extend = next(each for each in built(PLAIN)["spec"]["templates"] if each["name"] == "extend")

    assert extend["serviceAccountName"] == rights.STEPS
    assert extend["retryStrategy"]["retryPolicy"] == "OnError"


def test_a_precision_has_a_template_of_its_own():
    """It is the same for every precision, so that two runs do not change each other's; the Workflow says which was asked for."""
    template, workflow = manifest.documents([precise("2%", 12)], declared=[PLAIN], image=write.IMAGE)
    other, _ = manifest.documents([precise("7%")], declared=[PLAIN], image=write.IMAGE)

    said = {each["name"]: each["value"] for each in workflow["spec"]["arguments"]["parameters"]}
    asked = Experiment.model_validate_json(said["experiment"])
    assert template["metadata"]["name"] == "golden-comparison-precise"
    assert workflow["spec"]["workflowTemplateRef"] == {"name": "golden-comparison-precise"}
    assert template == other
    assert (asked.name, asked.precision) == ("golden-comparison", Precision(half_width=0.02, most_rounds=12))
    assert lint.of_documents([template, workflow]) == []


def test_a_phase_may_ask_for_a_precision_in_one_of_its_experiments():
    """Its Workflow calls each template by its name."""
    other = precise().model_copy(update={"name": "other-comparison"})
    made = manifest.documents([PLAIN, other], image=write.IMAGE)

    tasks = made[-1]["spec"]["templates"][0]["dag"]["tasks"]
    called = [task["templateRef"]["name"] for task in tasks]
    assert lint.of_documents(made) == []
    assert called == ["golden-comparison", "other-comparison-precise"]
    assert [task["name"] for task in tasks] == ["golden-comparison", "other-comparison"]


def test_a_phase_runs_its_experiments_in_order_and_closes_all_of_them():
    """One Workflow calls the template of each, whatever became of the one before; its exit handler does the same."""
    other = PLAIN.model_copy(update={"name": "other-comparison"})
    made = manifest.documents([PLAIN, other], image=write.IMAGE)

    assert [each["kind"] for each in made] == ["WorkflowTemplate", "WorkflowTemplate", "Workflow"]
    assert lint.of_documents(made) == []
    main, closing, overview = made[-1]["spec"]["templates"]
    for dag in (main, closing):
        first, second = dag["dag"]["tasks"][:2]
        assert first["templateRef"]["name"] == PLAIN.name
        assert second["templateRef"]["name"] == "other-comparison"
        assert all(f"{PLAIN.name}.{result}" in second["depends"] for result in ("Succeeded", "Failed", "Errored"))
    assert main["dag"]["target"] == f"{PLAIN.name} other-comparison"
    assert closing["dag"]["target"] == f"{PLAIN.name} other-comparison overview"
    assert overview["container"]["args"][:1] == ["overview"]


def test_the_page_of_a_phase_is_made_after_every_report_whatever_became_of_them():
    """Its step waits for the last experiment's closing, and only for it to be over."""
    made = manifest.documents([PLAIN, write.EXPERIMENTS["review"]], image=write.IMAGE)
    *_, review, overview = tasks_of(made[-1], "closing").values()

    assert review["name"] == "golden-review"
    assert overview["depends"] == "(golden-review.Succeeded || golden-review.Failed || golden-review.Errored)"


def test_each_report_of_a_phase_knows_which_task_is_its_own():
    """The failures that Argo tells are those of all experiments; a run of one experiment has nothing to tell apart."""
    made = manifest.documents([PLAIN, write.EXPERIMENTS["review"]], image=write.IMAGE)
    tasks = tasks_of(made[-1], "closing")

    given = {name: {each["name"]: each["value"] for each in tasks[name]["arguments"]["parameters"]} for name in tasks}
    assert (given["golden-comparison"]["task"], given["golden-review"]["task"]) == ("golden-comparison", "golden-review")
    for template in made[:-1]:
        closing = next(each for each in template["spec"]["templates"] if each["name"] == "closing")
        assert {each["name"]: each["default"] for each in closing["inputs"]["parameters"]}["task"] == ""


def test_a_review_deploys_nothing_and_is_made_where_reports_are():
    """It has no cells and no load; nothing of it could stay behind."""
    spec = built(write.EXPERIMENTS["review"])["spec"]

    assert {each["name"] for each in spec["templates"]} == {"main", "closing", "provision", "review"}
    assert [task["name"] for task in tasks_of({"spec": spec}, "closing").values()] == ["review"]


@every_experiment
def test_every_pod_is_safe_enough_for_a_restricted_namespace(experiment):
    """No step is root, gains rights or keeps capabilities."""
    spec = built(experiment)["spec"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in spec["templates"]:
        if "container" in each:
            assert each["container"]["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
            assert each["serviceAccountName"].startswith("benchlab")
