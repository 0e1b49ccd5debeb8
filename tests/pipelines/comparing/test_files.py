"""Files for CI say something of every run that was told, whatever became of it."""

from xml.etree import ElementTree as ET

from pipelines.comparing.files import Files
from tests.steps.sealed_runs import run


def test_files_hold_every_run_that_was_told(tmp_path):
    """A phase has several experiments; one without a report stands there with its reason."""
    files = Files(tmp_path / "new" / "junit.xml", tmp_path / "comment.md")

    files.tell([run("a").report], run="a", why="")
    first = ET.parse(files.junit).getroot()
    files.tell([], run="b", why="Error: the store went away")
    both = ET.parse(files.junit).getroot()

    assert first.get("errors") == "0"
    assert both.get("errors") == "1"
    assert [suite.get("name") for suite in both][-1] == "b"
    assert files.markdown.read_text().endswith("### b: no report\n\nError: the store went away\n")


def test_nobody_who_asked_for_none_gets_one(tmp_path, monkeypatch):
    """Nothing is written beside what was asked for."""
    monkeypatch.chdir(tmp_path)

    Files().tell([run("a").report], run="a", why="")

    assert list(tmp_path.iterdir()) == []
