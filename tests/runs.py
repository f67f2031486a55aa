"""What the tests of training share."""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import Optimizer


def of(optimizer: Callable[..., Optimizer], **settings: Any) -> Callable[[nn.Module], Optimizer]:
    """Builds an optimizer of a network's parameters, as a run wants it."""
    return lambda network: optimizer(network.parameters(), **settings)
