"""CPU counters of a node's containers, asked of its kubelet itself: a second witness beside the keepers.

`/metrics/resource` and not `/stats/summary`: it tells times in milliseconds, the summary in whole seconds, which over twelve
seconds are more than the 5 % that are borne. It takes the right to `get nodes/metrics`; `nodes/proxy`, the way through the API
server, would let its owner run commands in every pod. The kubelet's certificate must be signed by the cluster's authority: a
token is not shown to somebody who is not known. On a cluster whose kubelets sign their own (kubeadm without
`serverTLSBootstrap`, and so kind) there is no second witness.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from steps.errors import PlaceError
from steps.kube import IN_POD

PORT = 10250
WITHIN_S = 2.0
LABELS = r'container="([^"]+)",namespace="([^"]+)",pod="([^"]+)"'
CPU = re.compile(rf"^container_cpu_usage_seconds_total\{{{LABELS}\}} (\S+) (\d+)$", re.MULTILINE)


class Counter(NamedTuple):
    """CPU seconds of a container since its start, and when that was so."""

    cpu_s: float
    at_ms: int  # of the Unix epoch, by the node's clock


Containers = Mapping[tuple[str, str, str], Counter]  # (namespace, pod, container) →


def read(address: str, *, port: int = PORT, account: Path = IN_POD) -> Containers:
    """The counters of a node's containers. account: the files of the ServiceAccount.

    Raises PlaceError: there is no account here, the kubelet cannot be reached, is not known, or refuses.
    """
    import urllib3

    try:
        token, authority = (account / "token").read_text(), (account / "ca.crt").read_text()
    except OSError as error:
        message = "this is not a pod with a ServiceAccount's token"
        raise PlaceError(message) from error
    http = urllib3.PoolManager(ca_cert_data=authority, retries=False, timeout=WITHIN_S)
    host = f"[{address}]" if ":" in address else address
    try:
        answer = http.request("GET", f"https://{host}:{port}/metrics/resource", headers={"Authorization": f"Bearer {token}"})
    except urllib3.exceptions.SSLError as error:
        message = "the kubelet's certificate is not signed by the cluster's authority"
        raise PlaceError(message) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        message = f"the kubelet at {address} cannot be reached ({type(error).__name__})"
        raise PlaceError(message) from error
    if answer.status in {401, 403}:
        message = "there is no right to get nodes/metrics (`install` without --no-nodes gives it)"
        raise PlaceError(message)
    if answer.status != 200:
        message = f"the kubelet at {address} answers with status {answer.status}"
        raise PlaceError(message)
    return parse(answer.data.decode(errors="replace"))


def parse(text: str) -> Containers:
    """The counters in the text of `/metrics/resource`."""
    found = CPU.findall(text)
    return {(namespace, pod, name): Counter(float(cpu_s), int(at_ms)) for name, namespace, pod, cpu_s, at_ms in found}
