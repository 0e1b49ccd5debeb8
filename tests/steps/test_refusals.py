"""What a cluster says against a request, in words for people."""

import base64
import json
import ssl

import pytest

from steps import refusals
from steps.errors import ConflictError

FORBIDDEN = (
    'workflows.argoproj.io is forbidden: User "system:serviceaccount:argo:reader" cannot create resource "workflows" '
    'in API group "argoproj.io" in the namespace "argo"'
)
QUOTA = 'pods "x" is forbidden: exceeded quota: benchlab, requested: pods=1, used: pods=60, limited: pods=60'


def said(status, message, **more):
    return refusals.refused(status, message, where="the cluster", renew="renew it", **more)


def test_a_missing_right_is_named():
    """Who asks an administrator can say for what."""
    found = said(403, FORBIDDEN)

    assert isinstance(found, refusals.Denied)
    assert str(found) == (
        "system:serviceaccount:argo:reader may not create workflows.argoproj.io in namespace argo: "
        "ask the administrators of the cluster for the right `create workflows.argoproj.io`"
    )


def test_a_used_up_quota_is_no_missing_right():
    """Kubernetes answers 403 to both."""
    assert (
        str(said(403, QUOTA))
        == "the quota benchlab is used up: pods=1 was asked for, pods=60 of pods=60 are in use (the cluster)"
    )


def test_an_expired_token_says_when_it_expired():
    """The token tells it itself."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1_700_000_000}).encode()).decode().rstrip("=")

    assert "the token expired at 2023-11-14 22:13:20Z" in str(said(401, "Unauthorized", token=f"Bearer head.{claims}.tail"))
    assert str(said(401, "Unauthorized", token="no token at all")) == "the cluster does not accept who we are: renew it"


def test_a_cluster_without_argo_is_told_from_a_run_that_is_not_there():
    """Both are 404."""
    missing = said(404, "404 page not found", path="/apis/argoproj.io/v1alpha1/workflows")
    unknown = said(404, 'workflows.argoproj.io "x" not found', path="/apis/argoproj.io/v1alpha1/workflows/x")

    assert "knows no Argo Workflows" in str(missing)
    assert str(unknown) == 'workflows.argoproj.io "x" not found'


@pytest.mark.parametrize(("status", "kind"), [(409, ConflictError), (429, refusals.Unreachable), (503, refusals.Unreachable)])
def test_what_another_try_may_mend_is_told_apart(status, kind):
    """Only that is tried again."""
    assert isinstance(said(status, "no"), kind)


UNTRUSTED = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1)"
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UNTRUSTED, r"has a certificate that cannot be trusted \(self-signed certificate\): name its CA"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "does not speak TLS: switch it off"),
        (ConnectionRefusedError(111, "Connection refused"), r"cannot be reached \(connection refused\): is it running"),
        (TimeoutError("timed out"), "did not answer in time"),
        (OSError(-2, "Name or service not known"), "there is no host of that name"),
    ],
)
def test_no_answer_has_a_reason_and_a_way_out(error, words):
    """The layers of a client's errors are not for people."""
    found = refusals.unreached(error, where="the server", certificate="name its CA", plain="switch it off")

    assert refusals.re.search(words, str(found))
