"""`compare` and `history` as they are typed: on reports' folders, and on runs that only the store has."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from pipelines.__main__ import cli
from steps.model import ChangeVerdict, Comparison, History
from tests.steps.sealed_runs import folder, objects
from tests.steps.simulated import NATURES, Story
from tests.steps.simulated_cell import environment

STEADY = {name: replace(nature, noise=0.005) for name, nature in NATURES.items()}
SLOWER = {**STEADY, "nginx": replace(STEADY["nginx"], median_ms=0.9)}
ALIKE, WORSE = Story(natures=STEADY), Story(natures=SLOWER, seed=5)
OTHER_KERNEL = environment().model_copy(update={"node": {**environment().node, "kernel": "6.6"}})


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine with no run of its own, and no cluster."""
    monkeypatch.setenv("BENCHLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    for name in ("ARGO_SERVER", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Three reports' folders: two that are alike, and one in which nginx became slower."""
    here = tmp_path_factory.mktemp("reports")
    for name, story in (("first", ALIKE), ("second", Story(natures=STEADY, seed=6)), ("worse", WORSE)):
        folder(here / name, objects(name, story=story))
    folder(here / "elsewhere", objects("elsewhere", story=WORSE, environment=OTHER_KERNEL))
    return here


def typed(*words):
    """Exit status and all that is printed."""
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_two_folders_are_compared(reports):
    """The verdict first, then what is doubted, then each metric: what is worse on top."""
    status, said = typed("compare", reports / "first", reports / "worse" / "report.json")
    lines = said.splitlines()

    assert status == 0
    assert lines[0].startswith("first → worse: ")
    assert " worse" in lines[0]
    assert any(line.startswith("unknown in both: node.governor") for line in lines)
    assert any(line.startswith("One run a side: ") for line in lines)
    rows = lines[lines.index("") + 2 :]
    assert rows[0].startswith("nginx      100rps  p50_ms")
    assert "worse" in rows[0]


@pytest.mark.parametrize(("after", "status"), [("worse", 3), ("second", 0)])
def test_the_gate_has_its_exit_status(reports, after, status):
    """3 when a contender is worse, 0 when it is not."""
    assert typed("compare", reports / "first", reports / after, "--gate")[0] == status


def test_a_gate_that_saw_nothing_does_not_open(reports, tmp_path):
    """4: the metric that ranks was decided for no contender."""
    noisy = Story(natures={name: replace(nature, noise=0.5) for name, nature in NATURES.items()}, seed=8)
    folder(tmp_path / "noisy", objects("noisy", story=noisy))

    assert typed("compare", reports / "first", tmp_path / "noisy", "--gate")[0] == 4


def test_files_for_ci_are_written_and_the_answer_is_json(reports, tmp_path):
    """All of one comparison."""
    junit, markdown = tmp_path / "new" / "junit.xml", tmp_path / "comment.md"
    status, said = typed(
        "compare", reports / "first", reports / "worse", "--json", "--junit", junit, "--markdown", markdown, "--gate"
    )

    found = Comparison.from_json(said, source="compare --json")
    assert status == 3
    assert int(ET.parse(junit).getroot().get("failures")) == len(found.of(ChangeVerdict.WORSE))
    assert markdown.read_text().startswith("<!-- benchlab compare phase-4 gateway-comparison -->\n### gateway-comparison: ")


def test_unlike_runs_are_refused_unless_told(reports):
    """Exit status 2 with the difference and the way out; with it, what was let pass is told."""
    status, said = typed("compare", reports / "first", reports / "elsewhere")
    assert status == 2
    assert "node.kernel was 6.1.0-27-cloud-amd64 and is 6.6. To compare them all the same: --despite node.kernel" in said

    status, said = typed("compare", reports / "first", reports / "elsewhere", "--despite", "kernel")
    assert status == 0
    assert "despite node.kernel was 6.1.0-27-cloud-amd64 and is 6.6" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "nobody-knows", "nor-this"), "compare: there is no run nobody-knows on this machine, nor in its store"),
        (("compare", "./nowhere", "./nowhere"), "compare: nowhere is no report: there is no report.json in it"),
        (("compare", ",", "b"), "compare: ',' names no run"),
        (("compare", "a", "b", "--band", "5"), "compare: --band 5: write a share between 0 and 1, as 5% or 0.05"),
        (("history", "gateway-comparison", "--reports", "none"), "history: there is no folder none"),
        (("history", "nothing-such"), "history: there is no phase or experiment 'nothing-such'"),
    ],
    ids=["name", "folder", "nothing", "band", "reports", "experiment"],
)
def test_a_wrong_call_gets_one_sentence(words, message, store_environment, monkeypatch):
    """Which names the thing."""
    for name, value in store_environment.items():
        monkeypatch.setenv(name, value)

    status, said = typed(*words)

    assert status == 2
    assert message in said
    assert len(said.strip().splitlines()) == 1


def test_a_damaged_report_is_one_sentence(reports, tmp_path):
    """And no traceback."""
    damaged = folder(tmp_path / "damaged", objects("damaged", story=ALIKE))
    (damaged / "report.json").write_text("{")

    status, said = typed("compare", reports / "first", damaged)

    assert status == 2
    assert said == (
        f"compare: {damaged}: report/report.json was changed: it is not what was sealed, so nothing is compared with it; "
        "`report RUN` brings it as the store has it, else make another run\n"
    )


@pytest.fixture(scope="module")
def stored(store):
    """Runs that only the store has: four as ever, four with a slower nginx, a preview's page without a seal."""
    prefix = "runs/phase-4/gateway-comparison"
    names = [f"gateway-comparison-day-{day}" for day in range(8)]
    for day, name in enumerate(names):
        story = Story(natures=STEADY if day < 4 else SLOWER, seed=20 + day % 2)
        for key, content in objects(name, day=day, story=story, cells=False).items():
            store.put(f"{prefix}/{name}/{key}", content)
    store.put(f"{prefix}/gateway-comparison-broken/plan.json", "{}")
    yield names
    for key in list(store.list(f"{prefix}/gateway-comparison-")):
        store.delete(key)


@pytest.fixture
def with_store(stored, store_environment, monkeypatch):
    for name, value in store_environment.items():
        monkeypatch.setenv(name, value)
    return stored


def test_runs_of_the_store_are_compared_by_name(with_store):
    """Sets too, whoever made them."""
    status, said = typed("compare", ",".join(with_store[:2]), ",".join(with_store[4:6]), "--json")

    found = Comparison.from_json(said, source="compare --json")
    assert status == 0
    assert (found.before, found.unit) == (tuple(with_store[:2]), "run")
    assert found.of(ChangeVerdict.WORSE)


def test_a_history_shows_where_a_level_changed(with_store):
    """Since which run, from what to what; and what was left out, with its reason."""
    status, said = typed("history", "gateway-comparison", "--gate")

    assert status == 3
    assert said.splitlines()[0].startswith("phase-4/gateway-comparison: 8 runs; worse since the last change point: nginx p50_ms")
    assert "left out: gateway-comparison-broken: run gateway-comparison-broken has no seal" in said
    (row,) = [line for line in said.splitlines() if line.startswith("nginx      100rps  p50_ms")]
    assert "│" in row
    assert "worse: ×1.5" in row
    assert f"since {with_store[4]} (0.5" in row


def test_a_history_can_be_narrowed_and_read_by_programs(with_store):
    """To one metric of one contender; what was accepted is cut off, and then too little is left to tell."""
    status, said = typed("history", "gateway-comparison", "--metric", "p50_ms", "--contender", "envoy", "--json", "--gate")
    found = History.from_json(said, source="history --json")
    assert status == 0
    assert [(each.contender, each.metric.name, len(each.points)) for each in found.series] == [("envoy", "p50_ms", 8)]

    status, said = typed("history", "gateway-comparison", "--since", with_store[4], "--gate")
    assert status == 4
    assert "too few runs for a change point: 4, it takes 8" in said

    assert typed("history", "gateway-comparison", "--metric", "p5_ms")[1].startswith("history: --metric p5_ms: the runs have ")


def test_runs_without_valid_repetitions_open_no_gate(tmp_path):
    """However many there are: nothing was seen."""
    late = Story(suspect=dict.fromkeys(NATURES, "suspect: generator: it was late"))
    for day in range(9):
        folder(tmp_path / "late" / f"run-{day}", objects(f"run-{day}", day=day, story=late, cells=False))

    status, said = typed("history", "gateway-comparison", "--reports", tmp_path / "late", "--gate")

    assert status == 4
    assert said.splitlines()[-1] == "no metric has six valid repetitions in any of these runs"


def test_a_history_of_folders_needs_no_store(reports):
    """As CI has them."""
    status, said = typed("history", "phase-4/gateway-comparison", "--reports", reports, "--despite", "kernel")

    assert status == 0
    assert said.splitlines()[0].startswith("phase-4/gateway-comparison: 4 runs; ")
    assert "despite node.kernel was" in said


def test_names_complete_in_a_set(tmp_path):
    """Also after a comma."""
    from pipelines import completion

    for name in ("one", "other"):
        kept = tmp_path / "state" / "runs" / name
        kept.mkdir(parents=True)
        (kept / "workflow.json").write_text(json.dumps({}))

    assert sorted(completion.runs(None, None, "one,o")) == ["one,one", "one,other"]
