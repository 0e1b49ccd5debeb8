"""Mistakes in a manifest are found without a cluster, each with its place."""

import pytest
import yaml

from pipelines import lint
from tests.golden import write


@pytest.fixture
def documents():
    """A manifest without a mistake: a WorkflowTemplate, and a Workflow from it."""
    return list(yaml.safe_load_all(write.manifest("compare")))


@pytest.fixture
def manifest(documents):
    """Its WorkflowTemplate, where the mistakes are made."""
    return documents[0]


def template(manifest, name):
    return {each["name"]: each for each in manifest["spec"]["templates"]}[name]


def task(manifest, dag, name):
    return {each["name"]: each for each in template(manifest, dag)["dag"]["tasks"]}[name]


def parameter(manifest, name):
    return {each["name"]: each for each in manifest["spec"]["arguments"]["parameters"]}[name]


def test_what_the_compiler_makes_is_fine(documents):
    """The compiler's own manifests have no findings."""
    assert lint.of_documents(documents) == []


MISTAKES = {
    "unknown field": (lambda m: template(m, "load").update(contianer={}), "contianer", "did you mean container"),
    "wrong type": (lambda m: template(m, "main").update(parallelism="many"), "parallelism", ""),
    "unknown template": (lambda m: task(m, "cell", "load").update(template="lod"), "cell", "there is no template lod"),
    "unknown task": (lambda m: task(m, "cell", "load").update(depends="deplay"), "load", "there is no task deplay"),
    "unknown result": (lambda m: task(m, "cell", "load").update(depends="deploy.Suceeded"), "load", "Suceeded"),
    "cycle": (lambda m: task(m, "cell", "deploy").update(depends="measure"), "cell", "wait for each other"),
    "unknown target": (lambda m: template(m, "cell")["dag"].update(target="lod"), "target", "there is no task lod"),
    "unknown tag": (
        lambda m: template(m, "load")["container"]["args"].append("{{inputs.parameters.rate}}"),
        "load",
        "inputs.parameters.rate",
    ),
    "output of a task that is not waited for": (
        lambda m: task(m, "main", "cells").update(depends=""),
        "cells",
        "tasks.provision.outputs.parameters.plan",
    ),
    "missing parameter": (
        lambda m: task(m, "cell", "deploy")["arguments"]["parameters"].pop(),
        "deploy",
        "needs the parameter cell",
    ),
    "unknown parameter": (
        lambda m: task(m, "cell", "deploy")["arguments"]["parameters"].append({"name": "rate", "value": "1"}),
        "deploy",
        "no such input",
    ),
    "missing artifact": (
        lambda m: task(m, "main", "provision")["arguments"].pop("artifacts"),
        "provision",
        "does not give provision its input artifact experiment",
    ),
    "artifact that nobody writes": (
        lambda m: template(m, "deploy")["inputs"]["artifacts"][0]["s3"].update(key="runs/else.json"),
        "deploy",
        "which no step writes",
    ),
    "name that is no DNS label": (
        lambda m: (template(m, "load").update(name="Load"), task(m, "cell", "load").update(template="Load")),
        "Load",
        "is not a DNS label",
    ),
    "too large": (lambda m: parameter(m, "experiment").update(value="x" * 400_000), "Workflow", "leave room"),
    "tag in data": (lambda m: parameter(m, "experiment").update(value='{"a": "{{item}}"}'), "experiment", "{{item}}"),
    "literal path": (
        lambda m: template(m, "load")["container"]["args"].append("/tmp/out-folder"),
        "load",
        "names /tmp/out-folder literally",
    ),
    "two workflows": (lambda m: m.update(kind="Wokflow"), "kind", "Wokflow"),
}


@pytest.mark.parametrize(("mistake", "place", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_found_and_its_place_named(documents, manifest, mistake, place, said):
    """Each mistake has a finding that says where and what; none is told twice."""
    mistake(manifest)

    found = lint.of_documents(documents)

    assert any(place in each and said in each for each in found), found
    assert len(found) == len(set(found))


def test_a_file_that_is_not_yaml_is_named(tmp_path):
    """A damaged file is a finding, not a traceback."""
    page = tmp_path / "broken.yaml"
    page.write_text("spec: [", encoding="utf-8")

    assert "broken.yaml" in lint.of_file(page)[0]
