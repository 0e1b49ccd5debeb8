"""What is shown of a run that goes on: its cells, those that were added with them."""

from pathlib import Path

import pytest

from pipelines.local import live, read

GOLDEN = Path(__file__).parents[2] / "golden" / "argo"


@pytest.fixture
def extended(begin):
    """A run of two cells, to which one was added, and then none."""
    return begin(read.file(GOLDEN / "extended.yaml")).execute()


def test_added_cells_count_as_cells(extended):
    """They are planned by their own step, and shown by their names."""
    assert [live.cell_name(node) for node in live.cells(extended)] == ["a-r1", "b-r1", "a-r2"]
    assert sum(len(cells) for _, cells in live.plans(extended)) == 3


def test_progress_follows_what_was_added(extended):
    """Two were expected at first; there is no third of two."""
    assert live.Progress(2, 1.0).spoken(extended) == "3 of 3 cells are over"


def test_progress_waits_for_experiments_that_have_not_planned(extended):
    """Of two experiments of a phase one has planned: the cells of the other are still expected."""
    assert live.Progress(7, 1.0, 2).known(extended) == 7
    assert live.Progress(2, 1.0, 1).known(extended) == 3
