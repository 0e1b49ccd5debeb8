"""The tree of our errors: what we can tell a user in one sentence.

    LabError (Exception)            exit status 1
    ├── UsageError (ValueError)     2   the words of the call, or a file the user wrote, are wrong
    │   └── ManifestError           2   a manifest says what we cannot read or will not do (names the path)
    ├── ConflictError               1   something else holds what we need (another run, a port)
    ├── StoreError (OSError)        1   the object store did not do what it was asked
    │   └── MissingObject (KeyError) 1  there is no such object
    ├── PlaceError                  1   the place cannot run a component (program missing, no free core)
    │   ├── Unavailable             1   what a component needs is not to be had here; an optional one becomes a row of the report
    │   └── NotReady (TimeoutError) 1   a component did not get ready, or ended before it was
    ├── ClusterError                1   the Kubernetes API refused, failed, or could not be reached
    ├── MeasureError (ValueError)   1   a figure cannot be made from what was recorded
    ├── BudgetPassed                1   the run has cost more than it may
    └── LeftBehind                  5   teardown could not prove absence

A message says what happened, to what, and the way out. Anything else that reaches `main` is a bug of ours.
"""

from __future__ import annotations


class LabError(Exception):
    """What a user can be told in one sentence."""

    exit_status = 1


class UsageError(LabError, ValueError):
    """The call, or a file the user wrote, is wrong."""

    exit_status = 2


class ManifestError(UsageError):
    """A manifest says what cannot be read or will not be done; the message starts with the path in it."""


class ConflictError(LabError):
    """Something else holds what is needed."""


class StoreError(LabError, OSError):
    """The object store refused, failed, or could not be reached."""


class MissingObject(StoreError, KeyError):
    """There is no object under that key."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # KeyError would show the repr, quotes and all


class PlaceError(LabError):
    """The place cannot run a component."""


class Unavailable(PlaceError):
    """A component's program cannot be had here: a package or a tool is missing."""


class NotReady(PlaceError, TimeoutError):
    """A component ended, or did not answer its ready check in time."""


class ClusterError(LabError):
    """The Kubernetes API refused, failed, or could not be reached."""


class MeasureError(LabError, ValueError):
    """A figure cannot be made from what was recorded."""


class BudgetPassed(LabError):
    """The run has cost more than it may: what is left of it is not begun."""


class LeftBehind(LabError):
    """Something is still there after teardown."""

    exit_status = 5
