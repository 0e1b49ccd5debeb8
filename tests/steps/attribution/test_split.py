"""The split of a trace's time: it adds up, and it tells a lock from a pool."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.attribution.outcome import figures_of
from steps.attribution.reconciled import reconciled
from steps.attribution.signals import signals_of
from steps.attribution.split import split_of, waits_s
from steps.errors import MeasureError
from steps.model import TraceRecord
from steps.model.trace import Bucket, Counters

SECOND = 1_000_000_000
PARTS = ("on_cpu_s", "cpu_wait_s", "disk_s", "network_s", "lock_s", "other_s", "idle_s")


def record(counts, *, threads=4, seconds=5, machine="x86_64", programs=("off-cpu", "locks")):
    usage = Counters(at_ns=0, cpu_s=0, threads=threads, read_bytes=0, write_bytes=0)
    return TraceRecord(
        run="r",
        cell="postgres-100rps-r1",
        at="now",
        programs=programs,
        target="postgres",
        machine=machine,
        start_ns=SECOND,
        end_ns=(1 + seconds) * SECOND,
        counts=counts,
        before=usage,
        after=usage,
    )


def test_sleep_is_told_apart_by_the_call_it_was_in():
    """State 2 and fsync are the disk, sendto the network, epoll_wait idling; a futex without a lock is a parked worker."""
    off = {"2000": 4, "1075": 2, "1045": 1, "1233": 3, "1203": 5}

    split = split_of(record({"@on_ns": {"7": SECOND}, "@off_ns": {key: value * SECOND for key, value in off.items()}}))

    assert (split.disk_s, split.network_s, split.lock_s) == (6, 1, 0)
    assert split.observed_s == 20
    assert split.idle_s == 3 + 5 + 4  # 16 s were seen of four threads in five seconds


@pytest.mark.parametrize(("wakes", "lock_s"), [(9, 6.0), (1, 0.0)], ids=["handed on", "woken by others"])
def test_futex_is_a_lock_where_its_waiters_wake_each_other(wakes, lock_s):
    """Ten waits at a word: nine wakes by former waiters hand a lock on; a single one does not."""
    counts = {
        "@on_ns": {"7": SECOND},
        "@off_ns": {"1203": 6 * SECOND},
        "@futex_ns": {"40": 6 * SECOND},
        "@futex_waits": {"40": 10},
        "@handed_on": {"40": wakes},
    }

    assert split_of(record(counts)).lock_s == lock_s


def test_what_no_program_looked_at_is_not_zero():
    """Without `locks` a lock is not told from a pool; without `memory` and `block-io` nobody saw their waits."""
    one = record({"@on_ns": {"7": SECOND}, "@off_ns": {"1203": SECOND, "2000": SECOND}}, programs=("off-cpu",))
    split = split_of(one)
    seen = signals_of(one, split)

    assert (split.lock_s, split.share("lock"), split.active_s) == (None, None, 2)
    assert (seen.reclaim, seen.sync_of_disk) == (None, None)
    assert "lock_percent" not in figures_of(one, split, None)
    assert figures_of(record(one.counts), split_of(record(one.counts)), None)["lock_percent"] == 0


def test_small_messages_are_segments_of_their_own():
    """Five of a thousand were sent again, be they as small as they are; of large ones each send is many segments."""
    busy = {"@on_ns": {"7": SECOND}, "@tcp_sends": {"1": 1100}, "@tcp_full": {"1": 100}, "@retransmits": {"1": 5}}
    small, large = (record(busy | {"@tcp_out": {"1": size}}, programs=("off-cpu", "tcp")) for size in (100_000, 14_480_000))

    assert signals_of(small, split_of(small)).retransmits == 0.005
    assert signals_of(large, split_of(large)).retransmits == 0.0005


def test_tcp_that_was_looked_at_and_not_used_had_no_full_buffer():
    """Zero was counted; where nobody looked, nothing was."""
    seen = {
        program: signals_of(one, split_of(one)).full_sends
        for program in ("tcp", "memory")
        for one in [record({"@on_ns": {"7": SECOND}}, programs=("off-cpu", program))]
    }

    assert seen == {"tcp": 0, "memory": None}


@pytest.mark.parametrize(
    ("read", "traced", "gaps"),
    [(50_000_000, 44_000_000, 1), (50_000_000, 46_000_000, 0), (900_000, 0, 0), (50_000_000, 60_000_000, 0)],
    ids=["too few", "nearly all", "too little", "more"],
)
def test_reads_that_no_program_saw_are_a_gap(read, traced, gaps):
    """A tenth of them, and a megabyte."""
    one = record({"@on_ns": {"7": SECOND}, "@io_bytes": {"0": traced}}, programs=("off-cpu", "block-io"))
    later = one.after.model_copy(update={"at_ns": 5 * SECOND, "cpu_s": 1.0, "read_bytes": read})
    _, said = reconciled(one.model_copy(update={"after": later}), split_of(one))

    assert len(said) == gaps
    assert all(each.startswith("more was read than traced") for each in said)


@pytest.mark.parametrize(
    ("accounted", "gaps"), [(0.035, 0), (0.001, 0), (0.041, 1), (0.2, 1)], ids=["more", "less", "too much", "far too much"]
)
def test_cpu_of_a_quiet_load_is_compared_no_finer_than_the_kernel_accounts_it(accounted, gaps):
    """0.02 cores of a load that waits for a lock: a hundredth of a core beside it is ticks, and says nothing of the trace."""
    one = record({"@on_ns": {"7": SECOND // 10}})
    later = one.after.model_copy(update={"at_ns": 5 * SECOND, "cpu_s": 5 * accounted})
    _, said = reconciled(one.model_copy(update={"after": later}), split_of(one))

    assert len(said) == gaps


def sending(counts, carried, *, namespaces=("net:[1]", "net:[1]")):
    """The comparisons and gaps of a target with those counts, whose network namespace carried so much."""
    one = record({"@on_ns": {"7": SECOND}, **counts}, programs=("off-cpu", "tcp"))
    before = one.before.model_copy(update={"ip_sent_bytes": {namespaces[0]: 7}})
    later = {"at_ns": 5 * SECOND, "cpu_s": 1.0, "ip_sent_bytes": {namespaces[1]: 7 + carried}}
    return reconciled(one.model_copy(update={"before": before, "after": one.after.model_copy(update=later)}), split_of(one))


@pytest.mark.parametrize(
    ("traced", "carried", "gaps"),
    [(12_345, 13_000, 0), (12_345, 900_000, 0), (13_000, 4_000, 0), (2_000_000, 1_000_000, 1), (1_090_000, 1_000_000, 0)],
    ids=["with headers", "others", "little", "twice", "nearly all"],
)
def test_bytes_that_no_network_carried_were_counted_twice(traced, carried, gaps):
    """More than a tenth and 10 kB above what the namespace carried; that it carried more for others is no gap."""
    checks, said = sending({"@tcp_out": {"1": traced}}, carried)

    assert [each.what for each in checks] == ["CPU", "bytes sent over TCP"]
    assert f"{traced / 5:,.0f} a second of the target, {carried / 5:,.0f} by its network namespace" in checks[1].said
    assert len(said) == gaps
    assert all(each.startswith("more was sent than the network carried") for each in said)


def test_bytes_that_came_before_are_no_gap():
    """They lay in a buffer when the counting began, and were read in it."""
    one = record({"@on_ns": {"7": SECOND}, "@tcp_in": {"1": 8_000_000}}, programs=("off-cpu", "tcp"))
    before = one.before.model_copy(update={"ip_received_bytes": {"net:[1]": 7}})
    after = one.after.model_copy(update={"at_ns": 5 * SECOND, "cpu_s": 1.0, "ip_received_bytes": {"net:[1]": 7 + 4_000_000}})
    checks, said = reconciled(one.model_copy(update={"before": before, "after": after}), split_of(one))

    assert [each.what for each in checks] == ["CPU", "bytes received over TCP"]
    assert said == ()


@pytest.mark.parametrize("full", [{"@tcp_full": {"1": 1}}, {"@off_ns": {"1045": SECOND}}], ids=["refused", "waited"])
def test_bytes_that_may_lie_in_a_buffer_are_no_gap(full):
    """4 MB of 59 were seen there, of a sender that was faster than its link: the comparison stands, and nothing follows."""
    checks, said = sending({"@tcp_out": {"1": 59_000_000}, **full}, 55_000_000)

    assert [each.what for each in checks] == ["CPU", "bytes sent over TCP"]
    assert said == ()


def test_network_namespace_that_is_gone_is_not_compared():
    """Its count went with it: a process of the target had ended."""
    checks, said = sending({"@tcp_out": {"1": 9_000_000}}, 5, namespaces=("net:[1]", "net:[2]"))

    assert [each.what for each in checks] == ["CPU"]
    assert said == ()


def test_reads_are_weighed_by_their_time():
    """Two of a second each, in a wait of four; a short one is next to nothing."""
    counts = {"@on_ns": {"7": SECOND}, "@off_ns": {"2000": 4 * SECOND}}
    long, short = Bucket(low=900_000, high=1_100_000, count=2), Bucket(low=64, high=127, count=1)
    reads = {
        each: record(counts, programs=("off-cpu", "block-io")).model_copy(update={"histograms": {"@io_us": {"0": (each,)}}})
        for each in (long, short)
    }
    shares = [signals_of(one, split_of(one)).reads_of_disk for one in reads.values()]

    assert shares == [pytest.approx(0.5), pytest.approx(0.0001 / 4, rel=0.1)]


def test_what_was_open_at_the_end_counts_until_then():
    """A thread that left its core 2 s before the end, and was woken 0.5 s before it, slept 1.5 s and waited for the rest."""
    end = 6 * SECOND
    counts = {"@off_at": {"7": end - 2 * SECOND, "8": 0}, "@why": {"7": 2000}, "@woken": {"7": end - SECOND // 2}}

    assert waits_s(counts, end) == {0: 0.5, 2000: 1.5}


def test_thread_that_never_left_its_core_is_the_busiest():
    """It had the core for a second, and from two seconds before the end on: no event tells that, and the rules see it."""
    one = record({"@on_ns": {"7": SECOND, "8": SECOND // 10}, "@on_at": {"7": 4 * SECOND, "8": 0}}, seconds=5)

    assert signals_of(one, split_of(one)).busiest_thread == pytest.approx(3 / 5)


@given(
    st.dictionaries(
        st.sampled_from(["1000", "1001", "1075", "1203", "1233", "2000", "2046", "4000"]), st.integers(0, 30 * SECOND)
    ),
    st.integers(1, 30 * SECOND),
    st.integers(0, 9),
)
def test_parts_add_up_to_what_was_observed(off, on_ns, threads):
    """Whatever was counted, no second is lost and none is there twice."""
    split = split_of(record({"@off_ns": off, "@on_ns": {"1": on_ns}}, threads=threads))

    assert sum(getattr(split, part) for part in PARTS) == pytest.approx(split.observed_s)
    assert split.idle_s >= -1e-6


@pytest.mark.parametrize(
    ("counts", "machine", "said"),
    [({}, "x86_64", "no thread of the target"), ({"@on_ns": {"1": 5}}, "riscv64", "riscv64 are not known")],
)
def test_nothing_is_split_without_something_counted(counts, machine, said):
    """An empty trace is a reason, and so is a machine whose calls have other numbers."""
    with pytest.raises(MeasureError, match=said):
        split_of(record(counts, machine=machine))
