"""`python -m steps VERB …`: parse, dispatch, exit status. One verb, one module, one `run`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from steps import shell
from steps.errors import LabError

TEXT, FILE = str, Path

REPORT: dict[str, type[str | Path]] = {
    "run": TEXT,
    "prefix": TEXT,
    "task": TEXT,
    "status": TEXT,
    "failures": FILE,
    "page": FILE,
    "json": FILE,
    "verdict": FILE,
}
# verb → its flags; what `run` of the module of that name takes
VERBS: dict[str, dict[str, type[str | Path]]] = {
    "provision": {"run": TEXT, "experiment": FILE, "stored": FILE, "plan": FILE, "environment": FILE},
    "deploy": {"run": TEXT, "cell": TEXT, "experiment": FILE, "endpoints": FILE, "record": FILE},
    "load": {"run": TEXT, "cell": TEXT, "experiment": FILE, "endpoints": TEXT, "folder": FILE, "environment": FILE},
    "trace": {"run": TEXT, "cell": TEXT, "experiment": FILE, "endpoints": TEXT, "trace": FILE},
    "measure": {
        "run": TEXT,
        "cell": TEXT,
        "experiment": FILE,
        "environment": FILE,
        "deploy": FILE,
        "load": FILE,
        "outcome": FILE,
        "trace": FILE,
    },
    "extend": {"prefix": TEXT, "plan": FILE},
    "teardown": {"run": TEXT, "cell": TEXT, "prefix": TEXT, "record": FILE, "logs": FILE},
    "teardown-all": {"run": TEXT, "prefix": TEXT, "record": FILE},
    "report": REPORT,
    "review": REPORT,
    "overview": {"run": TEXT, "phase": TEXT, "experiments": TEXT, "page": FILE, "json": FILE, "verdict": FILE},
    "discover-plan": {"date": TEXT, "cadence": TEXT, "settings": FILE, "stored": FILE, "day": FILE, "sources": FILE},
    "discover-fetch": {"source": TEXT, "date": TEXT, "settings": FILE, "result": FILE},
    "discover-normalise": {"date": TEXT, "settings": FILE, "result": FILE},
    "discover-diff": {"date": TEXT, "cadence": TEXT, "settings": FILE, "changes": FILE},
    "discover-score": {"date": TEXT, "cadence": TEXT, "settings": FILE, "changes": FILE, "findings": FILE, "used": FILE},
    "discover-write": {"findings": FILE, "settings": FILE, "written": FILE},
    "discover-report": {
        "findings": FILE,
        "written": FILE,
        "text": FILE,
        "html": FILE,
        "technologies": FILE,
        "issue": FILE,
        "summary": FILE,
    },
    "discover-notify": {"findings": FILE, "issue": FILE, "settings": FILE, "publish": TEXT, "result": FILE},
    "check": {"found": FILE},
    "sweep": {"time-to-live-s": TEXT, "removed": FILE},
}
# of the shape `ramp`; of an experiment that is traced; where a language model writes a summary
OPTIONAL = {("load", "environment"), ("measure", "trace"), ("discover-report", "written")}


def parser() -> argparse.ArgumentParser:
    """The words that a step understands."""
    top = argparse.ArgumentParser(prog="python -m steps", description="One step of a run, as a container executes it.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, flags in VERBS.items():
        own = verbs.add_parser(verb)
        for flag, kind in flags.items():
            own.add_argument(f"--{flag}", type=kind, required=(verb, flag) not in OPTIONAL)
    return top


def main(argv: Sequence[str]) -> int:
    """Runs one step; an expected failure is one sentence on standard error."""
    given = vars(parser().parse_args(argv))
    if os.environ.get("BENCHLAB_PLACE") == "process":  # after kill -9 of the run its steps must not go on
        shell.die_with_parent()
    verb: str = given.pop("verb")
    module = importlib.import_module(f"steps.{verb.replace('-all', '').replace('discover-', 'discover.verbs.')}")
    step = module.run_all if verb.endswith("-all") else module.run
    try:
        step(**given)
    except LabError as error:
        print(f"{verb}: {error}", file=sys.stderr)
        return error.exit_status
    except OSError as error:  # a full disk above all: the name of the file is in it
        print(f"{verb}: {error.filename or 'the machine'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
