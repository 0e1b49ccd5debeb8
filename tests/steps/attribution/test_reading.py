"""From a cell's trace to its outcome: not available is no failure, missing is one, and a damaged record is a reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from steps import measure
from steps.model import TraceProgram, TraceRecord
from steps.model.metric import CPU, DISK_WAIT, P50
from steps.model.trace import Counters
from steps.sent import Sent, write
from steps.trace.parsed import parse
from tests.steps.recorded import AT, EXPERIMENT, LOAD, RUN, Recorded, reason_of, value_of

PRINTED = Path(__file__).parent.parent / "trace" / "recorded" / "block-io-0.17.json"
SECOND = 1_000_000_000
TRACED = EXPERIMENT.model_copy(update={"trace": (TraceProgram.OFF_CPU,), "metrics": (P50, CPU, DISK_WAIT)})
CELL = Recorded(experiment=TRACED)
USED = Counters(at_ns=0, cpu_s=0.0, threads=1, read_bytes=0, write_bytes=0)
WHOLE = TraceRecord(
    run=RUN,
    cell=CELL.cell,
    at=AT,
    programs=TRACED.trace,
    target="nginx",
    machine="x86_64",
    start_ns=SECOND,
    end_ns=9 * SECOND,
    cpus=1,
    counts={"@on_ns": {"7": SECOND}, "@off_ns": {"2075": 3 * SECOND}},
    before=USED,
    after=USED.model_copy(update={"at_ns": 8 * SECOND, "cpu_s": 1.0}),
)


def outcome(folder, text):
    """What measure makes of a cell whose trace.json is that text; None: there is none."""
    inputs = replace(CELL.store(folder), trace=folder / "trace")
    if text is not None:
        inputs.trace.mkdir()
        (inputs.trace / "trace.json").write_text(text)
    return measure.outcome_of(inputs, at=AT)


def test_share_of_time_is_a_metric_of_the_cell(tmp_path):
    """Three seconds of four were spent waiting for a disk; the latencies are those of the untraced window."""
    found = outcome(tmp_path, WHOLE.to_json())

    assert value_of(found, "disk_percent") == 75
    assert found.trace.bottlenecks[0].resource == "disk"
    assert value_of(found, "p50_ms") == pytest.approx(1.98, abs=0.01)


def test_trace_that_lacks_something_is_believed_little(tmp_path):
    """Its component ended in the middle: what there is stands, as a doubt."""
    ended = WHOLE.model_copy(update={"incomplete": ("nginx ended while it was traced",)})
    found = outcome(tmp_path, ended.to_json())

    assert "nginx ended while it was traced" in found.trace.incomplete
    assert found.trace.bottlenecks[0].confidence == "low"


def test_trace_that_cannot_be_had_here_fails_nothing(tmp_path):
    """The metric says why, and the cell decides about everything else."""
    none = WHOLE.model_copy(update={"unavailable": "bpftrace is not installed", "counts": {}})
    found = outcome(tmp_path, none.to_json())

    assert found.status == "ok"
    assert reason_of(found, "disk_percent") == "not available here: bpftrace is not installed"


def test_output_that_was_cut_gives_no_number(tmp_path):
    """Cut before or after a map of a real one: what is missing is no zero, and there is no verdict without it."""
    lines = PRINTED.read_text().splitlines(keepends=True)
    for number, line in enumerate(lines):
        if "@on_ns" in line or "@syncs" in line:
            found = parse("".join(lines[:number]))
            cut = WHOLE.model_copy(update={"counts": found.counts, "end_ns": 2 * SECOND, "damage": tuple(found.damage)})
            told = outcome(tmp_path / str(number), cut.to_json())

            assert "output was cut" in told.trace.reason
            assert (told.trace.split, told.trace.figures, told.trace.bottlenecks) == (None, {}, ())
            assert told.status == "failed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "left no trace.json"),
        ("{", "trace.json is not a valid TraceRecord"),
        (WHOLE.model_copy(update={"failure": "the tracer was ended by signal 9"}).to_json(), "ended by signal 9"),
        (WHOLE.model_copy(update={"counts": {}}).to_json(), "saw no thread"),
        (WHOLE.model_copy(update={"damage": ("12 events were lost",)}).to_json(), "12 events were lost"),
    ],
    ids=["missing", "damaged", "killed", "empty", "lossy"],
)
def test_trace_that_should_be_there_fails_its_cell(tmp_path, text, said):
    """A metric that was asked for has no value, and nothing says that it could not have one."""
    found = outcome(tmp_path, text)

    assert found.status == "failed"
    assert said in found.reasons[0]
    assert found.trace.split is None


def harmed(path, harm):
    """The file, as something has left it."""
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    path.write_bytes(
        {
            "empty": b"",
            "half": content[: len(content) // 2],
            "noise": bytes(range(256)),
            "without tags": b"".join(line for line in lines if not line.startswith(b"Tag=")),
        }[harm]
    )


HARMS = [(name, harm) for name in ("load.json", "load.hdr") for harm in ("empty", "half", "noise")]


@pytest.mark.parametrize(("name", "harm"), [*HARMS, ("load.hdr", "without tags")])
def test_damaged_record_of_the_traced_load_is_the_reason(tmp_path, name, harm):
    """Its file is named; the cell is written and fails, for a metric of the trace was asked for."""
    inputs = replace(CELL.store(tmp_path), trace=tmp_path / "trace")
    inputs.trace.mkdir()
    (inputs.trace / "trace.json").write_text(WHOLE.to_json())
    folder = inputs.load / "traced"
    folder.mkdir()
    write(Sent(flown=CELL.flown()), folder=folder, run=RUN, cell=CELL.cell, load=LOAD, cpus=(0,))
    whole = measure.outcome_of(inputs, at=AT)
    harmed(folder / name, harm)

    found = measure.outcome_of(inputs, at=AT)

    assert whole.status == "ok"
    assert found.status == "failed"
    assert name in found.trace.reason
