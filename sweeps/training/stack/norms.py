"""The norms among the layers that are written out: what `layers` says of values and comments holds here."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sweeps.training.stack import rows
from sweeps.training.stack.buffer import Buffer


class BatchNorm:
    """torch.nn.BatchNorm1d, by the kernels of torch that take the least time where the batch lies last.

    y = w n + b with n = (x - mean) s and s = 1 / sqrt(variance + eps), mean and variance of a feature over
    its batch, in evaluation its running ones; all but x, n and y are (stack, features). To the kernels the
    members' features are channels of one image: (1, stack * features, batch).
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
        channels = values.view(1, -1, values.shape[2])
        weight, bias = self.weight.flatten(), self.bias.flatten()
        if not training:
            running = self.mean.flatten(), self.variance.flatten()
            return nn.functional.batch_norm(channels, *running, weight, bias, eps=self.eps).view_as(values)
        self.channels = channels
        # With a group for each channel it is a batch norm, whose own kernel takes five times as long here.
        count, batch = channels.shape[1:]
        outputs, self.batch_mean, self.scale = torch.native_group_norm(
            channels, weight, bias, 1, count, batch, count, self.eps
        )
        self._track(self.batch_mean.view_as(self.mean), self.scale.view_as(self.mean), batch)
        return outputs.view_as(values)

    def _track(self, mean: Tensor, scale: Tensor, batch: int) -> None:
        """Move the running statistics towards a batch's mean and unbiased variance."""
        self.batches.add_(1)
        self.mean.lerp_(mean, self.momentum)
        variance = scale.pow(-2).sub_(self.eps).clamp_min_(0)  # of a constant, rounding would leave less
        self.variance.lerp_(variance.mul_(batch / (batch - 1)), self.momentum)

    def backward(self, gradient: Tensor) -> Tensor:
        gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
            gradient.view_as(self.channels),
            self.channels,
            self.weight.flatten(),
            None,
            None,
            self.batch_mean.flatten(),
            self.scale.flatten(),
            True,
            self.eps,
            [True, True, True],
        )
        input_gradient, weight_gradient, bias_gradient = gradients
        self.weight_gradient.copy_(weight_gradient.view_as(self.weight))
        self.bias_gradient.copy_(bias_gradient.view_as(self.bias))
        return input_gradient.view_as(gradient)


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
