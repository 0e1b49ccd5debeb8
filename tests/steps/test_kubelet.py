"""The kubelet as a second witness: what it tells, and what may come between. Against a real one: tests/cluster."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import certifi
import pytest

from steps import kubelet
from steps.drivers import cross_check
from steps.drivers.cross_check import Witnesses
from steps.errors import PlaceError
from steps.kubelet import Counter
from steps.model import CrossCheck, Endpoints, PodContainer

TEXT = """# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="keeper",namespace="lab",pod="nginx-1"} 0.084558045 1795610416571
container_cpu_usage_seconds_total{container="nginx",namespace="lab",pod="nginx-1"} 1.2e-05 1795610416579
container_memory_working_set_bytes{container="nginx",namespace="lab",pod="nginx-1"} 3.121152e+06 1795610416579
"""


@pytest.fixture
def account(tmp_path):
    """The files of a ServiceAccount that nobody knows."""
    (tmp_path / "token").write_text("none")
    (tmp_path / "ca.crt").write_text(Path(certifi.where()).read_text())
    return tmp_path


@contextmanager
def self_signed(folder):
    """A server whose certificate nobody else has signed: its port, and what it hears of requests."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to sign a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *subject)
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard = []

    def hear():
        with suppress(OSError), context.wrap_socket(server.accept()[0], server_side=True) as connection:
            heard.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join(5)


def test_counters_are_those_of_containers_with_their_moments():
    """Milliseconds and all; what is not CPU time is left out."""
    assert kubelet.parse(TEXT) == {
        ("lab", "nginx-1", "keeper"): Counter(0.084558045, 1795610416571),
        ("lab", "nginx-1", "nginx"): Counter(1.2e-05, 1795610416579),
    }


def test_beside_a_cluster_there_is_no_account(tmp_path):
    """Said in words that can stand in a report."""
    with pytest.raises(PlaceError, match="this is not a pod with a ServiceAccount's token"):
        kubelet.read("127.0.0.1", account=tmp_path)


def test_kubelet_that_cannot_be_reached_is_a_reason(account):
    """A firewall before the node, in no more than two seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(PlaceError, match=r"the kubelet at 127\.0\.0\.1 cannot be reached"):
        kubelet.read("127.0.0.1", port=port, account=account)


def test_without_a_second_witness_the_check_says_why(tmp_path):
    """And the component keeps its row."""
    pod = PodContainer(node="127.0.0.1", namespace="lab", pod="nginx-1", container="nginx")
    where = Endpoints(target="http://x", keepers={"nginx": "http://127.0.0.1:9"}, pods={"nginx": pod})

    async def whole():
        return await cross_check.compare(where, await cross_check.ask(where, account=tmp_path), account=tmp_path)

    assert asyncio.run(whole()) == (CrossCheck(component="nginx", reason="this is not a pod with a ServiceAccount's token"),)


def test_token_is_not_shown_to_a_kubelet_that_is_not_known(account, tmp_path):
    """Its certificate is signed by itself, as kubeadm leaves it: no request is sent to it."""
    with (
        self_signed(tmp_path) as (port, heard),
        pytest.raises(PlaceError, match="the kubelet's certificate is not signed by the cluster's authority"),
    ):
        kubelet.read("127.0.0.1", port=port, account=account)

    assert heard == []


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        (
            Witnesses(1.0, Counter(1.001, 1_000)),
            Witnesses(2.871, Counter(2.871, 11_200)),
            CrossCheck(component="nginx", keeper_s=1.871, kubelet_s=1.87, over_s=10.2),
        ),
        (Witnesses(1.0, Counter(1.0, 0)), "it went", CrossCheck(component="nginx", reason="it went")),
        ("not yet", "it went", CrossCheck(component="nginx", reason="not yet")),
    ],
    ids=["both", "lost", "never"],
)
def test_both_must_have_been_heard_twice(before, after, check):
    """Differences of the same two moments, or the first reason why there are none."""
    found = cross_check._compare("nginx", before, after)

    assert found.reason == check.reason
    assert (found.keeper_s, found.kubelet_s) == (
        (None, None) if check.reason else (pytest.approx(check.keeper_s), pytest.approx(check.kubelet_s))
    )
