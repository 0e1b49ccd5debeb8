"""A connection outside the load: what the client tells of every way to answer, and not to."""

import pytest
import uvloop

from steps.drivers.connection import Client, Target
from steps.errors import UsageError
from tests.steps.odd_server import BODY, odd_server


@pytest.fixture(scope="module")
def server():
    with odd_server() as running:
        yield running


def ask(url, *paths, within_s=10):
    """The answers to some questions on one client."""

    async def questions():
        client = Client(url)
        answers = [await client.get(path, within_s=within_s) for path in paths]
        client.close()
        return answers

    return uvloop.run(questions())


def test_client_asks_again_on_a_connection_that_was_closed(server):
    """A server that closes after each answer is asked on new connections."""
    answers = ask(server.url, *["/script/l"] * 3, "/script/k")

    assert [(answer.status, answer.body) for answer in answers] == [(200, BODY)] * 4


def test_an_answer_is_as_long_as_it_was_sent(server):
    """With its head, each by itself, on a connection that is kept and on one that is closed."""
    kept, again = ask(server.url, "/script/k", "/script/k")

    assert kept.size == again.size > len(BODY) + len("HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("letter", "how"),
    [
        ("c", "connection closed"),
        ("r", "connection reset"),
        ("g", "not HTTP"),
        ("h", "no answer within 0.2 s"),
        ("p", "connection closed"),
    ],
)
def test_client_says_why_there_was_no_answer(server, letter, how):
    """Nothing is raised; the next question gets a new connection."""
    nothing, right = ask(server.url, f"/script/{letter}", "/script/k", within_s=0.2)

    assert (nothing.status, nothing.how) == (None, how)
    assert right.status == 200


def test_nobody_listening_is_refused():
    """A closed port is told apart from a broken connection."""
    with odd_server() as gone:
        url = gone.url

    assert ask(url, "/")[0].how == "connection refused"


def test_target_keeps_host_and_port():
    """The request names the host that was asked for, brackets and all."""
    assert Target.of("http://10.0.0.7:8080") == Target(host="10.0.0.7", port=8080)
    assert Target.of("http://upstream").port == 80
    assert Target.of("http://[::1]:81").get("/json").split(b"\r\n")[:2] == [b"GET /json HTTP/1.1", b"Host: [::1]:81"]


@pytest.mark.parametrize("url", ["", "upstream:80", "https://upstream", "http://", "http://upstream:port", "ftp://upstream"])
def test_url_that_is_no_target_is_a_mistake(url):
    """Only plain HTTP to a host can be loaded."""
    with pytest.raises(UsageError, match="give http://HOST:PORT"):
        Target.of(url)
