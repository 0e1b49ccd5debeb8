"""What the tracer prints, read: recorded outputs, and what can go wrong with one."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.model import TraceProgram
from steps.trace.flame import WAITS, flame_graph
from steps.trace.parsed import MOST_KEYS, STACKS, parse
from steps.trace.stacks import folded, folded_waits

SHOWS = {
    "off-cpu": ("@on_ns", "@queue_us"),
    "locks": ("@futex_ns", "@handed_on"),
    "block-io": ("@syncs", "@sync_us", "@io_bytes", "@io_us"),
    "page-cache": ("@pages_asked", "@pages_added"),
    "memory": ("@reclaim_ns", "@reclaim_us"),
    "tcp": ("@tcp_out", "@tcp_in", "@rtt_us"),
    "syscalls": ("@calls", "@call_ns"),
    "on-cpu": ("@stacks",),
    "off-cpu-stacks": ("@off_stacks",),
    "postgres": ("@syncs", "@pages_asked"),
    "nginx": ("@tcp_out", "@stacks"),
}
RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))

READY = '{"type": "printf", "data": "ready 1000\\n"}\n'
END = '{"type": "printf", "data": "end 9000\\n"}\n'
COUNTS = '{"type": "map", "data": {"@syncs": {"1": 300}}}\n'
LAST = '{"type": "map", "data": {"@z_last": {"1": 1}}}\n'


def test_sums_and_histograms_are_read_by_map_and_key():
    """A whole output: two marks, a keyed sum, an unkeyed one, and both kinds of histograms."""
    text = (
        '{"type": "attached_probes", "data": {"probes": 7}}\n' + READY + END + COUNTS + '{"type": "map", "data": {"@plain": 5}}\n'
        '{"type": "hist", "data": {"@us": [{"max": -1, "count": 1}, {"min": 0, "max": 0, "count": 2}]}}\n\n'
        '{"type": "hist", "data": {"@io": {"1": [{"min": 64, "max": 127, "count": 3}]}}}\n' + LAST
    )

    found = parse(text)

    assert (found.ready_ns, found.end_ns, found.damage) == (1000, 9000, [])
    assert found.counts == {"@syncs": {"1": 300}, "@plain": {"": 5}}
    assert [(bucket.low, bucket.high, bucket.count) for bucket in found.histograms["@us"][""]] == [(0, -1, 1), (0, 0, 2)]
    assert [(bucket.low, bucket.high, bucket.count) for bucket in found.histograms["@io"]["1"]] == [(64, 127, 3)]


def test_values_of_a_key_that_comes_twice_are_added():
    """Junk after the end of a text makes two keys of one; a plain reader would keep the last."""
    found = parse(READY + END + '{"type": "map", "data": {"@b": {"WS": 1, "WS": 2, "WS\\u0000x": 4}}}\n' + LAST)

    assert found.counts == {"@b": {"WS": 7}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "never ready"),
        (READY + COUNTS, "stopped before its end"),
        (READY + END + COUNTS, "maps that it printed last are missing"),
        (READY + END + COUNTS[:30], "line 3 of the tracer's output is damaged"),
        (READY + END + '{"type": "map", "data": {"@n": {"1": "many"}}}', "line 3 of the tracer's output is damaged"),
        (READY + END + '{"type": "lost_events", "data": {"events": 12}}', "12 events were lost"),
        (READY + END + '{"type": "map", "data": {"@n": {' + ", ".join(f'"{n}": 1' for n in range(MOST_KEYS)) + "}}}", "was cut"),
    ],
    ids=["empty", "no-end", "cut", "truncated", "no-number", "lost", "full-map"],
)
def test_what_is_wrong_with_an_output_is_said(text, said):
    """Damage is a sentence, never a number."""
    assert any(said in one for one in parse(text).damage)


VERSIONS = ("0.17", "0.23", "0.27")
SYNC = '{"type": "printf", "data": "event sync 4500 120 - postgres\\n"}\n'
LOST = '{"type": "lost_events", "data": {"events": 12}}\n'


def test_events_are_read_where_they_were_asked_for():
    """Where they were not, a tracer that prints some is not ours."""
    found = parse(READY + SYNC + END + COUNTS + LAST, events=True)

    assert found.events == [(4500, "sync", 120, None, "postgres")]
    assert (found.counts, found.damage, found.incomplete) == ({"@syncs": {"1": 300}}, [], [])
    assert parse(READY + END + COUNTS + LAST, events=True).events == []
    assert parse(READY + END + COUNTS + LAST).events is None
    assert "damaged" in parse(READY + SYNC + END + COUNTS + LAST).damage[0]


def test_ios_that_were_not_seen_to_end_are_counted():
    """Those that began long before the end; one that is under way may still come."""
    began = '{"type": "map", "data": {"@io_at": {"1,2": 5, "1,9": 5000000000}}}\n'
    found = parse(READY + END.replace("9000", "5000000001") + began + LAST)

    assert found.counts == {"@ios_unended": {"": 1}}


def test_event_that_is_no_event_is_damage():
    """A number that is missing is not read as another."""
    assert "line 2" in parse(READY + SYNC.replace(" 120", "") + END + COUNTS + LAST, events=True).damage[0]


def test_lost_events_take_nothing_from_the_counts():
    """They are summed up in the kernel; what was lost on the way out is the list."""
    found = parse(READY + SYNC + LOST + END + COUNTS + LAST, events=True)

    assert found.damage == []
    assert found.incomplete == ["12 events were lost: events.csv lacks them"]


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "recorded" / "events").glob("*.json")), ids=lambda path: path.stem
)
def test_real_events_add_up_to_their_counts(path):
    """Each flush and each I/O that was seen to end was printed."""
    found = parse(path.read_text(), events=True)
    kinds = Counter(each.what for each in found.events)

    assert found.damage == []
    assert kinds["sync"] == found.counts["@syncs"]["1"] == 300
    assert kinds["io"] == sum(bucket.count for buckets in found.histograms["@io_us"].values() for bucket in buckets)
    assert kinds["io"] <= sum(found.counts["@ios"].values())
    assert sum(each.bytes or 0 for each in found.events) <= sum(found.counts["@io_bytes"].values())
    assert all(found.ready_ns <= each.at_ns <= found.end_ns for each in found.events)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "@syncs", "@tree", "1", "count", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@n", "@tree", "min", "count"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "line",
    [
        '{"type": "hist", "data": {"@us": [{}]}}',
        '{"type": "map", "data": {"@n": [[1, 2]]}}',
        '{"type": "map", "data": {"@tree": {"x": 1}}}',
        '{"type": "lost_events", "data": {"events": Infinity}}',
        '{"type": "map", "data": [[1, 2]]}',
        "[" * 100_000,
    ],
    ids=["no bucket", "no text", "no thread", "no number", "no name", "deep"],
)
def test_what_no_tracer_would_print_is_damage(line):
    """Whatever a line is: the sentence says which one."""
    assert "line 1 of the tracer's output is damaged" in parse(line).damage[0]


@given(st.sampled_from(["map", "stats", "hist", "printf", "lost_events", "else"]), ANYTHING)
def test_nothing_that_is_printed_breaks_its_reader(kind, data):
    """What is read of it can be stored; the rest is damage."""
    found = parse(json.dumps({"type": kind, "data": data}), events=kind == "printf")

    assert found.damage
    assert all(isinstance(name, str) for name in (*found.counts, *found.histograms))


def test_map_of_what_is_looked_at_is_judged_and_no_count():
    """Who has no room in it was looked at no more, and that shows in no other map."""
    keys = ", ".join(f'"{number},7": 1' for number in range(MOST_KEYS))
    waited = f'{{"type": "map", "data": {{"@waited": {{{keys}}}}}}}\n'
    tree = '{"type": "map", "data": {"@tree": {"0": 0, "7": 1, "8": 4711}}}\n'
    found = parse(READY + END + COUNTS + tree + waited + LAST)

    assert found.threads == {7, 8}
    assert found.counts == {"@syncs": {"1": 300}}
    assert found.damage == ["@waited was cut: it holds as many keys as it may, 16,384"]


def test_stacks_that_were_cut_spoil_no_number():
    """Only the picture that is made of them."""
    keys = ", ".join(f'"{number},a": 1' for number in range(MOST_KEYS))
    found = parse(READY + END + f'{{"type": "map", "data": {{"{STACKS}": {{{keys}}}}}}}\n' + LAST)

    assert found.damage == []
    assert "was cut" in found.incomplete[0]


def test_stacks_are_folded_from_the_command_to_the_innermost_call():
    """Offsets go, and so do the tracer's line breaks."""
    key = "\n    schedule+12\n    do_syscall_64+93\n,\n    read+5\n    0x7f00\n,postgres"

    assert folded({key: 4}) == "postgres;[unknown];read;do_syscall_64;schedule 4\n"


def test_deep_stacks_are_drawn_as_far_as_one_can_look():
    """All of them are in the folded text; frames without a name that follow each other are one."""
    deep = ";".join(f"f{number}" for number in range(200))
    picture = flame_graph(f"{deep} 5\n", title="x")

    assert "f10:" in picture
    assert "f190:" not in picture
    assert folded({"\n    0x1\n    0x2\n    read+5\n    0x3,sh": 1}) == "sh;[unknown];read;[unknown] 1\n"


def test_waits_are_folded_below_what_was_waited_for():
    """Idling apart from the rest; the key of a wait stands before the stacks: asleep in fsync (74), and in epoll_wait (232)."""
    stacks = {"2075,\n    io_schedule+9\n,\n    fsync+5\n,postgres": 70, "1233,\n    schedule+1\n,\n,postgres": 9}

    assert folded_waits(stacks, {74: "disk"}) == {
        "disk": "postgres;[waits for disk];fsync;io_schedule 70\n",
        "idle": "postgres;[idles];schedule 9\n",
    }
    assert "fsync: 70 µs, 100.0 %" in flame_graph("postgres;fsync 70\n", title="x", look=WAITS)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_real_outputs_are_whole(path):
    """What bpftrace printed under a load: two marks, counts of what it was told to look at, nothing that cannot be read."""
    found = parse(path.read_text())
    program = path.stem.rpartition("-")[0]

    assert found.damage == []
    assert found.end_ns - found.ready_ns > 100_000_000
    assert found.counts["@on_ns"]
    assert set(SHOWS[program]) <= {*found.counts, *found.histograms}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_real_output_that_is_cut_anywhere_is_damaged(path):
    """After any of its lines, and in the middle of any: what is missing is never taken for a zero."""
    lines = path.read_text().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.strip())
    for number, line in enumerate(lines[: last + 1]):
        before = "".join(lines[:number])
        assert parse(before).damage, f"cut before line {number + 1}"
        if line.strip():
            assert parse(before + line[: len(line) // 2]).damage, f"cut in line {number + 1}"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_key_that_comes_twice_in_a_real_output_is_added(path):
    """As junk after the end of a text makes it: the same number of switches once more."""
    text, switches = path.read_text(), '"@switches": {"1": '
    count = int(text.split(switches)[1].split("}")[0])

    found = parse(text.replace(f"{switches}{count}", f'{switches}{count}, "1\\u0000junk": 5'))

    assert found.counts["@switches"] == {"1": count + 5}
    assert found.damage == []


def test_every_program_has_a_recorded_output():
    """Of the oldest bpftrace that it runs on, of one between and of the newest."""
    assert {path.stem for path in RECORDED} == {f"{program}-{version}" for program in TraceProgram for version in VERSIONS}


def test_flame_graph_has_a_box_for_each_function():
    """As wide as its share, on the one that called it; what users can name is escaped."""
    stacks = parse((RECORDED[0].parent / "on-cpu-0.17.json").read_text()).counts[STACKS]

    assert stacks
    assert "samples" in flame_graph(folded(stacks), title="a load")
    assert "&lt;b&gt;: 3 samples, 75.0 %" in flame_graph("nginx;<b> 3\nnginx;c 1\n", title="x")
    with pytest.raises(ValueError, match="no stacks"):
        flame_graph("", title="x")
