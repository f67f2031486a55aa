"""Layers of many members at once, forward and backward written out.

A value is (stack, features, batch): with the features before the batch, batch norm and matrix products
take it as it lies. A layer's `backward` follows its `forward` and writes its parameters' gradients.
`forward` may overwrite x with zeros and values of the same sign: a layer that needs more than the sign of its
y gives a copy away. `backward` may overwrite g and what the layer keeps.

In the comments x is a layer's input, y its output, g = dL/dy the gradient that `backward` is given.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sweeps.training.stack import rows
from sweeps.training.stack.buffer import Buffer
from sweeps.training.stack.dropout_masks import dropout_factors
from sweeps.training.stack.layout import Block, Layout
from sweeps.training.stack.norms import BatchNorm, LayerNorm


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
    return kind in ("cpu", "cuda") and torch.is_autocast_enabled(kind)  # meta, for one, has no autocast


def multiply(matrices: Tensor, factors: Tensor, out: Tensor) -> None:
    """Write the products of two stacks of matrices to `out`; computed in bf16 under autocast."""
    if uses_bf16(matrices):
        out.copy_(torch.bmm(matrices.bfloat16(), factors.bfloat16()))
    else:
        torch.bmm(matrices, factors, out=out)


class Linear:
    """torch.nn.Linear: y = W x + b, W (stack, outputs, inputs), b (stack, outputs).

    Members that share x are one product: their W lie below each other, as (size * outputs, inputs).
    """

    # Nobody needs the gradient of the images.
    is_first = False

    def __init__(self, modules: Sequence[nn.Linear]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.has_bias = modules[0].bias is not None
        if self.has_bias:
            self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")
        # The members that share x; those of the images, which the network knows, share their group's.
        self.blocks = Layout.apart(len(modules)).blocks
        self._outputs, self._input_gradient = Buffer(), Buffer()

    @staticmethod
    def supports(module: nn.Linear) -> bool:  # noqa: ARG004 -- all of them
        return True

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        self.values = values
        outputs = self._outputs.take(values, torch.Size((*self.weight.shape[:2], values.shape[2])))
        for block in self.blocks:
            multiply(block.merge(self.weight), values[block.groups], block.merge(outputs))
        # Within the product (baddbmm) it would cost more: oneDNN copies it over the output first.
        return outputs.add_(self.bias.unsqueeze(2)) if self.has_bias else outputs

    def backward(self, gradient: Tensor) -> Tensor | None:
        for block in self.blocks:
            # dL/dW = g x^T, summed over the batch by the product itself
            transposed = self.values[block.groups].transpose(1, 2)
            multiply(block.merge(gradient), transposed, block.merge(self.weight_gradient))
        if self.has_bias:
            torch.sum(gradient, 2, out=self.bias_gradient)  # dL/db = sum of g over the batch
        if self.is_first:
            return None
        input_gradient = self._input_gradient.take(self.values)
        multiply(self.weight.transpose(1, 2), gradient, input_gradient)  # dL/dx = W^T g
        return input_gradient


class Identity:
    """torch.nn.Identity, which stands where a network has no norm."""

    def __init__(self, modules: Sequence[nn.Identity]) -> None: ...

    @staticmethod
    def supports(module: nn.Identity) -> bool:  # noqa: ARG004 -- all of them
        return True

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        return values

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient


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
        return outputs.detach().clone() if training else outputs  # torch's derivative may need y as it is

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
        self.outputs = values.clamp_min_(0)
        return self.outputs

    def backward(self, gradient: Tensor) -> Tensor:
        # dL/dx = g where y > 0, else 0
        input_gradient: Tensor = torch.ops.aten.threshold_backward(
            gradient, self.outputs, 0, grad_input=gradient
        )
        return input_gradient


class Dropout:
    """torch.nn.Dropout: y = x m, with a mask m of zeros and of 1 / (1 - p) for each step."""

    # Random bits of the step's mask, set from outside: (groups, features, batch).
    bits: Tensor
    # The members that share a mask, set from outside too.
    blocks: Sequence[Block]

    def __init__(self, modules: Sequence[nn.Dropout]) -> None:
        self.probability = modules[0].p
        self._mask = Buffer()

    @staticmethod
    def supports(module: nn.Dropout) -> bool:
        return not module.inplace

    def forward(self, values: Tensor, training: bool) -> Tensor:
        if not training:
            return values
        buffer = self._mask.take(values, self.bits.shape)
        self.mask = dropout_factors(self.bits, self.probability, values.dtype, out=buffer)
        return self._multiply(values)

    def backward(self, gradient: Tensor) -> Tensor:
        return self._multiply(gradient)  # dL/dx = g m

    def _multiply(self, values: Tensor) -> Tensor:
        """Multiply values by their groups' masks, in place."""
        for block in self.blocks:
            block.split(values).mul_(self.mask[block.groups].unsqueeze(1))
        return values


ELEMENTWISE: tuple[type[nn.Module], ...] = (
    *(nn.CELU, nn.ELU, nn.GELU, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.Mish, nn.ReLU6),
    *(nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Tanh),
)
# The layers that are written out, by torch's class.
LAYERS: dict[type[nn.Module], type[Layer]] = {
    nn.Linear: Linear,
    nn.BatchNorm1d: BatchNorm,
    nn.LayerNorm: LayerNorm,
    nn.Identity: Identity,
    nn.ReLU: ReLU,
    nn.Dropout: Dropout,
    **dict.fromkeys(ELEMENTWISE, Elementwise),
}
