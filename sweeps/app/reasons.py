"""Errors and values of the user's own code or of a library's, as a line of a message has them."""

import traceback
from pathlib import Path
from typing import Any

# Errors whose message doesn't say what is wrong without their name: KeyError('width') says 'width'.
NAMED = (KeyError, IndexError, AttributeError, AssertionError, NotImplementedError, RecursionError)
# Characters of a library's message that are worth reading.
LONGEST = 300


def describe_error(error: BaseException) -> str:
    """Return the error's message in one line, with its class where that says more."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = ", ".join(lines)
    if len(message) > LONGEST:
        message = f"{message[:LONGEST].rsplit(' ', 1)[0]} ..."
    name = type(error).__name__
    if not message:
        return name
    return f"{name}: {message}" if isinstance(error, NAMED) else message.rstrip(".")


def locate_error(error: BaseException) -> str:
    """Return where the innermost code outside of libraries raised the error: parts.py, line 3; else empty."""
    package = str(Path(__file__).parents[1])
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "site-packages" not in frame.filename and not frame.filename.startswith((package, "<")):
            return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""


def describe_kind(value: Any) -> str:
    """Return what a value is: a tensor's type and shape, or its class."""
    from torch import Tensor

    if isinstance(value, Tensor):
        return f"a tensor {str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return "None" if value is None else f"a {type(value).__name__}"
