"""What runs in a tracer's pod: what it says arrives whole, or not at all."""

import json

import pytest

from steps import tracer
from steps.errors import MeasureError

PRINTED = "".join(f'{{"type": "map", "data": {{"@x": {{"{number}": {number}}}}}}}\n' for number in range(5000))


@pytest.fixture
def log(capsys):
    """A log as a container's runtime keeps it: our lines, and those of what it ran."""
    print("Attaching 12 probes...")
    tracer.say(ready_ns=1)
    tracer.tell(PRINTED, over={"tool": "bpftrace v0", "cost": {"bpf_cores": 0.01}})
    return capsys.readouterr().out


def test_what_was_printed_arrives_whole(log):
    """Whatever else stands in the log; no line is longer than a runtime bears."""
    printed, over = tracer.heard(log)

    assert printed == PRINTED
    assert (over["tool"], over["cost"]) == ("bpftrace v0", {"bpf_cores": 0.01})
    assert max(map(len, log.splitlines())) < 16_384


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda log: "".join(log.splitlines(keepends=True)[:-1]), "ended without a result"),
        (lambda log: "\n".join(line for line in log.splitlines() if 'piece"' not in line), "did not arrive whole"),
        (lambda log: log.replace('"piece": "H4s', '"piece": "H4t', 1), "did not arrive whole"),
        (lambda log: "tracer: the tracer ended before it was ready: no such map\n", "no such map"),
        (lambda log: "", "it said nothing"),
    ],
    ids=["cut at its end", "cut in the middle", "changed", "failed", "empty"],
)
def test_a_log_that_is_not_whole_is_a_reason_and_no_figure(log, harm, why):
    """A kubelet rotates logs, and a pod may die in the middle of a word."""
    with pytest.raises(MeasureError, match=why):
        tracer.heard(harm(log))


def test_pieces_that_came_twice_are_not_taken_for_whole(log):
    """A log that is read again after a break may repeat lines."""
    lines = log.splitlines()
    piece = next(line for line in lines if 'piece"' in line)

    with pytest.raises(MeasureError, match="did not arrive whole"):
        tracer.heard("\n".join([*lines[:-1], piece, lines[-1]]))


def test_look_says_what_is_missing(capsys, monkeypatch):
    """Without a tool there is a reason with its cure, in a line of JSON."""
    monkeypatch.setenv("PATH", "/nowhere")
    tracer.look(["block/block_io_start"])

    said = json.loads(capsys.readouterr().out)
    assert said["able"] is False
    assert "bpftrace is not installed: apt-get install bpftrace" in said["why"]
