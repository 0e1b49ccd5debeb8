"""An experiment that asks for a trace has one beside the load of each cell; the others pay nothing for it."""

from phases.appendix_t import PHASE
from pipelines import duration, shapes
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
