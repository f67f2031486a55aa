"""Read and write Hydra's overrides."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf._utils import split_key

from sweeps.study.parameter import Parameter
from sweeps.study.values import format_literal


@cache
def parse_override(override: str) -> Override:
    """Return an override as Hydra reads it."""
    return OverridesParser.create().parse_override(override)


def to_text(value: Any) -> str:
    """Return a value that a study holds as an override writes it.

    Text is Hydra's grammar, as in hydra-optuna-sweeper; what that doesn't read as one value is itself.
    """
    return value if isinstance(value, str) and _is_one_value(value) else format_literal(value)


def to_value(value: Any) -> Any:
    """Return the plain value that a job gets for one that a study holds."""
    return parse_value(to_text(value))


def parse_value(text: str) -> Any:
    """Return the plain value of an override's text."""
    return parse_override(f"_={text}").value()


def list_literals(stored: Iterable[Any]) -> dict[str, Any]:
    """Return the plain values of those that a study holds as another text, by that text."""
    texts = [value for value in stored if isinstance(value, str)]
    return {text: value for text in texts if (value := to_value(text)) != text}


@cache
def _is_one_value(text: str) -> bool:
    try:
        return not parse_override(f"_={text}").is_sweep_override()
    except HydraException:
        return False


def format_literals(values: Mapping[str, Any]) -> list[str]:
    """Return overrides that give each key its plain value."""
    return [f"{key}={format_literal(value)}" for key, value in values.items()]


def format_sweeps(values: Mapping[str, Any]) -> list[str]:
    """Return overrides, as on a command line, of keys with text in Hydra's sweep grammar, or plain values."""
    return [
        f"{key}={value if isinstance(value, str) else format_literal(value)}" for key, value in values.items()
    ]


def format_setting(params: Mapping[str, Any]) -> list[str]:
    """Return the overrides that give each parameter, by its stored name, the value that a study holds."""
    overrides = []
    for name, value in params.items():
        parameter = Parameter.from_name(name)
        overrides.append(f"{parameter.override}={to_text(parameter.to_override_value(value))}")
    return overrides


def to_dotted(key: str) -> str:
    """Return a config's key with dots alone: optimizer.betas.0 for optimizer.betas[0]."""
    return ".".join(split_key(key)) if "[" in key else key
