"""What a machine tells of itself, from the kernel's own texts and from this machine."""

import os
import time

import pytest

from steps import node

STAT = b"""cpu  300 1 60 4000 20 0 5 7 0 0
cpu0 100 0 20 1000 10 0 5 3 0 0
cpu1 200 1 40 3000 10 0 0 4 0 0
intr 1314635 0 0
"""


@pytest.mark.parametrize(
    ("cpus", "told"),
    [(None, (2, 40.2, 0.07)), ((1,), (1, 30.1, 0.04)), ((0, 1), (2, 40.2, 0.07)), ((1, 7), None)],
    ids=["all", "one", "both", "one that is not there"],
)
def test_idle_and_stolen_time_are_of_the_cores_asked_for(cpus, told):
    """Waiting for a disk is idle too; a core that is not there is unknown, and not idle."""
    found = node.cpu_times(STAT, cpus)

    assert found == (None if told is None else pytest.approx(told))


@pytest.mark.parametrize("stat", [b"", b"cpu  1 2 3\n", b"cpu0 1 2 3 4 5\n"], ids=["none", "sums only", "an old kernel"])
def test_kernel_that_tells_less_is_unknown(stat):
    """Never 0 for what was not told."""
    assert node.cpu_times(stat, None) is None


FILES = {
    "proc/7/cgroup": "4:memory:/pod/container\n2:cpu,cpuacct:/pod/container\n1:cpuset:/\n0::/pod/container\n",
    "cpu.stat": "usage_usec 5\n",
    "pod/cpu.stat": "usage_usec 5\nnr_periods 9\nnr_throttled 2\nthrottled_usec 1500000\n",
    "pod/container/cpu.stat": "throttled_usec 250000\n",
    "cpu,cpuacct/pod/cpu.stat": "nr_periods 9\nnr_throttled 1\nthrottled_time 500000000\n",
}


def test_throttling_is_found_at_every_level_of_both_versions(tmp_path):
    """A limit on the pod holds its containers back as one of their own does; a level that tells nothing is left out."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    files = node.limit_files(7, proc=f"{tmp_path}/proc", groups=str(tmp_path))

    assert len(files) == 3
    assert node.throttled_s(files) == pytest.approx(1.5 + 0.25 + 0.5)
    assert node.periods(files) == (18, 3)


def test_throttling_is_seen_through_the_root_of_a_process_too():
    """Of one that shares ours it is what is seen here."""
    here = node.throttling(node.limit_files(os.getpid()))
    there = node.throttling(node.limit_files(os.getpid(), groups=node.groups_of(os.getpid())))

    assert here.keys() == {"throttled_s", "periods", "throttled_periods"}
    assert there.keys() == here.keys()
    assert {name for name, value in there.items() if value is None} == {name for name, value in here.items() if value is None}


def test_process_without_limits_that_can_be_seen_is_unknown():
    """None, and not 0 s."""
    assert node.throttled_s(node.limit_files(4_000_000)) is None
    assert node.periods(node.limit_files(4_000_000)) is None


DISKSTATS = """ 254       0 vda 64 12 74 52 24 15 93 42 0 8161 96 10 7 24 11 59 30
 254       1 vda1 64 12 74 52 24 15 93 42 0 8000 96 10 7 24 11 59 30
   7       0 loop0 0 0 0 0 0 0 0 0 0 90 0
 253       0 dm-0 9 9 9 9
"""


def test_whole_devices_are_told_apart_from_what_is_made_of_them(tmp_path):
    """A partition's time is its device's, and so is a loop's; a line of an old kernel tells nothing."""
    (tmp_path / "diskstats").write_text(DISKSTATS)
    for name, path in (("vda", "pci0/block/vda"), ("loop0", "virtual/block/loop0")):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / "block").mkdir(exist_ok=True)
        (tmp_path / "block" / name).symlink_to(tmp_path / path)

    found = node.disks(proc=str(tmp_path), devices=f"{tmp_path}/block")

    assert found == {"disk_busy_s": {"vda": 8.161}, "disk_requests_s": {"vda": 0.096}}
    assert node.disks(proc=f"{tmp_path}/none") == {"disk_busy_s": {}, "disk_requests_s": {}}


@pytest.mark.parametrize(
    ("groups", "path", "told"),
    [
        ("4:memory:/pod\n0::/\n", "memory/pod/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
        ("0::/pod\n", "pod/memory.events", "low 0\noom 5\noom_kill 3\noom_group_kill 0\n"),
    ],
    ids=["version 1", "version 2"],
)
def test_oom_kills_are_those_of_the_processs_control_group(tmp_path, groups, path, told):
    """In both versions; None where it cannot be seen."""
    for name, text in (("proc/7/cgroup", groups), (path, told)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert node.oom_kills(7, proc=f"{tmp_path}/proc", groups=str(tmp_path)) == 3
    assert node.oom_kills(7, proc=f"{tmp_path}/proc", groups=f"{tmp_path}/none") is None
    assert node.oom_kills(8, proc=f"{tmp_path}/proc", groups=str(tmp_path)) is None


def test_this_machine_tells_who_it_is_and_that_it_works():
    """The same name twice, and a core that burns is not idle."""
    core = min(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [core])
    try:
        start, began = node.counters([core]), time.monotonic()
        while time.monotonic() < began + 0.3:
            pass
        end = node.counters([core])
    finally:
        os.sched_setaffinity(0, before)

    assert start["node"] == end["node"] == node.identity() != ""
    assert start["node_cpus"] == 1
    assert end["node_idle_s"] - start["node_idle_s"] <= 0.05
