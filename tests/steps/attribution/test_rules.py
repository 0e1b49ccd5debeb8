"""The rules: signs in, a ranked verdict out, each with what speaks for it and against."""

from dataclasses import replace

import pytest

from steps.attribution import thresholds
from steps.attribution.options import with_options
from steps.attribution.rules import bottlenecks_of
from steps.attribution.signals import Signals
from steps.costs import book
from steps.model.trace import Split


def split(**parts):
    spent = {f"{name}_s": 0.0 for name in ("on_cpu", "cpu_wait", "disk", "network", "lock", "other", "idle")}
    spent |= {f"{name}_s": float(seconds) for name, seconds in parts.items()}
    return Split(observed_s=sum(spent.values()), **spent)


QUIET = Signals(
    split=split(on_cpu=0.4, idle=39.6),
    seconds=10,
    cores=2,
    cores_used=0.04,
    busiest_thread=0.04,
    cpu_pressure=0.0,
    io_pressure=0.0,
    memory_pressure=0.0,
    throttled=0.0,
    sync_of_disk=None,
    syncs=0,
    retransmits=None,
    full_sends=None,
    reclaim=0.0,
    reads_of_disk=None,
)
SYNCING = replace(QUIET, split=split(on_cpu=3, disk=7, idle=10), sync_of_disk=0.9, syncs=900, io_pressure=0.4)


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        (QUIET, ("none", "")),
        (SYNCING, ("disk", "sync")),
        (replace(SYNCING, sync_of_disk=0.1, reads_of_disk=0.9), ("disk", "reads")),
        (replace(SYNCING, sync_of_disk=0.45, reads_of_disk=0.01), ("disk", "")),
        (replace(QUIET, split=split(on_cpu=13), cores_used=1.3, busiest_thread=0.85), ("none", "busy")),
        (replace(QUIET, split=split(on_cpu=19, cpu_wait=19), cores_used=1.9, cpu_pressure=0.9), ("cpu", "")),
        (replace(QUIET, split=split(on_cpu=2, cpu_wait=12), cores_used=0.2, cpu_pressure=0.6), ("cpu", "others")),
        (replace(QUIET, split=split(on_cpu=4, cpu_wait=12), cores_used=0.4, cpu_pressure=0.15), ("cpu", "bursts")),
        (replace(QUIET, split=split(on_cpu=9.9), cores_used=0.99, busiest_thread=0.99), ("cpu", "one thread")),
        (replace(QUIET, split=split(on_cpu=2, cpu_wait=8), throttled=0.8), ("throttling", "")),
        (replace(QUIET, split=split(on_cpu=8, lock=40), cores_used=0.8), ("lock", "")),
        (replace(QUIET, split=split(on_cpu=1, network=9)), ("network", "")),
        (replace(QUIET, retransmits=0.05), ("network", "loss")),
        (replace(SYNCING, memory_pressure=0.5, reclaim=0.2), ("memory", "")),
    ],
    ids=[
        "quiet",
        "sync",
        "reads",
        "disk",
        "busy",
        "cpu",
        "others",
        "bursts",
        "one thread",
        "throttled",
        "lock",
        "network",
        "loss",
        "memory",
    ],
)
def test_each_cause_is_named_by_its_signs(signals, expected):
    """The signature of one bottleneck is the verdict of that one."""
    first = bottlenecks_of(signals)[0]

    assert (first.resource, first.kind) == expected
    assert first.evidence or first.against


def test_signs_that_disagree_are_told_and_lower_the_confidence():
    """Threads wait for disk, and the machine feels no pressure: the verdict stands, with what speaks against it."""
    sure, doubtful = (bottlenecks_of(each)[0] for each in (SYNCING, replace(SYNCING, io_pressure=0.0)))

    assert (sure.confidence, sure.against) == ("high", ())
    assert doubtful.confidence == "medium"
    assert [(sign.metric, sign.met) for sign in doubtful.against] == [("pressure on I/O", False)]


def test_what_nobody_told_is_no_sign():
    """A kernel without pressure counters lowers no confidence and raises none."""
    found = bottlenecks_of(replace(SYNCING, io_pressure=None))[0]

    assert "pressure on I/O" not in {sign.metric for sign in (*found.evidence, *found.against)}


def test_main_sign_that_nobody_told_lowers_the_confidence():
    """Half of the evidence is no more than half."""
    busy = replace(QUIET, split=split(on_cpu=19, cpu_wait=19), cores_used=1.9, cpu_pressure=0.9)

    assert bottlenecks_of(busy)[0].confidence == "high"
    assert bottlenecks_of(replace(busy, cpu_pressure=None))[0].confidence == "medium"
    assert bottlenecks_of(replace(QUIET, cores=None))[0].confidence == "medium"


def test_trace_that_is_not_whole_is_believed_little():
    """Whatever its signs say: what is missing may have said something else."""
    for signals in (SYNCING, QUIET):
        assert bottlenecks_of(signals)[0].confidence == "high"
        assert bottlenecks_of(signals, whole=False)[0].confidence == "low"


def test_disk_waits_are_memorys_only_where_the_target_itself_looked_for_memory():
    """That somebody on the machine is short of it says nothing of whose files are read again."""
    pressed = replace(SYNCING, memory_pressure=0.1)

    assert [each.resource for each in bottlenecks_of(pressed)] == ["disk", "memory"]
    assert [each.resource for each in bottlenecks_of(replace(pressed, reclaim=0.1))] == ["memory", "disk"]


def test_wait_to_send_that_tcp_does_not_know_is_doubted():
    """Who writes into a pipe waits in the same call: then no buffer of TCP was full, and nothing was sent again."""
    waits = replace(QUIET, split=split(on_cpu=1, network=9))

    assert bottlenecks_of(waits)[0].confidence == "high"
    assert bottlenecks_of(replace(waits, full_sends=0.2, retransmits=0.0))[0].confidence == "high"
    for retransmits in (0.0, None):
        doubtful = bottlenecks_of(replace(waits, full_sends=0.0, retransmits=retransmits))[0]

        assert doubtful.confidence == "medium"
        assert [sign.metric for sign in doubtful.against] == ["sends into a full buffer"]


def test_who_is_busy_is_not_told_that_it_uses_nothing():
    """No sign says that it is the limit, and none that it is not: nothing is offered, and nothing advised against."""
    busy = bottlenecks_of(replace(QUIET, split=split(on_cpu=13), cores_used=1.3, busiest_thread=0.85))[0]

    assert "near its limit" in busy.said
    assert (busy.confidence, with_options(busy, book.load(), cores=2).options) == ("low", ())


def test_value_at_its_threshold_is_met():
    """From the threshold on, as the file says."""
    at = split(on_cpu=1 - thresholds.DISK_SHARE, disk=thresholds.DISK_SHARE)

    assert bottlenecks_of(replace(QUIET, split=at))[0].resource == "disk"


def test_who_shares_a_machine_is_not_sold_a_core():
    """Others have the core that it wants: the first thing to do is to be without them."""
    crowded = replace(QUIET, split=split(on_cpu=1, cpu_wait=9), cpu_pressure=0.9)
    found = with_options(bottlenecks_of(crowded)[0], book.load(), cores=2)

    assert (found.resource, found.kind) == ("cpu", "others")
    assert [(option.what, option.usd_per_month) for option in found.options] == [("a machine without the others", None)]


def test_cpu_is_priced_and_said_not_to_help_against_a_disk():
    """Two cores more for a month, and a faster disk, at list price."""
    found = with_options(bottlenecks_of(SYNCING)[0], book.load(), cores=2)

    assert [(option.helps, option.usd_per_month) for option in found.options] == [
        (True, pytest.approx(20.0)),
        (False, pytest.approx(0.035 * 2 * 730)),
    ]
