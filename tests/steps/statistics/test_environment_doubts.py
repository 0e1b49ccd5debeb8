"""The machine around a cell: what is read off its keepers, and when it is to blame."""

import pytest

from steps.model import Canary, CanaryReference, Surroundings, Usual
from steps.statistics.environment_doubts import environment_doubts
from tests.steps.recorded import Recorded, readings_of

NODE = {"node": "m", "node_cpus": 1}
QUIET = {
    "keeper_cpu_s": 0.004,
    "throttled_s": 0.0,
    "node_idle_s": 0.91,  # 0.05 and 0.02 cores for the components, 0.008 for the keepers: 0.012 for nobody we know
    "node_steal_s": 0.0,
    "kernel_cpu_s": 0.002,
    "cpu_pressure_s": 0.4,
    "io_pressure_s": 0.001,
    "memory_pressure_s": 0.0,
}
USUAL = CanaryReference(node="m", usual={part: Usual(mean_ms=10, sd_ms=0.2, n=20) for part in ("cpu", "loopback", "disk")})


def sung(node="m", **took_ms):
    return Canary(node=node, took_ms={"cpu": 10.1, "loopback": 10.1, "disk": 10.1, **took_ms})


def cell(*, canaries=None, usual=USUAL, cpus=(0,), **counters):
    """A cell on a machine of one core that is quiet but for these counters."""
    gains = {**QUIET, **counters}
    told = {name: gain for name, gain in gains.items() if gain is not None}
    readings = [*readings_of("nginx", 0.05, gains=told, **NODE), *readings_of("echo", 0.02, gains=told, **NODE)]
    return Recorded(readings=readings, usual=usual, canaries=canaries or (sung(), sung()), cpus=cpus)


def test_quiet_machine_is_no_doubt(tmp_path):
    """And everything that was asked of it is in the outcome."""
    found = cell().outcome(tmp_path)

    assert (found.status, found.reasons) == ("ok", ())
    around = found.surroundings
    assert around.unattributed_cores == pytest.approx(0.012, abs=0.001)
    assert (around.cores, around.steal_share, around.throttled_share) == (1, 0, 0)
    assert around.unknown == ("programs cores: not all of them can be seen from there",)  # "m" is another machine than this one
    assert around.cpu_pressure_share == pytest.approx(0.4)
    assert around.canary_shift == pytest.approx({"cpu": 0.01, "loopback": 0.01, "disk": 0.01})


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            cell(node_idle_s=0.7),
            "0.22 of 1 core went to something else (what no component accounts for); 10 % may",
        ),
        (cell(node_idle_s=0.86, node_steal_s=0.05), "5 % of its cores' time was stolen by the hypervisor; 2 % may be"),
        (cell(throttled_s=0.03), "a CPU limit held it back for 3 % of the window; 1 % may be"),
        (cell(periods=10, throttled_periods=1), "a CPU limit held it back for 10 % of the window; 1 % may be"),
        (cell(io_pressure_s=0.08), "something waited for io in 8 % of the window; 5 % may be"),
        (cell(memory_pressure_s=0.08), "something waited for memory in 8 % of the window; 5 % may be"),
        (cell(canaries=(sung(cpu=20), sung())), "the canary's cpu part took 100 % longer than before the run"),
        (cell(canaries=(sung(), sung(loopback=25))), "the canary's loopback part took 150 % longer than before the run"),
        (cell(canaries=(sung(), sung(disk=60))), "the canary's disk part took 500 % longer than before the run"),
    ],
    ids=["another program", "steal", "throttled", "throttled periods", "disk", "memory", "before", "after", "canary's disk"],
)
def test_what_makes_the_environment_suspect(tmp_path, made, reason):
    """The whole cell is doubted, its figures stay, and the sentence has the limit in it."""
    found = made.outcome(tmp_path)

    assert found.status == "suspect"
    [said] = found.reasons
    assert said.startswith(f"suspect: environment: {reason}")
    assert all(one.suspect is None for one in found.measurements)


@pytest.mark.parametrize(
    ("took_ms", "sd_ms", "status"),
    [(12, 0.2, "ok"), (14, 0.2, "suspect"), (14, 2.0, "ok"), (18, 2.0, "suspect"), (5, 0.2, "ok")],
    ids=["too little to matter", "both", "within what it swings", "beyond that", "faster"],
)
def test_canary_must_be_slower_by_both_measures(tmp_path, took_ms, sd_ms, status):
    """By more than three standard deviations, and by a share that would be seen in the figures."""
    usual = CanaryReference(node="m", usual={"cpu": Usual(mean_ms=10, sd_ms=sd_ms, n=20)})

    assert cell(usual=usual, canaries=(sung(), sung(cpu=took_ms))).outcome(tmp_path).status == status


@pytest.mark.parametrize(
    ("made", "unknown"),
    [
        (
            cell(cpu_pressure_s=None, io_pressure_s=None, memory_pressure_s=None),
            "io pressure share: not told by the kernel there",
        ),
        (cell(throttled_s=None), "throttled share: not told by the kernel there"),
        (cell(node_idle_s=None), "unattributed cores: not told by the kernel there"),
        (cell(canaries=(sung("other", cpu=90), sung())), "canary: what it usually takes is known of another machine only"),
        (cell(usual=None), "canary: it was not sung before the run"),
        (Recorded(usual=USUAL), "canary: it was not sung in this cell"),
    ],
    ids=["no pressure", "no throttling", "no idle time", "another machine", "no reference", "no song"],
)
def test_what_is_not_known_is_said_and_is_no_doubt(tmp_path, made, unknown):
    """An old kernel, or a pod on another node, is no reason to suspect anything."""
    found = made.outcome(tmp_path)

    assert found.status == "ok"
    assert unknown in found.surroundings.unknown


def test_driver_on_the_same_cores_is_accounted_for(tmp_path):
    """Without cores of its own its CPU time is in the machine's counters; on another machine it is not."""
    busy = cell(node_idle_s=0.78, cpus=None)  # 0.125 cores of it are the driver's
    here = busy.outcome(tmp_path / "here")
    own_node = here.driver.node
    readings = [
        reading.__class__(reading.edge, reading.asked_ns, reading.usage.model_copy(update={"node": own_node}))
        for reading in busy.readings
    ]

    assert here.surroundings.unattributed_cores == pytest.approx(0.142, abs=0.001)
    beside = busy.but(readings=readings).outcome(tmp_path / "beside")
    assert beside.surroundings.unattributed_cores == pytest.approx(0.017, abs=0.001)


def test_worst_of_several_machines_counts(tmp_path):
    """A contender on a busy node beside an upstream on a quiet one is on a busy node."""
    readings = [
        *readings_of("nginx", 0.05, gains={**QUIET, "node_idle_s": 0.5}, node="a", node_cpus=1),
        *readings_of("echo", 0.02, gains=QUIET, node="b", node_cpus=1),
    ]

    found = Recorded(readings=readings).outcome(tmp_path)

    assert found.surroundings.unattributed_cores == pytest.approx(1 - 0.5 - 0.05 - 0.004, abs=0.001)
    assert found.reasons[0].startswith("suspect: environment: 0.45 of 1 core ")


@pytest.mark.parametrize(
    ("programs_cores", "kernel_cores", "commits", "doubt"),
    [
        (0.02, 0.05, False, None),
        (0.02, 0.25, True, None),
        (0.02, 0.25, False, "0.27 of 1 core"),
        (0.7, 0.01, True, "0.30 of 1 core"),
        (None, 0.25, True, "0.30 of 1 core"),
        (0.02, None, True, "0.30 of 1 core"),
    ],
    ids=["interrupts", "writing back", "nobody wrote", "another program", "programs unseen", "threads unseen"],
)
def test_doubt_is_of_somebody_else_and_not_of_the_kernel(tmp_path, programs_cores, kernel_cores, commits, doubt):
    """0.30 of a core that no component accounts for: whose it was decides, as far as that can be seen."""
    around = Surroundings(cores=1, unattributed_cores=0.3, kernel_cores=kernel_cores, programs_cores=programs_cores)

    said = list(environment_doubts(around, None, commits=commits))

    assert [each.partition(" went to")[0] for each in said] == ([doubt] if doubt else [])
    known = None not in {programs_cores, kernel_cores}
    assert all(("other programs used" in each) == known for each in said)


def test_programs_of_the_machine_are_told_from_components_and_their_keepers(tmp_path):
    """Only on one machine, the driver's: of others it does not know."""
    made = cell(node_idle_s=0.7).but(programs_cores=0.09)
    own = made.outcome(tmp_path / "elsewhere").driver.node
    readings = [
        reading.__class__(reading.edge, reading.asked_ns, reading.usage.model_copy(update={"node": own}))
        for reading in made.readings
    ]
    here = made.but(readings=readings).outcome(tmp_path / "here").surroundings

    assert made.outcome(tmp_path / "again").surroundings.programs_cores is None
    assert here.programs_cores == pytest.approx(0.09 - 0.07 - 0.008, abs=0.001)


def test_waiting_for_the_disk_is_what_a_commit_does():
    """For a gateway it is somebody else's disk."""
    around = Surroundings(cores=1, io_pressure_share=0.4)

    assert list(environment_doubts(around, None, commits=True)) == []
    assert len(list(environment_doubts(around, None, commits=False))) == 1
