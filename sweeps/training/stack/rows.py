"""Tensors of many modules stacked along a first axis, while each module keeps its own row."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def stack_parameters(modules: Sequence[nn.Module], name: str) -> tuple[Tensor, Tensor]:
    """Stack the modules' parameter of that name; return values and gradients, both (stack, *shape).

    Afterwards each module's parameter is a row of the first, and its gradient a row of the second.
    """
    parameters = [module.get_parameter(name) for module in modules]
    values = torch.stack([parameter.detach() for parameter in parameters])
    gradients = torch.zeros_like(values)
    for parameter, row, gradient in zip(parameters, values, gradients, strict=True):
        parameter.data = row
        parameter.grad = gradient if parameter.requires_grad else None
    return values, gradients


def stack_buffers(modules: Sequence[nn.Module], name: str) -> Tensor:
    """Stack the modules' buffer of that name, (stack, *shape); afterwards each module's is a row of it."""
    path, _, buffer_name = name.rpartition(".")
    owners = [module.get_submodule(path) for module in modules]
    values = torch.stack([module.get_buffer(buffer_name) for module in owners])
    for module, row in zip(owners, values, strict=True):
        module._buffers[buffer_name] = row
    return values


def view_together(parts: Sequence[Tensor]) -> Tensor:
    """Return (stack, *shape), of which the parts are the rows: one behind the other in memory."""
    first = parts[0]
    size = first.numel() * first.element_size()
    assert all(part.data_ptr() == first.data_ptr() + row * size for row, part in enumerate(parts))
    return first.as_strided((len(parts), *first.shape), (first.numel(), *first.stride()))


def assign_gradients(parameters: Sequence[nn.Parameter], gradients: Tensor) -> None:
    """Give each parameter its row of the gradients, (stack, *shape)."""
    for parameter, row in zip(parameters, gradients, strict=True):
        parameter.grad = row


def gather_gradients(models: Sequence[nn.Module]) -> list[Tensor | None]:
    """Return the gradients of all models by parameter, (stack, *shape) each, or None where it has none."""
    gathered = []
    for column in zip(*(model.parameters() for model in models), strict=True):
        gradients = [parameter.grad for parameter in column if parameter.grad is not None]
        gathered.append(view_together(gradients) if gradients else None)
    return gathered


def align(values: Tensor, like: Tensor) -> Tensor:
    """Return a value a member, (stack,), as a factor of (stack, *shape)."""
    return values.view(-1, *(1 for _ in like.shape[1:]))


def detach(module: nn.Module) -> None:
    """Give a module tensors of its own again, so that it doesn't keep the whole stack's in memory."""
    for parameter in module.parameters():
        parameter.data, parameter.grad = parameter.data.clone(), None
    for part in module.modules():
        for name, buffer in part._buffers.items():
            part._buffers[name] = None if buffer is None else buffer.clone()
