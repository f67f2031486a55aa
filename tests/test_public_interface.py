"""What `import sweeps` gives, and what it costs."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

import sweeps
from tests.conftest import finish, start


@pytest.mark.parametrize("name", sweeps.__all__)
def test_a_public_name_is_there_and_is_the_one_of_its_module(name: str) -> None:
    value = getattr(sweeps, name)
    assert name in dir(sweeps)
    if name != "__version__":
        assert value is getattr(import_module(value.__module__), name)


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="module 'sweeps' has no attribute 'Runs'"):
        _ = sweeps.Runs  # type: ignore[attr-defined]


def test_the_import_loads_neither_torch_nor_optuna_nor_hydra() -> None:
    code = "import sweeps, sys; print({'torch', 'optuna', 'hydra'} & set(sys.modules), dir(sweeps))"
    assert finish(start("-W", "error", "-c", code)).startswith("set() ")


def test_type_checkers_see_what_an_import_gives() -> None:
    tree = ast.parse(Path(sweeps.__file__).read_text())
    [branch] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in branch.body if isinstance(node, ast.ImportFrom)]
    assert {alias.name: node.module for node in imports for alias in node.names} == sweeps._HOMES
    assert sweeps._HOMES.keys() < set(sweeps.__all__)
