"""What each arm used in each repetition, from the report's own figures: so a cost has the interval of what was measured.

Under a fixed rate that rate counts; of a ramp it is the highest share of the knee at which CPU and memory were measured. A cell's
CPU is read at both edges of its window and memory each second, so a window shorter than two readings has no cost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from steps.evidence import CellEvidence, Evidence
from steps.model import Arm, Component, Experiment, LoadSection, Ramp, hops_of
from steps.model.cost import ArmUse, LoadUse, Reserved, Use
from steps.model.metric import at_share
from steps.model.unit_cost import work_of

CPU = "cpu_us_per_request"
READING_S = 1.0  # between two readings of a keeper
MIB_PER_GIB = 1024
BYTES_PER_GIB = 1024**3


@dataclass(frozen=True)
class Basis:
    """The metrics that a cost is made from."""

    cpu: str
    memory: str
    rate: str
    path_cpu: str
    p99: str
    share: float  # of the rate's metric
    at: str


def basis_of(section: LoadSection) -> Basis | None:
    """The metrics of a load's cost; None: CPU was not measured."""
    names = set(section.arms[0].figures)
    if not isinstance(section.load, Ramp):
        work = work_of(section.load)
        at = f"{section.load.rate_rps:g} {work}/s{f' of {section.load.name}' if section.load.name else ''}"
        whole = Basis(CPU, "memory_mib", "goodput_rps", "path_cpu_us_per_request", "p99_ms", share=1.0, at=at)
        return whole if CPU in names else None
    shares = [found[1] for name in names if (found := at_share(name)) and found[0] == CPU]
    if not shares:
        return None
    top = max(shares)
    at = f"{top} % of the highest rate that keeps the SLO"
    return Basis(
        cpu=f"cpu_at_{top}_us_per_request",
        memory=f"memory_at_{top}_mib",
        rate="knee_rps",
        path_cpu=f"path_cpu_at_{top}_us_per_request",
        p99=f"p99_at_{top}_ms",
        share=top / 100,
        at=at,
    )


@dataclass(frozen=True)
class Beside:
    """What a cell's evidence tells beyond the report's figures; None: it does not."""

    around_memory_gib: float | None = None
    unattributed_vcpus: float | None = None
    answer_bytes: float | None = None
    kept_bytes: int | None = None


NOTHING = Beside()
Cells = Mapping[tuple[str, str, int], Beside]  # by contender, load and repetition


def uses_of(
    sections: Iterable[LoadSection], *, experiment: Experiment | None = None, reserves: bool = False, cells: Cells | None = None
) -> tuple[LoadUse, ...]:
    """The uses under each load. reserves: the components ran in pods, which reserve what the experiment says."""
    found = []
    for section in sections:
        basis = basis_of(section)
        if basis is None:
            continue
        hops = hops_of(section.load)
        reserved = _reserved(experiment, hops) if experiment and reserves else {}
        arms = tuple(_arm(arm, section, basis, reserved.get(arm.name, Reserved()), cells or {}) for arm in section.arms)
        stands = _sum(experiment.around_under(hops)) if experiment and reserves else Reserved()
        found.append(LoadUse(load=section.label, at=basis.at, p99=basis.p99, arms=arms, around_reserved=stands))
    return tuple(found)


def _reserved(experiment: Experiment, hops: int | None) -> dict[str, Reserved]:
    return {arm.name: _sum(arm.parts_under(hops)) for arm in experiment.arms if not arm.direct}


def _sum(components: Sequence[Component]) -> Reserved:
    asked = [each.resources for each in components]
    return Reserved(
        vcpus=sum(each.cpu_request_cores for each in asked), memory_gib=sum(each.memory_mib for each in asked) / MIB_PER_GIB
    )


def _arm(arm: Arm, section: LoadSection, basis: Basis, reserved: Reserved, cells: Cells) -> ArmUse:
    reason = _no_use(arm, section, basis)
    uses = () if reason else tuple(_uses(arm, section, basis, cells))
    reason = reason or (None if uses else "CPU, memory and rate were not measured in the same repetition")
    return ArmUse(contender=arm.name, title=arm.title, direct=arm.direct, uses=uses, reason=reason, reserved=reserved)


def _no_use(arm: Arm, section: LoadSection, basis: Basis) -> str | None:
    """Why there is nothing to price; None: there is."""
    window_s = section.load.window_s
    if window_s < 2 * READING_S:
        return f"a window of {window_s:.3g} s is shorter than two readings, {READING_S:g} s apart: it has no cost"
    needed = (basis.rate, basis.path_cpu) if arm.direct else (basis.rate, basis.cpu, basis.memory)
    for name in needed:
        figure = arm.figures.get(name)
        if figure is None:
            return f"{name} is not among the metrics"
        if figure.value is None:
            return figure.reason
    return None


def _uses(arm: Arm, section: LoadSection, basis: Basis, cells: Cells) -> Iterable[Use]:
    cpu, memory, rate, path = (_points(arm, name) for name in (basis.cpu, basis.memory, basis.rate, basis.path_cpu))
    nothing: tuple[float, bool] = (0.0, False)
    for repetition, (goodput, doubtful) in sorted(rate.items()):
        own, held = (nothing, nothing) if arm.direct else (cpu.get(repetition), memory.get(repetition))
        rps = goodput * basis.share
        if own is None or held is None or rps <= 0 or min(own[0], held[0]) < 0:
            continue
        whole = path.get(repetition)
        around = None if whole is None else (whole[0] - own[0]) * rps / 1e6
        beside = cells.get((arm.name, section.label, repetition), NOTHING)
        yield Use(
            repetition=repetition,
            suspect=doubtful or own[1] or held[1] or bool(whole and whole[1]),
            rate_rps=rps,
            vcpus=own[0] * rps / 1e6,
            memory_gib=held[0] / MIB_PER_GIB,
            around_vcpus=around if around is None or around >= 0 else None,
            around_memory_gib=beside.around_memory_gib,
            unattributed_vcpus=beside.unattributed_vcpus,
            answer_bytes=beside.answer_bytes,
            disk_gib=None if beside.kept_bytes is None else beside.kept_bytes / BYTES_PER_GIB,
        )


def _points(arm: Arm, metric: str) -> dict[int, tuple[float, bool]]:
    """By repetition: the value, and whether it is suspect."""
    figure = arm.figures.get(metric)
    return {point.repetition: (point.value, point.suspect) for point in figure.points} if figure else {}


def beside_of(evidence: Evidence) -> dict[tuple[str, str, int], Beside]:
    """What the cells of a run tell: the memory of what stood around, and CPU that no component accounts for."""
    return {
        (each.cell.contender, each.cell.load, each.cell.repetition): Beside(
            _mean_gib(each, _around(evidence.experiment, each.cell.load)),
            _unattributed(each),
            each.outcome.answer_bytes if each.outcome else None,
            each.outcome.kept_bytes if each.outcome else None,
        )
        for each in evidence.cells
    }


def _around(experiment: Experiment | None, load: str) -> list[str]:
    """What stands around the contenders under a load, by name."""
    if experiment is None:
        return []
    return [each.name for each in experiment.around_under(hops_of(experiment.load_called(load)))]


def _unattributed(found: CellEvidence) -> float | None:
    around = found.outcome.surroundings if found.outcome else None
    return around.unattributed_cores if around else None


def _mean_gib(found: CellEvidence, names: Sequence[str]) -> float | None:
    """From usage.csv; None where it is missing or damaged, or does not tell of each of them."""
    try:
        rows = list(csv.DictReader(io.StringIO((found.usage or b"").decode()), strict=True))
        means = [fmean(float(row["memory_mib"]) for row in rows if row["component"] == name) for name in names]
    except (ValueError, KeyError, TypeError, csv.Error):  # StatisticsError is a ValueError: no reading at all
        return None
    return sum(means) / MIB_PER_GIB
