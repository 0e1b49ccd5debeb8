"""Whether there is room for one more node: `parallelism` of the workflow and of templates, and templates that fail fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.local import groups
from pipelines.local.board import Origin
from pipelines.local.failures import Full
from pipelines.local.nodes import Node
from pipelines.local.spec import Template

if TYPE_CHECKING:
    from pipelines.local.walk import Walk

_PODS = frozenset({"Pod"})
_CALLS = frozenset({"Pod", "Steps", "DAG"})


def check(walk: Walk, template: Template, node: Node | None, origin: Origin) -> None:
    """Raises Full: as many nodes are active as may be, or something has failed and nothing else is to be started.

    A node that is active already keeps its place; a DAG or steps that are, are asked about what is in them.
    """
    limit = walk.manifest.spec.parallelism
    if limit and walk.board.active_pods() >= limit:
        raise Full
    if node is not None and not template.container:
        _check_within(walk, template, node, _PODS)
    boundary = walk.board.nodes.get(origin.boundary_id)
    if boundary is not None and node is None and boundary.name in walk.prepared:
        _check_within(walk, walk.prepared[boundary.name], boundary, _CALLS)


def _check_within(walk: Walk, template: Template, node: Node, kinds: frozenset[str]) -> None:
    if template.fail_fast and walk.board.failed_children(node.id):
        if not walk.board.active_children(node.id, _PODS):
            why = "template has failed or errored children and failFast enabled"
            if template.steps:
                groups.fail_last(walk, node, why)
            walk.board.mark(node.name, "Failed", why)
        raise Full
    if template.parallelism and walk.board.active_children(node.id, kinds) >= template.parallelism:
        raise Full
