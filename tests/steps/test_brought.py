"""An arm that brings components of its own: what it costs is theirs too."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from steps.measure import outcome_of
from steps.model import Component, Experiment
from tests.steps.recorded import AT, EXPERIMENT, Recorded, component, readings_of

MESH = component("mesh").under("mesh", brings=(component("sidecar"),))
ASKED = EXPERIMENT.model_copy(update={"contenders": (MESH,)})


def outcome(folder, **changes):
    readings = readings_of("mesh", 0.05) + readings_of("sidecar", 0.10) + readings_of("echo", 0.02)
    told = Recorded(**{"cell": "mesh-1000rps-r1", "experiment": ASKED, "readings": readings, **changes})
    return outcome_of(told.store(folder), at=AT)


def test_an_arm_costs_what_it_brings_too(tmp_path):
    """5 % of a core in front and 10 % beside it are 150 µs for each of 1,000 requests/s; the path has the echo's 20 on top."""
    found = {each.metric: each.value for each in outcome(tmp_path).measurements}

    assert found["cpu_us_per_request"] == pytest.approx(150, rel=0.01)
    assert found["path_cpu_us_per_request"] == pytest.approx(170, rel=0.01)
    assert found["memory_mib"] == pytest.approx(2 * 69)


def test_an_outcome_tells_what_each_component_used(tmp_path):
    """So that the sum can be taken apart."""
    used = outcome(tmp_path).components

    assert {name: round(each.cpu_us_per_request) for name, each in used.items()} == {"mesh": 50, "sidecar": 100, "echo": 20}


def test_a_sidecar_that_was_not_read_leaves_no_figure(tmp_path):
    """A part that is missing is not zero."""
    found = outcome(tmp_path, readings=readings_of("mesh", 0.05) + readings_of("echo", 0.02))

    assert found.status == "failed"
    assert "usage.csv has no reading of sidecar" in found.reasons[0]


def test_a_component_that_is_brought_is_a_single_program():
    """It brings nothing itself, and is no direct path."""
    with pytest.raises(ValidationError, match=r"component x: brings mesh, which is not a single program"):
        component("x").under("x", brings=(MESH,))
    with pytest.raises(ValidationError, match=r"so no process, ports, config or brings"):
        Component(name="direct", title="direct", version="-", direct=True, brings=(component("sidecar"),))


def test_one_name_is_one_program():
    """Versions are kept by name: an arm cannot bring something else under the name of another's."""
    other = component("other").model_copy(update={"name": "sidecar"})
    two = (MESH, component("second").under("second", brings=(other,)))

    with pytest.raises(ValidationError, match=r"two arms bring different programs under the name sidecar"):
        Experiment.model_validate(dict(EXPERIMENT) | {"contenders": two})


def test_layers_are_arms():
    """A typing error in a layer's name is found when the module is imported."""
    with pytest.raises(ValidationError, match=r"its layers and tunings name meshh, which is not a contender"):
        Experiment.model_validate(dict(ASKED) | {"layers": ("direct", "meshh")})
