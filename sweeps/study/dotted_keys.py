"""Dotted keys: optimizer.betas.0 names the first of the betas in the optimizer's part of a config."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# The answer of `select` for a key that is absent; None is a value that a config may hold.
ABSENT = object()


def flatten(tree: Mapping[Any, Any], *, into_lists: bool = True) -> dict[str, Any]:
    """Return the leaves of nested dictionaries by dotted key; empty containers are leaves too.

    into_lists: whether the elements of a list are leaves of their own, or the list is one.
    """
    return dict(_leaves(tree, "", into_lists)) if tree else {}


def _leaves(node: Any, prefix: str, into_lists: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        children = list(node.items())
    elif isinstance(node, list) and node and into_lists:
        children = list(enumerate(node))
    else:
        yield prefix, node
        return
    for key, child in children:
        yield from _leaves(child, f"{prefix}.{key}" if prefix else str(key), into_lists)


def nest(values: Mapping[str, Any]) -> Any:
    """Return nested dictionaries for dotted keys, and lists where all keys of one count from 0."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *parents, last = key.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return _with_lists(tree)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    numbers = sorted((key for key in node if key.isdigit()), key=int)
    if node and numbers == list(map(str, range(len(node)))):
        return [_with_lists(node[key]) for key in numbers]
    return {key: _with_lists(value) for key, value in node.items()}


def select(tree: Any, key: str) -> Any:
    """Return the node at a dotted key, or ABSENT."""
    node = tree
    for part in key.split("."):
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return ABSENT
    return node


def is_at_or_below(key: str, parents: Sequence[str]) -> bool:
    """Return whether a dotted key is one of `parents`, or lies below one."""
    return any(key == parent or key.startswith(f"{parent}.") for parent in parents)
