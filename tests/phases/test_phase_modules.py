"""A phase module is data: a docstring, imports and assignments."""

import ast
import importlib
from pathlib import Path

import pytest

from phases.index import PHASES

FOLDER = Path(__file__).parent.parent.parent / "phases"
MODULES = [*sorted(FOLDER.glob("phase_*.py")), *sorted(FOLDER.glob("appendix_*.py"))]
DATA = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
CODE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.IfExp, ast.Await, ast.Yield, ast.NamedExpr)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_phase_module_is_data(path):
    """No function, class, condition or loop; of expressions, a subset of a catalogue's set may be a generator."""
    tree = ast.parse(path.read_text())
    docstring, *rest = tree.body

    assert ast.get_docstring(tree)
    assert isinstance(docstring, ast.Expr)
    assert [type(node).__name__ for node in rest if not isinstance(node, DATA)] == []
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, CODE)] == []


def test_index_lists_every_phase_module_once_in_order():
    """A phase that is not in the index would never be run."""
    numbered = [path for path in MODULES if path.stem[6:].isdigit()]
    appendices = [path for path in MODULES if path.stem.startswith("appendix_")]
    modules = [importlib.import_module(f"phases.{path.stem}").PHASE for path in (*numbered, *appendices)]

    assert list(PHASES) == modules
    assert [f"phase_{phase.number:02}" for phase in modules[: len(numbered)]] == [path.stem for path in numbered]
    assert [f"appendix_{phase.appendix}" for phase in modules[len(numbered) :]] == [path.stem for path in appendices]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.id)
def test_experiments_have_names_of_their_own(phase):
    """An experiment's name alone says which one is meant."""
    names = [experiment.name for each in PHASES for experiment in each.experiments]

    assert all(names.count(experiment.name) == 1 for experiment in phase.experiments)
    assert len({hypothesis.statement for each in phase.experiments for hypothesis in each.hypotheses}) == sum(
        len(each.hypotheses) for each in phase.experiments
    )
