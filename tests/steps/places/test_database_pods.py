"""A database in a pod: prepared before it starts, with the words that prepare it as a process."""

import json

import pytest

from phases.catalogue.databases import DATABASES, MARIADB, POSTGRES
from phases.catalogue.embedded import EMBEDDED, SQLITE
from phases.catalogue.resources import POSTGRES_MEMORY
from steps.places import pods
from steps.places.base import Job
from steps.places.pods import Setting
from tests.databases import experiment, short


def pod(component):
    """The pod's spec, as it is asked for."""
    job = Job(run="run-1", cell=f"{component.name}-tpcb-100tps-r1", experiment=experiment(short(), component))
    rendered = pods.render(component, job=job, beside={}, setting=Setting(namespace="lab", image="benchlab/steps:1"))
    assert "@{" not in json.dumps(rendered.objects)
    return next(each for each in rendered.objects if each["kind"] == "Deployment")["spec"]["template"]["spec"]


@pytest.mark.parametrize("component", DATABASES, ids=lambda each: each.name)
def test_pod_prepares_the_folder_that_the_database_then_uses(component):
    """A step of preparation is an init container of the component's own image, under the same security, in the same folder."""
    spec = pod(component)
    program = spec["containers"][1]

    assert len(spec["initContainers"]) == len(component.process.prepare)
    for each in spec["initContainers"]:
        assert each["image"] == component.image.reference
        assert each["securityContext"] == program["securityContext"]
        assert each["volumeMounts"] == program["volumeMounts"]
        assert each["workingDir"] == program["workingDir"] == "/benchlab/folder"


def test_pod_of_a_database_runs_as_the_user_that_its_image_knows():
    """initdb looks up who it is; the keeper is the same user, or it could not read the database's counters."""
    assert pod(POSTGRES)["securityContext"]["runAsUser"] == POSTGRES.image.user
    assert pod(POSTGRES)["securityContext"]["runAsNonRoot"] is True
    assert all("runAsUser" not in each["securityContext"] for each in pod(POSTGRES)["containers"])


def test_database_is_ready_when_its_port_answers():
    """The kubelet looks at the port; the keeper greets it, as `deploy` does, and so knows when it can serve."""
    keeper, program = pod(POSTGRES)["containers"]

    assert program["startupProbe"]["tcpSocket"] == {"port": "sql"}
    assert keeper["command"][-5:-2] == ["--ready", "5432", f"tcp:{POSTGRES.ready.hello}:52"]
    assert pod(MARIADB)["containers"][0]["command"][-5:-2] == ["--ready", "3306", "tcp::"]


@pytest.mark.parametrize("component", EMBEDDED, ids=lambda each: each.name)
def test_pod_of_sqlite_has_its_file_in_a_folder_of_its_own(component):
    """On the node's disk, and not in the container's own layer, which is read-only."""
    keeper, program = pod(component)["containers"]

    assert program["command"][0] == SQLITE.image.program
    assert program["command"][program["command"].index("--file") + 1] == "/benchlab/folder/bank.db"
    assert keeper["command"][-5:-2] == ["--ready", "5400", "tcp::"]


def test_files_in_memory_are_an_empty_dir_in_memory():
    """The same folder at the same place; on a disk where nothing was said."""
    (memory,), (disk,) = (
        [each["emptyDir"] for each in pod(component)["volumes"] if each["name"] == "folder"]
        for component in (POSTGRES_MEMORY, POSTGRES)
    )

    assert (memory, disk) == ({"medium": "Memory"}, {})
