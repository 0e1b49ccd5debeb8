"""How much a component keeps on its disk."""

from __future__ import annotations

import os

from steps.kept import bytes_in

MIB = 1024 * 1024


def test_files_are_counted_by_what_they_take(tmp_path):
    """Below, too; one with two names once, and not what a file only claims to hold."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "table").write_bytes(os.urandom(MIB))
    os.link(tmp_path / "base" / "table", tmp_path / "again")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1000 * MIB)

    assert MIB <= bytes_in(tmp_path) < 1.1 * MIB


def test_folder_that_is_not_there_keeps_nobody_knows_what(tmp_path):
    """Never 0."""
    assert bytes_in(tmp_path / "none") is None
