"""Dotted keys and the parameters that are named by them."""

from typing import Any

import pytest

from sweeps.study.dotted_keys import ABSENT, flatten, is_at_or_below, nest, select
from sweeps.study.parameter import Parameter

TREE = {
    "optimizer": {"lr": 0.1, "betas": [0.9, {"last": None}]},
    "model": {},
    "widths": [],
    "layers": {"1": "a", "last": "b"},
}


def test_a_flattened_tree_holds_every_leaf_empty_containers_too() -> None:
    leaves = {"optimizer.lr": 0.1, "optimizer.betas.0": 0.9, "optimizer.betas.1.last": None}
    layers = {"layers.1": "a", "layers.last": "b"}
    assert flatten(TREE) == {**leaves, **layers, "model": {}, "widths": []}
    assert flatten({"a": {"b": [1, 2]}}, into_lists=False) == {"a.b": [1, 2]}
    assert flatten({}) == {}


def test_nesting_undoes_flattening() -> None:
    assert nest(flatten(TREE)) == TREE
    modules = {"factors": {"1": 0.1, "3": 0.2}}
    assert nest(flatten(modules)) == modules  # numbers that name no elements of a list


@pytest.mark.parametrize(
    ("key", "node"),
    [
        ("optimizer.betas.0", 0.9),
        ("optimizer.betas.1.last", None),
        ("model", {}),
        ("optimizer.betas.2", ABSENT),
        ("optimizer.lr.0", ABSENT),
        ("scheduler", ABSENT),
    ],
)
def test_a_dotted_key_selects_what_flattening_named_by_it(key: str, node: Any) -> None:
    assert select(TREE, key) == node


def test_a_key_is_below_its_parents_and_not_below_one_whose_name_it_begins_with() -> None:
    assert is_at_or_below("optimizer.lr", ["model", "optimizer"])
    assert is_at_or_below("optimizer", ["optimizer"])
    assert not is_at_or_below("optimizers.lr", ["optimizer"])


@pytest.mark.parametrize(
    ("name", "override", "key", "short"),
    [
        ("optimizer.lr", "optimizer.lr", "optimizer.lr", "lr"),
        ("1 - optimizer.betas.1", "optimizer.betas.1", "optimizer.betas.1", "1-betas.1"),
        ("+extra", "+extra", "extra", "extra"),
        ("+factors.1", "+factors.1", "factors.1", "factors.1"),
        ("1 - +optimizer.alpha", "+optimizer.alpha", "optimizer.alpha", "1-alpha"),
    ],
)
def test_a_parameter_is_read_from_the_name_that_optuna_stores(
    name: str, override: str, key: str, short: str
) -> None:
    parameter = Parameter.from_name(name)
    assert (parameter.override, parameter.key, parameter.short) == (override, key, short)
    assert parameter.name == name


def test_a_complement_is_stored_as_its_distance_from_one() -> None:
    momentum = Parameter("optimizer.momentum", is_complement=True)
    assert momentum.to_stored_value(0.9) == 0.1
    assert momentum.to_override_value(0.25) == 0.75
    assert momentum.to_stored_value(None) is None
    lr = Parameter("optimizer.lr")
    assert lr.to_stored_value(0.9) == lr.to_override_value(0.9) == 0.9
