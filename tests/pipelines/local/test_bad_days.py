"""Bad days of the interpreter: killed, refused, without a store, without room."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path

import pytest

from pipelines.local import read
from pipelines.local.run import Run
from steps.errors import ConflictError, UsageError
from steps.state import write_whole
from steps.store import Store
from tests.pipelines.local.manifests import container, workflow

ROOT = Path(__file__).parents[3]


def start(code, *args):
    """A process of its own that runs some Python with the lab in its path."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


RUN = """
    import json, os, sys
    from pathlib import Path
    from pipelines.local import read
    from pipelines.local.run import Run
    from pipelines.local.state import State
    state, manifest = State(Path(sys.argv[1])), read.documents(json.loads(sys.argv[2]))
    with state.hold("try") as folder:
        print("held", flush=True)
        status = Run(manifest, folder=folder, store=None, secrets={}, environment=dict(os.environ), grace_s=1).execute()
        print(status.phase, status.message, flush=True)
"""


SLOW = pytest.mark.slow


@pytest.mark.parametrize("after_s", [0.05, pytest.param(0.15, marks=SLOW), 0.3, pytest.param(0.45, marks=SLOW), 0.6])
def test_a_run_that_is_killed_leaves_a_status_that_can_be_read(state, after_s):
    """kill -9 at any moment: the document is whole, and the run is shown as interrupted."""
    tasks = [{"name": f"t{i}", "template": "ok"} | ({"depends": f"t{i - 1}"} if i else {}) for i in range(60)]
    process = start(RUN, state.folder, json.dumps(workflow(tasks)))
    assert process.stdout.readline() == b"held\n"
    time.sleep(after_s)
    process.kill()
    process.wait()

    folder = state.run("try")
    if not (folder.folder / "workflow.json").exists():
        pytest.skip("it was killed before it had begun")
    until = time.monotonic() + 2
    while (status := folder.status()).phase == "Running" and time.monotonic() < until:
        time.sleep(0.02)  # a step that was just being started shares the lock until it is another program

    assert (status.phase, status.message) == ("Error", "interrupted")
    assert status.by_name("try.t0") is not None or after_s < 0.2
    assert state.kept() == ["try"]


def test_a_second_run_is_refused_and_told_of_the_first(state):
    """One at a time: two would measure each other."""
    process = start(RUN, state.folder, json.dumps(workflow([{"name": "a", "template": "sleep"}])))
    assert process.stdout.readline() == b"held\n"
    try:
        with pytest.raises(ConflictError) as caught, state.hold("second"):
            pass
    finally:
        process.kill()
        process.wait()

    assert f"run try is under way in {state.folder} (process {process.pid}, since " in str(caught.value)
    with state.hold("second"):
        assert json.loads(state.lock.read_text())["run"] == "second"


def test_a_run_is_not_refused_because_somebody_looked_at_the_lock(state):
    """Keepers hold it for an instant whenever they look whether their run still lives."""
    looker = start(
        """
        import fcntl, os, sys, time
        lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_SH)
        print("held", flush=True)
        time.sleep(0.4)
        """,
        state.folder / "lock" if state.folder.mkdir(parents=True) is None else "",
    )
    assert looker.stdout.readline() == b"held\n"

    with state.hold("try"):
        pass
    looker.wait()


def dead_store():
    settings = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "BENCHLAB_S3_BUCKET": "gone",
    }
    return Store.from_environment(settings)


KEEPS = {"artifacts": [{"name": "out", "path": "/tmp/out", "archive": {"none": {}}, "s3": {"key": "k"}}]}
WRITE = "import sys; open(sys.argv[1], 'w').write('x')"


def test_a_store_that_is_gone_makes_the_step_an_error_and_not_a_failure(begin):
    """The step did its work; what it made could not be kept. The message names the store."""
    write = container(WRITE, "{{outputs.artifacts.out.path}}", name="write", outputs=KEEPS)

    node = begin(workflow([{"name": "a", "template": "write"}], templates=[write]), store=dead_store()).execute().by_name("try.a")

    assert node.phase == "Error"
    assert node.message.startswith(
        "wait: Error (exit code 64): failed to put file: cannot write k: bucket gone at http://127.0.0.1:9"
    )
    assert node.outputs.exit_code == "0"


def test_a_store_that_comes_back_is_met_by_a_retry_on_error(begin, store):
    """retryPolicy OnError is for the infrastructure: the second attempt keeps what the first could not."""

    class Recovering:
        """Cannot be reached the first time."""

        def __init__(self):
            self.stores = [dead_store(), store]

        def upload(self, path, key):
            return self.stores.pop(0).upload(path, key)

    retry = {"limit": "1", "retryPolicy": "OnError"}
    write = container(WRITE, "{{outputs.artifacts.out.path}}", name="write", outputs=KEEPS, retryStrategy=retry)

    status = begin(workflow([{"name": "a", "template": "write"}], templates=[write]), store=Recovering()).execute()

    assert [status.by_name(f"try.a({i})").phase for i in (0, 1)] == ["Error", "Succeeded"]
    assert status.succeeded
    assert store.get("k") == b"x"


def test_an_input_from_a_store_that_is_gone_keeps_the_step_from_starting(begin):
    """As an init container that fails."""
    takes = {"artifacts": [{"name": "in", "path": "/tmp/in", "s3": {"key": "k"}}]}
    read_it = container("pass", name="read", inputs=takes)

    node = (
        begin(workflow([{"name": "a", "template": "read"}], templates=[read_it]), store=dead_store()).execute().by_name("try.a")
    )

    assert node.phase == "Error"
    assert node.message.startswith("init: Error (exit code 64): artifact in failed to load: cannot ")
    assert node.outputs is None


def test_a_full_disk_ends_the_run_through_its_exit_handler(state, tmp_path):
    """A real file system without room: one sentence, the exit handler ran, no step is left."""
    state.folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", state.folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        mark = tmp_path / "torn-down"
        fill = container("import sys; open(sys.argv[1], 'wb').write(bytes(2 << 20))", str(state.folder / "fill"), name="fill")
        wait = container("import time; time.sleep(5)", name="wait")
        last = container("import sys; open(sys.argv[1], 'w').write('x')", str(mark), name="last")
        tasks = [{"name": "a", "template": "fill"}, {"name": "b", "template": "wait", "depends": "a.Succeeded || a.Failed"}]
        with state.hold("try") as folder:
            manifest = read.documents(workflow(tasks, templates=[fill, wait, last], onExit="last"))
            status = Run(manifest, folder=folder, store=None, secrets={}, environment=dict(os.environ), grace_s=1).execute()
    finally:
        subprocess.run(["umount", state.folder], check=True)

    assert status.phase == "Error"
    assert status.message == f"{state.folder}/runs/try/workflow.json cannot be written: No space left on device"
    assert mark.exists() or "No space left" in status.by_name("try.onExit").message


def test_a_status_that_cannot_grow_is_told_in_one_sentence(state):
    """The same without root: files may not become larger than some bytes."""
    tasks = [{"name": f"t{i}", "template": "ok"} | ({"depends": f"t{i - 1}"} if i else {}) for i in range(60)]
    limited = RUN.replace(
        "state, manifest",
        "import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n    state, manifest",
    )
    process = start(limited, state.folder, json.dumps(workflow(tasks)))

    said = process.communicate(timeout=60)[0].decode().splitlines()

    assert said == ["held", f"Error {state.folder}/runs/try/workflow.json cannot be written: File too large"]
    assert state.run("try").status().workflow == "try"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    """What cannot be written leaves the old file as it was."""
    path = tmp_path / "workflow.json"
    write_whole(path, "old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(path, "n" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert path.read_text() == "old"


def test_an_unknown_or_damaged_run_is_named(state):
    """One sentence with the path."""
    with pytest.raises(UsageError, match="there is no run gone on this machine"):
        state.run("gone").status()
    folder = state.run("torn")
    folder.create()
    (folder.folder / "workflow.json").write_text("{")
    with pytest.raises(UsageError, match=r"workflow\.json cannot be read"):
        folder.status()


def test_the_status_survives_its_way_to_the_disk_and_back(begin, state):
    """What `get` shows of an old run is what the run itself showed."""
    tasks = [{"name": "a", "template": "ok", "withItems": [1, 2]}, {"name": "b", "template": "bad", "depends": "a"}]
    shown = begin(workflow(tasks)).execute()

    kept = state.run("try").status()

    assert [(row.depth, row.node.name, row.node.phase) for row in kept.tree()] == [
        (row.depth, row.node.name, row.node.phase) for row in shown.tree()
    ]
    assert (kept.phase, kept.progress) == (shown.phase, shown.progress)
    assert kept.duration_s == pytest.approx(shown.duration_s, abs=0.002)  # kept to the millisecond
    document = state.run("try").document()
    assert document["kind"] == "Workflow"
    assert document["status"]["progress"] == "3/3"
    shutil.rmtree(state.folder)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"rum": "1"}, "no parameter rum; there are run"), ({}, r"spec\.arguments\.parameters\[run\]: it has no value")],
)
def test_a_parameter_must_be_one_of_the_manifest_and_have_a_value(given, said, begin):
    """A typo must not vanish."""
    with pytest.raises(UsageError, match=said):
        begin(workflow([{"name": "a", "template": "ok"}], arguments={"parameters": [{"name": "run"}]}), parameters=given)


def test_an_archive_cannot_write_outside_its_folder(begin, store, tmp_path):
    """What others put into the bucket is not trusted with the rest of the disk."""
    packed = tmp_path / "bad.tgz"
    (tmp_path / "x").write_text("x")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(tmp_path / "x", arcname="../../../../../../../tmp/benchlab-escaped")
    store.upload(packed, "bad.tgz")
    takes = {"artifacts": [{"name": "in", "path": "/tmp/in", "s3": {"key": "bad.tgz"}}]}

    run = begin(
        workflow([{"name": "a", "template": "read"}], templates=[container("pass", name="read", inputs=takes)]), store=store
    )
    node = run.execute().by_name("try.a")

    assert node.phase == "Error"
    assert node.message.startswith("init: Error (exit code 64): artifact in failed to load: ")
    assert not Path("/tmp/benchlab-escaped").exists()
