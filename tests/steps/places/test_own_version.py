"""What a program says of itself is the same each time it is asked."""

import pytest

from steps.places.own_version import LONGEST, own_version

JAEGER = "{at}application version: git-commit=, git-version=v2.13.0, build-date="


@pytest.mark.parametrize(
    "at", ["2026/11/29 17:13:18 ", "2026-11-29T17:13:18.123Z ", "2026-11-29 17:13:18,5 ", "2026-11-29T17:13:18+01:00\t"]
)
def test_moment_of_a_log_is_no_version(at):
    """A logger's clock would make each cell's program another one."""
    assert own_version(JAEGER.format(at=at)) == JAEGER.format(at="")


def test_date_that_a_program_was_built_on_stays():
    """HAProxy and nginx tell it beside their version."""
    assert own_version("HAProxy version 3.2.4 2025/08/13 - https://h") == "HAProxy version 3.2.4 2025/08/13 - https://h"


def test_lines_of_the_machine_and_empty_ones_are_left_out():
    """And long texts are cut, which shows."""
    assert own_version("  HAProxy   3.2\n\nRunning on: Linux 6.1\n Built with  OpenSSL\n") == "HAProxy 3.2\nBuilt with OpenSSL"
    assert own_version("x" * (LONGEST + 1)) == "x" * LONGEST + "…"
    assert own_version("") == ""
