"""The verbs that follow runs, against real Argo: both through the Kubernetes API and through Argo Server."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing

import pytest
import urllib3
from click.testing import CliRunner

from pipelines.__main__ import cli
from pipelines.cluster import ending, follow, logs, runs, submit
from pipelines.cluster.direct import Direct
from pipelines.cluster.server import Address, Server
from pipelines.local import views
from steps.errors import ClusterError, UsageError
from steps.refusals import Absent, Denied
from tests.cluster.accounts import READ, account
from tests.cluster.conftest import wait_for
from tests.cluster.toys import LEVELS, LONG, SPEAKING, deep, documents
from tests.cluster.wires import cutting, proxied

pytestmark = pytest.mark.argo


@pytest.fixture(scope="module")
def server_address():
    """An Argo Server without login, where one listens."""
    host, port = "127.0.0.1", int(os.environ.get("BENCHLAB_TEST_ARGO_PORT", "2746"))
    with closing(socket.socket()) as probe:
        if probe.connect_ex((host, port)) != 0:
            pytest.skip(f"no Argo Server listens on {host}:{port}")
    return f"{host}:{port}"


@pytest.fixture(params=["kubernetes", "server"])
def api(request, room):
    """An Argo, by each of the two ways to it."""
    if request.param == "kubernetes":
        return Direct(room)
    address = request.getfixturevalue("server_address")
    return Server(urllib3.PoolManager(retries=False), Address(f"http://{address}", "", room.namespace))


@pytest.fixture
def begun(api, room):
    """Starts runs, and removes them afterwards."""
    made = []

    def begin(code, **fields):
        found = documents(code, **fields)
        document = submit.submit(api, found)
        made.append((found[0]["metadata"]["name"], document["metadata"]["name"]))
        return document

    yield begin
    for template, run in made:
        room.delete("Workflow", run)
        room.delete("WorkflowTemplate", template)


def running(api, name):
    """The run once a step of it runs."""

    def looked():
        document = api.workflow(name)
        return document if any(node.phase == "Running" for node in runs.status_of(document).pods()) else None

    return wait_for(looked, within_s=60, what="a step that runs")


def test_a_run_is_followed_to_its_end_and_shown_like_a_local_one(api, begun, capsys):
    """Submitted, watched, listed and drawn: the same words, whichever way leads to Argo."""
    document = begun("print('hello from a pod')")
    name = document["metadata"]["name"]

    kept = follow.show(api, document)

    assert kept.status.phase == "Succeeded"
    assert {node.display_name: node.phase for node in kept.status.pods()} == {"step": "Succeeded", "report": "Succeeded"}
    assert "✔ step" in views.tree(kept)
    assert "✔ step" in capsys.readouterr().out
    assert name in [brief.name for brief in api.briefs()]
    assert f"{name}  Succeeded  Preview" in views.runs(runs.all_of(api))
    assert list(logs.lines(api, name, "step", follow_on=False)) == ["step: hello from a pod"]
    assert document["metadata"]["labels"]["benchlab.dev/run"] == name


def test_a_failure_is_told_by_what_the_step_said(api, begun):
    """`main: Error (exit code 3)` helps nobody; the last line of the log does."""
    document = begun("import sys; print('provision: the store is away', file=sys.stderr); sys.exit(3)")

    kept = follow.wait(api, document)

    assert kept.status.phase == "Failed"
    assert "the store is away" in views.tree(kept)


def test_logs_are_followed_line_by_line(api, begun):
    """Each line once and in order, while the step still speaks."""
    document = begun(SPEAKING)

    found = list(logs.lines(api, document["metadata"]["name"], "step", follow_on=True))

    assert found == [f"step: line {n}" for n in range(8)]


def test_stop_runs_the_exit_handler_and_terminate_does_not(api, begun):
    """As with `argo`; a run that is over is not stopped again."""
    stopped, ended = (begun(LONG)["metadata"]["name"] for _ in range(2))
    for name in (stopped, ended):
        running(api, name)

    assert "its exit handler still runs" in ending.stop(api, api.workflow(stopped))
    said = ending.terminate(api, api.workflow(ended))

    kept = follow.wait(api, api.workflow(stopped))
    assert kept.status.message == "Stopped with strategy 'Stop'"
    assert [node.display_name for node in kept.status.pods() if node.phase == "Succeeded"] == ["report"]
    assert said[0] == f"run {ended} is over: Failed"
    assert "report" not in {node.display_name for node in runs.find(api, ended).status.pods()}
    with pytest.raises(UsageError, match="is not under way"):
        ending.stop(api, api.workflow(ended))


def test_an_image_that_cannot_be_pulled_is_said_in_plain_words(api, begun):
    """Not a run that looks alive for ever: who watches is told the image and the way out."""
    image = "benchlab/steps:not-built-yet"
    document = begun("pass", image=image, imagePullPolicy="Never")

    with pytest.raises(ClusterError, match=r"step does not start: the image.* cannot be pulled") as told:
        follow.wait(api, document)

    assert "python -m pipelines terminate" in str(told.value)
    ending.terminate(api, api.workflow(document["metadata"]["name"]))


def test_delete_takes_what_is_over_and_asks_before_it_takes_more(api, begun, room):
    """A run under way is not lost by a slip of the hand."""
    name = begun(LONG)["metadata"]["name"]
    running(api, name)

    with pytest.raises(UsageError, match="is under way: stop it first"):
        ending.delete(api, api.workflow(name), force=False, dry_run=False)
    assert "is deleted" in ending.delete(api, api.workflow(name), force=True, dry_run=False)

    wait_for(lambda: room.get("Workflow", name) is None, what="the Workflow to go")
    wait_for(lambda: not room.list("Pod", selector=f"workflows.argoproj.io/workflow={name}"), what="its pods to go")
    with pytest.raises(Absent):
        api.workflow(name)


def test_an_unknown_name_comes_with_the_nearest(api, begun):
    """A typing error is not a riddle."""
    name = begun("pass")["metadata"]["name"]

    with pytest.raises(UsageError, match=f"did you mean {name}\\?"):
        runs.find(api, name[:-1])


def test_a_dry_run_is_checked_by_the_cluster_and_leaves_nothing(api, room):
    """What the cluster would refuse is refused; what it would take is not kept."""
    before = {each["metadata"]["name"] for kind in ("Workflow", "WorkflowTemplate") for each in room.list(kind)}

    submit.submit(api, documents("pass"), dry_run=True)
    after = {each["metadata"]["name"] for kind in ("Workflow", "WorkflowTemplate") for each in room.list(kind)}

    assert after == before


def test_what_was_sent_twice_is_created_once(api, begun):
    """An answer that got lost on the way does not make two runs, and another's run is not taken for ours."""
    document = begun("pass")
    again = {key: document[key] for key in ("apiVersion", "kind", "spec")}
    metadata = {key: document["metadata"][key] for key in ("name", "labels", "annotations")}

    found = submit.create(api, again | {"metadata": metadata}, dry_run=False)
    assert found["metadata"]["uid"] == document["metadata"]["uid"]
    with pytest.raises(Exception, match=r"there is a run .* already"):
        submit.create(api, submit.stamped(again | {"metadata": metadata}), dry_run=False)


def test_a_run_is_finished_as_a_new_workflow_under_the_old_name(api, begun, room):
    """`retry` is ours: what was executed is executed again, with `run` being the first run's name."""
    first = follow.wait(api, begun("import sys; sys.exit(1)")).document
    made = submit.create(api, submit.stamped(submit.continued(first)), dry_run=False)
    name = made["metadata"]["name"]

    try:
        kept = follow.wait(api, made)
        assert runs.run_of(kept.document) == first["metadata"]["name"]
        assert kept.status.phase == "Failed"
    finally:
        room.delete("Workflow", name)


def test_a_status_that_argo_packed_is_read(api, room):
    """Above a megabyte the controller packs the nodes; the tree is the same."""
    document = submit.submit(api, [deep()])
    name = document["metadata"]["name"]
    try:
        kept = follow.wait(api, document)
        raw = room.get("Workflow", name)
    finally:
        room.delete("Workflow", name)

    assert raw["status"].get("compressedNodes")
    assert not raw["status"].get("nodes")
    assert kept.status.phase == "Succeeded"
    assert len(kept.status.nodes) == LEVELS + 1


def test_a_run_is_followed_over_a_connection_that_is_cut_again_and_again(room, begun, request):
    """Dropped connections cost nothing but time."""
    host, _, port = room.host.removeprefix("https://").partition(":")
    document = begun(SPEAKING)
    with cutting(host, int(port or 443), every_s=1.5) as (own, cuts):
        shaky = Direct(proxied(room, f"https://127.0.0.1:{own}"))
        kept = follow.wait(shaky, document)

    assert kept.status.phase == "Succeeded"
    assert len(cuts) >= 3


def test_a_token_without_a_right_says_which(room):
    """Whoever asks an administrator can name the right."""
    from pipelines.cluster import access

    reader = Direct(access.with_token(room, account(room, "test-reader", [READ])))

    assert reader.briefs() is not None
    with pytest.raises(Denied, match=r"test-reader may not patch workflowtemplates.argoproj.io in namespace .*right `patch"):
        submit.submit(reader, documents("pass"))


def test_a_wrong_token_says_so(room):
    """A token that the cluster does not know is not a missing right."""
    from pipelines.cluster import access

    with pytest.raises(Denied, match="does not accept who we are"):
        Direct(access.with_token(room, "not.a.token")).briefs()


def test_the_command_line_goes_from_submit_to_delete(room, begun, server_address, monkeypatch):
    """The verbs as a user types them, through Argo Server by its variables."""
    monkeypatch.setenv("ARGO_SERVER", server_address)
    monkeypatch.setenv("ARGO_SECURE", "false")
    monkeypatch.setenv("ARGO_NAMESPACE", room.namespace)
    document = begun("print('typed')")
    name = document["metadata"]["name"]

    def typed(*words):
        done = CliRunner().invoke(cli, list(words))
        return done.exit_code, done.output

    watched = typed("watch", name)
    assert watched[0] == 0, watched
    assert typed("get", name)[1].startswith(f"Name:      {name}")
    assert json.loads(typed("get", name, "--json")[1])["metadata"]["name"] == name
    assert name in typed("list", "--runs", "--argo")[1]
    assert typed("logs", name, "step")[1] == "step: typed\n"
    assert typed("stop", name)[0] == 2
    assert typed("delete", name)[1] == f"run {name} is deleted; its results stay in the store\n"
    assert typed("get", name, "--argo")[0] == 2
