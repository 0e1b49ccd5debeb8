"""Programs that are built here: once for each state of their sources and tools, whole or not at all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steps.errors import PlaceError, Unavailable
from steps.model import Build, Tool
from steps.places import building
from steps.places.builds import Entry

COPIES = Build(
    source="toy",
    needs=(Tool(name="toycc", get="there is one in the test"),),
    commands=(("@{toycc}", "program.txt"),),
    keep=("out/program",),
)


class Bench:
    """Sources, a compiler that counts its calls, and a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": f"{folder / 'tools'}:{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "BENCHLAB_IMAGES": str(folder / "images"),
        }
        self.source("a program")
        self.compiler("echo one >> ../../../../../calls; mkdir out; cp $1 out/program")

    def source(self, text: str) -> None:
        path = self.folder / "images" / "toy" / "program.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def compiler(self, does: str, *, version: str = "1.0") -> None:
        path = self.folder / "tools" / "toycc"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo toycc {version}; exit; }}\n{does}\n')
        path.chmod(0o755)

    def make(self):
        return building.make(COPIES, self.environment)

    @property
    def due(self) -> bool:
        return building.due(COPIES, self.environment)

    @property
    def calls(self) -> int:
        path = self.folder / "calls"
        return len(path.read_text().split()) if path.exists() else 0

    @property
    def entry(self) -> Entry:
        return Entry.of(COPIES, self.environment)

    @property
    def cached(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "cache" / "benchlab" / "programs").iterdir() if path.is_dir())


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_program_is_built_once_and_kept_with_what_built_it(bench):
    """The second time nothing is done; what is kept is what was asked for, and the record says how it came about."""
    assert bench.due
    made = bench.make()

    assert (bench.due, bench.make(), bench.calls) == (False, made, 1)
    assert (made.tools, made.size_bytes) == ({"toycc": "toycc 1.0"}, len("a program"))
    assert sorted(path.name for path in bench.entry.folder.iterdir()) == ["built.json", "program"]
    assert bench.cached == [bench.entry.folder.name]


def test_changed_sources_are_another_program(bench):
    """An edit leads to a new build; the sources of before find theirs again."""
    bench.make()
    bench.source("another program")

    assert bench.due
    bench.make()
    bench.source("a program")
    assert (bench.due, bench.calls, len(bench.cached)) == (False, 2, 2)


def test_another_version_of_a_tool_builds_anew(bench):
    """What an older compiler made is not what the new one makes, though the sources are the same."""
    bench.make()
    bench.compiler("mkdir out; echo newer > out/program", version="1.1")

    assert bench.due
    assert bench.make().tools == {"toycc": "toycc 1.1"}
    assert (bench.entry.folder / "program").read_text() == "newer\n"
    assert bench.cached == [bench.entry.folder.name]


def test_a_missing_tool_says_how_to_get_it(bench):
    """It is unavailable, which is no failure; what was built while it was there stays good."""
    made = bench.make()
    (bench.folder / "tools" / "toycc").unlink()

    assert (bench.due, bench.make()) == (False, made)
    bench.source("another program")
    with pytest.raises(Unavailable, match="there is no toycc here: there is one in the test"):
        _ = bench.due


def test_a_failed_build_shows_the_last_words_and_keeps_nothing(bench):
    """A compiler that fails is a failure with its last lines."""
    bench.compiler("echo program.txt:1: no verb; exit 3")

    with pytest.raises(PlaceError, match=r"(?s)images/toy could not be built: .* ended with status 3.*program\.txt:1: no verb") as caught:
        bench.make()

    assert not isinstance(caught.value, Unavailable)
    assert (bench.entry.record, bench.cached) == (None, [])


def test_a_build_that_makes_nothing_is_a_failure(bench):
    """A compiler that ends well and makes nothing has not built the program."""
    bench.compiler("true")

    with pytest.raises(PlaceError, match="ended well and made no out/program"):
        bench.make()
    assert bench.entry.record is None


def builder(bench):
    """A process that builds."""
    code = (
        "import os, sys; from steps.places import building; from steps.model import Build; "
        "building.make(Build.model_validate_json(sys.argv[1]), os.environ)"
    )
    return subprocess.Popen([sys.executable, "-c", code, COPIES.model_dump_json()], env={**os.environ, **bench.environment})


def test_a_build_that_is_killed_leaves_no_half_entry(bench):
    """After kill -9 in the middle the program is not there, and the next build makes it and clears up."""
    bench.compiler("echo half > program; mkdir out; echo half > out/program; touch ../../../../../begun; exec sleep 30")
    killed = builder(bench)
    while not (bench.folder / "begun").exists():
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    assert bench.entry.record is None
    bench.compiler("mkdir out; cp $1 out/program")
    bench.make()
    assert (bench.entry.folder / "program").read_text() == "a program"
    assert bench.cached == [bench.entry.folder.name]


def test_two_who_need_it_at_once_build_it_once(bench):
    """The second waits for the first and takes what it made."""
    bench.compiler("echo one >> ../../../../../calls; sleep 0.3; mkdir out; cp $1 out/program")

    assert [process.wait() for process in [builder(bench), builder(bench)]] == [0, 0]
    assert bench.calls == 1
