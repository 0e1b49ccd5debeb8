"""From the words of a user to experiments: which one is meant, and the form in which it travels."""

from __future__ import annotations

import difflib
import importlib
import traceback
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.image import tagged
from steps.errors import UsageError
from steps.model import Experiment, Phase
from steps.model.values import Model


def phases() -> tuple[Phase, ...]:
    """Every phase, from phases/index.py.

    Raises UsageError: a phase module has a mistake; the message names file, line and field.
    """
    try:
        module = importlib.import_module("phases.index")
    except ValidationError as error:
        raise UsageError(_mistake(error, _first(error))) from error
    except AttributeError as error:
        raise UsageError(_mistake(error, _unknown(error))) from error
    except (ImportError, SyntaxError, NameError, TypeError) as error:
        raise UsageError(_mistake(error, str(error))) from error
    found: tuple[Phase, ...] = module.PHASES
    return found


def _first(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, with the field that was probably meant."""
    # A field that is not known comes first: it often explains one that is missing.
    found = error.errors(include_url=False, include_context=False)
    first = min(found, key=lambda each: each["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"])
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] != "extra_forbidden":
        return f"{error.title}: {where}: {said}" if where else said
    near = difflib.get_close_matches(where, _fields_of(error.title), n=1)
    return f"{error.title} has no field {where!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _unknown(error: AttributeError) -> str:
    """What has no such name, with the one that was probably meant: an enumeration says the wrong name and nothing else."""
    if not isinstance(error.obj, type) or error.name is None:
        return str(error)
    near = difflib.get_close_matches(error.name, dir(error.obj), n=1)
    return f"{error.obj.__name__} has no {error.name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _fields_of(name: str) -> list[str]:
    kinds = [Model]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return [field for kind in kinds if kind.__name__ == name for field in kind.model_fields]


def _mistake(error: BaseException, said: str) -> str:
    """Where in the phases the mistake stands, and what it is."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}, line {error.lineno}: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "phases" in Path(frame.filename).parts]
    where = f"{_short(frames[-1].filename)}, line {frames[-1].lineno}" if frames else "phases"
    return f"{where}: {said}"


def _short(filename: str) -> str:
    parts = Path(filename).parts
    return str(Path(*parts[parts.index("phases") :])) if "phases" in parts else filename


def experiments(wanted: str, *, pilot: bool = False) -> tuple[Experiment, ...]:
    """The experiments that `phase-4`, `gateway-comparison` or `phase-4/gateway-comparison` means, ready to travel.

    pilot: the A/A runs of their baselines instead, which are experiments with names and prefixes of their own.
    Raises UsageError: there is none of that name (with the nearest), or it cannot be prepared.
    """
    found = _declared(wanted)
    if not pilot:
        return found
    measuring = [each for each in found if not each.reviews]
    if not measuring:
        message = f"{wanted} has no pilot: it measures nothing"
        raise UsageError(message)
    return tuple(_pilot(each) for each in measuring)


def _pilot(experiment: Experiment) -> Experiment:
    try:
        return experiment.as_pilot()
    except ValidationError as error:
        message = f"{experiment.name} has no pilot: {_first(error)}"
        raise UsageError(message) from error


def _declared(wanted: str) -> tuple[Experiment, ...]:
    all_phases = phases()
    named = {
        name: experiment
        for phase in all_phases
        for experiment in phase.experiments
        for name in (experiment.name, f"{phase.id}/{experiment.name}")
    }
    for phase in all_phases:
        if wanted == phase.id:
            return tuple(_whole(phase, experiment) for experiment in phase.experiments)
        for experiment in phase.experiments:
            if named.get(wanted) is experiment:
                return (_whole(phase, experiment),)
    known = [*(phase.id for phase in all_phases), *named]
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; `python -m pipelines list` shows what there is"
    message = f"there is no phase or experiment {wanted!r}{hint}"
    raise UsageError(message)


def names() -> list[str]:
    """Every id that `experiments` takes, for completion in the shell."""
    every = phases()
    return [*(phase.id for phase in every), *(each.name for phase in every for each in phase.experiments)]


def prepared(
    experiment: Experiment,
    *,
    quick: bool,
    settings: tuple[str, ...],
    precision: str | None = None,
    most_rounds: int | None = None,
) -> Experiment:
    """The experiment as it will run: `--set` and `--precision` applied, then made a preview when `quick`.

    A review has no load that could be changed, and no rounds: in a phase, both are for the others.
    Raises UsageError: no such setting, or a preview of what decides.
    """
    if quick and experiment.pilot:
        message = "--quick and --pilot exclude each other: three rounds tell no noise, and a pilot is short already"
        raise UsageError(message)
    if quick and (precision or most_rounds):
        message = "a preview decides nothing, so it cannot be precise: leave out --quick, or --precision and --most-rounds"
        raise UsageError(message)
    if experiment.reviews:
        return experiment.as_preview() if quick else experiment
    chosen = changed(experiment, settings) if settings else experiment
    if precision or most_rounds:
        chosen = precise(chosen, precision, most_rounds)
    return chosen.as_preview() if quick else chosen


def precise(experiment: Experiment, precision: str | None, most_rounds: int | None) -> Experiment:
    """The experiment that adds rounds until it is precise enough. precision: `5%`; None: the experiment's own.

    Raises UsageError: not a percentage, or a budget that does not fit.
    """
    asked = experiment.precision.model_dump() if experiment.precision else {}
    if precision:
        asked["half_width"] = _share(precision)
    if most_rounds:
        asked["most_rounds"] = most_rounds
    if "half_width" not in asked:
        message = f"--most-rounds {most_rounds}: is the budget of a precision; add one, such as --precision 5%"
        raise UsageError(message)
    try:
        return Experiment.model_validate(experiment.model_dump() | {"precision": asked})
    except ValidationError as error:
        message = f"--precision: {_first(error)}"
        raise UsageError(message) from error


def _share(text: str) -> float:
    """0.05 of `5%`. Raises UsageError."""
    number, sign, rest = text.partition("%")
    try:
        share = float(number) / 100
    except ValueError:
        share = 0.0
    if not sign or rest or not 0 < share < 1:
        message = f"--precision {text}: write it as a percentage between 0 and 100, such as 5%"
        raise UsageError(message)
    return share


def _whole(phase: Phase, experiment: Experiment) -> Experiment:
    """The experiment with its phase, the texts of its configuration templates, and our images named by their content."""
    names = sorted({each.config for each in experiment.everyone if each.config})
    texts = {name: _config(experiment, name) for name in names}
    reads = phase.read_by(experiment) if experiment.reviews else ()
    made = {name: tuple(map(tagged, getattr(experiment, name))) for name in ("contenders", "around")}
    filled = {"phase": phase.id, "configs": texts, "reads": reads, "baseline": tagged(experiment.baseline), **made}
    return experiment.model_copy(update=filled)


def _config(experiment: Experiment, name: str) -> str:
    try:
        text = (files("phases") / "configs" / name).read_text(encoding="utf-8")
    except OSError as error:
        message = f"{experiment.name}: the configuration template phases/configs/{name} cannot be read: {error.strerror}"
        raise UsageError(message) from error
    for sign, reader in UNSAFE.items():
        if sign in text:
            message = f"phases/configs/{name}: has {sign}, which {reader} would change on the way; write placeholders as @{{…}}"
            raise UsageError(message)
    return text


# Texts travel in the manifest. Seen on a real cluster: `$$` arrives as `$`, and `$(NAME)` as a variable's value.
UNSAFE = {"{{": "Argo", "$$": "the kubelet", "$(": "the kubelet"}


def changed(experiment: Experiment, settings: tuple[str, ...]) -> Experiment:
    """The experiment with `--set` applied: `rate_rps=200` changes every load, `repetitions=10` the experiment.

    Raises UsageError: no such setting, or not a value it takes.
    """
    plain = experiment.model_dump()
    for setting in settings:
        name, is_set, value = setting.partition("=")
        if not is_set:
            message = f"--set {setting}: write it as NAME=VALUE, such as rate_rps=200"
            raise UsageError(message)
        if name in SETTABLE:
            plain[name] = value
        else:
            _set_loads(plain["loads"], name, value, setting=setting)
    try:
        return Experiment.model_validate(plain)
    except ValidationError as error:
        message = f"--set {' '.join(settings)}: {_first(error)}"
        raise UsageError(message) from error


def _set_loads(loads: Sequence[dict[str, Any]], name: str, value: str, *, setting: str) -> None:
    """Sets a value of every load; `slo.p99_ms` is one within its SLO. Raises UsageError: the loads have no such setting."""
    for load in loads:
        settable = SETTABLE_OF_LOADS[load["kind"]]
        if name not in settable:
            message = f"--set {setting}: there is no setting {name!r}; there are {', '.join((*SETTABLE, *settable))}"
            raise UsageError(message)
        part, _, last = name.rpartition(".")
        (load[part] if part else load)[last] = value


SETTABLE = ("repetitions", "workers", "band", "budget_usd", "trace_events")
SETTABLE_OF_LOADS = {
    "http": ("rate_rps", "warmup_s", "duration_s", "timeout_s", "connections"),
    "sql": ("rate_tps", "warmup_s", "duration_s", "timeout_s", "clients", "scale"),
    "messages": ("rate_mps", "warmup_s", "duration_s", "timeout_s", "unacknowledged", "away_s"),
    "ramp": (
        *("slo.p99_ms", "slo.errors", "slo.sent", "start_rps", "most_rps", "resolution"),
        *("probe_s", "measure_s", "warmup_s", "timeout_s", "connections"),
    ),
    "sql-ramp": (
        *("slo.p99_ms", "slo.errors", "slo.sent", "start_tps", "most_tps", "resolution"),
        *("probe_s", "measure_s", "warmup_s", "timeout_s", "clients", "scale"),
    ),
}
