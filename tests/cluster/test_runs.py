"""The verbs that follow runs, against real Argo: both through the Kubernetes API and through Argo Server."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest
import urllib3
from click.testing import CliRunner

from pipelines.__main__ import cli
from pipelines.cluster import ending, follow, logs, objects, runs, submit
from pipelines.cluster.direct import Direct
from pipelines.cluster.server import Address, Server
from pipelines.local import views
from steps.errors import ClusterError, UsageError
from steps.kube import Kube
from steps.refusals import Absent, Denied
from tests.cluster.conftest import wait_for

pytestmark = pytest.mark.argo

IMAGE = "python:3.11-slim"
SAFE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
VERDICT = {"name": "verdict", "globalName": "verdict", "valueFrom": {"path": "/tmp/verdict"}}
EXECUTOR = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
LONG = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('begun', flush=True); time.sleep(90)"
)
SPEAKING = "import time\nfor n in range(8): print('line', n, flush=True); time.sleep(0.7)"


def container(name, code, **fields):
    """A template that runs a little Python."""
    call = {"image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["python", "-c", code], "securityContext": SAFE}
    return {"name": name, "container": call | fields}


def documents(code, *, name=None, closing_code="open('/tmp/verdict', 'w').write('Preview')", **fields):
    """A WorkflowTemplate of one step with an exit handler, and a Workflow from it; each with a name of its own."""
    own = name or f"try-{secrets.token_hex(3)}"
    spec = {
        "entrypoint": "main",
        "onExit": "closing",
        "securityContext": {key: value for key, value in objects.POD_SAFETY.items() if key != "fsGroup"},
        "arguments": {"parameters": [{"name": "run", "value": "{{workflow.name}}"}]},
        "templates": [
            {"name": "main", "dag": {"tasks": [{"name": "step", "template": "step"}]}},
            {"name": "closing", "dag": {"tasks": [{"name": "report", "template": "report"}]}},
            container("step", code, **fields),
            container("report", closing_code) | {"outputs": {"parameters": [VERDICT]}},
        ],
    }
    template = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": own}, "spec": spec}
    labels = {"benchlab.dev/phase": "phase-0"}
    metadata = {"generateName": f"{own}-", "labels": labels}
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata}
    return [template, workflow | {"spec": {"workflowTemplateRef": {"name": own}}}]


@pytest.fixture(scope="module")
def room(session_namespace, argo):
    """A namespace in which the default account may be used by Argo's executor."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "executor"}, "rules": [EXECUTOR]}
    session_namespace.apply(role)
    session_namespace.apply(binding("executor", "default", session_namespace.namespace))
    return session_namespace


def binding(role, account, namespace):
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role}-{account}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


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


LEVELS = 16


def deep():
    """A Workflow whose nodes outgrow an object: DAGs within DAGs, each handed 80,000 characters."""
    found = documents("pass")[0]["spec"]
    big = {"parameters": [{"name": "big", "value": "{{inputs.parameters.big}}"}]}
    levels = [
        {
            "name": f"level-{level}",
            "inputs": {"parameters": [{"name": "big"}]},
            "dag": {"tasks": [{"name": "down", "template": f"level-{level + 1}", "arguments": big}]},
        }
        for level in range(LEVELS)
    ]
    levels[-1]["dag"]["tasks"] = [{"name": "down", "template": "step"}]
    spec = {key: value for key, value in found.items() if key != "onExit"}
    spec |= {"entrypoint": "level-0", "templates": [*levels, *found["templates"][2:]]}
    spec["arguments"] = {"parameters": [{"name": "big", "value": "x" * 80_000}]}
    metadata = {"generateName": "test-deep-", "labels": {"benchlab.dev/phase": "phase-0"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}


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


def proxied(kube, address):
    """The same cluster, asked through another address; its certificate is good for that too."""
    return Kube(kube._http, host=address, namespace=kube.namespace, bearer=kube._bearer)


@contextmanager
def cutting(host, port, *, every_s):
    """A way to a server on which every connection is cut after a while."""
    listener = socket.create_server(("127.0.0.1", 0))
    cuts = []

    def carry(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass

    def cut(here, there):
        time.sleep(every_s)
        cuts.append(time.monotonic())
        for each in (here, there):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept():
        while True:
            try:
                here, _ = listener.accept()
                there = socket.create_connection((host, port))
            except OSError:
                return
            for work in ((carry, here, there), (carry, there, here), (cut, here, there)):
                threading.Thread(target=work[0], args=work[1:], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], cuts
    finally:
        listener.close()


def test_a_run_is_followed_over_a_connection_that_is_cut_again_and_again(room, begun, request):
    """Dropped connections cost nothing but time."""
    host, _, port = room.host.removeprefix("https://").partition(":")
    document = begun(SPEAKING)
    with cutting(host, int(port or 443), every_s=1.5) as (own, cuts):
        shaky = Direct(proxied(room, f"https://127.0.0.1:{own}"))
        kept = follow.wait(shaky, document)

    assert kept.status.phase == "Succeeded"
    assert len(cuts) >= 3


def account(room, name, rules):
    """A ServiceAccount with these rights, and a token of it."""
    made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
    for each in (made, role, binding(name, name, room.namespace)):
        room.apply(each)
    path = f"/api/v1/namespaces/{room.namespace}/serviceaccounts/{name}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return room.call("POST", path, body=request)["status"]["token"]


READ = {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["get", "list", "watch"]}


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


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signed(folder):
    """A CA, and a certificate for 127.0.0.1 that it signed: ca.crt, tls.crt, tls.key."""
    openssl = shutil.which("openssl") or pytest.skip("no openssl to make a certificate with")
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")

    def make(*words):
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    make(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "ca.key",
        "-subj",
        "/CN=test-ca",
        "-out",
        "ca.crt",
    )
    make("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-subj", "/CN=argo", "-out", "tls.csr")
    make("x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
         "-extfile", "names", "-out", "tls.crt")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def guarded(room, tmp_path_factory):
    """An Argo Server with TLS and --auth-mode=client: its address, and the CA that signed its certificate."""
    import base64

    argo = shutil.which("argo") or pytest.skip("no argo program to start a server with")
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("the server needs a KUBECONFIG")
    folder, port = signed(tmp_path_factory.mktemp("tls")), free_port()
    room.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "workflow-controller-configmap"}})
    data = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in ("tls.crt", "tls.key")}
    room.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "test-tls"}, "type": "kubernetes.io/tls", "data": data}
    )
    words = ["server", "--auth-mode=client", "--port", str(port), "--namespace", room.namespace, "--namespaced"]
    words += ["--tls-certificate-secret-name", "test-tls", "--managed-namespace", room.namespace]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([argo, *words], stdout=log, stderr=log)
    try:
        wait_for(lambda: _listens(port), within_s=60, what=lambda: (folder / "log").read_text()[-2000:])
        yield f"127.0.0.1:{port}", folder / "ca.crt"
    finally:
        process.terminate()
        process.wait(20)


def _listens(port):
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def to_server(address, room, *, authority, token="", **more):
    given = {"ARGO_SERVER": address, "ARGO_NAMESPACE": room.namespace, "ARGO_TOKEN": token, **more}
    return Server.from_environment(given, certificate_authority=authority)


def test_a_guarded_server_takes_the_right_ca_and_token_and_no_other(guarded, room, tmp_path):
    """TLS and --auth-mode=client: each wrong thing is named, with what to do about it."""
    address, authority = guarded
    token = account(room, "test-guarded", [READ])
    (tmp_path / "other").mkdir()
    other = signed(tmp_path / "other") / "ca.crt"

    assert isinstance(to_server(address, room, authority=authority, token=f"Bearer {token}").briefs(), list)
    assert isinstance(to_server(address, room, authority=None, token=token, ARGO_INSECURE_SKIP_VERIFY="true").briefs(), list)
    wrong = {
        "has a certificate that cannot be trusted .*--certificate-authority": to_server(
            address, room, authority=other, token=token
        ),
        "has a certificate that cannot be trusted": to_server(address, room, authority=None, token=token),
        "does not accept who we are: set ARGO_TOKEN": to_server(address, room, authority=authority, token=""),
        "does not accept who we are": to_server(address, room, authority=authority, token="Bearer not.a.token"),
        "speaks TLS: unset ARGO_SECURE": to_server(address, room, authority=None, ARGO_SECURE="false"),
    }
    for words, api in wrong.items():
        with pytest.raises(ClusterError, match=words):
            api.briefs()
    with pytest.raises(Denied, match=r"may not create workflows.argoproj.io|permission denied|forbid"):
        to_server(address, room, authority=authority, token=token).create(submit.named(deep(), _now()), dry_run=False)


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)
