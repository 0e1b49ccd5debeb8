"""The reducer alone: no process is started, the test says what each step came to."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.local import read
from pipelines.local.spec import Outputs
from pipelines.local.walk import Walk
from tests.pipelines.local.manifests import container, workflow

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class Clock:
    """Time stands still unless it is told to move."""

    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


def walk_of(documents, clock=None):
    return Walk(read.documents(documents), name="try", uid="u", parameters={}, clock=clock or Clock())


def end(walk, name, phase="Succeeded"):
    node = walk.board.get(name)
    message = {"Failed": "main: Error (exit code 1)", "Error": "wait: Error (exit code 64): …"}.get(phase, "")
    walk.ended(node.id, phase=phase, message=message, outputs=Outputs(exit_code="0"), at=walk.clock())


def started(walk):
    return [walk.board.nodes[pod.node_id].name for pod in walk.advance().start]


DIAMOND = [
    {"name": "a", "template": "ok"},
    {"name": "b", "template": "ok", "depends": "a"},
    {"name": "c", "template": "ok", "depends": "a.Succeeded || a.Failed"},
    {"name": "d", "template": "ok", "depends": "b && c"},
]


def test_without_news_nothing_is_decided():
    """Looking twice starts nothing twice."""
    walk = walk_of(workflow(DIAMOND))

    assert started(walk) == ["try.a"]
    assert started(walk) == []


def test_tasks_start_when_what_they_wait_for_is_over():
    """In the order of the manifest, none too early."""
    walk = walk_of(workflow(DIAMOND))
    walk.advance()
    end(walk, "try.a")

    assert started(walk) == ["try.b", "try.c"]
    end(walk, "try.c")
    assert started(walk) == []
    end(walk, "try.b")
    assert started(walk) == ["try.d"]
    end(walk, "try.d")
    walk.advance()
    assert walk.status().succeeded


@given(st.permutations(["b", "c"]), st.lists(st.sampled_from(["Succeeded", "Failed", "Error"]), min_size=3, max_size=3))
def test_the_order_in_which_steps_end_does_not_matter(order, phases):
    """Side by side is a race; the tree it ends with is not."""
    trees = []
    for names in (order, list(reversed(order))):
        walk = walk_of(workflow(DIAMOND))
        walk.advance()
        end(walk, "try.a", phases[0])
        walk.advance()
        for name in names:
            if walk.board.get(f"try.{name}").kind == "Pod":
                end(walk, f"try.{name}", phases[1 if name == "b" else 2])
            walk.advance()
        if walk.board.get("try.d").kind == "Pod":
            end(walk, "try.d")
            walk.advance()
        trees.append({node.name: (node.kind, node.phase, node.message) for node in walk.board.nodes.values()})

    assert trees[0] == trees[1]
    assert walk.finished_at is not None


def test_a_pause_before_the_next_attempt_is_asked_for_and_kept():
    """The reducer does not wait: it says when to look again."""
    retry = {"limit": "2", "backoff": {"duration": "10", "factor": "2"}}
    clock = Clock()
    walk = walk_of(
        workflow([{"name": "a", "template": "again"}], templates=[container("", name="again", retryStrategy=retry)]), clock
    )
    walk.advance()
    end(walk, "try.a(0)", "Failed")

    decision = walk.advance()

    assert decision.start == ()
    assert decision.wake_at == START + timedelta(seconds=10)
    assert walk.board.get("try.a").message == "Backoff for 10 seconds"
    clock.at += timedelta(seconds=10)
    assert started(walk) == ["try.a(1)"]
    end(walk, "try.a(1)", "Failed")
    assert walk.advance().wake_at == START + timedelta(seconds=30)


def test_attempts_end_when_the_next_one_would_come_too_late():
    """maxDuration counts from the first attempt."""
    retry = {"limit": "9", "backoff": {"duration": "10", "maxDuration": "5"}}
    walk = walk_of(workflow([{"name": "a", "template": "again"}], templates=[container("", name="again", retryStrategy=retry)]))
    walk.advance()
    end(walk, "try.a(0)", "Failed")
    walk.advance()

    assert walk.board.get("try.a").message == "Backoff would exceed max duration limit"
    assert walk.status().phase == "Failed"


def test_the_whole_run_has_a_deadline_that_spares_the_exit_handler():
    """Steps are stopped, those that would come next fail without starting, the exit handler still runs."""
    clock = Clock()
    tasks = [{"name": "a", "template": "ok"}, {"name": "b", "template": "ok", "depends": "a.Failed"}]
    walk = walk_of(workflow(tasks, activeDeadlineSeconds=5, onExit="ok"), clock)
    assert walk.advance().wake_at == START + timedelta(seconds=5)
    clock.at += timedelta(seconds=5)

    decision = walk.advance()
    assert [stop.message for stop in decision.stop] == ["Step exceeded its deadline"]
    walk.ended(walk.board.get("try.a").id, phase="Failed", message=decision.stop[0].message, outputs=None, at=clock.at)

    assert started(walk) == ["try.onExit"]
    assert walk.board.get("try.b").message == "Step exceeded its deadline"
    end(walk, "try.onExit")
    walk.advance()
    assert walk.status().phase == "Failed"


def test_no_more_steps_run_at_once_than_the_workflow_allows():
    """spec.parallelism counts steps, wherever they are."""
    walk = walk_of(workflow([{"name": name, "template": "ok"} for name in "abc"], parallelism=2))

    assert started(walk) == ["try.a", "try.b"]
    end(walk, "try.b")
    assert started(walk) == ["try.c"]


def test_a_chain_may_be_longer_than_the_stack():
    """Nothing recurses over tasks."""
    tasks = [{"name": f"t{i}", "template": "ok"} | ({"depends": f"t{i - 1}"} if i else {}) for i in range(3000)]

    walk = walk_of(workflow(tasks))

    assert started(walk) == ["try.t0"]
    end(walk, "try.t0")
    assert started(walk) == ["try.t1"]


def test_what_can_never_be_resolved_fails_instead_of_waiting_for_ever():
    """Argo would look for the output of a failed step again and again; here the task says what is missing."""
    write = container(
        "raise SystemExit(1)", name="write", outputs={"parameters": [{"name": "x", "valueFrom": {"path": "/tmp/x"}}]}
    )
    say = container("", name="say", inputs={"parameters": [{"name": "text"}]})
    given_text = {"parameters": [{"name": "text", "value": "{{tasks.a.outputs.parameters.x}}"}]}
    tasks = [{"name": "a", "template": "write"}, {"name": "b", "template": "say", "depends": "a.Failed", "arguments": given_text}]
    walk = walk_of(workflow(tasks, templates=[write, say]))
    walk.advance()
    end(walk, "try.a", "Failed")
    walk.advance()

    assert walk.board.get("try.b").message == "failed to resolve {{tasks.a.outputs.parameters.x}}"
    assert walk.status().phase == "Error"


def test_the_tree_puts_turns_and_attempts_below_their_group():
    """What people read: the DAG, its tasks, below them the turns of a loop and the attempts of a step."""
    again = container("", name="again", retryStrategy={"limit": "1"})
    tasks = [{"name": "loop", "template": "again", "withItems": ["x", "y"]}, {"name": "z", "template": "ok", "depends": "loop"}]
    walk = walk_of(workflow(tasks, templates=[again]))
    walk.advance()
    for name in ("x", "y"):
        end(walk, f"try.loop({'xy'.index(name)}:{name})(0)")
        walk.advance()

    lines = [(row.depth, row.node.display_name) for row in walk.status().tree()]

    assert lines == [
        (0, "try"),
        (1, "loop"),
        (2, "loop(0:x)"),
        (3, "loop(0:x)(0)"),
        (2, "loop(1:y)"),
        (3, "loop(1:y)(0)"),
        (1, "z"),
    ]
    assert walk.status().progress == (2, 3)


RESULTS = ("", ".Succeeded", ".Failed", ".Errored", ".Skipped", ".Omitted", ".AnySucceeded", ".AllFailed")


@st.composite
def manifests(draw):
    """A workflow of a few tasks that wait for each other, loop, retry, nest and end in an exit handler, in every way."""

    def tasks(templates, most):
        found = []
        for index in range(draw(st.integers(1, most))):
            task = {"name": f"t{index}", "template": draw(st.sampled_from(templates))}
            if index and draw(st.booleans()):
                words = [f"{draw(st.sampled_from(['', '!']))}t{draw(st.integers(0, index - 1))}{draw(st.sampled_from(RESULTS))}"]
                words.append(f"t{draw(st.integers(0, index - 1))}{draw(st.sampled_from(RESULTS))}")
                task["depends"] = draw(st.sampled_from([" && ", " || "])).join(words)
            if draw(st.booleans()):
                task["withItems"] = draw(st.lists(st.sampled_from([1, "a", {"k": "v"}]), min_size=1, max_size=2))
            task["when"] = draw(st.sampled_from(["", "", "1 == 2", "a b"]))
            found.append({key: value for key, value in task.items() if value})
        return found

    def dag(name, templates, most):
        # Without the template's own failFast: with it Argo closes a DAG while steps further down still run.
        limit = draw(st.sampled_from([None, 1, 2]))
        return {"name": name, "dag": {"tasks": tasks(templates, most), "failFast": draw(st.booleans())}, "parallelism": limit}

    again = container(
        "", name="again", retryStrategy={"limit": "1", "retryPolicy": draw(st.sampled_from(["Always", "OnError", "OnFailure"]))}
    )
    groups = {
        "name": "groups",
        "steps": [[{"name": "s", "template": "ok"}, {"name": "u", "template": "again"}], [{"name": "v", "template": "ok"}]],
    }
    inner = dag("inner", ["ok", "again", "groups"], 3)
    made = workflow(
        [{"name": "x", "template": "ok"}], templates=[again, groups, inner], onExit=draw(st.sampled_from([None, "inner"]))
    )
    made[0]["spec"]["templates"][0] = dag("main", ["ok", "again", "inner", "groups"], 4)
    made[0]["spec"]["parallelism"] = draw(st.sampled_from([None, 1, 3]))
    return made


@settings(max_examples=100, deadline=None)
@given(manifests(), st.randoms(use_true_random=False), st.sampled_from(["", "", "Stop", "Terminate"]))
def test_every_run_comes_to_an_end(manifest, chance, shutdown):
    """Whatever steps come to and in which order: nothing is started twice, nothing is left, every node is over."""
    walk = walk_of(manifest)
    begun, running = set(), []
    for turn in range(300):
        decision = walk.advance()
        assert not begun & {pod.node_id for pod in decision.start}
        begun |= {pod.node_id for pod in decision.start}
        running += [pod.node_id for pod in decision.start]
        if walk.finished_at:
            break
        node = walk.board.nodes[running.pop(chance.randrange(len(running)))]
        stopped = {stop.node_id for stop in decision.stop}
        phase = "Failed" if node.id in stopped else chance.choice(["Succeeded", "Succeeded", "Failed", "Error"])
        walk.ended(node.id, phase=phase, message="", outputs=Outputs(exit_code="0"), at=walk.clock())
        if shutdown and turn == 1:
            walk.shutdown = shutdown

    status = walk.status()
    assert status.fulfilled
    assert status.message != "nothing is left to do, and yet the run is not over"
    assert not running
    assert all(node.fulfilled for node in status.nodes.values() if node.kind == "Pod")
