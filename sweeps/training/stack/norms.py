"""The norms among the layers that are written out: what `layers` says of values and comments holds here."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sweeps.training.stack import rows
from sweeps.training.stack.buffer import Buffer


class BatchNorm:
    """torch.nn.BatchNorm1d, written out: torch's own kernel takes three times as long on the CPU.

    y = w c s + b with c = x - mean and s = 1 / sqrt(variance + eps), mean and variance of a feature over its
    batch, in evaluation its running ones. w and b are (stack, features), mean, variance and s with one more
    dimension for the batch.
    """

    def __init__(self, modules: Sequence[nn.BatchNorm1d]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")
        self.mean = rows.stack_buffers(modules, "running_mean")
        self.variance = rows.stack_buffers(modules, "running_var")
        self.batches = rows.stack_buffers(modules, "num_batches_tracked")
        self.momentum, self.eps = modules[0].momentum or 0.0, modules[0].eps
        self._centred, self._outputs = Buffer(), Buffer()

    @staticmethod
    def supports(module: nn.BatchNorm1d) -> bool:
        return module.affine and module.track_running_stats and module.momentum is not None

    def forward(self, values: Tensor, training: bool) -> Tensor:
        mean = values.mean(2, keepdim=True) if training else self.mean.unsqueeze(2)
        self.centred = torch.sub(values, mean, out=self._centred.take(values))
        if training:
            squares = torch.linalg.vector_norm(self.centred, dim=2, keepdim=True).square_()
            self._track(mean.squeeze(2), squares.squeeze(2), values.shape[2])
            self.scale = squares.div_(values.shape[2]).add_(self.eps).rsqrt_()
        else:
            self.scale = torch.rsqrt(self.variance.unsqueeze(2) + self.eps)
        self.factor = self.weight.unsqueeze(2) * self.scale
        outputs = torch.mul(self.centred, self.factor, out=self._outputs.take(values))
        return outputs.add_(self.bias.unsqueeze(2))

    def _track(self, mean: Tensor, squares: Tensor, batch: int) -> None:
        """Move the running statistics towards a batch's mean and unbiased variance."""
        self.batches.add_(1)
        self.mean.lerp_(mean, self.momentum)
        self.variance.mul_(1 - self.momentum).add_(squares, alpha=self.momentum / (batch - 1))

    def backward(self, gradient: Tensor) -> Tensor:
        # dL/dw = s sum of g c over the batch, dL/db = sum of g
        torch.sum(gradient, 2, out=self.bias_gradient)
        along_centred = torch.mul(gradient, self.centred, out=self._outputs.take(gradient))
        torch.sum(along_centred, 2, out=self.weight_gradient).mul_(self.scale.squeeze(2))
        # With means over the batch, of which mean and variance are functions too,
        #   dL/dx = w s (g - mean(g) - c s^2 mean(g c))
        #         = w s g - c w s^2 dL/dw / batch - w s dL/db / batch
        share = 1 / gradient.shape[2]
        along_centred = self.centred.mul_(
            self.scale.mul_(self.factor).mul_(self.weight_gradient.unsqueeze(2))
        )
        gradient.mul_(self.factor).sub_(along_centred, alpha=share)
        return gradient.sub_(self.factor.mul_(self.bias_gradient.unsqueeze(2)), alpha=share)


class LayerNorm:
    """torch.nn.LayerNorm over the features.

    y = w n + b with n = (x - mean) s and s = 1 / sqrt(variance + eps), mean and variance of an image over
    its features; w and b are (stack, features), mean, variance and s (stack, 1, batch).
    """

    def __init__(self, modules: Sequence[nn.LayerNorm]) -> None:
        self.weight, self.weight_gradient = rows.stack_parameters(modules, "weight")
        self.bias, self.bias_gradient = rows.stack_parameters(modules, "bias")
        self.eps = modules[0].eps
        self._normed, self._outputs = Buffer(), Buffer()

    @staticmethod
    def supports(module: nn.LayerNorm) -> bool:
        return len(module.normalized_shape) == 1 and isinstance(module.bias, Tensor)

    def forward(self, values: Tensor, training: bool) -> Tensor:  # noqa: ARG002 -- of no matter here
        centred = torch.sub(values, values.mean(1, keepdim=True), out=self._normed.take(values))
        outputs = torch.mul(centred, centred, out=self._outputs.take(values))
        self.scale = torch.rsqrt(outputs.mean(1, keepdim=True) + self.eps)
        self.normed = centred.mul_(self.scale)
        return torch.mul(self.normed, self.weight.unsqueeze(2), out=outputs).add_(self.bias.unsqueeze(2))

    def backward(self, gradient: Tensor) -> Tensor:
        # dL/dw = sum of g n over the batch, dL/db = sum of g
        products = torch.mul(gradient, self.normed, out=self._outputs.take(gradient))
        torch.sum(products, 2, out=self.weight_gradient)
        torch.sum(gradient, 2, out=self.bias_gradient)
        # With h = dL/dn = w g, and since all features of an image move its mean and its variance,
        #   dL/dx = s (h - mean(h) - n mean(h n)), means over the features
        normed_gradient = gradient.mul_(self.weight.unsqueeze(2))
        along_normed = torch.mul(normed_gradient, self.normed, out=products).mean(1, keepdim=True)
        normed_gradient.sub_(normed_gradient.mean(1, keepdim=True))
        return normed_gradient.sub_(self.normed.mul_(along_normed)).mul_(self.scale)
