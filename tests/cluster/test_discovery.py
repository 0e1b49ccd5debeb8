"""A discovery on a real Argo: from servers in the cluster to the digest in the store, and started by a schedule."""

import datetime as dt
import json
import re

import pytest

from pipelines.cluster import crons, follow, report, runs, submit
from pipelines.cluster.direct import Direct
from pipelines.discovery import documents
from steps.discover.settings import Discovery, Source
from tests.cluster.conftest import steps_image, wait_for
from tests.cluster.toys import IMAGE, SAFE, SAFE_PODS
from tests.steps.discover import shapes

pytestmark = pytest.mark.argo

PORT = 8080
SERVERS = (8080, 8081, 8082, 8083)  # ports of one Service: to a discovery they are four servers
PAGES = {
    "/landscape.yml": "landscape:\n  - name: A\n    subcategories:\n      - name: Gateway\n        items:\n"
    '          - {name: Thing, homepage_url: "https://a.example", repo_url: "https://github.com/a/thing", project: sandbox}\n',
    "/releases/a/thing": shapes.RELEASES.decode(),
    "/repositories/a/thing": shapes.REPOSITORY.decode(),
    "/feed": shapes.FEED.decode(),
}
SERVER = """
import http.server, json, os
pages = json.loads(os.environ["PAGES"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = pages.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


@pytest.fixture
def site(installed):
    """A pod with the servers' answers, and a Service before it, which ends with the test."""
    kube, labels = installed.kube, {"app": "discovery-site"}
    container = {
        "name": "site",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", SERVER],
        "env": [{"name": "PAGES", "value": json.dumps(PAGES)}],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "securityContext": SAFE,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
    }
    meta = {"name": "discovery-site", "labels": labels}
    spec = {"containers": [container], "securityContext": SAFE_PODS, "terminationGracePeriodSeconds": 0}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    ports = [{"name": f"p{port}", "port": port, "targetPort": PORT} for port in SERVERS]
    kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": labels, "ports": ports}})
    wait_for(lambda: ready(kube.get("Pod", "discovery-site")), within_s=60, what="the servers")
    yield tuple(f"discovery-site:{port}" for port in SERVERS)
    kube.delete("Service", "discovery-site")
    kube.delete("Pod", "discovery-site")


def ready(pod):
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))


def stored(installed, name):
    """A file of today's weekly report."""
    with report.store_of(installed.kube) as store:
        return store.get(f"discovery/weekly/{dt.datetime.now(dt.UTC).date()}/{name}")


def settings(places):
    """Four sources beside the landscape, two of which share a server, and one of which is not there."""
    first, github, feeds, trending = places
    sources = [
        Source(kind="landscape", urls=(f"http://{first}/landscape.yml",), delay_s=0, robots=False),
        Source(kind="releases", urls=(f"http://{github}/releases/@{{repository}}",), delay_s=0, robots=False),
        Source(kind="repositories", urls=(f"http://{github}/repositories/@{{repository}}",), delay_s=0, robots=False),
        Source(kind="feeds", urls=(f"http://{feeds}/feed",), delay_s=0),
        Source(kind="trending", urls=(f"http://{trending}/trending",), delay_s=0),
    ]
    return Discovery(contact="https://lab.example", sources=tuple(sources), scope={"A / Gateway": 1.0}, allow=places)


def test_discovery_comes_to_its_digest_in_the_store(installed, site):
    """The fan-out over the sources, one of which is not there; the summary is an output of the Workflow, the digest an object."""
    argo = Direct(installed.kube)
    made = documents.documents("discovery-weekly", image=steps_image(), discovery=settings(site))
    run = submit.submit(argo, made)

    kept = follow.wait(argo, run)

    assert kept.status.succeeded, kept.status.message
    names = {node.display_name.removesuffix("(0)") for node in kept.status.nodes.values()}
    assert {"landscape", "normalise", "diff", "score", "report", "notify"} <= names
    assert sum(bool(re.match(r"sources\(\d", name)) for name in names) == 3
    assert any("releases+repositories" in name for name in names)
    assert kept.status.output("summary").startswith("First snapshot of the landscape")
    found = json.loads(stored(installed, "findings.json"))
    assert [each["source"] for each in found["troubles"]] == ["trending"]
    assert [each["name"] for each in found["scores"]] == ["Thing"]
    assert "[Thing](https://github.com/a/thing)" in stored(installed, "digest.md").decode()
    installed.kube.delete("Workflow", run["metadata"]["name"])


def test_scheduled_discovery_is_started_by_the_controller(installed, site):
    """A CronWorkflow at every minute: its first run comes to a report, and deleting the schedule spares it."""
    kube = installed.kube
    made = documents.documents("discovery-daily", image=steps_image(), discovery=settings(site))
    crons.create(kube, crons.documents(made, what="discovery-daily", name=None, when="* * * * *", timezone="Etc/UTC"))
    which = "benchlab.dev/discovery=daily"
    begun = wait_for(lambda: kube.list("Workflow", selector=which), within_s=90, what="the first run")[0]
    crons.delete(kube, "discovery-daily")

    kept = follow.wait(Direct(kube), runs.document(Direct(kube), begun["metadata"]["name"]))

    assert kept.status.succeeded, kept.status.message
    kube.delete("Workflow", begun["metadata"]["name"])
