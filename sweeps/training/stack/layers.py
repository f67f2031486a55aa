"""Layers of many members at once, forward and backward written out.

A value is (stack, features, batch): with the features before the batch, batch norm and matrix products
take it as it lies. A layer's `backward` follows its `forward` and writes its parameters' gradients.

In the comments x is a layer's input, y its output, g = dL/dy the gradient that `backward` is given.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sweeps.training.stack import rows
from sweeps.training.stack.dropout_masks import dropout_factors


class Layer(Protocol):
    """One layer of all members, made of theirs."""

    def __init__(self, modules: Sequence[Any]) -> None: ...

    @staticmethod
    def supports(module: Any) -> bool:
        """Return whether the written-out form does all that the module does."""

    def forward(self, values: Tensor, training: bool) -> Tensor:
        """Return y: (stack, features, batch)."""

    def backward(self, gradient: Tensor) -> Tensor | None:
        """Return dL/dx, like x, or None where nobody needs it."""


def uses_bf16(values: Tensor) -> bool:
    """Return whether products of such values are computed in bf16."""
    kind = values.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def multiply(matrices: Tensor, factors: Tensor, out: Tensor | None = None) -> Tensor:
    """Multiply two stacks of matrices, in bf16 under autocast; `out` takes the products without a copy."""
    if uses_bf16(matrices):
        products = torch.bmm(matrices.bfloat16(), factors.bfloat16()).to(matrices.dtype)
        return products if out is None else out.copy_(products)
    return torch.bmm(matrices, factors) if out is None else torch.bmm(matrices, factors, out=out)


class Linear:
    """torch.nn.Linear: y = W x + b, W (stack, outputs, inputs), b (stack, outputs)."""

    # Nobody needs the gradient of the images.
    is_first = False

    def __init__(self, modules: Sequence[nn.Linear]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.has_bias = modules[0].bias is not None
        if self.has_bias:
            self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")

    @staticmethod
    def supports(module: nn.Linear) -> bool:  # noqa: ARG004 -- all of them
        return True

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        self.values = values
        if self.has_bias and not uses_bf16(values):
            return torch.baddbmm(self.bias.unsqueeze(2), self.weight, values)
        outputs = multiply(self.weight, values)
        return outputs.add_(self.bias.unsqueeze(2)) if self.has_bias else outputs

    def backward(self, gradient: Tensor) -> Tensor | None:
        # dL/dW = g x^T, summed over the batch by the product itself
        multiply(gradient, self.values.transpose(1, 2), out=self.weight_gradient)
        if self.has_bias:
            torch.sum(gradient, 2, out=self.bias_gradient)  # dL/db = sum of g over the batch
        if self.is_first:
            return None
        return multiply(self.weight.transpose(1, 2), gradient)  # dL/dx = W^T g


class BatchNorm:
    """torch.nn.BatchNorm1d: to torch, the members' features are the channels of one image.

    y = w n + b with n = (x - mean) / sqrt(variance + eps), mean and variance of a feature over its batch;
    w and b are (stack, features).
    """

    def __init__(self, modules: Sequence[nn.BatchNorm1d]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")
        self.mean = rows.stack_buffers(modules, "running_mean")
        self.variance = rows.stack_buffers(modules, "running_var")
        self.batches = rows.stack_buffers(modules, "num_batches_tracked")
        self.momentum, self.eps = modules[0].momentum or 0.0, modules[0].eps

    @staticmethod
    def supports(module: nn.BatchNorm1d) -> bool:
        return module.affine and module.track_running_stats and module.momentum is not None

    def forward(self, values: Tensor, training: bool) -> Tensor:
        if training:
            self.batches.add_(1)
        # (1, stack * features, batch), as the kernel wants it
        self.values = values.contiguous().view(1, -1, values.shape[2])
        self.running_statistics = self.mean.view(-1), self.variance.view(-1)
        outputs, *self.batch_statistics = torch.native_batch_norm(
            self.values,
            self.weight.view(-1),
            self.bias.view(-1),
            *self.running_statistics,
            training,
            self.momentum,
            self.eps,
        )
        return outputs.view(values.shape)

    def backward(self, gradient: Tensor) -> Tensor:
        # With means over the batch, of which mean and variance are functions too:
        #   dL/dx = w / sqrt(variance + eps) * (g - mean(g) - n mean(g n))
        #   dL/dw = sum of g n, dL/db = sum of g
        values: Tensor
        values, weight, bias = torch.ops.aten.native_batch_norm_backward(
            gradient.contiguous().view(self.values.shape),
            self.values,
            self.weight.view(-1),
            *self.running_statistics,
            *self.batch_statistics,
            True,
            self.eps,
            [True, True, True],
        )
        self.weight_gradient.view(-1).copy_(weight)
        self.bias_gradient.view(-1).copy_(bias)
        return values.view(gradient.shape)


class LayerNorm:
    """torch.nn.LayerNorm over the features.

    y = w n + b with n = (x - mean) s and s = 1 / sqrt(variance + eps), mean and variance of an image over
    its features; w and b are (stack, features), mean, variance and s (stack, 1, batch).
    """

    def __init__(self, modules: Sequence[nn.LayerNorm]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")
        self.eps = modules[0].eps

    @staticmethod
    def supports(module: nn.LayerNorm) -> bool:
        return len(module.normalized_shape) == 1 and isinstance(module.bias, Tensor)

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        variance, mean = torch.var_mean(values, 1, correction=0, keepdim=True)
        self.scale = torch.rsqrt(variance + self.eps)
        self.normed = (values - mean) * self.scale
        return torch.addcmul(self.bias.unsqueeze(2), self.normed, self.weight.unsqueeze(2))

    def backward(self, gradient: Tensor) -> Tensor:
        # dL/dw = sum of g n over the batch, dL/db = sum of g
        torch.sum(gradient * self.normed, 2, out=self.weight_gradient)
        torch.sum(gradient, 2, out=self.bias_gradient)
        # With h = dL/dn = w g, and since all features of an image move its mean and its variance,
        #   dL/dx = s (h - mean(h) - n mean(h n)), means over the features
        normed_gradient = gradient * self.weight.unsqueeze(2)
        along_normed = (normed_gradient * self.normed).mean(1, keepdim=True)
        centred = normed_gradient - normed_gradient.mean(1, keepdim=True)
        return (centred - self.normed * along_normed) * self.scale


class Elementwise:
    """Any module without tensors of its own that maps each value by itself, by torch's own derivative."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.module = modules[0]

    @staticmethod
    def supports(module: nn.Module) -> bool:
        return not getattr(module, "inplace", False)

    def forward(self, values: Tensor, training: bool) -> Tensor:
        self.values = values.detach().requires_grad_(training)
        with torch.set_grad_enabled(training):
            outputs: Tensor = self.module(self.values)
        self.outputs = outputs
        return outputs.detach()

    def backward(self, gradient: Tensor) -> Tensor:
        [input_gradient] = torch.autograd.grad(self.outputs, self.values, gradient)
        assert isinstance(input_gradient, Tensor)
        return input_gradient


class ReLU:
    """torch.nn.ReLU, the activation that most networks have: no autograd for each step."""

    def __init__(self, modules: Sequence[nn.ReLU]) -> None: ...

    @staticmethod
    def supports(module: nn.ReLU) -> bool:
        return not module.inplace

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        self.outputs = torch.relu(values)
        return self.outputs

    def backward(self, gradient: Tensor) -> Tensor:
        # dL/dx = g where y > 0, else 0
        input_gradient: Tensor = torch.ops.aten.threshold_backward(gradient, self.outputs, 0)
        return input_gradient


class Dropout:
    """torch.nn.Dropout: y = x m, with a mask m of zeros and of 1 / (1 - p) for each step."""

    # Random bits of the step's mask, set from outside: (stack, features, batch).
    bits: Tensor

    def __init__(self, modules: Sequence[nn.Dropout]) -> None:
        self.probability = modules[0].p

    @staticmethod
    def supports(module: nn.Dropout) -> bool:
        return not module.inplace

    def forward(self, values: Tensor, training: bool) -> Tensor:
        if not training:
            return values
        self.mask = dropout_factors(self.bits, self.probability, values.dtype)
        return values * self.mask

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient * self.mask  # dL/dx = g m


ELEMENTWISE: tuple[type[nn.Module], ...] = (
    *(nn.CELU, nn.ELU, nn.GELU, nn.Hardswish, nn.Hardtanh, nn.Identity, nn.LeakyReLU, nn.Mish, nn.ReLU6),
    *(nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Tanh),
)
# The layers that are written out, by torch's class.
LAYERS: dict[type[nn.Module], type[Layer]] = {
    nn.Linear: Linear,
    nn.BatchNorm1d: BatchNorm,
    nn.LayerNorm: LayerNorm,
    nn.ReLU: ReLU,
    nn.Dropout: Dropout,
    **dict.fromkeys(ELEMENTWISE, Elementwise),
}
