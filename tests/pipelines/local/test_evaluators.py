"""The small languages of a manifest: `depends`, `when`, loops, names, durations."""

import pytest

from pipelines.local import depends, gotext, items, names, when
from pipelines.local.failures import NodeFailure

STRICT = ("Succeeded", "Skipped", "Daemoned")


@pytest.mark.parametrize(
    ("text", "results", "expected"),
    [
        ("a", {"a": "Succeeded"}, True),
        ("a", {"a": "Skipped"}, True),
        ("a", {"a": "Omitted"}, False),
        ("a.Failed || b", {"a": "Succeeded", "b": "Succeeded"}, True),
        ("a.Failed && b || c", {"a": "Succeeded", "b": "Failed", "c": "Succeeded"}, True),
        ("a.Failed && (b || c)", {"a": "Succeeded", "b": "Failed", "c": "Succeeded"}, False),
        ("!a.Failed && !(b.Errored)", {"a": "Succeeded", "b": "Succeeded"}, True),
        ("deploy-1.Omitted||deploy-1.Skipped", {"deploy-1": "Omitted"}, True),
    ],
)
def test_depends_is_decided_by_results(text, results, expected):
    """&& binds before ||, a bare name means succeeded or skipped, omitted is neither."""
    parsed = depends.parse(text, lambda _: STRICT)

    assert parsed.holds(lambda task, result: results[task] == result) is expected


@pytest.mark.parametrize("text", ["a &&", "(a", "a b", "a.Gone", "&& a", "a & b", "a | | b", ""])
def test_depends_that_cannot_be_read_is_refused(text):
    """Half an expression is a mistake, not a truth."""
    with pytest.raises(ValueError, match=r"."):
        depends.parse(text, lambda _: STRICT)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("fast == fast", True),
        ("fast == 'fast'", True),
        ("fast != slow", True),
        ("10 > 9", True),
        ("10 == 10.0", True),
        ("'10' > '9'", False),  # as texts
        ("10 == '10'", False),  # of different kinds
        ("true", True),
        ("!(a == b) && 1 < 2 || false", True),
        ("1 + 2 * 3 == 7", True),
        ('"a b" == "a b"', True),
    ],
)
def test_when_compares_as_argo_does(condition, expected):
    """Bare words are texts, numbers are numbers, and different kinds are unequal."""
    assert when.holds(condition) is expected


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("10 + 1", "Expected boolean evaluation for '10 + 1'. Got 11"),
        ("a b", "Invalid 'when' expression 'a b'"),
        ("{{item}} == 1", "hint: try wrapping"),
        ("a < 1", "is not a number"),
        ("1 && true", "is not a bool"),
        ("(a == b", "Unbalanced parenthesis"),
        ("a ==", "Unexpected end of expression"),
    ],
)
def test_when_that_is_no_condition_says_so(condition, said):
    """The node ends in Error with that sentence."""
    with pytest.raises(NodeFailure) as caught:
        when.holds(condition)

    assert said in str(caught.value)


def test_items_keep_their_text():
    """What stands in a name is the text of the manifest, not what Python would print."""
    found = items.elements(' [ "s", 2.50, 1e3 , {"b": 1, "a": [1, "x y"]}, ["p", null], "a(b)" ] ')

    assert [each.name("run", index) for index, each in enumerate(found)] == [
        "run(0:s)",
        "run(1:2.50)",
        "run(2:1e3)",
        'run(3:a:[1,"x y"],b:1)',
        "run(4:[p null])",
        "run(5:ab)",
    ]
    assert found[3].tags() == {"item": '{"a":[1,"x y"],"b":1}', "item.b": "1", "item.a": '[1,"x y"]'}
    assert found[5].tags() == {"item": "a(b)"}


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"count": "3"}, ["0", "1", "2"]),
        ({"count": "2", "start": "5"}, ["5", "6"]),
        ({"count": "0"}, []),
        ({"start": "2", "end": "0", "form": "r%02d"}, ["r02", "r01", "r00"]),
        ({"end": "1", "form": "%x%%"}, ["0%", "1%"]),
    ],
)
def test_a_sequence_counts_both_ends_and_downwards(numbers, expected):
    """withSequence is inclusive, and its format is Go's."""
    given = {"count": None, "start": None, "end": None, "form": None} | numbers

    assert [each.plain for each in items.sequence(**given)] == expected


def test_a_list_that_is_none_is_refused():
    """withParam over an object, or over no JSON, is an error and not an empty loop."""
    for text in ('{"a": 1}', "not json", "3", ""):
        with pytest.raises(ValueError, match=r"."):
            items.elements(text)


@pytest.mark.parametrize(
    ("node", "task"),
    [("wf.a", "a"), ("wf.cells(1:x.y).load", "load"), ("wf.a(0:1.5)", "a"), ("wf[0].b(2:c)(0)", "b"), ("wf", "wf")],
)
def test_the_task_of_a_node_is_found_without_its_turns_and_attempts(node, task):
    """`a(0:x)(1)` and `a` ask for the outputs of the same task."""
    assert names.task_of(node) == task


def test_long_pod_names_are_cut_before_their_hash():
    """Kubernetes takes 253 characters; the hash must survive."""
    name = names.pod_name("w" * 200, "w" * 200 + ".a", "t" * 200)

    assert len(name) <= 253
    assert name.endswith(f"-{names.fnv32a('w' * 200 + '.a')}")


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("1.5s", 1.5), ("1h2m", 3720), ("200ms", 0.2), ("-1m", -60)])
def test_durations_are_gos(text, seconds):
    """A bare number is seconds."""
    assert gotext.seconds(text) == seconds


@pytest.mark.parametrize(
    ("duration_s", "words"), [(0.4, "0 seconds"), (1, "1 second"), (90, "1 minute 30 seconds"), (7200, "2 hours 0 minutes")]
)
def test_durations_are_told_in_words(duration_s, words):
    """`Backoff for …` is part of a node's message."""
    assert gotext.humanize(duration_s) == words
