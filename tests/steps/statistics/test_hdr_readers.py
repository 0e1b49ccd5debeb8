"""Our histogram logs in another reader's words: HdrHistogram's own, in Java (org.hdrhistogram:HdrHistogram 2.2.2).

tests/golden/load.hdr is as the load step writes one; load_hdr_java.json is what HistogramLogProcessor says of it, tag by tag:
value in µs, percentile, and how many values are at or below it.
"""

import json
import os
import shutil
import subprocess
from math import ceil
from pathlib import Path

import pytest

from steps.statistics.histogram import at_rank, histogram_of, read_log, write_log

GOLDEN = Path(__file__).parents[2] / "golden"
SAID = json.loads((GOLDEN / "load_hdr_java.json").read_text())


def jar() -> str | None:
    """The jar that BENCHLAB_HDR_JAR names, or the one that Maven keeps."""
    kept = Path.home().glob(".m2/repository/org/hdrhistogram/HdrHistogram/*/HdrHistogram-*.jar")
    return os.environ.get("BENCHLAB_HDR_JAR") or next(map(str, sorted(kept, reverse=True)), None)


def ask_java(tag):
    """What the Java tool says of a tag."""
    command = ["java", "-cp", jar(), "org.HdrHistogram.HistogramLogProcessor"]
    options = ["-i", str(GOLDEN / "load.hdr"), "-tag", tag, "-csv", "-outputValueUnitRatio", "1"]
    said = subprocess.run([*command, *options], capture_output=True, text=True, check=True).stdout
    rows = [line.split(",") for line in said.splitlines() if line[:1].isdigit()]
    return [[float(value), float(percentile), int(count)] for value, percentile, count, _ in rows]


@pytest.mark.parametrize("tag", SAID)
def test_java_reads_the_same_counts_and_percentiles(tag):
    """Each tag by itself: every percentile that the Java tool prints is ours too."""
    ours = read_log(GOLDEN / "load.hdr")[tag]

    total = ours.get_total_count()
    recorded = [(each.value_iterated_to, each.count_added_in_this_iter_step) for each in ours.get_recorded_iterator()]

    assert total == SAID[tag][-1][2]
    for value_us, percentile, count in SAID[tag]:
        rank = max(1, ceil(percentile * total - 1e-6))
        assert ours.get_highest_equivalent_value(at_rank(ours, rank)) == value_us, percentile
        assert sum(n for value, n in recorded if value <= value_us) == count


def test_no_histogram_begins_before_its_log(tmp_path):
    """The Java tool passes over one that does, without a word: the log's start is rounded down."""
    for start_ms in (1795446245678.0, 1795446245678.49, 1795446245678.51, 1795446245678.999):
        write_log(tmp_path / "load.hdr", {"response": histogram_of([1])}, start_ms=start_ms, end_ms=start_ms + 1)
        lines = (tmp_path / "load.hdr").read_text().splitlines()
        (begin,) = [float(line.split()[1]) for line in lines if line.startswith("#[StartTime")]
        assert begin <= float(lines[-1].split(",")[1])


@pytest.mark.skipif(not (shutil.which("java") and jar()), reason="needs java, and HdrHistogram's jar in BENCHLAB_HDR_JAR")
@pytest.mark.parametrize("tag", SAID)
def test_java_says_what_is_written_down(tag):
    """The recorded answers are those of the tool itself."""
    assert ask_java(tag) == SAID[tag]
