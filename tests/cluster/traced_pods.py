"""A component whose work is known to the last call, in a pod, and a tracer beside it."""

from __future__ import annotations

import secrets
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from phases.catalogue.gateways import ENVOY
from phases.catalogue.upstreams import PRODUCT_JSON
from pipelines import rights
from steps.model import Endpoints, TraceProgram, TraceRecord
from steps.places.tracers import Tracers
from steps.trace import pods
from tests.cluster.conftest import steps_image, trace_image
from tests.cluster.place_lab import PlaceLab, with_image
from tests.cluster.test_rights import token
from tests.lab import experiment

CELL = "envoy-500rps-r1"
FSYNCS = 300
PROGRAMS = (TraceProgram.OFF_CPU, TraceProgram.BLOCK_IO)

# It answers as any gateway here, and to /fsyncs makes so many pages safe in a thread of its own, younger than the tracer.
WORKING = """
import http.server, os, sys, threading
BODY = sys.argv[2].encode()
def work(count):
    with open('journal', 'wb', buffering=0) as file:
        for _ in range(count):
            file.write(b'x' * 4096)
            os.fsync(file.fileno())
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.path.startswith('/fsyncs/'):
            threading.Thread(target=work, args=(int(self.path.rpartition('/')[2]),)).start()
        self.send_response(200)
        self.send_header('Content-Length', str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(('', int(sys.argv[1])), Handler).serve_forever()
""".strip()


def working():
    """A contender with that program in the place of Envoy."""
    process = ENVOY.process.model_copy(update={"argv": ("@{program}", "-c", WORKING, "@{port}", PRODUCT_JSON)})
    return with_image(ENVOY.model_copy(update={"process": process}), f"docker.io/{steps_image()}", "/usr/bin/python3")


def record_of(found: pods.Counted, target: pods.Target, programs: tuple[TraceProgram, ...]) -> TraceRecord:
    """What the step would write down of what a tracer brought home."""
    return TraceRecord(
        run=target.run,
        cell=target.cell,
        at="now",
        programs=programs,
        target=target.component,
        start_ns=found.printed.ready_ns,
        end_ns=found.printed.end_ns,
        counts=found.printed.counts,
        histograms=found.printed.histograms,
        damage=tuple(found.printed.damage),
        incomplete=tuple(found.printed.incomplete),
        **found.fields,
    )


@dataclass
class Traced:
    """A cell of it, and what traces it, seen by the account of the step."""

    lab: PlaceLab
    where: Endpoints
    target: pods.Target
    tracers: Tracers
    ends_ns: int = 0  # of the wall clock

    @classmethod
    def deployed(cls, installed, environment, *, image: str | None = None) -> Traced:
        asked = experiment((working(),), ready_within_s=30.0).model_copy(update={"trace": PROGRAMS})
        lab = PlaceLab(installed.kube, environment, asked=asked, run=f"traced-{secrets.token_hex(3)}")
        where = lab.deploy(CELL)
        target = pods.Target.of(where, ENVOY.name, run=lab.run, cell=CELL)
        made = pods.tracers_of(target, token(installed.kube, rights.TRACE), image=image or trace_image())
        return cls(lab, where, target, made)

    def ask(self, path: str) -> None:
        with urllib.request.urlopen(f"{self.where.target}{path}", timeout=20) as answer:
            answer.read()

    def count(self, folder: Path, *, programs=PROGRAMS, meanwhile=lambda: None) -> pods.Counted:
        """Lets a tracer count; `meanwhile` happens a moment after it began to. Keeps until when it counted."""
        timers = []

        def attached(end_ns):
            self.ends_ns = end_ns
            begins_s = (end_ns - time.time_ns()) / 1e9 - pods.LASTS_S
            timers.append(threading.Timer(begins_s + 0.5, meanwhile))
            timers[-1].start()

        try:
            return pods.count(programs, self.target, self.tracers, folder=folder, attached=attached)
        finally:
            for each in timers:
                each.join()
