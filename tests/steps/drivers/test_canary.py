"""The canary: short, tidy, comparable, and slower on a core that others burn."""

import os
import time

import pytest

from steps import node
from steps.drivers import canary
from tests.burning import burning

PARTS = {"cpu", "loopback", "disk"}


def test_canary_tells_three_times_and_leaves_nothing(tmp_path):
    """In well under a second, and on the machine that it names."""
    began = time.monotonic()
    found = canary.sing(tmp_path, cpus=None)

    assert set(found.took_ms) == PARTS
    assert all(ms > 0 for ms in found.took_ms.values())
    assert (found.node, found.failures) == (node.identity(), {})
    assert time.monotonic() - began < 2
    assert list(tmp_path.iterdir()) == []


def test_part_that_cannot_be_done_says_why(tmp_path):
    """A folder that is not there takes the disk's part from it, and nothing else."""
    found = canary.sing(tmp_path / "missing", cpus=None)

    assert set(found.took_ms) == PARTS - {"disk"}
    assert found.failures == {"disk": "No such file or directory"}


def test_usual_is_the_median_and_its_spread_ignores_a_single_outlier():
    """One song beside somebody's backup must not make the machine look unsteady for the whole run."""
    usual = canary._usual([10.0, 10.1, 9.9, 10.05, 80.0])

    assert (usual.mean_ms, usual.n) == (10.05, 5)
    assert usual.sd_ms == pytest.approx(0.074, abs=0.001)


def test_reference_is_of_every_part(tmp_path):
    """Sung several times, on the cores of the system under test."""
    core = max(os.sched_getaffinity(0))
    found = canary.reference(tmp_path, cpus=(core,), times=3)

    assert {name: usual.n for name, usual in found.usual.items()} == dict.fromkeys(PARTS, 3)
    assert found.node == node.identity()


@pytest.mark.slow
def test_canary_is_slower_on_a_core_that_others_burn(tmp_path):
    """By as much as they take from it: two neighbours leave a third."""
    core = max(os.sched_getaffinity(0))
    alone = min(canary.sing(tmp_path, cpus=(core,)).took_ms["cpu"] for _ in range(5))
    with burning({core}, 2):
        beside = canary.sing(tmp_path, cpus=(core,)).took_ms["cpu"]

    assert beside > 1.5 * alone
