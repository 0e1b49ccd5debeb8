"""Following a run through bad days on the wire, over a loopback server that breaks off."""

import pytest
import urllib3

from pipelines.cluster import follow
from pipelines.cluster.direct import Direct
from pipelines.cluster.runs import status_of
from steps.errors import ClusterError
from steps.kube import Kube
from steps.refusals import Absent, Unreachable
from tests.pipelines.cluster.loopback import event, refusal, workflow


@pytest.fixture
def argo(address):
    """An Argo behind that server."""
    return Direct(Kube(urllib3.PoolManager(retries=False), host=address, namespace="argo", bearer=lambda: "a-token"))


def seen(argo, **options):
    """The phases and versions that following the run shows."""
    found = follow.changes(argo, workflow(1), pause=lambda _: None, **options)
    return [(each["metadata"]["resourceVersion"], follow.phase(each)) for each in found]


def test_a_watch_that_breaks_off_is_taken_up_where_it_was(argo, script):
    """A cut connection costs nothing: the run is read anew and watched from that version on."""
    script.watches = [[event(workflow(2))], [event(workflow(4, "Succeeded"))]]
    script.reads = [(200, workflow(3))]

    assert seen(argo) == [("1", "Running"), ("2", "Running"), ("3", "Running"), ("4", "Succeeded")]
    assert "resourceVersion=1&" in script.asked[0]
    assert "resourceVersion=3&" in script.asked[2]


def test_a_run_that_ended_unwatched_is_seen_to_be_over(argo, script):
    """What happened while nobody listened is read."""
    script.reads = [(200, workflow(9, "Failed"))]

    assert seen(argo) == [("1", "Running"), ("9", "Failed")]


def test_an_api_that_is_away_for_a_while_is_waited_for(argo, script):
    """503 and the like are no answer; the run goes on without us."""
    script.reads = [(503, refusal("starting")), (500, refusal("etcd")), (200, workflow(5, "Succeeded"))]

    assert seen(argo)[-1] == ("5", "Succeeded")


def test_patience_ends(argo, script):
    """Nothing is waited for without end."""
    script.reads = [(503, refusal("starting"))]
    times = iter(range(0, 10_000, 50))

    with pytest.raises(Unreachable, match="cannot answer at the moment"):
        seen(argo, patience_s=300, clock=lambda: next(times))


def test_a_version_that_is_too_old_is_read_anew(argo, script):
    """410 ends a watch, not the following."""
    gone = b'{"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}\n'
    script.watches = [[gone]]
    script.reads = [(200, workflow(7, "Succeeded"))]

    assert seen(argo) == [("1", "Running"), ("7", "Succeeded")]


def test_a_run_that_is_deleted_meanwhile_is_said_to_be(argo, script):
    """Who watches learns that there is nothing left to watch."""
    script.watches = [[event(workflow(2), "DELETED")]]

    with pytest.raises(Absent, match="run a-run was deleted"):
        seen(argo)


def test_an_expired_token_ends_it_at_once(argo, script):
    """More attempts would not help: it says what does."""
    script.reads = [(401, refusal("Unauthorized"))]

    with pytest.raises(ClusterError, match="does not accept who we are"):
        seen(argo)


PULL = 'ImagePullBackOff: Back-off pulling image "benchlab/steps:0123": ErrImagePull: no such host'


def test_an_image_that_cannot_be_pulled_ends_the_waiting_in_plain_words():
    """A run that cannot come on by itself is not watched for ever."""
    node = {"id": "x", "name": "a-run.provision", "type": "Pod", "phase": "Pending", "message": PULL}
    document = workflow(1, nodes={"x": node})
    times = iter((0.0, 31.0))
    waiting = follow.Waiting(clock=lambda: next(times))

    waiting.check(document, status_of(document))
    with pytest.raises(
        ClusterError, match=r"provision does not start: the image benchlab/steps:0123 cannot be pulled \(no such host\)"
    ):
        waiting.check(document, status_of(document))


@pytest.mark.parametrize("status", [{}, {"status": {"startedAt": None, "finishedAt": None}}], ids=["kubernetes", "server"])
def test_a_run_that_no_controller_looks_at_is_told(status):
    """Argo's objects may be there without anybody who works on them; Argo Server fills in an empty status."""
    document = {key: value for key, value in workflow(1).items() if key != "status"} | status
    times = iter((0.0, 31.0))
    waiting = follow.Waiting(clock=lambda: next(times))

    waiting.check(document, status_of(document))
    with pytest.raises(ClusterError, match="no workflow controller has looked at a-run"):
        waiting.check(document, status_of(document))
