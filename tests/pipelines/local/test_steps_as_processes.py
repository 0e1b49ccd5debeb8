"""A step is a process: its environment, its folder, its streams, its end."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pipelines.local import kubelet
from pipelines.local.nodes import now
from tests.pipelines.local.manifests import container, workflow

TELL = "import json, os, sys; json.dump({'env': dict(os.environ)}, open(sys.argv[1], 'w'))"
SAID = {"parameters": [{"name": "said", "valueFrom": {"path": "/tmp/said"}}]}


def told(status, name="try.a"):
    return json.loads(status.by_name(name).outputs.parameters[0].value)


def run_one(begin, template, **options):
    return begin(workflow([{"name": "a", "template": template["name"]}], templates=[template]), **options).execute()


def test_a_step_sees_a_small_environment_and_its_own(begin):
    """PATH and HOME, what is said to the lab, what the manifest says: nothing else of the user's."""
    template = container(TELL, "{{outputs.parameters.said.path}}", name="tell", outputs=SAID)
    template["container"]["env"] = [{"name": "OWN", "value": "1"}, {"name": "TWICE", "value": "$(OWN)$(OWN) $$ $(GONE)"}]
    user = {"PATH": os.environ["PATH"], "HOME": "/h", "BENCHLAB_PLACE": "process", "TOKEN": "secret", "PYTHONPATH": "/more"}

    env = told(run_one(begin, template, environment=user))["env"]

    assert (env["OWN"], env["TWICE"], env["BENCHLAB_PLACE"], env["HOME"]) == ("1", "11 $ $(GONE)", "process", "/h")
    assert "TOKEN" not in env
    assert env["PYTHONPATH"].endswith(f"{os.pathsep}/more")
    assert (env["ARGO_WORKFLOW_NAME"], env["ARGO_CONTAINER_NAME"]) == ("try", "main")


def test_python_is_the_interpreter_that_runs_us(begin):
    """The image's python is this one, with the lab in it."""
    template = container("import steps.errors, sys; print(sys.executable)", name="tell")

    run = begin(workflow([{"name": "a", "template": "tell"}], templates=[template]))
    status = run.execute()

    assert run._folder.last_line(status.pod_name(status.by_name("try.a"))) == sys.executable


def test_secrets_reach_a_step_as_variables(begin):
    """A key that may be missing is left out; one that must not be ends the step in Error before it starts."""
    template = container(TELL, "{{outputs.parameters.said.path}}", name="tell", outputs=SAID)
    reference = {"name": "s3", "key": "bucket"}
    template["container"]["env"] = [
        {"name": "BUCKET", "valueFrom": {"secretKeyRef": reference}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "token", "optional": True}}},
    ]

    env = told(run_one(begin, template, secrets={"s3": {"bucket": "b"}}))["env"]

    assert env["BUCKET"] == "b"
    assert "TOKEN" not in env


def test_a_secret_that_is_needed_and_missing_is_named(begin):
    """On a cluster the pod would wait for ever."""
    template = container("pass", name="tell")
    template["container"]["env"] = [{"name": "BUCKET", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "bucket"}}}]

    status = run_one(begin, template)

    assert status.by_name("try.a").phase == "Error"
    assert status.by_name("try.a").message == "couldn't find key bucket in Secret s3"


def test_both_streams_are_in_the_log_and_only_one_in_the_result(begin):
    """outputs.result is what was printed, without one newline at the end; it is in the log all the same."""
    noisy = container("import sys; print('out\\n'); print('err', file=sys.stderr)", name="noisy")
    say = container(
        "import sys; print(repr(sys.argv[1]))",
        "{{inputs.parameters.text}}",
        name="say",
        inputs={"parameters": [{"name": "text"}]},
    )
    given = {"parameters": [{"name": "text", "value": "{{tasks.a.outputs.result}}"}]}
    tasks = [{"name": "a", "template": "noisy"}, {"name": "b", "template": "say", "depends": "a", "arguments": given}]

    run = begin(workflow(tasks, templates=[noisy, say]))
    status = run.execute()

    log = run._folder.log(status.pod_name(status.by_name("try.a"))).read_text()
    assert status.by_name("try.a").outputs.result == "out\n"
    assert sorted(log.split()) == ["err", "out"]
    assert run._folder.last_line(status.pod_name(status.by_name("try.b"))) == "'out\\n'"


def test_a_program_that_is_not_there_fails_the_step(begin):
    """As a container whose command is missing; the sentence says which."""
    template = {"name": "gone", "container": {"command": ["no-such-program"]}}

    node = run_one(begin, template).by_name("try.a")

    assert node.phase == "Failed"
    assert node.message.startswith("main: Error (exit code 64): cannot start no-such-program: ")


def test_a_step_that_kills_itself_ends_with_the_status_of_shells(begin):
    """137 is SIGKILL, 143 SIGTERM."""
    node = run_one(begin, container("import os; os.kill(os.getpid(), 9)", name="dies")).by_name("try.a")

    assert (node.phase, node.message, node.outputs.exit_code) == ("Failed", "main: Error (exit code 137)", "137")


def test_a_step_past_its_deadline_is_ended_first_gently_then_not(begin):
    """SIGTERM, then SIGKILL after the grace; what it wrote is lost, as with a pod."""
    stubborn = container(
        "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w').write('x'); time.sleep(60)",
        "{{outputs.parameters.said.path}}",
        name="stubborn",
        outputs=SAID,
        activeDeadlineSeconds=1,
    )
    before = time.monotonic()

    node = run_one(begin, stubborn, grace_s=0.5).by_name("try.a")

    assert time.monotonic() - before < 10
    assert (node.phase, node.message) == ("Failed", "Pod was active on the node longer than the specified deadline")
    assert (node.outputs.exit_code, node.outputs.parameters[0].value) == ("137", None)


SPAWN = """
import subprocess, sys
for new_session, path in ((False, sys.argv[1]), (True, sys.argv[2])):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    child = subprocess.Popen(sleeper, start_new_session=new_session, stdout=subprocess.DEVNULL)
    open(path, "w").write(str(child.pid))
"""


def test_what_a_step_leaves_in_its_group_ends_with_it_and_what_left_it_stays(begin):
    """A pod's processes end with its container; a component stands in a session of its own and outlives its step."""
    outputs = {"parameters": [{"name": name, "valueFrom": {"path": f"/tmp/{name}"}} for name in ("own", "apart")]}
    spawn = container(
        SPAWN, "{{outputs.parameters.own.path}}", "{{outputs.parameters.apart.path}}", name="spawn", outputs=outputs
    )

    own, apart = (int(each.value) for each in run_one(begin, spawn).by_name("try.a").outputs.parameters)

    try:
        os.kill(apart, 0)
        assert gone(own)
    finally:
        os.kill(apart, signal.SIGKILL)


def gone(pid):
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_steps_leave_nothing_in_the_work_folder(begin, state):
    """What a step read and wrote is gone with the run; its log and the status stay."""
    run = begin(workflow([{"name": "a", "template": "ok"}]))
    run.execute()

    assert not state.work("try").exists()
    assert sorted(each.name for each in state.run("try").folder.iterdir()) == ["logs", "manifest.json", "workflow.json"]


@pytest.mark.parametrize(
    ("text", "expected"), [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A ${A}", "$A ${A}"), ("$$$(A)", "$1")]
)
def test_references_are_expanded_as_the_kubelet_does(text, expected):
    """$(NAME) and $$ and nothing else."""
    assert kubelet.expand(text, {"A": "1"}) == expected


def test_times_are_in_order(begin):
    """A node does not end before it starts, nor start before the run."""
    before = now()

    status = begin(workflow([{"name": "a", "template": "ok"}, {"name": "b", "template": "ok", "depends": "a"}])).execute()

    a, b = status.by_name("try.a"), status.by_name("try.b")
    assert before <= status.started_at <= a.started_at <= a.finished_at <= b.started_at <= b.finished_at <= status.finished_at
