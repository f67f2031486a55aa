"""A network's parameters by patterns of their names: what trains, and at which learning rate."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

# A pattern of parameters and what multiplies their learning rate; of several patterns the first counts.
LrFactors = Sequence[tuple[str, float]]
# The parts of a network that a message names.
MOST_PARTS = 8


def matches(name: str, pattern: str) -> bool:
    """Return whether a pattern is of a parameter: its name, a module that holds it, or a glob of its name."""
    return name == pattern or name.startswith(f"{pattern}.") or fnmatchcase(name, pattern)


def list_trained(model: nn.Module, freeze: Sequence[str]) -> dict[str, nn.Parameter]:
    """Return the parameters that `freeze` leaves, by name. Raises ValueError where it fits none, or all."""
    parameters = dict(model.named_parameters())
    for pattern in freeze:
        _check_pattern("freeze", pattern, parameters)
    parameters = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.requires_grad and not any(matches(name, pattern) for pattern in freeze)
    }
    if not parameters:
        raise ValueError(f"freeze={_as_list(freeze)} leaves nothing to train; leave out a pattern")
    return parameters


def freeze_parameters(model: nn.Module, freeze: Sequence[str]) -> None:
    """Let only the parameters train that `freeze` leaves."""
    parameters = list_trained(model, freeze)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in parameters)


def group_by_lr_factor(parameters: Mapping[str, nn.Parameter], factors: LrFactors) -> list[dict[str, Any]]:
    """Return a group of parameters for each factor, with its `lr_factor`; first those without one.

    Raises ValueError for a pattern that fits no parameter.
    """
    groups: dict[str | None, dict[str, Any]] = {None: {"params": [], "lr_factor": 1.0}}
    for pattern, factor in factors:
        _check_pattern("lr_factors", pattern, parameters)
        groups[pattern] = {"params": [], "lr_factor": factor}
    for name, parameter in parameters.items():
        key = next((pattern for pattern, _ in factors if matches(name, pattern)), None)
        groups[key]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]


def _check_pattern(key: str, pattern: str, parameters: Mapping[str, nn.Parameter]) -> None:
    if not any(matches(name, pattern) for name in parameters):
        parts = list(dict.fromkeys(name.split(".")[0] for name in parameters))
        words = ", ".join(parts[:MOST_PARTS]) + (", ..." if len(parts) > MOST_PARTS else "")
        raise ValueError(
            f"{key}: {pattern} fits no parameter; write the name of one, of a module, or a pattern such as "
            f"*.bias. The model's parts are {words}"
        )


def _as_list(patterns: Sequence[str]) -> str:
    return f"[{','.join(patterns)}]"
