"""An API server that is away for moments does not cost a cell; a lost answer does not make a thing twice."""

import pytest

from steps.errors import ConflictError
from steps.places import patience
from steps.refusals import Unreachable

WANTED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {"run": "r"}}}


def test_busy_server_is_asked_again(api, capsys):
    """And each repetition is said."""
    kube, answers, asked = api
    answers += [(503, {"message": "starting"}), (200, {"items": []})]

    assert patience.patiently(lambda: kube.list("Pod")) == []
    assert asked == ["GET /api/v1/namespaces/lab/pods"] * 2
    assert "asking again: " in capsys.readouterr().err


def test_server_that_stays_away_is_given_up(api, monkeypatch):
    """In bounded time, with what it said last."""
    kube, answers, _ = api
    monkeypatch.setattr(patience, "TRY_FOR_S", 0.0)
    answers += [(503, {"message": "starting"})] * 3

    with pytest.raises(Unreachable, match="503: starting"):
        patience.patiently(lambda: kube.list("Pod"))


def test_object_whose_answer_got_lost_is_not_another_ones(api):
    """The first attempt made it, the second is told so: with our labels on it, it is ours."""
    kube, answers, asked = api
    mine = {"metadata": {"name": "c", "uid": "1"}}
    answers += [(504, {"message": "timeout"}), (409, {"message": "already exists"}), (200, {"items": [mine]})]

    assert patience.create(kube, WANTED)["metadata"]["uid"] == "1"
    assert [each.split()[0] for each in asked] == ["POST", "POST", "GET"]


def test_object_of_another_is_not_taken(api):
    """What is there at the first attempt was not made by us."""
    kube, answers, _ = api
    answers += [(409, {"message": 'configmaps "c" already exists'})]

    with pytest.raises(ConflictError, match='configmaps "c" already exists'):
        patience.create(kube, WANTED)
