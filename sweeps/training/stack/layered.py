"""Sequences of known layers: features before the batch, the backward pass written out."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sweeps.training.stack.dropout_masks import Masks
from sweeps.training.stack.layers import LAYERS, Dropout, Layer, Linear
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.loss import StackLoss, Targets

# Computes each image's loss, (stack, batch), and outputs, (stack, batch, outputs), of images and labels.
Step = Callable[[Tensor, Targets], tuple[Tensor, Tensor]]


class LayeredNetwork:
    """The members' sequences as one (a `network.Network`)."""

    def __init__(self, models: Sequence[nn.Module], layout: Layout, loss: StackLoss) -> None:
        self.loss = loss
        members = [list(model.children())[1:] for model in models]  # the images come flat
        self.layers: list[Layer] = [LAYERS[type(column[0])](column) for column in zip(*members, strict=True)]
        self.dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        first = self.layers[0]
        assert isinstance(first, Linear)
        first.is_first, first.blocks, self.device = True, layout.blocks, first.weight.device
        for dropout in self.dropouts:
            dropout.blocks = layout.blocks
        self._compute: Step = self._differentiate

    @staticmethod
    def supports(model: nn.Module, images: torch.Size) -> bool:  # noqa: ARG004 -- as every network
        """Return whether the model is torch's own sequence of a flattening, a linear and known layers."""
        if type(model) is not nn.Sequential or len(model) < 2:
            return False
        flatten, *modules = model
        return (
            type(flatten) is nn.Flatten
            and (flatten.start_dim, flatten.end_dim) == (1, -1)
            and isinstance(modules[0], nn.Linear)
            and all(type(module) in LAYERS and LAYERS[type(module)].supports(module) for module in modules)
            and all(parameter.requires_grad for parameter in model.parameters())
            and not any(_has_hooks(module) for module in model.modules())
        )

    def begin_epoch(self, generators: Sequence[torch.Generator], images: torch.Size) -> None:
        """Draw the epoch's masks for batches of one member's shape `images`."""
        batch, features = images[0], images[1:].numel()
        shapes = []
        for layer in self.layers:
            if isinstance(layer, Linear):
                features = layer.weight.shape[1]
            if isinstance(layer, Dropout):
                shapes.append((features, batch))
        self.masks = iter(Masks(generators, shapes, self.device))

    @torch.no_grad()
    def step(self, images: Tensor, labels: Targets) -> tuple[Tensor, Tensor]:
        """Compute forward pass, loss and backward pass of all members."""
        for dropout, bits in zip(self.dropouts, next(self.masks), strict=True):
            dropout.bits = bits
        return self._compute(images, labels)

    def compile(self) -> None:
        """Let torch's compiler make one graph of a step."""
        self._compute = torch.compile(self._differentiate)

    def _differentiate(self, images: Tensor, labels: Targets) -> tuple[Tensor, Tensor]:
        outputs = self._forward(images, training=True)  # (stack, outputs, batch)
        if self.loss.is_plain and isinstance(labels, Tensor):
            losses, gradient = _cross_entropy(outputs, labels)
        else:
            losses, gradient = self._differentiate_loss(outputs, labels)
        for layer in reversed(self.layers):
            assert gradient is not None
            gradient = layer.backward(gradient)
        return losses, outputs.transpose(1, 2)

    def _differentiate_loss(self, outputs: Tensor, targets: Targets) -> tuple[Tensor, Tensor | None]:
        """Return what `_cross_entropy` does, of any loss."""
        leaf = outputs.detach().requires_grad_()
        with torch.enable_grad():
            losses = self.loss(leaf.transpose(1, 2), targets)
            [gradient] = torch.autograd.grad(losses.mean(1).sum(), leaf)
        return losses.detach(), gradient

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """Return the logits without dropout, batch norm by its running statistics."""
        return self._forward(images, training=False).transpose(1, 2)

    def _forward(self, images: Tensor, training: bool) -> Tensor:
        values = images.flatten(2).transpose(1, 2)  # (groups, pixels, batch)
        for layer in self.layers:
            values = layer.forward(values, training)
        return values


def _has_hooks(module: nn.Module) -> bool:
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(module, name) for name in hooks)


def _cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return each image's loss, (stack, batch), and the gradient of each member's mean by its logits."""
    log_softmax, labels_row = torch.log_softmax(logits, 1), labels.unsqueeze(1)  # (stack, 1, batch)
    label_log_softmax = log_softmax.gather(1, labels_row)
    # L is the batch's mean of -log_softmax[label], so that dL/dlogits = (softmax - one_hot) / batch.
    softmax = log_softmax.exp_().scatter_(1, labels_row, label_log_softmax.exp().sub_(1))
    return label_log_softmax.squeeze(1).neg_(), softmax.div_(labels.shape[1])
