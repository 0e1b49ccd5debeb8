"""Reading what a workflow says of its failures."""

from __future__ import annotations

import json

import pytest

from steps.evidence import read_failures

NODES = [{"displayName": "load", "templateName": "load", "message": "OOMKilled", "podName": "r1-load-77"}]


@pytest.mark.parametrize("text", [json.dumps(NODES), json.dumps(json.dumps(NODES)), json.dumps(json.dumps(json.dumps(NODES)))])
def test_failures_are_understood_however_often_they_were_quoted(text):
    """Argo hands over a string that holds a list."""
    (node,) = read_failures(text)

    assert (node.name, node.template, node.message) == ("load", "load", "OOMKilled")


@pytest.mark.parametrize("text", ["", "  ", "null", '"null"', '""', "[]", "{}", "7"])
def test_no_failures_are_none(text):
    """Whatever nothing looks like."""
    assert read_failures(text) == ()


@pytest.mark.parametrize("text", ["{{workflow.failures}}", "[{", "[[[["])
def test_what_cannot_be_understood_is_shown_as_it_is(text):
    """It may be all that is known."""
    (node,) = read_failures(text)

    assert node.message == text


def test_odd_nodes_are_no_crash():
    """A list of anything."""
    assert len(read_failures('[null, 3, "x", {}, {"message": null}]')) == 5
