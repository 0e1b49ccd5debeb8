"""From the words of `install` and the environment to what an installation is told."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from pipelines import schedule, secret
from pipelines.cluster.settings import S3, Settings
from steps.errors import UsageError
from steps.kube import Kube

_FIELDS = {
    "bucket": "bucket",
    "addressing": "addressing",
    "endpoint": "endpoint",
    "region": "region",
    "access-key": "access_key",
    "secret-key": "secret_key",
    "session-token": "session_token",
}


def settings(
    namespace: str, environment: Mapping[str, str], *, own_s3: bool, kube: Kube | None, nodes: bool, **chosen: str | int | None
) -> Settings:
    """The settings of an installation; what was not chosen has its default. Raises UsageError naming what is wrong."""
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if "sweep_every" in given:
        schedule.check(given["sweep_every"])
    try:
        s3 = _s3(environment, kube) if own_s3 else None
        return Settings(namespace=namespace, s3=s3, nodes=nodes, **given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "s3"
        message = f"{where.replace('_', '-')}: {first['msg'].removeprefix('Value error, ')}"
        raise UsageError(message) from error


def _s3(environment: Mapping[str, str], kube: Kube | None) -> S3:
    """The S3 that the environment names, or else that of the Secret which somebody put into the namespace."""
    values = secret.of(environment)[secret.NAME]
    if "bucket" not in values and kube is not None and (held := kube.get("Secret", secret.NAME)):
        values = {key: base64.b64decode(value).decode() for key, value in held.get("data", {}).items()}
    if "bucket" not in values:
        message = (
            "--s3 needs BENCHLAB_S3_BUCKET (with AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION as the "
            f"store wants them), or a Secret {secret.NAME} in the namespace"
        )
        raise UsageError(message)
    unknown = sorted(values.keys() - _FIELDS.keys())
    if unknown:
        message = f"Secret {secret.NAME} has keys that mean nothing here: {', '.join(unknown)}; there are {', '.join(_FIELDS)}"
        raise UsageError(message)
    return S3.model_validate({_FIELDS[key]: value for key, value in values.items()})
