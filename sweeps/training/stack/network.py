"""The networks of a stack's members, and the choice of the fastest kind."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.loss import StackLoss, Targets


class Network(Protocol):
    """The members' networks, laid out so that those of a group share their images and dropout masks.

    Images are (groups, batch, channels, height, width), labels (stack, batch), or values
    (stack, batch, outputs).
    """

    def __init__(self, models: Sequence[nn.Module], layout: Layout, loss: StackLoss) -> None: ...

    @staticmethod
    def supports(model: nn.Module, images: torch.Size) -> bool:
        """Return whether models of this structure train so, in batches of one member's shape `images`."""

    def begin_epoch(self, generators: Sequence[torch.Generator], images: torch.Size) -> None:
        """Start an epoch of such batches; the generators are the groups' own for dropout."""

    def compile(self) -> None:
        """Let torch's compiler take over what it can of `step`."""

    def step(self, images: Tensor, labels: Targets) -> tuple[Tensor, Tensor]:
        """Return each image's loss, (stack, batch), and outputs, (stack, batch, outputs).

        Leave gradients in the parameters.
        """

    def predict(self, images: Tensor) -> Tensor:
        """Return the logits in evaluation mode, (stack, batch, classes)."""


# The fastest first.
NETWORKS: tuple[type[Network], ...] = (LayeredNetwork, VmapNetwork, SingleNetwork)


def choose_network(model: nn.Module, images: torch.Size) -> type[Network]:
    """Return the fastest kind that supports the model.

    By its structure alone, so that a stack changes no result.
    """
    return next(network for network in NETWORKS if network.supports(model, images))


def structure_of(model: nn.Module) -> tuple[str, ...]:
    """Return the model's layers as torch prints them and its tensors' shapes: equal in all of a stack."""
    tensors = [(name, value.shape, value.dtype) for name, value in model.state_dict().items()]
    return (repr(model), *map(str, tensors))
