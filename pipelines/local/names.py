"""The names Argo gives to nodes and pods, so that both back ends speak of the same things.

A node is known by its name; its id and its pod's name are hashes of that name. The default key of an artifact holds the
pod's name, so the hash must be Argo's to the bit.
"""

from __future__ import annotations

import re

# Kubernetes takes 253 characters; Argo keeps ten for the hash and one for the dash.
_LONGEST_PREFIX = 242
_SEPARATOR = re.compile(r"^(\[\d+\])?\.")


def fnv32a(text: str) -> int:
    """The 32-bit FNV-1a hash of the text's UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def node_id(workflow: str, node: str) -> str:
    """The id of a node; the root's is the workflow's own name."""
    return workflow if node == workflow else f"{workflow}-{fnv32a(node)}"


def pod_name(workflow: str, node: str, template: str) -> str:
    """The name of a node's pod (Argo's version 2 of them): also that of its log."""
    if node == workflow:
        return workflow
    prefix = f"{workflow}-{template}" if template else workflow
    return f"{prefix[:_LONGEST_PREFIX]}-{fnv32a(node)}"


def display_name(node: str, boundary: str | None) -> str:
    """What people are shown: the name below the DAG or steps that the node belongs to."""
    if boundary is None:
        return node
    return _SEPARATOR.sub("", node.removeprefix(boundary))


def loop_child(name: str, index: int, item: str) -> str:
    """The name of one turn of a loop; parentheses of the item are dropped, because they end the name."""
    return f"{name}({index}:{item.replace('(', '').replace(')', '')})"


def task_of(node: str) -> str:
    """The task or step that made a node: without the turns, attempts and groups at the end of its name."""
    closers = {")": "(", "]": "["}
    opener = ""
    for position in range(len(node) - 1, -1, -1):
        sign = node[position]
        if opener:
            opener = "" if sign == opener else opener
        elif sign in closers:
            opener = closers[sign]
        else:
            return node[: position + 1].rpartition(".")[2]
    return node


def exit_name(workflow: str) -> str:
    """The name of the exit handler's node."""
    return f"{workflow}.onExit"
