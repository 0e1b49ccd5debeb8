"""The environment of a step's process: what the kubelet does for a container, without a container."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import steps
from pipelines.local.spec import Env
from steps.errors import LabError

Secrets = Mapping[str, Mapping[str, str]]

_REFERENCE = re.compile(r"\$(\$|\(([^)\s]*)\))")
_BASE = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
# Where the user keeps what a Secret cannot carry: a profile, the files it is in, a company's certificates.
_STORE = ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")


class MissingSecret(LabError):
    """A variable wants a key that the secret does not hold; the message is the kubelet's."""


def base(environment: Mapping[str, str]) -> dict[str, str]:
    """What every step sees of the user's environment: where programs are, and what is said to the lab."""
    found = {name: environment[name] for name in (*_BASE, *_STORE) if name in environment}
    found |= {name: value for name, value in environment.items() if name.startswith("BENCHLAB_")}
    # So that `python -m steps` finds the lab from a folder that is not its own.
    ground = str(Path(steps.__file__).resolve().parent.parent)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (ground, environment.get("PYTHONPATH"))))
    return found


def variables(declared: tuple[Env, ...], secrets: Secrets) -> dict[str, str]:
    """The variables of a container. Raises MissingSecret: one is needed and not there."""
    found: dict[str, str] = {}
    for each in declared:
        reference = each.value_from.secret_key_ref if each.value_from else None
        if reference is None:
            found[each.name] = expand(each.value or "", found)
            continue
        value = secrets.get(reference.name, {}).get(reference.key)
        if value is not None:
            found[each.name] = value
        elif not reference.optional:
            message = f"couldn't find key {reference.key} in Secret {reference.name}"
            raise MissingSecret(message)
    return found


def expand(text: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` becomes the variable's value and `$$` a dollar; an unknown name stays."""

    def one(match: re.Match[str]) -> str:
        return "$" if match.group(1) == "$" else known.get(match.group(2), match.group(0))

    return _REFERENCE.sub(one, text)
