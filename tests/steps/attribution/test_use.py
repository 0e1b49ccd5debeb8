"""Utilisation, saturation and errors in words with their units; what nobody told is a reason, and never 0."""

from steps.attribution.outcome import outcome_of
from steps.attribution.signals import signals_of
from steps.attribution.split import split_of
from steps.attribution.summary import traces_of
from steps.attribution.use import busiest_disk, use_of
from steps.costs import book
from steps.model import TraceProgram
from steps.model.trace import Bucket
from tests.steps.attribution.test_reading import TRACED, WHOLE, outcome

SECOND = 1_000_000_000
EVERY = tuple(TraceProgram)
COUNTS = {
    "@on_ns": {"7": 4 * SECOND},
    "@off_ns": {"2075": 3 * SECOND, "1203": SECOND},
    "@queue_ns": {"1": SECOND},
    "@futex_ns": {"40": SECOND},
    "@futex_waits": {"40": 10},
    "@handed_on": {"40": 9},
    "@tcp_sends": {"1": 1000},
    "@tcp_full": {"1": 20},
    "@tcp_out": {"1": 8_000_000},
    "@tcp_in": {"1": 160_000},
    "@retransmits": {"1": 2},
    "@connect_failed": {"1": 3},
    "@reclaim_ns": {"1": SECOND // 10},
}
BEFORE = {
    "disk_busy_s": {"vda": 100.0, "vdb": 7.0, "vdc": 1.0},
    "disk_requests_s": {"vda": 300.0, "vdb": 7.0, "vdc": 1.0},
    "oom_kills": 1,
    "io_pressure_s": 0.0,
    "cpu_pressure_s": 1.0,
}
AFTER = {
    "disk_busy_s": {"vda": 103.44, "vdb": 7.08},
    "disk_requests_s": {"vda": 312.0, "vdb": 7.08},
    "oom_kills": 2,
    "io_pressure_s": 2.0,
    "cpu_pressure_s": 1.24,
}

HISTOGRAMS = {"@sync_us": {"": (Bucket(low=64, high=127, count=3),)}}


def traced(*, programs=EVERY, counts=COUNTS, before=BEFORE, after=AFTER, **fields):
    edges = {"before": WHOLE.before.model_copy(update=before), "after": WHOLE.after.model_copy(update=after)}
    return WHOLE.model_copy(update={"programs": programs, "counts": counts, **edges, **fields})


def table(record):
    """By resource: its three cells, those that are not known in brackets."""
    rows = use_of(record, signals_of(record, split_of(record)))
    cells = {row.resource: (row.utilisation, row.saturation, row.errors) for row in rows}
    return {name: tuple(cell.said if cell.known else f"({cell.said})" for cell in each) for name, each in cells.items()}


def test_every_resource_is_told_with_its_units():
    """Eight seconds of one core, one disk that two processes wait for, and a control group in which one was killed."""
    assert table(traced(cpus=2)) == {
        "CPU": (
            "0.500 of 2 cores, its busiest thread 0.500 of one",
            "0.125 threads in the queue for a core; pressure 3.00 %",
            "(its control group does not tell whether it was throttled)",
        ),
        "memory": (
            "(a trace does not read it; it is measured in the window before)",
            "freeing memory for 1.11 % of its active time; the kernel tells of no pressure",
            "1 OOM kill in its control group",
        ),
        "disk": (
            "device vda busy 43.0 % of the window; 1.50 requests under way on average",
            "waits for disk 33.3 % of its active time; pressure 25.0 %",
            "(not traced: what a device fails at)",
        ),
        "network": (
            "1,000 kB/s out, 20.0 kB/s in over TCP; how much the network could carry is not known",
            "2.00 % of sends into a full buffer",
            "0.036 % of segments sent again; 3 connects failed",
        ),
        "locks": (
            "(not traced: how long each was held)",
            "waits for locks 11.1 % of its active time",
            "(a lock that is taken does not fail)",
        ),
    }


def test_what_was_not_traced_or_told_is_a_reason():
    """No program but the one that every trace has, and a kernel that tells nothing."""
    bare = traced(programs=(TraceProgram.OFF_CPU,), counts={"@on_ns": {"7": SECOND}}, before={}, after={}, cpus=None)

    found = table(bare)

    assert found["CPU"][0].startswith("0.125; how many it may use is not known")
    assert found["memory"][1:] == (
        "(not traced: memory; the kernel tells of no pressure)",
        "(its control group does not tell of OOM kills)",
    )
    assert found["disk"][0] == "(the kernel tells of no device of its own)"
    assert set(found["network"]) == {"(not traced: tcp)"}
    assert found["locks"][1] == "(not traced: locks)"


def test_what_a_keeper_in_a_pod_does_not_tell_is_said():
    """Its answer has no field for it; a trace there knows its moments by the clock on the wall."""
    found = table(traced(before={}, after={}, began_at="2026-05-01T10:00:01.000+00:00"))

    assert (found["disk"][0], found["memory"][2]) == ("(not told in a pod)", "(not told in a pod)")


def test_zero_that_was_counted_is_zero():
    """Nothing was sent again, no buffer was full, no disk was busy: somebody looked."""
    quiet = traced(counts={"@on_ns": {"7": SECOND}, "@tcp_sends": {"1": 5}, "@tcp_out": {"1": 800}}, after=BEFORE)

    found = table(quiet)

    assert found["disk"][0] == "device vdc busy 0 % of the window; 0 requests under way on average"
    assert found["memory"][2] == "0 OOM kills in its control group"
    assert found["network"][1:] == ("0 % of sends into a full buffer", "0 % of segments sent again; 0 connects failed")


def disk(busy_s, requests_s):
    """A record whose one device had been busy so long before, and after."""
    before, after = (
        {"disk_busy_s": {"vda": busy}, "disk_requests_s": {"vda": requests}}
        for busy, requests in zip(busy_s, requests_s, strict=True)
    )
    return traced(before=before, after=after)


def test_device_whose_count_began_anew_is_not_told():
    """The kernel prints it in 32 bits; and a device is never busier than the window is long."""
    assert busiest_disk(disk((4_294_967.0, 1.0), (5.0, 6.0))) is None
    assert busiest_disk(disk((5.0, 6.0), (4_294_967.0, 1.0))) is None
    assert busiest_disk(disk((0.0, 8.02), (0.0, 16.0))) == ("vda", 1.0, 2.0)


def test_table_and_histograms_are_those_of_the_repetition_in_the_middle(tmp_path):
    """As what was reconciled is."""
    found = outcome(tmp_path, traced(histograms=HISTOGRAMS).to_json())
    arm = next(each for each in traces_of(TRACED, [found], {}) if each.cell)

    assert [row.resource for row in found.trace.use] == ["CPU", "memory", "disk", "network", "locks"]
    assert arm.use == found.trace.use
    assert arm.histograms == found.trace.histograms == HISTOGRAMS


def test_trace_that_cannot_be_had_has_no_table():
    """Its reason stands in its place."""
    none = traced(unavailable="bpftrace is not installed", counts={})

    assert outcome_of(none, None, book.load(), p50_ms=None).use == ()
