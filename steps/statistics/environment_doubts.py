"""When the machine is to blame: every limit on a cell's surroundings stands here, with its reason.

What is not known is no doubt; it stands in the outcome's `surroundings.unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator

from steps.model import CanaryReference, Surroundings
from steps.statistics.words import counted, percent

# A neighbour that takes a tenth of the system's cores makes what waits for them wait a tenth longer: gateways differ by as much.
# It is a share, so that one busy core among sixteen, which nobody has to share, is no doubt.
MOST_UNATTRIBUTED = 0.1
# The hypervisor gave these cores to another guest: the same time is missing, and nobody here can see who has it.
MOST_STEAL = 0.02
# Rule 19. A component that is held back by a limit is measured at its limit, and the held requests make the tail.
MOST_THROTTLED = 0.01
# Some task waited for memory (reclaim, swap) or for a disk. Gateways do neither; 5 % of the window is in the tail at p95.
MOST_PRESSURE = {"io": 0.05, "memory": 0.05}
# Pressure on CPU has no limit: a contender and its upstream that share a core wait for each other, as they should.

# The canary. Three standard deviations alone would suspect every tenth cell, for within the seconds of the calibration a machine
# is steadier than over a run; the share alone would suspect a machine that always swings. Counted on a shared virtual machine:
# on a core that others used for less than 20 %, none of 13 songs was slower by these shares; on one that they used for more than
# 70 %, of 439 songs 88 % were by the CPU's share, 72 % by the loopback's and 64 % by the disk's.
CANARY_SDS = 3.0
CANARY_SHARE = {"cpu": 0.25, "loopback": 0.5, "disk": 2.0}


def environment_doubts(found: Surroundings, reference: CanaryReference | None, *, commits: bool = False) -> Iterator[str]:
    """What the surroundings of a cell let doubt about it, in sentences without their "suspect: environment: ".

    commits: the load makes the contender write to the disk, and wait for it.
    """
    foreign, beside = foreign_cores(found, commits=commits)
    if foreign is not None and found.cores and foreign > MOST_UNATTRIBUTED * found.cores:
        yield (
            f"{foreign:.2f} of {counted(found.cores, 'core')} went to something else "
            f"(what no component accounts for{beside}); {percent(MOST_UNATTRIBUTED)} may"
        )
    if found.steal_share is not None and found.steal_share > MOST_STEAL:
        yield f"{percent(found.steal_share)} of its cores' time was stolen by the hypervisor; {percent(MOST_STEAL)} may be"
    if found.throttled_share is not None and found.throttled_share > MOST_THROTTLED:
        yield f"a CPU limit held it back for {percent(found.throttled_share)} of the window; {percent(MOST_THROTTLED)} may be"
    for resource, most in MOST_PRESSURE.items():
        if resource == "io" and commits:
            continue  # that is what a commit is
        share: float | None = getattr(found, f"{resource}_pressure_share")
        if share is not None and share > most:
            yield f"something waited for {resource} in {percent(share)} of the window; {percent(most)} may be"
    for part, shift in found.canary_shift.items():
        if reference is not None and _shifted(part, shift, reference):
            borne = percent(CANARY_SHARE[part])
            yield f"the canary's {part} part took {percent(shift)} longer than before the run; {borne} may be"


def foreign_cores(found: Surroundings, *, commits: bool) -> tuple[float | None, str]:
    """CPU seconds per second of somebody else, at most, and what is to be said of it.

    Where every program of the machine can be seen, what none of them used was the kernel's between programs: interrupts, and the
    ways into idleness and out of it, which the load itself makes. Its own threads write back what a commit waits for, so with
    such a load their time is the contender's doing too; under any other load nobody asked for it.
    """
    whole, kernel, programs = found.unattributed_cores, found.kernel_cores, found.programs_cores
    if whole is None or kernel is None or programs is None:
        return whole, ""
    told = f"; other programs used {programs:.2f} in all, the kernel's own threads {kernel:.2f}"
    return min(whole, programs if commits else programs + kernel), told


def _shifted(part: str, shift: float, reference: CanaryReference) -> bool:
    usual = reference.usual[part]
    return shift > CANARY_SHARE[part] and shift * usual.mean_ms > CANARY_SDS * usual.sd_ms
