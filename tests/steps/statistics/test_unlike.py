"""What differs between two runs is named, layer by layer; `unknown` is a value of its own."""

import pytest

from steps.model import Precision
from steps.statistics import unlike
from tests.steps.simulated import tiny
from tests.steps.simulated_cell import environment

HERE = environment().model_copy(update={"components": {"nginx": "nginx version: nginx/1.29.0\nbuilt with OpenSSL 3.0"}})


def layer(name, **facts):
    """The same place but for these facts; None removes one."""
    known = {**getattr(HERE, name), **facts}
    return HERE.model_copy(update={name: {key: value for key, value in known.items() if value is not None}})


FIELDS = [(name, key) for name in ("driver", "node", "components") for key in getattr(HERE, name)]


@pytest.mark.parametrize(("name", "key"), FIELDS, ids=[f"{name}.{key}" for name, key in FIELDS])
def test_each_circumstance_that_changes_is_named(name, key):
    """Rule 23: change one field, and that one is listed."""
    (found,) = unlike.circumstances(HERE, layer(name, **{key: "another"}))

    assert found.key == f"{name}.{key}"
    assert found.after == "another"


def test_the_kind_of_place_and_the_cluster_are_circumstances():
    """A pod is no process."""
    there = HERE.model_copy(update={"place": "kubernetes", "cluster": {"version": "1.34"}})

    found = unlike.circumstances(HERE, there)

    assert [(each.key, each.before, each.after) for each in found] == [
        ("cluster.version", "unknown", "1.34"),
        ("place.kind", "process", "kubernetes"),
    ]


def test_known_here_and_unknown_there_differ():
    """Whether it was left out or said to be unknown."""
    for silent in (layer("node", kernel=None), layer("node", kernel="unknown")):
        (found,) = unlike.circumstances(HERE, silent)
        assert (found.key, found.after) == ("node.kernel", "unknown")


def test_unknown_in_both_is_a_doubt_and_no_difference():
    """Nobody can say whether they were alike."""
    assert unlike.circumstances(HERE, layer("node", governor=None)) == ()
    assert unlike.unknown_in_both(HERE, layer("node", governor=None)) == ("node.governor",)


def test_long_texts_are_shown_where_they_differ():
    """A version says much before it says what differs."""
    (found,) = unlike.circumstances(HERE, layer("components", nginx="nginx version: nginx/1.29.0\nbuilt with OpenSSL 3.5"))

    assert (found.before, found.after) == ("built with OpenSSL 3.0", "built with OpenSSL 3.5")

    flags = " ".join(f"--with-module-{n}" for n in range(40))
    (found,) = unlike.circumstances(layer("components", nginx=flags), layer("components", nginx=f"{flags} --with-debug"))
    assert found.before != found.after
    assert "--with-debug" in found.after
    assert len(found.after) < 90


def test_a_field_of_the_definition_is_named_by_its_path():
    """Contenders and metrics by their names, configurations by their first line that differs."""
    asked = tiny()
    nginx = asked.contenders[0].model_copy(update={"version": "2.0"})
    changed = asked.model_copy(
        update={"contenders": (nginx, *asked.contenders[1:]), "repetitions": 9, "configs": {"nginx.conf": "a\nb\n"}}
    )

    found = {each.key: (each.before, each.after) for each in unlike.definitions(asked, changed)}

    assert found["experiment.contenders.nginx.version"] == (asked.contenders[0].version, "2.0")
    assert found["experiment.repetitions"] == (str(asked.repetitions), "9")
    assert "experiment.configs.nginx.conf" in found
    assert unlike.definitions(asked, tiny()) == ()


def test_a_part_that_one_of_them_does_not_have_is_named_by_what_is_in_it():
    """And let pass by its own name."""
    asked = tiny()
    sure = asked.model_copy(update={"precision": Precision(half_width=0.1, most_rounds=12)})

    found = unlike.definitions(sure, asked)

    assert [unlike.told(each) for each in found] == [
        "experiment.precision.half_width was 0.1 and is absent",
        "experiment.precision.most_rounds was 12 and is absent",
    ]
    assert all(unlike.allowed(each, ["experiment.precision"]) for each in found)


@pytest.mark.parametrize("despite", ["node.kernel", "node", "kernel"])
def test_a_difference_is_let_pass_by_key_layer_or_name(despite):
    """And by nothing else."""
    (kernel,) = unlike.circumstances(HERE, layer("node", kernel="6.6"))
    (cpu,) = unlike.circumstances(HERE, layer("node", cpu="another"))

    assert unlike.allowed(kernel, ["place", despite])
    assert not unlike.allowed(kernel, ["kern", "node.ker", "driver"])
    assert unlike.allowed(cpu, [despite]) is (despite == "node")


def test_loads_of_one_label_must_be_the_same_load():
    """Open and closed loops above all: a closed one's percentiles are not what users wait for."""
    asked = tiny()
    closed = asked.loads[0].model_copy(update={"model": "closed", "connections": 64})

    found = unlike.loads(asked, asked.model_copy(update={"loads": (closed,)}))

    assert [unlike.told(each) for each in found] == [
        "loads.100rps.connections was 32 and is 64",
        "loads.100rps.model was open and is closed",
    ]
