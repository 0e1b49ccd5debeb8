"""An experiment that asks for a trace has one beside the load of each cell; the others pay nothing for it."""

from phases.appendix_t import PHASE
from pipelines import duration, manifest, rights, shapes
from steps.model import Plan

TRACED = PHASE.experiments[1]
PLAIN = TRACED.model_copy(update={"trace": ()})


def cell(experiment):
    return next(flow for flow in shapes.of(experiment).flows if flow.name == "cell")


def test_trace_stands_beside_the_load_and_its_failure_matters():
    """`measure` waits for both, and the cell fails with either."""
    tasks = {task.name: task for task in cell(TRACED).tasks}

    assert tasks["trace"].depends == tasks["load"].depends == "deploy"
    assert "trace.Omitted" in tasks["measure"].depends
    assert "trace.Omitted" in tasks["teardown"].depends
    assert cell(TRACED).target.split() == ["load", "trace", "measure", "teardown"]


def test_experiment_without_a_trace_has_no_step_for_it():
    """No pod, no artifact, no second more."""
    shape = shapes.of(PLAIN)

    assert "trace" not in {task.name for task in cell(PLAIN).tasks}
    assert "trace" not in {step.verb for step in shape.steps}
    assert "trace" not in {file.name for step in shape.steps for file in step.reads}


def test_a_trace_takes_time_that_is_planned():
    """The load is sent once more, and so its limit is later, too."""
    plan = Plan.of(TRACED, run="r", seed=1)

    assert duration.of_plan(TRACED, plan) > duration.of_plan(PLAIN, plan) + 10 * len(plan.cells)
    assert shapes.load_limit_s(TRACED) > shapes.load_limit_s(PLAIN) + 10


def parameters(document):
    return {each["name"]: each.get("value") for each in document["spec"].get("arguments", {}).get("parameters", ())}


def test_what_makes_tracers_runs_as_an_account_of_its_own_and_knows_their_image():
    """Who may make a pod beside the tracers can have the node: no other step runs as that account."""
    made = manifest.of_experiment(TRACED, image="r.example/benchlab/steps:1")
    accounts = {each["name"]: each["serviceAccountName"] for each in made["spec"]["templates"] if "container" in each}
    (trace,) = (each["container"] for each in made["spec"]["templates"] if each["name"] == "trace")

    assert [name for name, account in accounts.items() if account == rights.TRACE] == ["trace"]
    assert trace["args"][trace["args"].index("--image") + 1] == "{{workflow.parameters.trace-image}}"
    assert parameters(made)["trace-image"].startswith("r.example/benchlab/trace:")


def test_image_of_tracers_is_a_parameter_of_what_is_traced_alone():
    """A phase's run hands it to those of its experiments that want it."""
    phase = manifest.documents([PLAIN.model_copy(update={"name": "plain"}), TRACED], image="benchlab/steps:1")

    assert "trace-image" not in parameters(manifest.of_experiment(PLAIN, image="benchlab/steps:1"))
    assert parameters(phase[-1])["trace-image"].startswith("benchlab/trace:")
