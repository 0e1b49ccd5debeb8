"""Where a run is looked for: here first, on the cluster where there is one, and in words where there is none."""

import json

import pytest
from click.testing import CliRunner

from pipelines.__main__ import cli
from pipelines.cluster import access, api


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with a folder of runs and no cluster."""
    monkeypatch.setenv("BENCHLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    for name in ("ARGO_SERVER", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "state"


@pytest.fixture
def run(machine):
    """A run that is over, kept on this machine."""
    folder = machine / "runs" / "a-run"
    folder.mkdir(parents=True)
    status = {"phase": "Succeeded", "startedAt": "2026-11-23T16:00:00Z", "finishedAt": "2026-11-23T16:00:05Z", "nodes": {}}
    (folder / "workflow.json").write_text(json.dumps({"metadata": {"name": "a-run"}, "status": status}))
    return "a-run"


def typed(*words):
    """Exit status and all that is printed."""
    done = CliRunner().invoke(cli, list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize("name", ["a-run", "@latest"])
def test_a_run_of_this_machine_needs_no_cluster(run, name):
    """Nobody without a cluster waits for one."""
    assert typed("get", name)[0] == 0
    assert "Status:    Succeeded" in typed("get", name)[1]


def test_a_cluster_that_does_not_answer_is_told_and_left_out(run, monkeypatch):
    """The runs here are shown all the same; who asks for the cluster alone gets its reason."""
    monkeypatch.setenv("ARGO_SERVER", "127.0.0.1:9")
    monkeypatch.setenv("ARGO_NAMESPACE", "argo")

    status, said = typed("list", "--runs")
    assert status == 0
    assert "a-run" in said
    assert (
        "only this machine was looked at: the Argo Server at https://127.0.0.1:9 cannot be reached (connection refused)" in said
    )
    assert typed("get", "@latest")[0] == 0
    assert typed("get", "@latest", "--argo")[0] == 1
    assert "only this machine" not in typed("list", "--runs", "--local")[1]


def test_where_nothing_is_each_verb_says_so(machine):
    """A sentence and exit status 2, and no traceback."""
    for words in (("watch",), ("terminate", "x"), ("delete", "x"), ("submit", "gateway-comparison"), ("get", "x", "--argo")):
        status, said = typed(*words)
        assert status == 2, words
        assert "there is no cluster to talk to" in said, words


def test_a_run_is_looked_for_in_one_place_or_both(run):
    """Two places at once that exclude each other are a mistake."""
    assert typed("get", "a-run", "--local", "--argo")[1] == "get: --local and --argo exclude each other\n"


def test_a_cluster_is_there_when_something_says_where(tmp_path):
    """Only then is anything sent, or anything heavy imported."""
    (tmp_path / "config").write_text("")

    assert not api.configured({"HOME": str(tmp_path)})
    assert api.configured({"HOME": str(tmp_path), "KUBECONFIG": f"/none:{tmp_path / 'config'}"})
    assert api.configured({"HOME": str(tmp_path), "ARGO_SERVER": "a:1"})
    assert api.configured({"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"})


def test_the_kubeconfig_is_the_one_that_is_named_now(tmp_path):
    """Not the one that was named when the official client was imported."""
    for name in ("one", "two"):
        cluster = {"name": name, "cluster": {"server": "http://127.0.0.1:9"}}
        context = {"name": name, "context": {"cluster": name, "user": name, "namespace": f"of-{name}"}}
        user = {"name": name, "user": {}}
        config = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": name}
        (tmp_path / name).write_text(json.dumps(config))

    assert [access.connect({"KUBECONFIG": str(tmp_path / name)}).namespace for name in ("one", "two")] == ["of-one", "of-two"]
