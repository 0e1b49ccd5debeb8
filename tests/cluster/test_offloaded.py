"""A controller that keeps the nodes in a database: what only Argo Server can open is read through it, and said without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.__main__ import cli
from pipelines.cluster import runs, submit
from pipelines.cluster.direct import Direct
from pipelines.cluster.server import Server
from steps.errors import ClusterError
from tests.cluster.conftest import finished, wait_for
from tests.cluster.servers import answers, free_port, listens
from tests.cluster.toys import documents

pytestmark = [pytest.mark.argo, pytest.mark.evidence]

INSTANCE = {"workflows.argoproj.io/controller-instanceid": "offload"}  # the cluster's other controllers leave these alone


@contextmanager
def running(*words, log, **how):
    """A program as long as the block lasts."""
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=file, stdin=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def program(name):
    """A program by its name; PostgreSQL's are where Debian puts them."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    return found or pytest.skip(f"there is no {name} here")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The port of a PostgreSQL of our own."""
    folder, port = tmp_path_factory.mktemp("database"), free_port()
    as_user = {"user": "postgres"} if os.getuid() == 0 else {}
    if as_user:
        for each in (folder, *folder.parents[:2]):
            each.chmod(0o755)
        shutil.chown(folder, "postgres")
    (folder / "password").write_text("secret")
    (folder / "password").chmod(0o644)
    words = ["-D", str(folder / "data"), "-U", "argo", f"--pwfile={folder / 'password'}", "-A", "scram-sha-256"]
    subprocess.run([program("initdb"), *words], check=True, capture_output=True, cwd=folder, **as_user)
    words = ["-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    with running(program("postgres"), *words, log=folder.parent / "postgres.log", cwd=folder, **as_user):
        wait_for(lambda: listens(port), what="PostgreSQL to listen")
        yield port


@pytest.fixture(scope="module")
def offloading(room, database, tmp_path_factory):
    """A controller and an Argo Server that keep nodes there; yields the server's address."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("the controller needs a KUBECONFIG")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "test-database"}}
    room.apply(secret | {"stringData": {"user": "argo", "password": "secret"}})
    known = {
        f"{name}Secret": {"name": "test-database", "key": key} for name, key in (("userName", "user"), ("password", "password"))
    }
    where = {"host": "127.0.0.1", "port": database, "database": "postgres", "tableName": "argo_workflows", **known}
    persistence = {"nodeStatusOffLoad": True, "archive": False, "postgresql": where}
    silent = json.dumps({"enabled": False})  # its ports are another controller's on this machine
    config = {"instanceID": "offload", "persistence": json.dumps(persistence), "metricsConfig": silent}
    room.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "test-offload"}, "data": config})
    folder, port = tmp_path_factory.mktemp("offloading"), free_port()
    here = ["--namespace", room.namespace, "--namespaced", "--managed-namespace", room.namespace]
    kubeconfig = ["--kubeconfig", os.environ["KUBECONFIG"]]
    always = os.environ | {"ALWAYS_OFFLOAD_NODE_STATUS": "true", "LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s"}
    with ExitStack() as stack:
        words = [program("workflow-controller"), *kubeconfig, *here, "--configmap", "test-offload"]
        words += ["--executor-image", executor_image(), "--executor-image-pull-policy", "IfNotPresent"]
        stack.enter_context(running(*words, log=folder / "controller.log", env=always))
        words = [program("argo"), "server", *kubeconfig, *here, "--configmap", "test-offload", "--auth-mode", "server"]
        words += ["--secure=false", "--port", str(port)]
        stack.enter_context(running(*words, log=folder / "server.log"))
        wait_for(lambda: answers(f"http://127.0.0.1:{port}"), what=lambda: (folder / "server.log").read_text()[-2000:])
        yield f"127.0.0.1:{port}"


def executor_image():
    return os.environ.get("BENCHLAB_TEST_ARGOEXEC", "quay.io/argoproj/argoexec:v4.1.2")


def test_nodes_in_a_database_are_read_through_argo_server(room, offloading, monkeypatch):
    """`get` and `watch` show the tree; through the Kubernetes API alone it cannot be had, and the message says how it can."""
    template, run = documents("print('hello from a pod')")
    run["metadata"]["labels"] |= INSTANCE
    made = submit.submit(Direct(room), [template, run])
    name = made["metadata"]["name"]
    for variable, value in (("SERVER", offloading), ("SECURE", "false"), ("NAMESPACE", room.namespace)):
        monkeypatch.setenv(f"ARGO_{variable}", value)

    watched = CliRunner().invoke(cli, ["watch", name])
    raw = finished(room, name)
    shown = CliRunner().invoke(cli, ["get", name, "--argo"])
    kept = runs.find(Server.from_environment(dict(os.environ)), name)

    assert raw["status"].get("offloadNodeStatusVersion")
    assert not raw["status"].get("nodes")
    assert watched.exit_code == 0, watched.output
    assert "✔ step" in shown.output
    assert {node.display_name: node.phase for node in kept.status.pods()} == {"step": "Succeeded", "report": "Succeeded"}
    with pytest.raises(ClusterError, match="kept in Argo's database, which only Argo Server reads: set ARGO_SERVER"):
        runs.find(Direct(room), name)
    print(shown.output, raw["status"]["offloadNodeStatusVersion"])
    room.delete("Workflow", name)
    room.delete("WorkflowTemplate", template["metadata"]["name"])
