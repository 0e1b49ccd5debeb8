"""The place in small: cores, ports, placeholders, circumstances, and what a component is started with."""

import json
import os
import socket

import pytest

from steps.errors import UsageError
from steps.model import Port
from steps.places import here, ports
from steps.places.process import ProcessPlace, split_cores
from steps.places.templates import fill, placeholders
from tests.lab import experiment

CELL = "envoy-500rps-r1"


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([], (None, None)),
        ([0], (None, None)),
        ([0, 1], ((0,), (1,))),
        ([7, 3, 5, 4], ((3,), (4, 5, 7))),
    ],
)
def test_driver_gets_the_first_core_and_the_system_all_others(available, expected):
    """A single core is not divided: then nothing is pinned."""
    assert split_cores(available) == expected


def test_unknown_place_is_refused():
    """A place that nobody has built is a mistake in the call."""
    with pytest.raises(UsageError, match="BENCHLAB_PLACE is 'moon'"):
        here({"BENCHLAB_PLACE": "moon"})


def test_ports_are_different_and_free():
    """Each named port gets a number of its own on which nobody listens."""
    wanted = [Port(name=name, number=8080) for name in ("http", "admin", "metrics")]

    found = ports.free(wanted, host="127.0.0.1")

    assert list(found) == ["http", "admin", "metrics"]
    assert len(set(found.values())) == 3
    assert ports.listeners(found.values()) == {}


def test_listener_is_found_with_its_socket():
    """The inode says whose socket it is, not only that there is one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]

        found = ports.listeners([number])

        assert found == {number: {str(os.fstat(server.fileno()).st_ino)}}
        assert ports.holds(os.getpid(), found[number])
        assert not ports.holds(os.getpid(), {"1"})
    assert ports.listeners([number]) == {}


def test_placeholders_are_filled_once():
    """A value that looks like a placeholder stays what it is; braces of other languages are left alone."""
    assert fill("@{a} {b} ${c} @ @{a}", {"a": "@{a}"}, source="x") == "@{a} {b} ${c} @ @{a}"
    assert placeholders("listen @{host}:@{port};") == {"host", "port"}


def test_unknown_placeholder_names_the_known_ones():
    """A typo in a template is told with its file."""
    with pytest.raises(UsageError, match=r"nginx\.conf: nothing is known as @\{prot\}; there are host, port"):
        fill("listen @{prot};", {"port": "1", "host": "2"}, source="nginx.conf")


def test_circumstances_name_every_layer_and_hide_no_gap(lab):
    """Each fact has a text, `unknown` where it cannot be known; a missing component says so in place of its version."""
    lab.environment["BENCHLAB_ENVOY"] = "/nowhere"

    facts = ProcessPlace(lab.environment).facts(experiment())

    assert {"kernel", "cpu", "cores", "driver_cpus", "system_cpus", "memory_mib", "governor"} <= set(facts.node)
    assert {"python", "uvloop", "hdrhistogram"} <= set(facts.driver)
    assert all((*facts.node.values(), *facts.driver.values()))
    assert facts.components["upstream"].startswith("nginx version: ")
    assert facts.components["envoy"] == "unknown: BENCHLAB_ENVOY names /nowhere, and there is no such file"
    assert facts.identity == ProcessPlace(lab.environment).facts(experiment()).identity


def test_component_gets_neither_secrets_nor_settings_of_the_user(lab):
    """Its environment is made from nothing: a path, a home of its own, and what its entry says."""
    lab.environment |= {"SECRET": "s3cret", "GOGC": "off"}
    lab.gateway("""
import json
with open("seen", "w") as file:
    json.dump([dict(os.environ), sorted(os.sched_getaffinity(0)), os.getcwd()], file)
serve()
""")

    endpoints = lab.deploy(CELL)
    folder = lab.state.cell(lab.run, CELL) / "envoy"
    variables, cpus, cwd = json.loads((folder / "seen").read_text())

    assert set(variables) <= {"HOME", "TMPDIR", "LANG", "PATH", "LC_CTYPE", "BENCHLAB_FOLDER"}
    assert (variables["HOME"], variables["BENCHLAB_FOLDER"], cwd) == (str(folder),) * 3
    assert endpoints.system_cpus is None or cpus == list(endpoints.system_cpus)
