"""Turn what a job or a config holds into what a storage keeps: JSON's values."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any


def to_plain(value: Any) -> Any:
    """Return paths and members of enumerations as text, arrays and tensors as numbers and lists of them.

    Raises TypeError for what has no such form.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {_to_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [to_plain(item) for item in value]
    if hasattr(value, "tolist"):  # of numpy, torch and their kin, which nobody need have installed
        return to_plain(value.tolist())
    raise TypeError(f"{type(value).__name__} is neither a number, text, path, list, dictionary nor array")


def _to_key(key: Any) -> Any:
    plain = to_plain(key)
    if isinstance(plain, list | dict):
        raise TypeError(f"{type(key).__name__} can't be a key")
    return plain
