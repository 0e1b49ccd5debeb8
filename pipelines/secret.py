"""How a step reaches the store: the environment variables it reads, and the keys of the Secret they come from."""

from __future__ import annotations

from collections.abc import Mapping

NAME = "benchlab-s3"
# environment variable → key in the secret, and whether a place may leave it out
SETTINGS = (
    ("BENCHLAB_S3_BUCKET", "bucket", False),
    ("BENCHLAB_S3_ADDRESSING", "addressing", True),
    ("AWS_ENDPOINT_URL", "endpoint", True),
    ("AWS_REGION", "region", True),
    ("AWS_ACCESS_KEY_ID", "access-key", True),
    ("AWS_SECRET_ACCESS_KEY", "secret-key", True),
    ("AWS_SESSION_TOKEN", "session-token", True),
)

# What only some steps get: verb → variable, secret, key. Each may be missing.
_GITHUB = (("GITHUB_TOKEN", "benchlab-discovery", "github-token"),)
_WRITER = (("BENCHLAB_WRITER_TOKEN", "benchlab-discovery", "writer-token"),)
TOKENS = {"discover-fetch": _GITHUB, "discover-notify": _GITHUB, "discover-write": _WRITER}


# Names that boto3 takes too; a Secret has one key for each pair.
_ALSO = {"AWS_ENDPOINT_URL": "AWS_ENDPOINT_URL_S3", "AWS_REGION": "AWS_DEFAULT_REGION"}


def of(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The secret that carries these settings, as `name → key → value`."""
    found = {key: environment.get(name) or environment.get(_ALSO.get(name, ""), "") for name, key, _ in SETTINGS}
    return {NAME: {key: value for key, value in found.items() if value}}
