"""Layers of many members at once, forward and backward written out.

A value is (stack, features, batch): with the features before the batch, batch norm and matrix products
take it as it lies. A layer's `backward` follows its `forward` and leaves its parameters' gradients.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sweeps.training.stack import rows
from sweeps.training.stack.dropout_masks import factors


class Layer(Protocol):
    """One layer of all members, made of theirs."""

    def __init__(self, modules: Sequence[Any]) -> None: ...

    @staticmethod
    def takes(module: Any) -> bool:
        """Whether the written-out form has all that the module does."""

    def forward(self, values: Tensor, training: bool) -> Tensor:
        """The layer's output."""

    def backward(self, gradient: Tensor) -> Tensor | None:
        """From the gradient of the last output to that of its input, or None where nobody needs it."""


def in_bf16(values: Tensor) -> bool:
    """Whether products of such values are to be computed in bf16."""
    kind = values.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def product(left: Tensor, right: Tensor, out: Tensor | None = None) -> Tensor:
    """Matrix products of two stacks, in bf16 under autocast; `out` takes them without a copy."""
    if in_bf16(left):
        result = torch.bmm(left.bfloat16(), right.bfloat16()).to(left.dtype)
        return result if out is None else out.copy_(result)
    return torch.bmm(left, right) if out is None else torch.bmm(left, right, out=out)


class Linear:
    """torch.nn.Linear."""

    # Nobody needs the gradient of the images.
    first = False

    def __init__(self, modules: Sequence[nn.Linear]) -> None:
        self.weight, self.weight_gradient = rows.parameters(modules, "weight")
        self.has_bias = modules[0].bias is not None
        if self.has_bias:
            self.bias, self.bias_gradient = rows.parameters(modules, "bias")

    @staticmethod
    def takes(module: nn.Linear) -> bool:  # noqa: ARG004 -- all of them
        return True

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        self.values = values
        if self.has_bias and not in_bf16(values):
            return torch.baddbmm(self.bias.unsqueeze(2), self.weight, values)
        result = product(self.weight, values)
        return result.add_(self.bias.unsqueeze(2)) if self.has_bias else result

    def backward(self, gradient: Tensor) -> Tensor | None:
        product(gradient, self.values.transpose(1, 2), out=self.weight_gradient)
        if self.has_bias:
            torch.sum(gradient, 2, out=self.bias_gradient)
        return None if self.first else product(self.weight.transpose(1, 2), gradient)


class BatchNorm:
    """torch.nn.BatchNorm1d: to torch, the members' features are the channels of one image."""

    def __init__(self, modules: Sequence[nn.BatchNorm1d]) -> None:
        self.weight, self.weight_gradient = rows.parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.parameters(modules, "bias")
        self.mean = rows.buffers(modules, "running_mean")
        self.variance = rows.buffers(modules, "running_var")
        self.batches = rows.buffers(modules, "num_batches_tracked")
        self.momentum, self.eps = modules[0].momentum or 0.0, modules[0].eps

    @staticmethod
    def takes(module: nn.BatchNorm1d) -> bool:
        return module.affine and module.track_running_stats and module.momentum is not None

    def forward(self, values: Tensor, training: bool) -> Tensor:
        if training:
            self.batches.add_(1)
        self.values = values.contiguous().view(1, -1, values.shape[2])
        self.running = self.mean.view(-1), self.variance.view(-1)
        normed, *self.saved = torch.native_batch_norm(
            self.values,
            self.weight.view(-1),
            self.bias.view(-1),
            *self.running,
            training,
            self.momentum,
            self.eps,
        )
        return normed.view(values.shape)

    def backward(self, gradient: Tensor) -> Tensor:
        values: Tensor
        values, weight, bias = torch.ops.aten.native_batch_norm_backward(
            gradient.contiguous().view(self.values.shape),
            self.values,
            self.weight.view(-1),
            *self.running,
            *self.saved,
            True,
            self.eps,
            [True, True, True],
        )
        self.weight_gradient.view(-1).copy_(weight)
        self.bias_gradient.view(-1).copy_(bias)
        return values.view(gradient.shape)


class LayerNorm:
    """torch.nn.LayerNorm over the features."""

    def __init__(self, modules: Sequence[nn.LayerNorm]) -> None:
        self.weight, self.weight_gradient = rows.parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.parameters(modules, "bias")
        self.eps = modules[0].eps

    @staticmethod
    def takes(module: nn.LayerNorm) -> bool:
        return len(module.normalized_shape) == 1 and isinstance(module.bias, Tensor)

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        variance, mean = torch.var_mean(values, 1, correction=0, keepdim=True)
        self.scale = torch.rsqrt(variance + self.eps)
        self.normed = (values - mean) * self.scale
        return torch.addcmul(self.bias.unsqueeze(2), self.normed, self.weight.unsqueeze(2))

    def backward(self, gradient: Tensor) -> Tensor:
        torch.sum(gradient * self.normed, 2, out=self.weight_gradient)
        torch.sum(gradient, 2, out=self.bias_gradient)
        gradient = gradient * self.weight.unsqueeze(2)
        along = (gradient * self.normed).mean(1, keepdim=True)
        return (gradient - gradient.mean(1, keepdim=True) - self.normed * along) * self.scale


class Elementwise:
    """Any module without tensors of its own that maps each value by itself, by torch's own derivative."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.module = modules[0]

    @staticmethod
    def takes(module: nn.Module) -> bool:
        return not getattr(module, "inplace", False)

    def forward(self, values: Tensor, training: bool) -> Tensor:
        self.values = values.detach().requires_grad_(training)
        with torch.set_grad_enabled(training):
            output: Tensor = self.module(self.values)
        self.output = output
        return output.detach()

    def backward(self, gradient: Tensor) -> Tensor:
        [found] = torch.autograd.grad(self.output, self.values, gradient)
        assert isinstance(found, Tensor)
        return found


class ReLU:
    """torch.nn.ReLU, the activation that most networks have: no autograd for each step."""

    def __init__(self, modules: Sequence[nn.ReLU]) -> None: ...

    @staticmethod
    def takes(module: nn.ReLU) -> bool:
        return not module.inplace

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        self.output = torch.relu(values)
        return self.output

    def backward(self, gradient: Tensor) -> Tensor:
        found: Tensor = torch.ops.aten.threshold_backward(gradient, self.output, 0)
        return found


class Dropout:
    """torch.nn.Dropout; the random bits of a step's mask are set from outside."""

    bits: Tensor

    def __init__(self, modules: Sequence[nn.Dropout]) -> None:
        self.dropped = modules[0].p

    @staticmethod
    def takes(module: nn.Dropout) -> bool:
        return not module.inplace

    def forward(self, values: Tensor, training: bool) -> Tensor:
        if not training:
            return values
        self.factors = factors(self.bits, self.dropped, values.dtype)
        return values * self.factors

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient * self.factors


ELEMENTWISE: tuple[type[nn.Module], ...] = (
    *(
        nn.CELU,
        nn.ELU,
        nn.GELU,
        nn.Hardswish,
        nn.Hardtanh,
        nn.Identity,
        nn.LeakyReLU,
        nn.Mish,
        nn.ReLU6,
    ),
    *(nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Tanh),
)
# What is written out, by torch's class.
LAYERS: dict[type[nn.Module], type[Layer]] = {
    nn.Linear: Linear,
    nn.BatchNorm1d: BatchNorm,
    nn.LayerNorm: LayerNorm,
    nn.ReLU: ReLU,
    nn.Dropout: Dropout,
    **dict.fromkeys(ELEMENTWISE, Elementwise),
}
