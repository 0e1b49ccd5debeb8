"""The README is held against the tree and the command line: what it says is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def house() -> dict[str, str]:
    """The map under "The house": path → what it is for."""
    block = README.split("## The house")[1].split("```")[1]
    lines = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in block.strip().splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def test_all_that_the_map_names_is_there():
    """A room on the map exists."""
    missing = [path for path in house() if not (ROOT / path).exists()]

    assert missing == []


def test_every_room_is_on_the_map():
    """A folder or a module of the three floors has its line."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "steps", "phases", "pipelines", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    rooms = {str(Path(*Path(path).parts[:2])) for path in tracked if not path.endswith("__init__.py")}
    rooms = {f"{room}/" if (ROOT / room).is_dir() else room for room in rooms}
    known = set(house())

    assert {
        room for room in rooms if room not in known and not re.fullmatch(r"phases/phase_\d\d\w*\.py|tests/\w+\.py", room)
    } == set()


def test_every_verb_is_in_the_readme():
    """Every verb of the command line has a help line and stands in the README."""
    from pipelines.__main__ import cli

    for name, command in cli.commands.items():
        assert command.help, name
        assert f"python -m pipelines {name}" in README, name


@pytest.mark.parametrize("command", ["run", "answer", "test"])
def test_the_readmes_commands_are_in_the_makefile(command):
    """`make COMMAND` of the README is a target."""
    assert f"make {command}" in README
    assert re.search(rf"^{command}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_help_answers_without_heavy_imports():
    """`--help` loads neither hera, nor boto3, nor pydantic, nor matplotlib: seconds."""
    script = (
        "import sys; from pipelines.__main__ import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'hera', 'boto3', 'pydantic', 'matplotlib', 'kubernetes'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stderr.strip() == ""
