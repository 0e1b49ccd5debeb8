"""Who may do what on a cluster: the ServiceAccounts of the steps, and each right with its reason.

A step that only computes may report its outputs to Argo and nothing else; those that create things may create just these, the
step `trace` pods in another namespace; the sweeper may look and remove. The installation makes roles of this table, and a test
takes each right away in turn and sees a step fail without it.
"""

from __future__ import annotations

from dataclasses import dataclass

STEPS = "benchlab"
PLACE = "benchlab-place"
SWEEPER = "benchlab-sweeper"
TRACE = "benchlab-trace"

# The steps that put components into the cluster and take them out; all others get by with STEPS.
_PLACING = ("provision", "deploy", "teardown", "teardown-all")


@dataclass(frozen=True)
class Right:
    """What an account may do with one kind of object."""

    account: str
    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str
    tracing: bool = False  # in the namespace of the tracers, and nowhere else

    @property
    def rule(self) -> dict[str, list[str]]:
        """The right as a rule of a Role."""
        return {"apiGroups": [self.group], "resources": [self.resource], "verbs": list(self.verbs)}


def _argo(account: str) -> Right:
    return Right(
        account, "argoproj.io", "workflowtaskresults", ("create", "patch"), "Argo's executor hands a step's outputs over"
    )


RIGHTS = (
    _argo(STEPS),
    _argo(PLACE),
    Right(PLACE, "apps", "deployments", ("create", "list", "delete"), "a component is a Deployment"),
    Right(PLACE, "", "services", ("create", "list", "delete"), "a component's address"),
    Right(PLACE, "", "configmaps", ("create", "list", "delete"), "a component's configuration"),
    Right(PLACE, "", "secrets", ("create", "delete"), "a component's certificate and key; none may be read"),
    Right(PLACE, "", "pods", ("create", "get", "list", "delete"), "a pod that asks images their versions; the step's own pod"),
    Right(PLACE, "", "pods/log", ("get",), "what components and versions printed"),
    _argo(TRACE),
    _argo(SWEEPER),
    Right(SWEEPER, "argoproj.io", "workflows", ("list",), "which runs are under way: theirs is not touched"),
    Right(SWEEPER, "apps", "deployments", ("list", "delete"), "components of lost runs"),
    Right(SWEEPER, "", "services", ("list", "delete"), "their addresses"),
    Right(SWEEPER, "", "configmaps", ("list", "delete"), "their configurations"),
    Right(SWEEPER, "", "secrets", ("delete",), "their certificates and keys; none may be read"),
    Right(SWEEPER, "", "pods", ("list", "delete"), "their pods, and those whose Deployment is gone"),
)

# Who may make a pod there can have the node: it is one account's, and that of one step.
TRACING_RIGHTS = (
    Right(TRACE, "", "pods", ("create", "list", "delete"), "a trace is counted by a tracer's pod", tracing=True),
    Right(TRACE, "", "pods/log", ("get",), "its log is its result", tracing=True),
    Right(PLACE, "", "pods", ("list", "delete"), "tracers of a cell that is torn down", tracing=True),
    Right(SWEEPER, "", "pods", ("list", "delete"), "tracers of lost runs", tracing=True),
)

# Of the whole cluster, and optional: without them the circumstances say "unknown" and there is no cross-check.
NODE_RIGHTS = (
    Right(PLACE, "", "nodes", ("list",), "the nodes' kernel, runtime and size are circumstances of a figure"),
    Right(STEPS, "", "nodes/metrics", ("get",), "the kubelet's CPU counters are a second witness beside the keepers'"),
)

ACCOUNTS = tuple(dict.fromkeys(right.account for right in RIGHTS))


def account_of(verb: str) -> str:
    """The ServiceAccount that a step runs as."""
    return PLACE if verb in _PLACING else {"sweep": SWEEPER, "trace": TRACE}.get(verb, STEPS)
