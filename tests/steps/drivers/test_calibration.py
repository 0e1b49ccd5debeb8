"""Calibration: it ends in time, leaves nothing behind, and finds a driver late that is."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from steps.drivers.calibration import PREVIEW_RATES_RPS, RATES_RPS, calibrate, null_server


@pytest.mark.parametrize(
    ("seconds", "rates"),
    [
        pytest.param(5.0, RATES_RPS, id="answer"),
        pytest.param(2.0, PREVIEW_RATES_RPS, id="preview", marks=pytest.mark.slow),  # provision makes one too: test_provision
    ],
)
def test_ceiling_is_one_of_the_rates_that_were_tried(seconds, rates):
    """The ramp climbs until the driver does not hold two rates in a row, and keeps each rate's lateness."""
    found = calibrate(driver_cpus=None, system_cpus=None, seconds=seconds)

    assert set(found.lateness_p99_ms) <= {str(rate) for rate in rates}
    assert (found.ceiling_rps in rates) != bool(found.reason)


def test_null_server_ends_with_its_block():
    """Nothing is left of a calibration."""
    before = shell_children()  # other tests' object store is a child of this process too
    with null_server(cpus=None):
        during = shell_children()

    assert during > before
    assert shell_children() == before


def test_null_server_that_cannot_start_is_a_reason_and_no_crash(tmp_path, monkeypatch):
    """A machine on which it does not run has no ceiling, and says why."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))

    found = calibrate(driver_cpus=None, system_cpus=None, seconds=2)

    assert found.ceiling_rps is None
    assert found.reason.startswith("cannot start ")


def shell_children():
    """Living children of this process."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = status.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(status)
    return found
