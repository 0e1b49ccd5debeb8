"""A run that is stopped or terminated comes to the tree that `argo stop` and `argo terminate` leave."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from pipelines.local import read
from tests.pipelines.local import trees
from tests.pipelines.local.manifests import container, workflow

GOLDEN = Path(__file__).parents[2] / "golden" / "argo-shutdown"
# Whether a stopped pod still reports its exit code and what it wrote is a race on a cluster; here it always does.
RACES = frozenset({"a).plain.outputs", "a).wrapped(0).outputs", ".onExit.report.outputs", ".onExit.report.inputs"})


class Watcher:
    """Calls something once, as soon as enough steps run."""

    def __init__(self, running, act):
        self._running, self._act, self._done = running, act, False

    def __call__(self, status):
        if not self._done and len(status.running()) == self._running:
            self._done = True
            threading.Timer(0.3, self._act).start()  # the steps' handlers have to be in place


@pytest.mark.parametrize("how", ["stop", "terminate"])
def test_a_run_ends_as_argo_ends_it(how, begin):
    """Running steps fail, waiting ones fail without having run, and only a stop lets the exit handler run."""
    golden = json.loads((GOLDEN / f"{how}.json").read_text())
    asked = []
    run = begin(read.file(GOLDEN / f"{how}.yaml"), observe=Watcher(2, lambda: asked.append(getattr(run, how)())))

    status = run.execute()

    name = golden["nodes"][min(golden["nodes"], key=len)]["displayName"]
    races = {f"{name}.cells(0:{each}" for each in RACES if each.startswith("a)")} | {
        f"{name}{each}" for each in RACES if each[0] == "."
    }
    assert trees.differences(golden, status, but=frozenset(races | {"workflow.outputs"})) == []


def test_the_exit_handler_waits_for_the_processes_that_are_stopped(begin):
    """On a cluster it does not; here it would tear down under the hands of a step that is deploying."""
    slow = container(
        "import signal, sys, time\n"
        "signal.signal(15, lambda *_: (time.sleep(1), print(time.time(), flush=True), sys.exit(0)))\n"
        "time.sleep(60)",
        name="slow",
    )
    late = container("import time; print(time.time())", name="late")
    run = begin(
        workflow([{"name": "a", "template": "slow"}], templates=[slow, late], onExit="late"),
        observe=Watcher(1, lambda: run.stop()),  # noqa: PLW0108  # there is no run yet
        grace_s=10,
    )

    status = run.execute()

    ended, torn_down = (float(run._folder.last_line(status.pod_name(status.by_name(name)))) for name in ("try.a", "try.onExit"))
    assert status.by_name("try.onExit").phase == "Succeeded"
    assert ended < torn_down


def test_a_second_request_terminates_the_exit_handler_too(begin):
    """Ctrl-C twice: nothing is waited for."""
    run = begin(workflow([{"name": "a", "template": "sleep"}], onExit="sleep"), grace_s=1)
    threading.Timer(0.5, run.stop).start()
    threading.Timer(1.5, run.terminate).start()
    before = time.monotonic()

    status = run.execute()

    assert time.monotonic() - before < 10
    assert status.by_name("try.onExit").message == "workflow shutdown with strategy:  Terminate"
    assert (status.phase, status.message) == ("Failed", "Stopped with strategy 'Terminate'")


def test_a_stop_before_the_first_step_runs_the_exit_handler_alone(begin):
    """Nothing was deployed, and still it is proved."""
    run = begin(workflow([{"name": "a", "template": "ok"}], onExit="ok"))
    run.stop()

    status = run.execute()

    assert status.by_name("try.onExit").phase == "Succeeded"
    assert status.phase in {"Failed", "Succeeded"}


def test_an_interrupt_reaches_a_run_that_waits(begin):
    """The main thread sleeps until there is news; Ctrl-C is news."""
    run = begin(workflow([{"name": "a", "template": "sleep"}], onExit="ok"), grace_s=5)
    before = signal.signal(signal.SIGINT, lambda *_: run.stop())
    threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    try:
        status = run.execute()
    finally:
        signal.signal(signal.SIGINT, before)

    assert time.monotonic() - began < 5
    assert status.message == "Stopped with strategy 'Stop'"
    assert status.by_name("try.onExit").phase == "Succeeded"
