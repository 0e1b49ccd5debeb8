"""Names and documents of runs on a cluster, the log reader, and Argo's words in ours. Pure."""

from datetime import UTC, datetime

import pytest

from pipelines.cluster import logs, report, runs, server, submit, words
from steps.errors import UsageError
from tests.pipelines.cluster.loopback import workflow

AT = datetime(2026, 11, 23, 16, 40, tzinfo=UTC)
SPEC = {
    "entrypoint": "main",
    "templates": [{"name": "main"}],
    "arguments": {"parameters": [{"name": "run", "value": "{{workflow.name}}"}]},
}
DONE = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {
        "name": "old",
        "uid": "1",
        "labels": {"benchlab.dev/phase": "phase-4", "workflows.argoproj.io/completed": "true"},
    },
    "spec": {
        "workflowTemplateRef": {"name": "t"},
        "shutdown": "Stop",
        "arguments": {"parameters": [{"name": "experiment", "value": "{}"}]},
    },
    "status": {"phase": "Failed", "storedWorkflowTemplateSpec": SPEC},
}


def test_a_run_is_named_before_anything_is_sent():
    """What was sent twice is then told from what another created."""
    made = submit.named({"metadata": {"generateName": "a-", "labels": {"benchlab.dev/phase": "phase-4"}}, "spec": {}}, AT)

    assert made["metadata"]["name"] == "a-20261123-164000"
    assert made["metadata"]["labels"] == {"benchlab.dev/run": "a-20261123-164000", "benchlab.dev/phase": "phase-4"}
    assert "generateName" not in made["metadata"]
    assert made["metadata"]["annotations"]["benchlab.dev/submission"]


def test_a_retry_executes_what_was_executed_under_the_old_name():
    """The template may have changed since; a finished run must not be half of each."""
    made = submit.continued(DONE)

    assert made["metadata"]["name"] == "old-2"
    assert made["metadata"]["labels"] == {"benchlab.dev/phase": "phase-4", "benchlab.dev/run": "old"}
    assert made["spec"]["templates"] == SPEC["templates"]
    assert not {"workflowTemplateRef", "shutdown"} & made["spec"].keys()
    assert {each["name"]: each["value"] for each in made["spec"]["arguments"]["parameters"]} == {"run": "old", "experiment": "{}"}


def test_a_retry_of_a_retry_finishes_the_first_run():
    """All parts of a run stand under one name."""
    first = submit.continued(DONE)

    assert runs.run_of(first) == "old"
    assert submit.continued(first | {"status": {}}, part=3)["metadata"]["name"] == "old-3"


def test_steps_are_shown_in_the_order_in_which_they_came():
    """Argo's own order is that of their ids, which are hashes."""
    at = {"load": 30, "deploy": 10, "teardown": 50, "measure": 50}
    nodes = {
        name: {
            "id": name,
            "name": f"a-run.{name}",
            "type": "Pod",
            "phase": "Succeeded",
            "startedAt": f"2026-11-23T16:40:{second}Z",
        }
        for name, second in at.items()
    }

    assert list(runs.status_of(workflow(1, nodes=nodes)).nodes) == ["deploy", "load", "measure", "teardown"]


def test_what_argo_says_in_a_steps_container_is_not_the_steps():
    """The executor prints its own lines before and after; nobody asked for those."""
    own = '2026-11-23T17:07:18.05Z time=2026-11-23T17:07:18.053Z level=INFO msg="waiting for signals" argo=true signalPath=/x'

    assert runs.printed([own, "2026-11-23T17:07:19Z time=7 level=low", own, "2026-11-23T17:07:20Z Error: exit status 3"]) == [
        "time=7 level=low"
    ]


def test_lines_of_a_log_are_read_once():
    """Each look asks for whole seconds, so lines come again."""
    read = logs._Read()

    assert read.new(["2026-11-23T16:40:00.1Z one", "2026-11-23T16:40:01.123456789Z two"]) == ["one", "two"]
    assert read.last == datetime(2026, 11, 23, 16, 40, 1, tzinfo=UTC)
    assert read.new(["2026-11-23T16:40:01.123456789Z two", "2026-11-23T16:40:01.2Z two", "2026-11-23T16:40:02.0Z "]) == [
        "two",
        "",
    ]


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ('ErrImagePull: failed to pull image "a:1": not found', "the image a:1 cannot be pulled (not found): build it"),
        ("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", "no node has room for it: 1 Insufficient cpu"),
        ("main: OOMKilled (exit code 137)", "it needed more memory than its limit allows"),
        ("pod deleted", "its pod was deleted"),
        ("PodInitializing", ""),
        (words.LATE, "it took longer than its time limit (so does one that cannot reach the store: `doctor --argo` tells)"),
        ("main: Error (exit code 1)", "main: Error (exit code 1)"),
    ],
)
def test_what_argo_says_of_a_step_is_said_in_our_words(said, ours):
    """The cause and the way out; what is plain already stays."""
    assert words.cause(said).startswith(ours)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("benchlab-objects", ("benchlab-objects", "argo")),
        ("s3.lab", ("s3", "lab")),
        ("s3.lab.svc.cluster.local", ("s3", "lab")),
        ("s3.eu-central-1.amazonaws.com", (None, "argo")),
        ("localhost", (None, "argo")),
        ("10.0.0.1", (None, "argo")),
        ("", (None, "argo")),
    ],
)
def test_a_store_that_only_the_cluster_knows_is_told_by_its_name(host, found):
    """Only such a one needs a port-forward."""
    assert report.inside(host, "argo") == found


def test_argo_server_is_addressed_as_by_its_own_command_line():
    """The variables of the `argo` CLI mean what they mean there."""
    given = {"ARGO_SERVER": "argo.example:2746", "ARGO_TOKEN": "Bearer x", "ARGO_NAMESPACE": "lab", "ARGO_BASE_HREF": "/argo/"}

    assert server.Address.from_environment(given, None) == server.Address("https://argo.example:2746/argo", "Bearer x", "lab")
    assert server.Address.from_environment({**given, "ARGO_SECURE": "false"}, "mine").url.startswith("http://")
    assert server.Address.from_environment({**given, "ARGO_SECURE": "false"}, "mine").namespace == "mine"
    with pytest.raises(UsageError, match="write it as HOST:PORT"):
        server.Address.from_environment({**given, "ARGO_SERVER": "https://argo.example"}, None)
