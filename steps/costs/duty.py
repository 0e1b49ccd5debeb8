"""Always on against scaled to zero, as a model of a month: what is up is paid by the hour, CPU by the request.

Always on, memory and what is reserved are paid for every hour. Scaled to zero they are paid while there are requests, and at each
wake for the start and for the time in which it is held up after the last request. The CPU of a start is not measured, so it is in
neither. Busier than 1 − (wakes · (hold + start)) / month, nothing is saved: it is up all the time.
"""

from __future__ import annotations

from decimal import Decimal
from statistics import median

from steps.costs.curves import usd_per_hour
from steps.costs.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, Usd, exact, rounded
from steps.model import Arm, Figure
from steps.model.cost import ArmCost, ArmUse, CostCurve
from steps.model.review import Duty, Month
from steps.model.reviewing import DutyCycle
from steps.model.unit_cost import UnitCost

READY, MS_PER_S = "ready_ms", 1000
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
NO_START = "how long it takes to start was not measured"


def duty_of(arm: Arm, cost: ArmCost, use: ArmUse, *, cycle: DutyCycle, unit: UnitCost) -> Duty:
    """One contender under this duty cycle, or why nothing can be told of it."""
    cold = arm.figures.get(READY) or Figure(reason=NO_START)
    if cost.curve is None or cold.value is None:
        reason = cost.own.reason or cold.reason or "its cost at other rates is not known"
        return Duty(contender=arm.name, title=arm.title, cold=cold, reason=reason)
    rps = exact(median(each.rate_rps for each in use.uses))
    beside = _hours_held(cycle, exact(cold.value))
    months = tuple(_month(cost.curve, rps, exact(share), beside, unit) for share in cycle.busy_shares)
    even = rounded(max(Decimal(0), 1 - beside / HOURS_PER_MONTH))
    return Duty(contender=arm.name, title=arm.title, cold=cold, months=months, break_even_share=even)


def _hours_held(cycle: DutyCycle, cold_ms: Decimal) -> Decimal:
    """Hours of a month in which it is up without a request: starting, and held after the last one."""
    each_s = exact(cycle.hold_s) + cold_ms / MS_PER_S
    return exact(cycle.wakes_per_day) * DAYS_PER_MONTH * each_s / SECONDS_PER_HOUR


def _month(curve: CostCurve, rps: Decimal, share: Decimal, held: Decimal, unit: UnitCost) -> Month:
    busy = share * HOURS_PER_MONTH
    idle = HOURS_PER_MONTH - busy
    working = busy * usd_per_hour(curve, rps, unit) + idle * curve.disk_usd_per_hour  # what is kept stays when nothing runs
    up = curve.memory_usd_per_hour + curve.reserved_usd_per_hour
    always, to_zero = Usd(working + idle * up), Usd(working + min(idle, held) * up)
    saved = 100 * ((always - to_zero) / always) if always.value else Decimal(0)
    return Month(busy_share=rounded(share), always_usd=always.value, to_zero_usd=to_zero.value, saved_percent=rounded(saved))
