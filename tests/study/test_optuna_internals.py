"""Optuna's private interfaces have one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.storages import _CachedStorage

from tests.conftest import REPOSITORY

DOOR = Path("sweeps/study/optuna_internals")
# The keys of system attributes by which Optuna's samplers know their trials.
KEYS = {"fixed_params", "grid_id"}


def private_names() -> set[str]:
    """The private attributes of what Optuna hands out, those of its instances included."""
    study = optuna.create_study(storage="sqlite://")
    storage = study._storage
    assert isinstance(storage, _CachedStorage)
    instances = [study, study.ask(), study.get_trials()[0], storage, storage._backend]
    names = {name for instance in instances for name in dir(instance)}
    storage._backend.engine.dispose()
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def private_uses(source: str, names: set[str]) -> Iterator[str]:
    """What a module's source takes from Optuna that is private."""
    tree = ast.parse(source)
    arguments = {
        id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in arguments_of(node)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if name in names:
                yield name
            case ast.ImportFrom(module=str(module)) if module.startswith("optuna"):
                paths = [f"{module}.{alias.name}" for alias in node.names]
                yield from (path for path in paths if "._" in path)
            case ast.Import():
                paths = [alias.name for alias in node.names]
                yield from (path for path in paths if path.startswith("optuna") and "._" in path)
            case ast.Constant(value=str(key)) if key in KEYS and id(node) not in arguments:
                yield key


def arguments_of(config: ast.Dict) -> list[ast.expr | None]:
    """The keys of a config of `instantiate`, which name a class's public arguments."""
    names = [key.value for key in config.keys if isinstance(key, ast.Constant)]
    return config.keys if "_target_" in names else []


def modules() -> list[Path]:
    folders = (REPOSITORY / "sweeps", REPOSITORY / "hydra_plugins")
    return sorted(path.relative_to(REPOSITORY) for folder in folders for path in folder.rglob("*.py"))


def test_no_module_but_the_door_uses_what_optuna_keeps_to_itself() -> None:
    names = private_names()
    uses = {str(path): list(private_uses((REPOSITORY / path).read_text(), names)) for path in modules()}
    doors = [path for path in uses if DOOR in Path(path).parents]
    used_by_door = [uses.pop(path) for path in doors]
    assert any(used_by_door), "the door is not where this test looks for it"
    assert {path: used for path, used in uses.items() if used} == {}


@pytest.mark.parametrize(
    "line",
    [
        "study._storage",
        "trials[0]._trial_id",
        "study.ask()._suggest('x', space)",
        "from optuna.storages import _CachedStorage",
        "from optuna.storages.journal._file import BaseJournalFileLock",
        "import optuna_dashboard._note",
        "attributes = {'fixed_params': {}}",
    ],
)
def test_each_private_use_is_seen(line: str) -> None:
    assert list(private_uses(line, private_names()))
