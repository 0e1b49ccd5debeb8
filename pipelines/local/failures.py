"""Why a node cannot go on. They never leave the interpreter: each ends as the message of a node."""

from __future__ import annotations


class NodeFailure(Exception):  # it is the node's failure, not ours
    """The node, and whoever waits for it, ends in Error with this message."""


class Unresolved(NodeFailure):
    """A tag or a reference has no value and never will."""


class NotYet(Unresolved):
    """A tag has no value so far; Argo would look again and again."""


class Full(Exception):  # nothing is wrong: the node has to wait
    """As many nodes are running as `parallelism` allows."""
