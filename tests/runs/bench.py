"""Whole runs under way, for tests to spoil."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from steps import processes

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """A folder of state and reports of its own, and the commands that work on it."""

    def __init__(self, folder: Path) -> None:
        self.state, self.reports = folder / "state", folder / "reports"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
        self.environment = {**kept, "BENCHLAB_STATE": str(self.state), "PYTHONPATH": str(ROOT)}

    def start(self, contenders: str, repetitions: int = 1, precision: str = "") -> subprocess.Popen[str]:
        """A short run under way; with a precision, or `none`, it is no preview."""
        return self._popen(["-m", "tests.runs.short", contenders, str(self.reports), str(repetitions), precision])

    def traced(self) -> subprocess.Popen[str]:
        """A short traced run under way."""
        return self._popen(["-m", "tests.runs.traced", str(self.reports)])

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`python -m pipelines …`, to its end."""
        return self._end(self._popen(["-m", "pipelines", *words]))

    def run(self, contenders: str) -> subprocess.CompletedProcess[str]:
        return self._end(self.start(contenders))

    def _popen(self, words: list[str]) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=self.environment, start_new_session=True, **pipes)

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def report(self) -> dict:
        (page,) = self.reports.glob("*/report.json")
        return json.loads(page.read_text(encoding="utf-8"))

    def cells(self) -> dict[str, str]:
        return {cell["id"]: cell["status"] for cell in self.report()["cells"]}

    def leftovers(self) -> list[str]:
        """Processes that were started for this state, and scratch folders in it."""
        marked = [each for each in processes.everyone() if str(self.state) in environment(each.pid)]
        folders = [str(path) for path in self.state.glob("work/*")]
        return [processes.name(each.pid) for each in marked if not each.zombie] + folders


def environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def wait_for(process: subprocess.Popen[str], pattern: str) -> str:
    """Reads what a run prints until a line matches."""
    for line in process.stdout:
        if re.search(pattern, line):
            return line
    message = f"the run ended without {pattern!r}: {process.communicate()[1]}"
    raise AssertionError(message)
