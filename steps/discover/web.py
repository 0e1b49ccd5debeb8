"""Asks public servers with manners: one request at a time per host, a pause between two, and no more than is needed.

- A User-Agent with a contact. robots.txt where a source is a page or a feed: what it disallows, also where a redirect leads
  there, and its Crawl-delay.
- Conditional requests: what was got last time names its ETag; 304 is a success and the old body is used again.
- 429 and 5xx are tried again, bounded, when the server says so (`patience`) and not earlier.
- A body has a cap that holds for what gzip unpacks to, and a request a time in which it is over, however slowly a server drips.
- Redirects are followed by hand: each hop is checked (`addresses`), and a secret goes to the host it is for and to no other.

On httpcore, not httpx: its network backend is the place where an address can be checked at the moment of connecting. Without a
caching library: the snapshots are the cache, and stay when a cache would forget.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpcore
import tenacity
from protego import Protego

from steps.discover import patience
from steps.discover.addresses import PublicOnly, Refused
from steps.errors import LabError

LARGEST_BYTES = 20_000_000  # unpacked; the landscape has 1.1 MB
REQUEST_S = 60.0  # in all, redirects included
SILENCE_S = 15.0  # without a byte
PATIENCE_S = 120.0  # the longest that a server may make us wait
ATTEMPTS = 3
MOST_REDIRECTS = 5
AGENT = "benchlab-discovery"
ROBOTS = "/robots.txt"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchError(LabError):
    """A server did not give what was asked for, and the reason. status: what it answered; None: nothing."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Again(FetchError):
    """It may do so later. after_s: when it says; None: it does not."""

    def __init__(self, message: str, status: int | None = None, after_s: float | None = None) -> None:
        super().__init__(message, status)
        self.after_s = after_s


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    url: str  # after redirects
    status: int  # 200, or 304: as it was
    body: bytes
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Manners:
    """How a source wants to be treated."""

    contact: str
    delay_s: float = 1.0
    robots: bool = True
    token: str = ""  # for the host of the first address
    allow: tuple[str, ...] = ()
    largest_bytes: int = LARGEST_BYTES
    request_s: float = REQUEST_S
    patience_s: float = PATIENCE_S

    @property
    def agent(self) -> str:
        """The User-Agent."""
        return f"{AGENT}/1 (+{self.contact})"


@dataclass
class Web:
    """A visit to one source: one request at a time."""

    manners: Manners
    sleep: Callable[[float], None] = time.sleep
    last: dict[str, float] = field(default_factory=dict)  # when each host was asked last; visits to one host share it
    _robots: dict[str, Protego] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            network_backend=PublicOnly(self.manners.allow), max_connections=4, keepalive_expiry=30
        )

    def close(self) -> None:
        """Lets go of all connections."""
        self._pool.close()

    def get(self, url: str, *, etag: str = "", last_modified: str = "") -> Answer:
        """One document. etag, last_modified: of the copy that is there already. Raises FetchError, which names the address."""
        if self.manners.robots and not self._allowed(url):
            message = f"{url}: robots.txt does not allow it"
            raise FetchError(message)
        asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        return self._insisting(url, {name: value for name, value in asked.items() if value})

    def _insisting(self, url: str, headers: Mapping[str, str]) -> Answer:
        patient = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )
        return patient(self._follow, url, headers)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.after_s if isinstance(error, _Again) else None
        return min(self.manners.patience_s, 2.0**state.attempt_number if told is None else told)

    def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Through redirects to an answer."""
        until = time.monotonic() + self.manners.request_s
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            if here != url and self.manners.robots and not url.endswith(ROBOTS) and not self._allowed(here):
                message = f"{url}: leads to {here}, which robots.txt does not allow"
                raise FetchError(message)
            found = self._once(here, self._headers(url, here, headers), until)
            if isinstance(found, Answer):
                return found
            here = urljoin(here, found)
        message = f"{url}: more than {MOST_REDIRECTS} redirects"
        raise FetchError(message)

    def _headers(self, first: str, here: str, given: Mapping[str, str]) -> dict[str, str]:
        headers = {"User-Agent": self.manners.agent, "Accept-Encoding": "gzip", "Accept": "*/*", **given}
        if self.manners.token and _origin(first) == _origin(here):
            headers["Authorization"] = f"Bearer {self.manners.token}"
        return headers

    def _once(self, url: str, headers: Mapping[str, str], until: float) -> Answer | str:
        """One request: its answer, or where it is sent on to."""
        if urlsplit(url).scheme not in {"http", "https"}:
            message = f"{url}: only http and https are asked"
            raise Refused(message)
        self._pause(url)
        times = {"connect": SILENCE_S, "read": SILENCE_S, "write": SILENCE_S, "pool": SILENCE_S}
        try:
            with self._pool.stream("GET", url, headers=list(headers.items()), extensions={"timeout": times}) as response:
                told = {name.decode("ascii", "replace").lower(): value.decode("latin-1") for name, value in response.headers}
                if response.status in _REDIRECTS and told.get("location"):
                    return told["location"]
                self._check(url, response.status, told)
                body = b"" if response.status == 304 else b"".join(self._body(url, response, told, until))
                return Answer(url, response.status, body, told.get("etag", ""), told.get("last-modified", ""))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            message = f"{url}: {type(error).__name__}: {str(error) or 'no answer'}"
            raise _Again(message) from error
        except (httpcore.UnsupportedProtocol, ValueError, UnicodeError) as error:
            message = f"{url}: it cannot be asked: {error}"
            raise FetchError(message) from error

    def _check(self, url: str, status: int, told: Mapping[str, str]) -> None:
        """Raises FetchError: neither a document nor word that nothing changed."""
        if status in {200, 304}:
            return
        message = f"{url}: answered {status}"
        if patience.limited(status, told) or status >= 500:
            after_s = patience.wait_s(status, told)
            if after_s is not None and after_s > self.manners.patience_s:
                message += f", and to come again in {after_s:.0f} s"
                raise FetchError(message, status)
            raise _Again(message, status, after_s)
        raise FetchError(message, status)

    def _body(self, url: str, response: httpcore.Response, told: Mapping[str, str], until: float) -> Iterator[bytes]:
        """The body in pieces, unpacked, up to its cap and its time."""
        packed = told.get("content-encoding", "").lower() in {"gzip", "x-gzip"}
        unpack = zlib.decompressobj(wbits=31) if packed else None
        left = self.manners.largest_bytes
        for piece in response.iter_stream():
            if time.monotonic() > until:
                message = f"{url}: not over after {self.manners.request_s:.0f} s"
                raise FetchError(message)
            try:
                plain = piece if unpack is None else unpack.decompress(piece, left + 1)
            except zlib.error as error:
                message = f"{url}: says gzip and is none"
                raise FetchError(message) from error
            left -= len(plain)
            if left < 0:
                message = f"{url}: more than {self.manners.largest_bytes} bytes"
                raise FetchError(message)
            yield plain
        if unpack is not None and not unpack.eof:
            message = f"{url}: ended in its middle"
            raise _Again(message)

    def _pause(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        robots = self._robots.get(_origin(url))
        wanted = min(self.manners.patience_s, float((robots and robots.crawl_delay(AGENT)) or 0.0))
        delay = max(wanted, self.manners.delay_s) * random.uniform(1.0, 1.5)
        since = time.monotonic() - self.last.get(host, float("-inf"))
        if since < delay:
            self.sleep(delay - since)
        self.last[host] = time.monotonic()

    def _allowed(self, url: str) -> bool:
        """As RFC 9309: no robots.txt allows everything, one that cannot be read nothing."""
        origin = _origin(url)
        if origin not in self._robots:
            try:
                answer = self._insisting(f"{origin}{ROBOTS}", {})
                text = answer.body.decode("utf-8", "replace")
            except FetchError as error:
                missing = error.status is not None and 400 <= error.status < 500 and error.status != 429
                text = "" if missing else "User-agent: *\nDisallow: /"
            self._robots[origin] = Protego.parse(text)
        return bool(self._robots[origin].can_fetch(url, AGENT))


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}".lower()
