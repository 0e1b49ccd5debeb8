"""Where, when and how a run was measured, and how alike the contenders were set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from steps.evidence import Evidence
from steps.model import CellOutcome, Circumstances, Component, Driver, Experiment, Parity, ParityRow, Ramp
from steps.model.unit_cost import work_of
from steps.statistics.words import counted, listed, number, sentence

UNKNOWN = "unknown"
LONGEST_VERSION = 60


def circumstances_of(evidence: Evidence) -> Circumstances:
    """The circumstances of a run; what nobody recorded is `unknown`."""
    environment = evidence.environment
    outcomes = [found.outcome for found in evidence.cells if found.outcome]
    drivers = [outcome.driver for outcome in outcomes if outcome.driver]
    windows = [outcome.window for outcome in outcomes if outcome.window]
    layers = {"driver": environment.driver, "node": environment.node, "cluster": environment.cluster} if environment else {}
    return Circumstances(
        place=environment.place if environment else UNKNOWN,
        layers={name: layer for name, layer in layers.items() if layer},
        driver_cpus=_cpus(drivers),
        driver_spin=_spin(drivers),
        lateness=_lateness(outcomes),
        memory=_memory(evidence),
        around=_around(evidence),
        calibration=environment.calibration if environment else None,
        seed=evidence.plan.seed if evidence.plan else None,
        started_at=min((window.started_at for window in windows), default=None),
        ended_at=max((window.ended_at for window in windows), default=None),
        limits=_limits(evidence),
        unattributed=_unattributed(outcomes),
        checks=_checks(outcomes),
    )


def _cpus(drivers: Sequence[Driver]) -> str:
    kinds = {driver.cpus for driver in drivers}
    if len(kinds) != 1:
        return "not the same in all cells" if kinds else UNKNOWN
    cpus = kinds.pop()
    return "not bound to a core" if cpus is None else f"core {listed(map(str, cpus))}"


def _spin(drivers: Sequence[Driver]) -> str:
    kinds = {driver.spin for driver in drivers}
    if len(kinds) != 1:
        return "not the same in all cells" if kinds else UNKNOWN
    return "waits actively for the next request" if kinds.pop() else "sleeps until the next request"


def _lateness(outcomes: Sequence[CellOutcome]) -> str:
    late = sorted((each.driver.lateness_p99_ms, each.driver.lateness_p50_ms, each.cell) for each in outcomes if each.driver)
    if not late:
        return UNKNOWN
    middle, worst = late[len(late) // 2], late[-1]
    return (
        f"in the middle cell {number(middle[1], 3)} ms at the median and {number(middle[0], 2)} ms at p99; "
        f"at worst {number(worst[0], 2)} ms at p99 ({worst[2]})"
    )


def _unattributed(outcomes: Sequence[CellOutcome]) -> str:
    """CPU that no component, keeper or driver accounts for: of the system's cores, in the middle cell and in the worst."""
    told = [(each.surroundings, each.cell) for each in outcomes if each.surroundings]
    known = sorted(
        (found.unattributed_cores, found.cores, cell, found.kernel_cores)
        for found, cell in told
        if found.unattributed_cores is not None and found.cores
    )
    if not known:
        return f"{UNKNOWN}: the kernel does not tell" if told else UNKNOWN
    (middle, cores, _, kernel), (worst, _, cell, _) = known[len(known) // 2], known[-1]
    own = "" if kernel is None else f" ({number(kernel, 3)} of it the kernel's own threads)"
    return f"{number(middle, 3)} of {counted(cores, 'core')} in the middle cell{own}, at worst {number(worst, 3)} ({cell})"


def _checks(outcomes: Sequence[CellOutcome]) -> tuple[str, ...]:
    """The two sources of CPU time that were furthest apart, and how often there were not two."""
    checks = [(check, each.cell) for each in outcomes for check in each.cross_checks]
    made = sorted(
        ((check.apart, f"{cell}, {check.component}: {check.told()}") for check, cell in checks if check.apart is not None)
    )
    reasons = Counter(check.reason for check, _ in checks if check.reason)
    worst = [f"{counted(len(made), 'comparison')} of keeper and kubelet; furthest apart {made[-1][1]}"] if made else []
    return (*worst, *(f"{counted(times, 'time')} none: {reason}" for reason, times in reasons.most_common(2)))


MEMORY = {
    "pss": "proportional set size: shared pages counted by their share",
    "rss": "resident set size: shared pages counted in each process",
}


def _memory(evidence: Evidence) -> str:
    kinds = {usage.memory_kind for found in evidence.cells if found.load for usage in found.load.usage} - {None}
    return listed(sorted(MEMORY[kind] for kind in kinds if kind)) if kinds else UNKNOWN


def _around(evidence: Evidence) -> dict[str, str]:
    experiment = evidence.experiment
    arms = {arm.name for arm in experiment.arms} if experiment else set()
    brought = [each for each in experiment.programs if each.name not in arms] if experiment else []
    said = [(each, _said(each.name, evidence)) for each in brought]
    return {each.title: version_in(text, each.version) if text else UNKNOWN for each, text in said}


def _limits(evidence: Evidence) -> tuple[str, ...]:
    """What the figures do not say."""
    limits = []
    if evidence.environment is None or evidence.environment.place == "process":
        shared = f"{listed(('Driver', *_path(evidence)))} share this machine and its loopback"
        limits.append(f"{shared}: {_what(evidence)}, and there is no network in them.")
    elif evidence.environment.cluster.get("nodes", "").startswith("one"):
        shared = f"{listed(('Driver', *_path(evidence)))} are pods on one node"
        limits.append(f"{shared}: {_what(evidence)}, and there is no network between nodes in them.")
    limits.append("They hold for these versions, settings and this machine; the order may be another one elsewhere.")
    limits.append("Start to ready is cold, everything else is warm; the two are never mixed.")
    return tuple(limits)


def _path(evidence: Evidence) -> tuple[str, ...]:
    """What a request goes through: the contender, and what stands around it."""
    experiment = evidence.experiment
    if experiment is None or experiment.baseline.direct:
        return "contender", "upstream"
    return "contender", *(each.title for each in experiment.around)


def _what(evidence: Evidence) -> str:
    """What the figures are, when everything shares one machine."""
    experiment = evidence.experiment
    if experiment is not None and experiment.shape == "ramp":
        path = _path(evidence)
        together = f"{listed(path)} together on the same cores, not of a contender alone"
        return f"the knees are those of {together if len(path) > 1 else 'a contender on the cores that the driver leaves'}"
    loads = experiment.loads if experiment else ()
    rates = listed(f"{rate:g}" for rate in sorted({load.rate_rps for load in loads if not isinstance(load, Ramp)})) or UNKNOWN
    what = work_of(loads[0]) if loads else "requests"
    return f"the figures are the cost at a light, equal load ({rates} {what} per second), not capacity"


def parity_of(experiment: Experiment, evidence: Evidence) -> tuple[ParityRow, ...]:
    """How alike the arms were set, and what really ran."""
    return tuple(_row(arm, evidence) for arm in experiment.arms)


def _row(arm: Component, evidence: Evidence) -> ParityRow:
    said = _said(arm.name, evidence)
    set_to = arm.parity or Parity(workers=UNKNOWN)
    return ParityRow(
        contender=arm.name,
        title=arm.title,
        **set_to.model_dump(),
        version=version_in(said, arm.version) if said else ("-" if arm.direct else f"{arm.version} (planned)"),
        said=said,
        ran=bool(said),
    )


def _said(name: str, evidence: Evidence) -> str:
    """What the component that ran said of itself. A pod knows its image only: what that says was asked beforehand."""
    ran = _recorded(name, evidence)
    asked = evidence.environment.components.get(name, "") if evidence.environment else ""
    of_image = evidence.environment is not None and evidence.environment.place == "kubernetes"
    return asked if ran and of_image and asked and not asked.startswith(UNKNOWN) else ran


def _recorded(name: str, evidence: Evidence) -> str:
    """In a cell's outcome, or in its deployment."""
    for found in evidence.cells:
        if found.outcome and name in found.outcome.versions:
            return found.outcome.versions[name]
    for found in evidence.cells:
        for component in found.deploy.components if found.deploy else ():
            if component.name == name:
                return component.version
    return ""


def without_log_lines(said: str) -> str:
    """What a program says of its version, without the log lines (with their times) that some print before it."""
    return "\n".join(line for line in said.splitlines() if line.strip() and not line.startswith("{"))


def version_in(said: str, pinned: str) -> str:
    """The version itself: the pinned one if it is said, else the first that looks like one, else the first line."""
    text = without_log_lines(said)
    if pinned in text:
        return pinned
    found = re.search(r"\d+\.\d+[\w.+-]*", text)
    return found[0] if found else sentence(next(iter(text.splitlines()), UNKNOWN))[:LONGEST_VERSION]
