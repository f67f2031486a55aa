"""Keeping torch's compiler out of processes that compile nothing: its import takes as long as torch's own.

`torch.optim.Optimizer` has its methods left out by the compiler (`torch._disable_dynamo`), and each optimizer
splits the compiler's graph around its step (`_use_grad_for_differentiable`). Both import it to say so, with
the first optimizer that is made and the first step. Here they do all but that. Where another torch does
it otherwise, nothing changes but the seconds.
"""

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

import torch
from torch.optim import Optimizer


@cache
def avoid_importing_dynamo() -> None:
    """Let optimizers do without the compiler, as far as torch's own classes are loaded and not yet used."""
    for method in vars(Optimizer).values():
        if (function := getattr(method, "__wrapped__", None)) is not None:
            vars(function).setdefault("__dynamo_disable", function)
    for subclass in _subclasses(Optimizer):
        step = vars(subclass).get("step")
        if getattr(step, "__code__", None) and step.__code__.co_name == "_use_grad":
            subclass.step = _without_graph_breaks(step.__wrapped__)


def _subclasses(optimizer: type[Optimizer]) -> Iterator[Any]:
    for subclass in optimizer.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _without_graph_breaks(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def step(self: Optimizer, *arguments: Any, **keywords: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return function(self, *arguments, **keywords)

    return step
