"""The programs in a tracer's pod, under loads in pods whose counts and bottleneck are known.

Each once, and ten of ten: `pytest -m "cluster and evidence" -s tests/cluster/test_golden_pods.py`, half an hour.
"""

from __future__ import annotations

import pytest

from tests.cluster.conftest import steps_image, trace_image
from tests.cluster.golden_pods import PODS, judged
from tests.steps.trace.golden import LOADS, TIMES, verdicts


@pytest.fixture(autouse=True)
def images(need_images):
    need_images(steps_image(), trace_image())


def test_no_load_is_left_out():
    """What is judged here is not judged once on one machine."""
    assert {name for name, load in LOADS.items() if load.pods} == PODS.keys()


@pytest.mark.parametrize("name", PODS)
def test_bottleneck_of_a_load_made_for_it_is_named_in_a_pod(installed, tmp_path, name):
    """Its limits are the pod's; what it does is counted exactly."""
    assert judged(name, installed.kube, tmp_path) == LOADS[name].resource


@pytest.mark.evidence
@pytest.mark.parametrize("name", PODS)
def test_bottleneck_is_named_in_a_pod_ten_times_of_ten(installed, tmp_path, name):
    """Verdict and counts, each time in pods anew."""
    found = verdicts(name, tmp_path, lambda name, folder: judged(name, installed.kube, folder))
    assert found == {LOADS[name].resource: TIMES}
