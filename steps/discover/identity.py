"""When two lines mean the same thing: the normal forms of addresses and names. Pure.

A name is not an identity (two products are called k0rdent, Loki is "Grafana Loki"), and a repository nearly always is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_ASIDE = re.compile(r"\s*\([^)]*\)\s*$")
_SIGNS = re.compile(r"[^a-z0-9]+")


def repository(address: str) -> str | None:
    """`github.com/envoyproxy/envoy` of any way to write it; None: it is no address.

    What stands below a repository (`/tree/main/…`) is left out; an organisation alone keeps its one name.
    """
    split = urlsplit(address.strip() if "//" in address else f"https://{address.strip()}")
    parts = [part for part in split.path.split("/") if part][:2]
    if not split.hostname or not parts:
        return None
    parts[-1] = parts[-1].removesuffix(".git")
    return "/".join((split.hostname.removeprefix("www."), *parts)).lower()


def homepage(address: str) -> str | None:
    """`envoyproxy.io` of any way to write it, with its path; None: it is no address."""
    split = urlsplit(address.strip() if "//" in address else f"https://{address.strip()}")
    if not split.hostname or "." not in split.hostname:
        return None
    return f"{split.hostname.removeprefix('www.')}{split.path.rstrip('/')}".lower()


def plain_name(name: str) -> str:
    """`nginx` of `NGINX (Wasm)`: letters and digits, without what stands in brackets behind."""
    return _SIGNS.sub("-", _ASIDE.sub("", name).casefold()).strip("-")


def canonical(key: str, aliases: Mapping[str, str]) -> str:
    """The key that an old one became; renames may follow each other."""
    seen = {key}
    while key in aliases and aliases[key] not in seen:
        key = aliases[key]
        seen.add(key)
    return key
