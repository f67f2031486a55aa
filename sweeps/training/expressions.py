"""Calls and values as Python's text, and the modules that the text names."""

import json
import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor

# A call that is longer has a line for each argument.
WIDTH = 100


class Expressions:
    """The expressions of one script."""

    def __init__(self) -> None:
        # To be imported.
        self.modules = {"torch"}
        # Whether a value has no text, and stands as `...`.
        self.has_gap = False

    def call(self, build: Callable[..., Any], *first: str) -> str:
        """Return the call of a class or function; first: expressions that come before its own arguments."""
        name, arguments = self._parts(build)
        arguments = [*first, *arguments]
        text = f"{name}({', '.join(arguments)})"
        if len(text) <= WIDTH:
            return text
        return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments), ")"])

    def value(self, value: Any) -> str:
        """Return an argument; lists, mappings and tensors with all that they hold."""
        match value:
            case None | bool() | int():
                return repr(value)
            case float():
                return repr(value) if math.isfinite(value) else f'float("{value}")'
            case str():
                return json.dumps(value)
            case list():
                return f"[{', '.join(map(self.value, value))}]"
            case tuple():
                return f"({''.join(f'{self.value(part)}, ' for part in value).strip()})"
            case Mapping():
                return f"{{{', '.join(f'{self.value(key)}: {self.value(value[key])}' for key in value)}}}"
            case Tensor():
                return f"torch.tensor({value.tolist()})"
            case partial():
                self.modules.add("functools")
                name, arguments = self._parts(value)
                return f"functools.partial({', '.join([name, *arguments])})"
        return self.name(value)

    def name(self, part: Any) -> str:
        """Return the shortest dotted name of a class or function."""
        name = getattr(part, "__qualname__", "<")
        if "<" in name or part.__module__ == "__main__":  # made on the spot, or by a script
            self.has_gap = True
            return "..."
        parents = part.__module__.split(".")
        modules = (".".join(parents[:count]) for count in range(1, len(parents) + 1))
        first = name.split(".")[0]
        module = next(module for module in modules if first in vars(sys.modules[module]))
        self.modules.add("torch" if parents[0] == "torch" else module)
        return f"{module}.{name}"

    def _parts(self, build: Callable[..., Any]) -> tuple[str, list[str]]:
        """Return the name of what is called, and its arguments."""
        if not isinstance(build, partial):
            return self.name(build), []
        keywords = [f"{key}={self.value(value)}" for key, value in build.keywords.items()]
        return self.name(build.func), [*map(self.value, build.args), *keywords]
