"""What the tracer prints, read: recorded outputs, and what can go wrong with one."""

from pathlib import Path

import pytest

from steps.trace.flame import flame_graph
from steps.trace.parsed import MOST_KEYS, STACKS, folded, parse

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))

READY = '{"type": "printf", "data": "ready 1000\\n"}\n'
END = '{"type": "printf", "data": "end 9000\\n"}\n'
COUNTS = '{"type": "map", "data": {"@syncs": {"1": 300}}}\n'


def test_sums_and_histograms_are_read_by_map_and_key():
    """A whole output: two marks, a keyed sum, an unkeyed one, and both kinds of histograms."""
    text = (
        '{"type": "attached_probes", "data": {"probes": 7}}\n' + READY + END + COUNTS + '{"type": "map", "data": {"@plain": 5}}\n'
        '{"type": "hist", "data": {"@us": [{"max": -1, "count": 1}, {"min": 0, "max": 0, "count": 2}]}}\n\n'
        '{"type": "hist", "data": {"@io": {"1": [{"min": 64, "max": 127, "count": 3}]}}}\n'
    )

    found = parse(text)

    assert (found.ready_ns, found.end_ns, found.damage) == (1000, 9000, [])
    assert found.counts == {"@syncs": {"1": 300}, "@plain": {"": 5}}
    assert [(bucket.low, bucket.high, bucket.count) for bucket in found.histograms["@us"][""]] == [(0, -1, 1), (0, 0, 2)]
    assert [(bucket.low, bucket.high, bucket.count) for bucket in found.histograms["@io"]["1"]] == [(64, 127, 3)]


def test_values_of_a_key_that_comes_twice_are_added():
    """Junk after the end of a text makes two keys of one; a plain reader would keep the last."""
    found = parse(READY + END + '{"type": "map", "data": {"@b": {"WS": 1, "WS": 2, "WS\\u0000x": 4}}}')

    assert found.counts == {"@b": {"WS": 7}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "never ready"),
        (READY + COUNTS, "stopped before its end"),
        (READY + END + COUNTS[:30], "line 3 of the tracer's output is damaged"),
        (READY + END + '{"type": "map", "data": {"@n": {"1": "many"}}}', "line 3 of the tracer's output is damaged"),
        (READY + END + '{"type": "lost_events", "data": {"events": 12}}', "12 events were lost"),
        (READY + END + '{"type": "map", "data": {"@n": {' + ", ".join(f'"{n}": 1' for n in range(MOST_KEYS)) + "}}}", "was cut"),
    ],
    ids=["empty", "no-end", "truncated", "no-number", "lost", "full-map"],
)
def test_what_is_wrong_with_an_output_is_said(text, said):
    """Damage is a sentence, never a number."""
    assert any(said in one for one in parse(text).damage)


def test_stacks_are_folded_from_the_command_to_the_innermost_call():
    """Offsets go, and so do the tracer's line breaks."""
    key = "\n    schedule+12\n    do_syscall_64+93\n,\n    read+5\n    0x7f00\n,postgres"

    assert folded({key: 4}) == "postgres;[unknown];read;do_syscall_64;schedule 4\n"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_real_outputs_are_whole(path):
    """What bpftrace 0.17 printed of PostgreSQL and of nginx under a load: two marks, counts, and nothing that cannot be read."""
    found = parse(path.read_text())

    assert found.damage == []
    assert found.end_ns - found.ready_ns > 5_000_000_000
    assert found.counts["@on_ns"]


def test_real_output_says_what_postgresql_did():
    """200 commits a second that are safe: so many fsyncs, each in one of the buckets."""
    found = parse((RECORDED[0].parent / "postgres-0.17.json").read_text())
    syncs = sum(found.counts["@syncs"].values())

    assert syncs / ((found.end_ns - found.ready_ns) / 1e9) == pytest.approx(200, rel=0.05)
    assert sum(bucket.count for bucket in found.histograms["@sync_us"][""]) == syncs


def test_flame_graph_has_a_box_for_each_function():
    """As wide as its share, on the one that called it; what users can name is escaped."""
    stacks = parse((RECORDED[0].parent / "nginx-0.17.json").read_text()).counts[STACKS]

    assert "do_syscall_64" in flame_graph(folded(stacks), title="nginx")
    assert "&lt;b&gt;: 3 samples, 75.0 %" in flame_graph("nginx;<b> 3\nnginx;c 1\n", title="x")
    with pytest.raises(ValueError, match="no stacks"):
        flame_graph("", title="x")
