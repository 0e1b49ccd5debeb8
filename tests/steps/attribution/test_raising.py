"""A contender without its bottleneck: what it has more of, or why it cannot have more."""

from dataclasses import replace

import pytest

from phases.catalogue.databases import POSTGRES
from phases.catalogue.gateways import NGINX
from phases.catalogue.runtimes import GO
from steps.attribution import raising
from steps.attribution.rules import bottlenecks_of
from tests.steps.attribution.test_rules import QUIET, SYNCING, split

FULL_THREAD = replace(QUIET, split=split(on_cpu=9.9), cores_used=0.99, busiest_thread=0.99)
FULL_MACHINE = replace(QUIET, split=split(on_cpu=19, cpu_wait=19), cores_used=1.9, cpu_pressure=0.9)
CROWDED = replace(QUIET, split=split(on_cpu=1, cpu_wait=9), cpu_pressure=0.9)
THROTTLED = replace(QUIET, split=split(on_cpu=2, cpu_wait=8), throttled=0.8)


def raised(arm, verdict, *, cores, configs=None):
    return raising.raised(arm, verdict, cores=cores, configs=configs or {})


def test_who_waits_for_a_disk_gets_memory_in_its_place():
    """The same program with the same words; in a pod its files count as its memory, so it may have more."""
    found = raised(POSTGRES, bottlenecks_of(SYNCING)[0], cores=1)

    assert (found.arm.files, found.arm.same_as, found.share) == ("memory", "postgres", "disk_percent")
    assert found.arm.process == POSTGRES.process
    assert found.arm.resources.memory_mib > POSTGRES.resources.memory_mib


def test_a_full_thread_gets_as_many_workers_as_there_are_cores():
    """Where there is one core only, there is nothing to give."""
    verdict = bottlenecks_of(FULL_THREAD)[0]

    assert raised(NGINX, verdict, cores=3).arm.workers == 3
    assert "more workers need more cores" in raised(NGINX, verdict, cores=1)


def test_contender_that_does_not_ask_for_its_workers_is_not_compared_with_itself():
    """PostgreSQL has a process for each connection, and a template may have a number of its own."""
    verdict = bottlenecks_of(FULL_THREAD)[0]

    assert "compared with itself" in raised(POSTGRES, verdict, cores=3, configs={POSTGRES.config: "shared_buffers = 2MB"})
    assert "compared with itself" in raised(NGINX, verdict, cores=3, configs={NGINX.config: "worker_processes 1;"})
    assert raised(NGINX, verdict, cores=3, configs={NGINX.config: "worker_processes @{workers};"}).arm.workers == 3
    assert raised(GO, verdict, cores=3).arm.workers == 3  # it has no template: its environment says it


@pytest.mark.parametrize(
    ("signals", "said"),
    [
        (QUIET, "nothing in it was the limit"),
        (FULL_MACHINE, "larger machine"),
        (CROWDED, "others on the machine"),
        (THROTTLED, "control group"),
    ],
    ids=["none", "cpu", "others", "throttling"],
)
def test_what_cannot_be_raised_has_a_reason(signals, said):
    """No confirmation is better than one of something else."""
    assert said in raised(NGINX, bottlenecks_of(signals)[0], cores=4)


def test_files_that_are_in_memory_cannot_be_faster():
    """A confirmed contender is not confirmed again."""
    found = raised(POSTGRES, bottlenecks_of(SYNCING)[0], cores=1)

    assert "already" in raised(found.arm, bottlenecks_of(SYNCING)[0], cores=1)
