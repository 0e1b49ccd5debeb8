"""How long the command line takes to answer, beside a bare Python in the same run: `make bench`.

Whole processes, in turn, so that a slow moment of the machine meets all of them; the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "pipelines --help": ["-m", "pipelines", "--help"],
    "pipelines list": ["-m", "pipelines", "list"],
    "pipelines show gateway-comparison": ["-m", "pipelines", "show", "gateway-comparison"],
    "pipelines plan gateway-comparison": ["-m", "pipelines", "plan", "gateway-comparison"],
    "pipelines lint": ["-m", "pipelines", "lint"],
    "pipelines compile phase-4": ["-m", "pipelines", "compile", "phase-4"],
}


def seconds(arguments: list[str]) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10, help="counted runs of each")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for arguments in COMMANDS.values():
        seconds(arguments)  # not counted: byte code and file cache
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(given.n):
        for name, arguments in COMMANDS.items():
            taken[name].append(seconds(arguments))
    bare = statistics.median(taken["python -c pass"])
    rows = [
        {"command": name, "n": given.n, "min_s": min(each), "median_s": statistics.median(each), "max_s": max(each)}
        for name, each in taken.items()
    ]
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'command':36} {'median':>8} {'min':>7} {'max':>7}  of a bare Python   (n={given.n})")
    for row in rows:
        taken_s = "s ".join(f"{row[f'{name}_s']:7.3f}" for name in ("median", "min", "max"))
        print(f"{row['command']:36} {taken_s}s  {row['median_s'] / bare:5.1f} x")


if __name__ == "__main__":
    main()
