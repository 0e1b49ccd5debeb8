"""A whole small run as the Argo UI shows it: cells by name, the verdict as an output, the report as a page that opens."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import urllib3

from phases.catalogue.gateways import NGINX
from tests.cluster.conftest import wait_for
from tests.cluster.servers import answers, free_port
from tests.cluster.small_run import SmallRun, small

pytestmark = pytest.mark.argo


@pytest.fixture(scope="module")
def run(installed, need_images):
    """A run that was watched to its end."""
    need_images(NGINX.image.reference)
    made = SmallRun.begin(installed.kube, small())
    made.wait()
    yield made
    made.delete()


@pytest.fixture(scope="module")
def kept(run):
    return run.wait()


@pytest.fixture(scope="module")
def inside(installed, tmp_path_factory):
    """An Argo Server that knows the cluster's names, as one in the cluster does: its address."""
    argo, unshare = shutil.which("argo"), shutil.which("unshare")
    dns = os.environ.get("BENCHLAB_TEST_DNS", "198.18.0.1")
    if not (argo and unshare and os.environ.get("KUBECONFIG") and os.getuid() == 0):
        pytest.skip("an Argo Server with the cluster's DNS needs `argo`, `unshare`, a KUBECONFIG and root")
    folder, port = tmp_path_factory.mktemp("inside"), free_port()
    (folder / "resolv.conf").write_text(f"nameserver {dns}\nsearch cluster.local\n")
    words = [argo, "server", "--auth-mode", "server", "--secure=false", "--port", str(port), "--namespace", "argo"]
    mounted = f'mount --bind {folder}/resolv.conf "$(readlink -f /etc/resolv.conf)" && exec "$@"'
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([unshare, "--mount", "sh", "-c", mounted, "sh", *words], stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}"), what=lambda: (folder / "log").read_text()[-2000:])
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_cells_are_lines_with_their_names(kept):
    """One node for each, below one group; the steps of a cell below it."""
    cells = sorted(node.display_name.partition(":")[2] for node in kept.status.nodes.values() if ":" in node.display_name)

    assert cells == ["direct-200rps-r1)", "nginx-200rps-r1)"]
    assert kept.status.phase == "Succeeded"
    assert kept.status.output("verdict") == "Preview"


def test_titles_say_what_is_asked(kept):
    """The list of runs shows the question."""
    found = kept.document["metadata"]["annotations"]

    assert found["workflows.argoproj.io/title"] == "**phase-4 / small-run**"
    assert "What does each gateway add to latency and CPU over direct traffic?" in found["workflows.argoproj.io/description"]


def test_report_is_a_page_that_opens(run, kept, inside):
    """Argo Server hands it out as HTML, not as an archive, at the address that the UI links to."""
    report = next(node for node in kept.status.pods() if node.template == "report")
    path = f"/artifact-files/{run.kube.namespace}/workflows/{run.name}/{report.id}/outputs/page"

    answer = urllib3.PoolManager().request("GET", f"{inside}{path}", timeout=20)

    assert answer.status == 200, answer.data[:500]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.data.lower().startswith(b"<!doctype html")


def test_load_keeps_apart_from_what_it_measures(run, kept):
    """Where there are two nodes: the pod has the rule, which the API took; one node cannot show that it works."""
    load = next(node for node in kept.status.pods() if node.template == "load")
    rule = run.kube.get("Pod", kept.status.pod_name(load))["spec"]["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]

    [term] = [each["podAffinityTerm"] for each in rule]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["labelSelector"]["matchLabels"] == {"benchlab.dev/run": run.name}
    assert term["labelSelector"]["matchExpressions"] == [{"key": "benchlab.dev/component", "operator": "Exists"}]
