"""Small manifests, in few words."""


def workflow(tasks, *, templates=(), **spec):
    """The documents of a workflow with one DAG and a few templates: ok, bad, sleep, say."""
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "try"},
            "spec": {
                "entrypoint": "main",
                "templates": [{"name": "main", "dag": {"tasks": tasks}}, *STOCK, *templates],
                **spec,
            },
        }
    ]


def container(code, *args, name, **fields):
    """A template that runs a line of Python."""
    return {"name": name, "container": {"image": "any", "command": ["python", "-c"], "args": [code, *args]}, **fields}


STOCK = (
    container("pass", name="ok"),
    container("raise SystemExit(1)", name="bad"),
    container("import time; time.sleep(60)", name="sleep"),
)
