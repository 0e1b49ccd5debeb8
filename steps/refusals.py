"""What a cluster says against a request, as one sentence that a person can act on. Pure.

Kubernetes and Argo Server name the object, the right or the field, but in words for programs. A sentence of ours says who could
not do what, where, and the way out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime

from steps.errors import ClusterError, ConflictError, LabError

_FORBIDDEN = re.compile(
    r'User "(?P<who>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"'
    r'(?: in API group "(?P<group>[^"]*)")?(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<asked>[^ ]+), used: (?P<used>[^ ]+), limited: (?P<limit>\S+)"
)
_TLS = "certificate verify failed: "


class Unreachable(ClusterError):
    """There was no answer, or none that can be used: worth another try."""


class Absent(ClusterError):
    """There is no such object, or no such kind."""


class Denied(ClusterError):
    """Whoever asked is not known, or has not the right."""


def said_in(body: str) -> str:
    """The message in the body of a refusal; both APIs put it in a field of that name."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.strip() or "no reason given"


def refused(status: int, said: str, *, where: str, renew: str, token: str = "", path: str = "") -> LabError:
    """The error for an HTTP status of 400 and above.

    where: what answered, for people; renew: how the caller's proof of identity is renewed; token: that proof, if it is a token.
    """
    if status == 401:
        return Denied(f"{where} does not accept who we are{_expired(token)}: {renew}")
    if status == 403:
        return Denied(_forbidden(said, where))
    if status == 404:
        missing = "argoproj" in path and '" not found' not in said
        return Absent(f"{where} knows no Argo Workflows: install it, or make a cluster with `make kind`" if missing else said)
    if status == 409:
        return ConflictError(said)
    if status in {408, 425, 429} or status >= 500:
        return Unreachable(f"{where} cannot answer at the moment ({status}: {said})")
    return ClusterError(f"{where} refused it: {said}")


def _forbidden(said: str, where: str) -> str:
    if quota := _QUOTA.search(said):
        asked, used, limit = quota["asked"], quota["used"], quota["limit"]
        return f"the quota {quota['quota']} is used up: {asked} was asked for, {used} of {limit} are in use ({where})"
    found = _FORBIDDEN.search(said)
    if found is None:
        return f"{where} forbids it: {said}"
    group = f".{found['group']}" if found["group"] else ""
    inside = f" in namespace {found['namespace']}" if found["namespace"] else " in the whole cluster"
    right = f"{found['verb']} {found['resource']}{group}"
    return f"{found['who']} may not {right}{inside}: ask the administrators of {where} for the right `{right}`"


def _expired(token: str) -> str:
    """` (the token expired at …)`, where the token says so itself."""
    part = token.removeprefix("Bearer ").split(".")[1:2]
    if not part:
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part[0] + "=" * (-len(part[0]) % 4)))
        at = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, binascii.Error):
        return ""
    return f" (the token expired at {at:%Y-%m-%d %H:%M:%S}Z)" if at < datetime.now(UTC) else ""


def unreached(error: BaseException, *, where: str, certificate: str, plain: str = "") -> ClusterError:
    """The error for a request that got no answer.

    certificate: how the right CA is named; plain: how TLS is switched off, where that can be.
    """
    root = _root(error)
    text = f"{error} {root}"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition(_TLS)[2].partition(" (_ssl.c")[0] or "it is not signed by a CA that is known here"
        return ClusterError(f"{where} has a certificate that cannot be trusted ({why}): {certificate}")
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return ClusterError(f"{where} does not speak TLS{f': {plain}' if plain else ''}")
    if any(
        word in text for word in ("Name or service not known", "name resolution", "nodename nor servname", "No address assoc")
    ):
        return Unreachable(f"{where} cannot be reached: there is no host of that name")
    if "timed out" in text or isinstance(root, TimeoutError):
        return Unreachable(f"{where} did not answer in time: is it running, and does a firewall stand between?")
    why = getattr(root, "strerror", None) or str(root)
    return Unreachable(f"{where} cannot be reached ({why.lower()}): is it running, and is the address right?")


def _root(error: BaseException) -> BaseException:
    """What lies under the layers of a client's errors."""
    inner = getattr(error, "reason", None)
    inner = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return _root(inner) if inner is not None and inner is not error else error
