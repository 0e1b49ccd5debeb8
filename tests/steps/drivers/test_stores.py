"""What stores keep is counted: nothing may be missing, nothing may be there twice, and a store that is silent is no zero."""

from __future__ import annotations

import asyncio
import json
import threading
from array import array
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from steps.drivers import stores
from steps.drivers.recording import Fate, Recording
from steps.errors import MeasureError
from steps.model import Check, Endpoints
from steps.model.keeping import Keeps, StoreAt

RIGHT = Check(when="before", right=True, what="200", answer_bytes=200)
IDENTITY = Check(when="before", right=True, what="sidecar-1 refuses a caller without a certificate")  # no request, so no line


@dataclass
class Store:
    """Any store: what it answers at a path, the last of the list again and again."""

    answers: dict[str, list[tuple[int, str]]]
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str) -> tuple[int, str]:
        self.asked.append(f"{method} {path}")
        found = self.answers.get(urlsplit(path).path, [(404, "nothing")])
        return found.pop(0) if len(found) > 1 else found[0]


@pytest.fixture
def serve():
    """Serves stores on free ports; returns their addresses."""
    servers = []

    def start(store: Store) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = store.answer(self.command, self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def recording(*fates: int) -> Recording:
    """Requests that ended so; all were sent."""
    sent = array("q", [1] * len(fates))
    return Recording(due_ns=sent, looked_ns=sent, sent_ns=sent, ended_ns=sent, fates=bytearray(fates))


def count(url: str, keeps: Keeps, *fates: int, target: str = "http://127.0.0.1:1", within_s: float = 2.0):
    """What is found in the one store after requests that ended so, one question, and a check that asked nothing over HTTP."""
    where = Endpoints(target=target, keepers={}, stores=(StoreAt(name="store", url=url, keeps=keeps),))
    (found,) = asyncio.run(stores.count(where, recording(*fates), [RIGHT, IDENTITY], within_s=within_s))
    return found


def number(value: int) -> tuple[int, str]:
    """As Prometheus and Loki answer a question for a sum."""
    return 200, json.dumps({"data": {"result": [{"value": [0, str(value)]}]}})


LINES = Keeps(what="lines", api="loki", service="shop")
SPANS = Keeps(what="spans", api="jaeger", service="shop", each=2)
SERIES = Keeps(what="series", api="prometheus", service="shop")
QUERY = "/loki/api/v1/query"


def loki(*counts: int, raw: int = 600, stored: str = "70") -> Store:
    text = f'# HELP x\nloki_ingester_chunk_stored_bytes_total{{tenant="fake"}} {stored}\nother 5\n'
    answers = {QUERY: [*map(number, counts), number(raw)], "/flush": [(204, "")], "/metrics": [(200, text)]}
    return Store(answers)


def test_lines_are_waited_for_until_all_are_there(serve):
    """Three answered requests and a check are four lines, which come in batches; then their bytes are asked for."""
    store = loki(0, 3, 4)

    found = count(serve(store), LINES, Fate.OK, Fate.OK, Fate.OK)

    assert (found.right, found.kept, found.requests) == (True, 4, 4)
    assert (found.raw_bytes, found.stored_bytes) == (600, 70)
    questions = [parse_qs(urlsplit(each).query)["query"][0] for each in store.asked if QUERY in each]
    assert questions[0] == 'sum(count_over_time({service_name="shop"}[3600s]))'
    assert questions[-1] == 'sum(bytes_over_time({service_name="shop"}[3600s]))'


@pytest.mark.parametrize(("kept", "right"), [(3, False), (4, True), (5, True), (6, False)])
def test_a_request_without_an_answer_may_have_left_a_line_or_not(serve, kept, right):
    """Four were answered and a fifth timed out: four or five lines; one fewer is lost, one more was made twice."""
    store = loki(kept)
    store.answers[QUERY] = [number(kept)]

    found = count(serve(store), LINES, Fate.OK, Fate.OK, Fate.OK, Fate.TIMEOUT, within_s=0.3)

    assert found.right is right
    assert right or found.said == f"{kept} lines in store, where there should be 4 to 5"


def test_a_span_that_came_twice_is_one(serve):
    """Two requests and a check leave six; the third trace is there twice, as after a repeated batch."""
    traces = [
        {"traceID": str(trace), "spans": [{"traceID": str(trace), "spanID": str(span)} for span in range(2)]}
        for trace in (1, 2, 3, 3)
    ]
    store = Store({"/api/traces": [(200, json.dumps({"data": traces}))]})

    found = count(serve(store), SPANS, Fate.OK, Fate.OK)

    assert (found.right, found.kept, found.raw_bytes, found.stored_bytes) == (True, 6, None, None)


def test_series_are_those_that_the_contender_shows(serve):
    """Comments are none; what is on the disk is asked for once it is written."""
    shown = Store({"/metrics": [(200, '# TYPE a counter\na{b="1"} 1\na{b="2"} 1\nc 5\n')]})
    sizes = 'vm_data_size_bytes{type="storage/small"} 40\nvm_data_size_bytes{type="indexdb/file"} 2.0e2\nvm_rows 9\n'
    store = Store({"/api/v1/query": [number(2), number(3)], "/internal/force_flush": [(200, "")], "/metrics": [(200, sizes)]})

    found = count(serve(store), SERIES, Fate.OK, target=serve(shown))

    assert (found.right, found.kept, found.stored_bytes) == (True, 3, 240)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "after the load, store answers with status 404: nothing"),
        ({QUERY: [(200, "<html>")]}, "store does not answer with JSON: <html>"),
        ({QUERY: [(200, '{"status": "error"}')]}, 'store does not tell how many lines it keeps: {"status": "error"}'),
    ],
)
def test_a_store_that_tells_nothing_is_no_zero(serve, answers, said):
    """It is a failure, with its name in the sentence."""
    with pytest.raises(MeasureError) as raised:
        count(serve(Store(answers)), LINES, Fate.OK)

    assert str(raised.value) == said


def test_a_store_that_is_gone_is_named():
    """Nobody listens at that port."""
    with pytest.raises(MeasureError, match=r"after the load, store does not answer \(\w+\)"):
        count("http://127.0.0.1:1", LINES, Fate.OK)


def test_no_sum_at_all_is_none_kept(serve):
    """An empty result is zero lines: found missing, not unknown."""
    store = loki(0)
    store.answers[QUERY] = [(200, '{"data": {"result": []}}')]

    assert not count(serve(store), LINES, Fate.OK, within_s=0.3).right
