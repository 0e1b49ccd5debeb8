"""The readings of keepers in usage.csv come back as they were written."""

import pytest

from steps.drivers.keepers import Reading, read_readings, write_readings
from steps.model import Usage

LIVES = Usage(
    component="envoy", monotonic_ns=5, running=True, cpu_s=1.25, memory_mib=20.5, memory_kind="pss", processes=2, threads=9
)
# Of a component that has ended nothing is left to be measured; seen when one ran out of memory in the middle of its load.
ENDED = LIVES.model_copy(update={"running": False, "memory_mib": None, "memory_kind": None, "processes": 0, "threads": 0})


@pytest.mark.parametrize("usage", [LIVES, ENDED, ENDED.model_copy(update={"exit_status": -9})], ids=["lives", "ended", "killed"])
def test_readings_come_back_as_they_were_written(tmp_path, usage):
    """What a keeper could not tell is empty in the file, and missing when it is read: it damages nothing."""
    written = (Reading(edge="start", asked_ns=4, usage=LIVES), Reading(edge="", asked_ns=5, usage=usage))

    write_readings(tmp_path / "usage.csv", list(written))

    assert read_readings(tmp_path / "usage.csv") == written
