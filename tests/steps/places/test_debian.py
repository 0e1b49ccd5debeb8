"""Programs of Debian packages."""

import os
import shutil

import pytest

from phases.catalogue.databases import MARIADB
from steps.errors import Unavailable
from steps.places import debian
from steps.places.programs import check, find_program

PACKAGES = MARIADB.process.program.debian


def test_machine_without_apt_get_cannot_have_them(tmp_path):
    """It is said which tool is missing, and nothing is made."""
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    with pytest.raises(Unavailable, match=r"Debian's packages \(mariadb-server-core\), and there is no apt-get here"):
        check(MARIADB, environment)
    assert list(tmp_path.iterdir()) == []


def test_packages_that_are_here_are_not_fetched_again(tmp_path):
    """A folder that has its name is whole."""
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    root = debian.root_of(PACKAGES, environment)
    root.mkdir(parents=True)

    check(MARIADB, environment)
    assert debian.fetch(PACKAGES, environment) == root


def test_packages_that_cannot_be_fetched_leave_nothing_behind(tmp_path):
    """A name that apt does not know, for instance: the reason is said, and there is no half folder."""
    for tool in ("apt-get", "dpkg-deb"):
        (tmp_path / tool).write_text("#!/bin/sh\necho E: Unable to locate package $2 >&2; exit 100\n")
        (tmp_path / tool).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}

    with pytest.raises(Unavailable, match=r"could not be fetched .*Unable to locate package mariadb-server-core"):
        debian.fetch(PACKAGES, environment)
    assert [each.name for each in (tmp_path / "cache" / "benchlab" / "programs").iterdir()] == ["debian.lock"]


@pytest.mark.slow
def test_program_of_the_packages_says_its_version(tmp_path):
    """Fetched and unpacked without root, it runs from where it lies."""
    if shutil.which("apt-get") is None:
        pytest.skip("needs Debian's apt-get")

    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    try:
        found = find_program(MARIADB, environment)
    except Unavailable as error:
        pytest.skip(str(error))

    assert "MariaDB" in found.version
