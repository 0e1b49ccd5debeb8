"""An Argo Server with TLS and a login: right and wrong certificates, right, wrong and expired tokens."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.cluster import submit
from pipelines.cluster.server import Server
from steps.errors import ClusterError
from steps.refusals import Denied
from tests.cluster.accounts import READ, account
from tests.cluster.conftest import wait_for
from tests.cluster.servers import answers, free_port
from tests.cluster.toys import deep

pytestmark = pytest.mark.argo


def signed(folder):
    """A CA, and a certificate for 127.0.0.1 that it signed: ca.crt, tls.crt, tls.key."""
    openssl = shutil.which("openssl") or pytest.skip("no openssl to make a certificate with")
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")

    def make(*words):
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    make(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "ca.key",
        "-subj",
        "/CN=test-ca",
        "-out",
        "ca.crt",
    )
    make("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-subj", "/CN=argo", "-out", "tls.csr")
    make("x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
         "-extfile", "names", "-out", "tls.crt")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def guarded(room, tmp_path_factory):
    """An Argo Server with TLS and --auth-mode=client: its address, and the CA that signed its certificate."""
    argo = shutil.which("argo") or pytest.skip("no argo program to start a server with")
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("the server needs a KUBECONFIG")
    folder, port = signed(tmp_path_factory.mktemp("tls")), free_port()
    room.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "workflow-controller-configmap"}})
    data = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in ("tls.crt", "tls.key")}
    room.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "test-tls"}, "type": "kubernetes.io/tls", "data": data}
    )
    words = ["server", "--auth-mode=client", "--port", str(port), "--namespace", room.namespace, "--namespaced"]
    words += ["--tls-certificate-secret-name", "test-tls", "--managed-namespace", room.namespace]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([argo, *words], stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(f"https://127.0.0.1:{port}"), within_s=60, what=lambda: (folder / "log").read_text()[-2000:])
        yield f"127.0.0.1:{port}", folder / "ca.crt"
    finally:
        process.terminate()
        process.wait(20)


def to_server(address, room, *, authority, token="", **more):
    given = {"ARGO_SERVER": address, "ARGO_NAMESPACE": room.namespace, "ARGO_TOKEN": token, **more}
    return Server.from_environment(given, certificate_authority=authority)


def test_a_guarded_server_takes_the_right_ca_and_token_and_no_other(guarded, room, tmp_path):
    """TLS and --auth-mode=client: each wrong thing is named, with what to do about it."""
    address, authority = guarded
    token = account(room, "test-guarded", [READ])
    (tmp_path / "other").mkdir()
    other = signed(tmp_path / "other") / "ca.crt"

    assert isinstance(to_server(address, room, authority=authority, token=f"Bearer {token}").briefs(), list)
    assert isinstance(to_server(address, room, authority=None, token=token, ARGO_INSECURE_SKIP_VERIFY="true").briefs(), list)
    wrong = {
        "has a certificate that cannot be trusted .*--certificate-authority": to_server(
            address, room, authority=other, token=token
        ),
        "has a certificate that cannot be trusted": to_server(address, room, authority=None, token=token),
        "does not accept who we are: set ARGO_TOKEN": to_server(address, room, authority=authority, token=""),
        "does not accept who we are": to_server(address, room, authority=authority, token="Bearer not.a.token"),
        "speaks TLS: unset ARGO_SECURE": to_server(address, room, authority=None, ARGO_SECURE="false"),
    }
    for words, api in wrong.items():
        with pytest.raises(ClusterError, match=words):
            api.briefs()
    with pytest.raises(Denied, match=r"may not create workflows.argoproj.io|permission denied|forbid"):
        to_server(address, room, authority=authority, token=token).create(submit.named(deep(), datetime.now(UTC)), dry_run=False)


def signed_token(room, name, *, lasts_s):
    """A token of a ServiceAccount, signed with the cluster's own key: the API gives none that lasts less than ten minutes."""
    home = Path(os.environ.get("CLUSTER_HOME", Path.home() / ".cache" / "bench-cluster"))
    key, openssl = home / "pki" / "sa.key", shutil.which("openssl")
    if openssl is None or not os.access(key, os.R_OK):
        pytest.skip(f"no openssl, or the cluster's key {key} cannot be read: no token can be made that has expired")
    uid = room.get("ServiceAccount", name)["metadata"]["uid"]
    issuer, now = "https://kubernetes.default.svc.cluster.local", int(time.time())
    whose = {"namespace": room.namespace, "serviceaccount": {"name": name, "uid": uid}}
    claims = {"iss": issuer, "aud": [issuer], "sub": f"system:serviceaccount:{room.namespace}:{name}", "kubernetes.io": whose}
    claims |= {"iat": now - 7200, "nbf": now - 7200, "exp": now + lasts_s}
    text = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    done = subprocess.run([openssl, "dgst", "-sha256", "-sign", key], input=text, capture_output=True, check=True)
    return b".".join((text, _base64url(done.stdout))).decode()


def _base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def test_a_guarded_server_does_not_take_a_token_that_has_expired(guarded, room):
    """The same token is good before its time is over, and afterwards the message says how to get a new one."""
    address, authority = guarded
    account(room, "test-expiring", [READ])
    good, expired = (signed_token(room, "test-expiring", lasts_s=lasts_s) for lasts_s in (600, -60))

    assert isinstance(to_server(address, room, authority=authority, token=good).briefs(), list)
    with pytest.raises(Denied, match=r"does not accept who we are \(the token expired at .*\): set ARGO_TOKEN to a new one"):
        to_server(address, room, authority=authority, token=expired).briefs()
