"""Where a component's files are, and whom it runs as."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from phases.catalogue.databases import POSTGRES
from phases.catalogue.gateways import NGINX
from steps.errors import PlaceError
from steps.places.lodging import NOBODY, Lodging

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def test_component_lives_in_its_own_folder(tmp_path):
    """Where nothing speaks against it: nobody else's room, nobody else's rights."""
    assert Lodging.of(NGINX, folder=tmp_path, program=Path("/bin/sh")) == Lodging(tmp_path)
    if os.geteuid() != 0:
        assert Lodging.of(POSTGRES, folder=tmp_path, program=Path("/bin/sh")) == Lodging(tmp_path)


@ROOT
def test_component_that_refuses_root_gets_a_room_of_its_own(tmp_path):
    """A folder that only it may enter, of a name that cannot be foreseen."""
    made = Lodging.of(POSTGRES, folder=tmp_path, program=Path("/bin/sh"))
    other = Lodging.of(POSTGRES, folder=tmp_path, program=Path("/bin/sh"))
    made.make()
    try:
        status = made.room.stat()
        assert status.st_uid == pwd.getpwnam(NOBODY).pw_uid
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert made.room != other.room
    finally:
        made.room.rmdir()


@ROOT
def test_program_that_only_root_may_read_is_refused(tmp_path):
    """In one sentence that names the folder."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "postgres").touch(mode=0o755)

    with pytest.raises(PlaceError, match=r"postgres refuses to run as root, and nobody may not read /.*: run as another user"):
        Lodging.of(POSTGRES, folder=tmp_path, program=closed / "postgres")


def test_component_whose_files_are_in_memory_lives_there(tmp_path):
    """A folder of its own on a tmpfs, whoever it runs as; the ledger is told of it, as of every room apart."""
    made = Lodging.of(NGINX.under("nginx-memory", files="memory"), folder=tmp_path, program=Path("/bin/sh"))
    made.make()
    try:
        assert made.apart
        assert made.room.parent == Path("/dev/shm")
        assert made.room.stat().st_uid == os.geteuid()
        assert stat.S_IMODE(made.room.stat().st_mode) == 0o700
    finally:
        made.room.rmdir()


def test_memory_without_room_is_refused(tmp_path, monkeypatch):
    """In a container /dev/shm may be small, or no tmpfs at all."""
    monkeypatch.setattr("steps.places.lodging.MEMORY", tmp_path)

    with pytest.raises(PlaceError, match=r"nginx-memory is to have its files in memory, and .* has 0 MiB free of 512 MiB"):
        Lodging.of(NGINX.under("nginx-memory", files="memory"), folder=tmp_path, program=Path("/bin/sh"))
