"""A manifest is read whole before anything starts: what cannot be executed is refused by its path."""

import copy
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.local import read
from steps.errors import ManifestError
from tests.pipelines.local.manifests import container, workflow


def refused(documents):
    with pytest.raises(ManifestError) as caught:
        read.documents(documents)
    return str(caught.value)


def changed(where, value, documents=None):
    """The documents of a small workflow with one field more; a path as `spec.templates.1.container.tty`."""
    made = copy.deepcopy(documents or workflow([{"name": "a", "template": "ok"}]))
    here = made[0]
    *path, last = where.split(".")
    for part in path:
        here = here[int(part)] if part.isdigit() else here.setdefault(part, {})
    here[last] = value
    return made


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (
            "spec.templates.1.contianer",
            {},
            "spec.templates[ok].contianer (Workflow try): there is no such field; did you mean container?",
        ),
        (
            "spec.templates.1.sidecars",
            [{}],
            "spec.templates[ok].sidecars (Workflow try): sidecars is not executed on one machine",
        ),
        ("spec.templates.1.container.volumeMounts", [{}], "spec.templates[ok].container.volumeMounts"),
        ("spec.templates.0.dag.tasks.0.hooks", {"exit": {}}, "spec.templates[main].dag.tasks[a].hooks"),
        ("spec.templates.0.dag.tasks.0.template", "none", "spec.templates[main].dag.tasks[a]: there is no template none"),
        ("spec.templates.0.dag.tasks.0.depends", "b", "spec.templates[main].dag.tasks[a].depends: there is no task b"),
        ("spec.templates.0.dag.tasks.0.depends", "a", "these wait for each other: a"),
        ("spec.templates.0.dag.tasks.0.depends", "a &&", "spec.templates[main].dag.tasks[a].depends: it ends too early"),
        ("spec.templates.0.dag.target", "a b", "spec.templates[main].dag.target: there is no task b"),
        (
            "spec.templates.1.container.args",
            ["{{inputs.parameters.x}}"],
            "spec.templates[ok]: {{inputs.parameters.x}} means nothing here",
        ),
        ("spec.templates.1.container.args", ["{{=1+1}}"], "spec.templates[ok]: {{=1+1}} is an expression"),
        ("spec.templates.1.container.args", [{"a": 1}], "spec.templates[ok].container.args[0]"),
        ("spec.templates.1.container.command", [], "spec.templates[ok].container.command: it is missing"),
        ("spec.templates.1.timeout", [], "spec.templates[ok].timeout"),
        ("spec.templates.1.dag", {"tasks": [{"name": "x", "template": "ok"}]}, "a template is one of container, dag and steps"),
        ("spec.entrypoint", "gone", "spec.entrypoint: there is no template gone"),
        ("spec.onExit", "gone", "spec.onExit: there is no template gone"),
        ("spec.suspend", True, "spec.suspend (Workflow try)"),
        ("spec.templates.1.retryStrategy", {"retryPolicy": "Sometimes"}, "spec.templates[ok].retryStrategy.retryPolicy"),
        ("spec.arguments.parameters", [{"name": "p", "value": {"a": 1}}], "spec.arguments.parameters[p].value"),
        ("kind", "CronWorkflow", "kind: the manifest holds 'CronWorkflow', which is not executed here"),
    ],
)
def test_what_is_not_executed_is_refused_by_its_path(where, value, said):
    """The message starts with the place, and says what to do where that is known."""
    assert said in refused(changed(where, value))


def test_what_means_nothing_on_one_machine_is_told_once():
    """Scheduling is for clusters: it is ignored aloud, each field once, whatever the number of templates."""
    documents = changed("spec.templates.1.nodeSelector", {"disk": "ssd"})
    documents[0]["spec"]["templates"][2]["nodeSelector"] = {"disk": "ssd"}
    documents[0]["spec"]["ttlStrategy"] = {"secondsAfterCompletion": 1}

    manifest = read.documents(documents)

    assert manifest.ignored == ("spec.templates[].container.image", "spec.templates[].nodeSelector", "spec.ttlStrategy")


def test_the_manifest_is_kept_as_it_was_written():
    """What is ignored here still belongs to the run's circumstances."""
    documents = changed("spec.templates.1.nodeSelector", {"disk": "ssd"})

    assert read.documents(documents).documents == tuple(documents)


def test_a_task_may_only_speak_of_tasks_before_it():
    """Argo would look for the value for ever."""
    say = container("", "{{inputs.parameters.text}}", name="say", inputs={"parameters": [{"name": "text"}]})
    given = {"parameters": [{"name": "text", "value": "{{tasks.a.status}}"}]}
    tasks = [{"name": "a", "template": "ok"}, {"name": "b", "template": "say", "arguments": given}]

    assert refused(workflow(tasks, templates=[say])).startswith("spec.templates[main].dag.tasks[b]: {{tasks.a.status}}")
    tasks[1]["depends"] = "a"
    read.documents(workflow(tasks, templates=[say]))


def test_an_input_without_a_value_is_found_before_the_run():
    """A parameter that nobody gives and that has no default."""
    say = container("", name="say", inputs={"parameters": [{"name": "text"}]})

    said = refused(workflow([{"name": "a", "template": "say"}], templates=[say]))

    assert said == "spec.templates[main].dag.tasks[a]: template say needs the parameter text"


def test_numbers_and_truths_are_texts_as_in_argo():
    """Argo writes them in plain decimal; what is neither is refused, where Argo would take an empty text."""
    documents = changed(
        "spec.arguments.parameters", [{"name": "n", "value": 1e3}, {"name": "f", "value": 0.25}, {"name": "t", "value": True}]
    )

    manifest = read.documents(documents)

    assert [each.value for each in manifest.spec.arguments.parameters] == ["1000", "0.25", "true"]


def test_a_workflow_may_take_its_spec_from_a_template_in_the_same_file():
    """workflowTemplateRef: the workflow's own words win, arguments are merged by name."""
    library = workflow(
        [{"name": "a", "template": "ok"}], arguments={"parameters": [{"name": "x", "value": "1"}, {"name": "y", "value": "2"}]}
    )[0]
    library |= {"kind": "WorkflowTemplate", "metadata": {"name": "library"}}
    own = {"workflowTemplateRef": {"name": "library"}, "arguments": {"parameters": [{"name": "y", "value": "3"}]}}

    manifest = read.documents(
        [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}, "spec": own}, library]
    )

    assert {each.name: each.value for each in manifest.spec.arguments.parameters} == {"x": "1", "y": "3"}
    assert manifest.spec.entrypoint == "main"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML in line"),
        ("- 1", "a document of it is list, not a mapping"),
        ("", "a manifest holds one Workflow, this one none"),
    ],
)
def test_what_is_no_manifest_is_named(text, said):
    """With the file, and the line where there is one."""
    with pytest.raises(ManifestError) as caught:
        read.documents(text, source="mine.yaml")

    assert "mine.yaml" in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """One sentence with the path and the reason."""
    with pytest.raises(ManifestError, match=r"gone\.yaml cannot be read: No such file or directory"):
        read.file(tmp_path / "gone.yaml")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["{{item}}", "{{=1}}", "a"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "value", "template", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
SEED = workflow(
    [
        {"name": "a", "template": "ok"},
        {"name": "b", "template": "say", "depends": "a", "withItems": [1], "arguments": {"parameters": []}},
    ],
    templates=[container("", name="say", inputs={"parameters": [{"name": "t", "default": "1"}]}, retryStrategy={"limit": 1})],
    arguments={"parameters": [{"name": "p", "value": "v"}]},
)


def places(value, path=()):
    """Every place in a document."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([place for place in places(SEED) if len(place) > 1]), ANYTHING)
def test_whatever_stands_in_a_manifest_is_read_or_refused(place, value):
    """A mistake of a user is a sentence, never a crash of ours."""
    documents = copy.deepcopy(SEED)
    here = documents
    for part in place[:-1]:
        here = here[part]
    here[place[-1]] = value

    with suppress(ManifestError):
        read.documents(documents)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_cannot_hold_is_refused(value):
    """YAML knows infinity and `.nan`; Argo does not, so they are refused by their path, not by a traceback."""
    container = {"image": "x", "command": ["a"], "args": [value]}
    spec = {"entrypoint": "main", "templates": [{"name": "main", "container": container}]}
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "a"}, "spec": spec}

    with pytest.raises(ManifestError, match=r"spec\.templates\[main\]\.container\.args"):
        read.documents([document])
