"""What Argo and the kubelet say of a step, in words that name the cause and the way out. Pure."""

from __future__ import annotations

import re

_IMAGE = re.compile(
    r"^(?:\w+: )?(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)\b:?\s*(.*)$", re.DOTALL
)
_NAMED = re.compile(r'image "([^"]+)"')
_ROOM = re.compile(r"^Unschedulable: (?:0/\d+ nodes are available: )?(.*)$", re.DOTALL)
_SHOWN = 160  # characters of foreign words

LATE = "Pod was active on the node longer than the specified deadline"
_PLAIN = (
    ("PodInitializing", ""),
    ("ContainerCreating", ""),
    ("OOMKilled", "it needed more memory than its limit allows, and was killed"),
    (LATE, "it took longer than its time limit (so does one that cannot reach the store: `doctor --argo` tells)"),
    ("pod deleted", "its pod was deleted"),
)
PLAIN_FAILURE = re.compile(r"^main: Error \(exit code \d+\)$")


def cause(message: str) -> str:
    """A node's message in our words; one that needs none is left as it is, and what every pod goes through is nothing to tell."""
    if found := _IMAGE.match(message):
        return _image(found[2])
    if found := _ROOM.match(message):
        return f"no node has room for it: {_short(found[1])}"
    return next((ours for said, ours in _PLAIN if message.startswith(said) or f" {said}" in message), message)


def no_image(message: str) -> bool:
    """Whether a step waits for an image that cannot be had."""
    return _IMAGE.match(message) is not None


def _image(said: str) -> str:
    named = _NAMED.search(said)
    what = f"the image {named[1].removeprefix('docker.io/')}" if named else "its image"
    why = said.rpartition(": ")[2] if named else said
    return f"{what} cannot be pulled ({_short(why) or 'no reason given'}): build it (`make images`) and load or push it"


def _short(text: str) -> str:
    whole = " ".join(text.split()).strip(" .")
    return whole if len(whole) <= _SHOWN else f"{whole[: _SHOWN - 1]}…"
