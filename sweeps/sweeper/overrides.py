"""Write values as Hydra's overrides."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString

from sweeps.study.parameter import Parameter

# Words that the override grammar doesn't read as text.
RESERVED = {"null", "true", "false", "nan", "inf"}


def format_literal(value: Any) -> str:
    """Return a plain value, of Python or YAML, as Hydra's override grammar writes it."""
    if isinstance(value, str):
        is_plain = re.fullmatch(r"[A-Za-z_][\w./-]*", value) and value.lower() not in RESERVED
        return value if is_plain else QuotedString(value, Quote.single).with_quotes()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{format_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(format_literal(item) for item in value) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def format_literals(values: Mapping[str, Any]) -> list[str]:
    """Return overrides that give each key its plain value."""
    return [f"{key}={format_literal(value)}" for key, value in values.items()]


def format_overrides(values: Mapping[str, Any]) -> list[str]:
    """Return overrides, as on a command line, that give each key or stored parameter its value."""
    overrides = []
    for name, value in values.items():
        parameter = Parameter.from_name(name)
        overrides.append(f"{parameter.override}={parameter.to_override_value(value)}")
    return overrides
