"""CPU per request here and on a cluster, and what a cell costs on Argo beyond its load.

make answer                                            # here: reports/RUN/report.json
python -m pipelines submit gateway-comparison --wait   # there: reports/RUN/report.json
python -m pipelines get RUN --argo --json > run.json
python tests/benchmarks/two_places.py reports/HERE/report.json reports/THERE/report.json run.json
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from statistics import median

ALLOWED = 0.25
METRICS = ("cpu_us_per_request", "path_cpu_us_per_request")


def figures(report: Path) -> dict[tuple[str, str], float]:
    """Median CPU per request of each arm under each load."""
    found = json.loads(report.read_text())
    return {
        (f"{arm['name']} {section['label']}", metric): arm["figures"][metric]["value"]
        for section in found["loads"]
        for arm in section["arms"]
        for metric in METRICS
        if arm["figures"].get(metric, {}).get("value") is not None
    }


def overheads_s(workflow: Path, sending_s: float) -> list[float]:
    """What each cell took beyond its load, from the nodes of a Workflow."""
    nodes = json.loads(workflow.read_text())["status"]["nodes"].values()
    cells = [each for each in nodes if each["type"] == "DAG" and each["displayName"].startswith("cells(")]
    return [_took_s(each) - sending_s for each in cells]


def _took_s(node: dict[str, str]) -> float:
    return (datetime.fromisoformat(node["finishedAt"]) - datetime.fromisoformat(node["startedAt"])).total_seconds()


def main(here: Path, there: Path, workflow: Path | None) -> int:
    """Prints both; the status is 1 where a pair of figures differs by more than is allowed, or has no partner."""
    ours, theirs = figures(here), figures(there)
    apart = 0
    for key in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None:
            print(f"{key[0]:24} {key[1]:24} only {'there' if one is None else 'here'}")
            apart += 1
            continue
        print(f"{key[0]:24} {key[1]:24} here {one:8.1f} µs, there {other:8.1f} µs, {other / one - 1:+.1%}")
        apart += abs(other / one - 1) > ALLOWED
    if workflow:
        load = json.loads(there.read_text())["loads"][0]["load"]
        beyond = overheads_s(workflow, load["warmup_s"] + load["duration_s"])
        print(f"{len(beyond)} cells on Argo: {median(beyond):.1f} s beyond their load ({min(beyond):.0f} to {max(beyond):.0f})")
    return 1 if apart or not ours else 0


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:3]), Path(sys.argv[3]) if len(sys.argv) == 4 else None))
