"""A full disk: deploy fails with one sentence that names it, and teardown needs no space."""

import os
import re
import shutil
import subprocess

import pytest

from steps.errors import LabError

CELL = "direct-500rps-r1"


@pytest.fixture
def small_disk(state):
    """The folder of the state is a file system of its own of 256 KiB."""
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", state.folder], check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield
    subprocess.run(["umount", "--lazy", state.folder], check=True)


@pytest.mark.parametrize("free_kib", [0, 4, 8, 12])
def test_full_disk_is_named_and_torn_down(small_disk, lab, free_kib):
    """However far deploy came before the disk was full, the reason is one sentence and nothing stays."""
    free = shutil.disk_usage(lab.state.folder).free
    (lab.state.folder / "filler").write_bytes(bytes(free - free_kib * 1024))

    with pytest.raises(LabError) as caught:
        lab.deploy(CELL)
    record = lab.teardown(CELL)

    assert re.search("No space left on device|is there room on the disk", str(caught.value))
    assert lab.deployed().failure == str(caught.value)
    assert (record.left, lab.processes()) == ((), [])
    assert not lab.state.cell(lab.run, CELL).exists()
