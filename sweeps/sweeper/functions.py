"""The application's functions that hydra.sweeper names by dotted paths."""

from collections.abc import Callable, Sequence
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate


def function_at(path: str) -> Callable[..., Any]:
    """Return the function of a dotted path, if the application's execution whitelist lets a config name it.

    Raises ValueError where it doesn't, or where there is none.
    """
    try:
        target = instantiate({"_target_": path, "_partial_": True})
    except InstantiationException as error:
        raise ValueError(f"{path} can't be used: {str(error).splitlines()[0]}") from error
    function: Callable[..., Any] = target.func
    return function


def check_functions(paths: Sequence[str]) -> None:
    """Raise ValueError for the first path that names no function that may be used."""
    for path in paths:
        function_at(path)
