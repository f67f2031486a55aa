"""What a stack needs of its members' networks, and which of the forms a model takes."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from sweeps.training.stack.autograd import Alone, Mapped
from sweeps.training.stack.layered import Layered


class Network(Protocol):
    """The members' networks. Images are (stack, batch, channels, height, width), labels (stack, batch)."""

    def __init__(self, models: Sequence[nn.Module]) -> None: ...

    @staticmethod
    def takes(model: nn.Module, images: torch.Size) -> bool:
        """Whether models of this structure can be trained so, in batches of one member's shape `images`."""

    def begin(self, generators: Sequence[torch.Generator], images: torch.Size) -> None:
        """Start an epoch of such batches; the generators are the members' own for dropout."""

    def compile(self) -> None:
        """Let torch's compiler take over what it can of `step`."""

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and number of right answers of each member, (stack,); gradients are left in the parameters."""

    def logits(self, images: Tensor) -> Tensor:
        """What the networks say in evaluation mode, (stack, batch, classes)."""


# The fastest first.
FORMS: tuple[type[Network], ...] = (Layered, Mapped, Alone)


def form_of(model: nn.Module, images: torch.Size) -> type[Network]:
    """The fastest form that takes the model; by its structure alone, so that a stack changes no result."""
    return next(form for form in FORMS if form.takes(model, images))


def structure(model: nn.Module) -> tuple[str, ...]:
    """Equal for models that one stack can hold: their layers as torch prints them, their tensors' shapes."""
    tensors = [(name, value.shape, value.dtype) for name, value in model.state_dict().items()]
    return (repr(model), *map(str, tensors))
