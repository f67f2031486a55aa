"""Any model, by torch's autograd: the members through one vmap, or a single one as it is."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from sweeps.training.stack import rows
from sweeps.training.stack.dropout_masks import Masks, dropout_factors
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.loss import StackLoss, Targets, plain_loss

# Classes of dropout, and how many leading dimensions of a value the mask of each has: all, or its channels.
DROPOUTS: dict[type[nn.Module], int | None] = {
    nn.Dropout: None,
    nn.Dropout1d: 2,
    nn.Dropout2d: 2,
    nn.Dropout3d: 2,
}


class SingleNetwork:
    """One member, whatever its model does (a `network.Network`).

    Its dropout draws from torch's global random numbers.
    """

    def __init__(self, models: Sequence[nn.Module], layout: Layout, loss: StackLoss) -> None:  # noqa: ARG002 -- of one member
        [self.model] = models
        self.loss = loss
        self.parameters = [value for value in self.model.parameters() if value.requires_grad]
        # Each parameter's gradient, (1, *shape).
        self.gradients = [torch.zeros_like(parameter).unsqueeze(0) for parameter in self.parameters]
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient[0]
        self._forward: Callable[[Tensor], Tensor] = self.model

    @staticmethod
    def supports(model: nn.Module, images: torch.Size) -> bool:  # noqa: ARG004 -- every model
        """Return True."""
        return True

    def begin_epoch(self, generators: Sequence[torch.Generator], images: torch.Size) -> None: ...

    def compile(self) -> None:
        """Let torch's compiler have the model's forward pass."""
        self._forward = torch.compile(self.model)

    def step(self, images: Tensor, labels: Targets) -> tuple[Tensor, Tensor]:
        """Compute forward pass, loss and backward pass."""
        self.model.train()
        logits = self._forward(images[0]).unsqueeze(0)  # (1, batch, classes)
        losses, gradients = differentiate(self.loss, logits, labels, self.parameters)
        for parameter, target, gradient in zip(self.parameters, self.gradients, gradients, strict=True):
            write_gradient(gradient, target, [parameter])
        return losses, logits.detach()

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """Return the logits in evaluation mode."""
        logits: Tensor = self.model.eval()(images[0])
        return logits.unsqueeze(0)


class VmapNetwork:
    """The members' models through one vmap (a `network.Network`)."""

    def __init__(self, models: Sequence[nn.Module], layout: Layout, loss: StackLoss) -> None:
        self.layout, self.loss = layout, loss
        self.skeleton = deepcopy(models[0])
        self.dropouts = _replace_dropouts(self.skeleton)
        self.twins = _name_twins(self.skeleton)
        # Each parameter of all members, (stack, *shape); of the trained ones also its gradients and rows.
        self.values: dict[str, Tensor] = {}
        self.parameters: dict[str, Tensor] = {}
        self.gradients: dict[str, tuple[Tensor, list[nn.Parameter]]] = {}
        for name, parameter in models[0].named_parameters():
            values, gradients = rows.stack_parameters(models, name)
            self.values[name] = values.requires_grad_(parameter.requires_grad)
            if parameter.requires_grad:
                self.parameters[name] = values
                self.gradients[name] = gradients, [model.get_parameter(name) for model in models]
        self.dtype, self.device = values.dtype, values.device
        self.buffers = {name: rows.stack_buffers(models, name) for name, _ in models[0].named_buffers()}
        self._forward: Callable[..., Tensor] = vmap(self._call)

    @staticmethod
    def supports(model: nn.Module, images: torch.Size) -> bool:
        """Return whether two such models train through a vmap: tried, on tensors without memory."""
        meta = torch.device("meta")
        try:
            network = VmapNetwork(
                [deepcopy(model).to(meta) for _ in range(2)], Layout.apart(2), plain_loss(2)
            )
            network.begin_epoch([torch.Generator()] * 2, images)
            labels = torch.empty(2, images[0], dtype=torch.long, device=meta)
            network.step(torch.empty(2, *images, dtype=network.dtype, device=meta), labels)
        except Exception:  # whatever it is that vmap can't do: the model then runs by itself
            return False
        return True

    def begin_epoch(self, generators: Sequence[torch.Generator], images: torch.Size) -> None:
        """Draw the epoch's masks for batches of one member's shape `images`."""
        shapes = _mask_shapes(self.skeleton, list(self.dropouts), images, self.dtype)
        self.masks = iter(Masks(generators, shapes, self.device))

    def compile(self) -> None:
        """Let torch's compiler have the forward pass of all members."""
        self._forward = torch.compile(vmap(self._call))

    def step(self, images: Tensor, labels: Targets) -> tuple[Tensor, Tensor]:
        """Compute forward pass, loss and backward pass of all members."""
        self.skeleton.train()
        buffers = dict(self.buffers)
        for (name, probability), bits in zip(self.dropouts.items(), next(self.masks), strict=True):
            mask = dropout_factors(bits, probability, self.dtype)
            buffers[f"{name}.mask"] = self.layout.spread(mask)
        logits = self._forward(self.values, buffers, self.layout.spread(images))  # (stack, batch, classes)
        losses, gradients = differentiate(self.loss, logits, labels, list(self.parameters.values()))
        for (target, parameters), gradient in zip(self.gradients.values(), gradients, strict=True):
            write_gradient(gradient, target, parameters)
        return losses, logits.detach()

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """Return the logits in evaluation mode."""
        self.skeleton.eval()
        logits: Tensor = vmap(self._call)(self.values, self.buffers, self.layout.spread(images))
        return logits

    def _call(self, values: Mapping[str, Tensor], buffers: Mapping[str, Tensor], images: Tensor) -> Tensor:
        tensors = {**values, **buffers}
        tensors |= {place: tensors[name] for place, name in self.twins.items()}
        # Where torch sees to tied tensors, it leaves those of a module that has two names in the skeleton.
        logits: Tensor = functional_call(self.skeleton, tensors, (images,), tie_weights=False)
        return logits


class MaskedDropout(nn.Module):
    """Dropout by a mask that comes from outside: (batch, ...), for all of a value or its channels."""

    mask: Tensor

    def __init__(self, dropout: nn.Module) -> None:
        super().__init__()
        self.probability = float(dropout.p)  # type: ignore[arg-type]
        self.dimensions = DROPOUTS[type(dropout)]
        self.register_buffer("mask", None)

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        mask = self.mask.to(values.dtype)
        return values * mask.view(*mask.shape, *(1,) * (values.ndim - mask.ndim))


def differentiate(
    loss: StackLoss, logits: Tensor, labels: Targets, parameters: Sequence[Tensor]
) -> tuple[Tensor, Sequence[Tensor | None]]:
    """Return each image's loss, (stack, batch), and the gradients of each member's mean.

    A gradient is None for an unused parameter.
    logits: (stack, batch, outputs); labels: (stack, batch), or as logits;
    parameters: (stack, *shape) each.
    """
    losses = loss(logits, labels)
    # No member's loss depends on another's row, so the gradient of the sum holds each member's own.
    return losses.detach(), torch.autograd.grad(losses.mean(1).sum(), parameters, allow_unused=True)


def write_gradient(gradient: Tensor | None, target: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """Write a gradient where the optimizers look for it; they pass over a parameter that has none.

    target: (stack, *shape), whose rows are the parameters' gradients in every step that makes use of them.
    """
    if gradient is None:
        for parameter in parameters:
            parameter.grad = None
        return
    target.copy_(gradient)
    if parameters[0].grad is None:
        rows.assign_gradients(parameters, target)


def _replace_dropouts(model: nn.Module) -> dict[str, float]:
    """Put a masked dropout where the model has a dropout; return their probabilities by their names."""
    names = [name for name, module in model.named_modules() if type(module) in DROPOUTS]
    probabilities = {}
    for name in names:
        masked = MaskedDropout(model.get_submodule(name))
        probabilities[name] = masked.probability
        model.set_submodule(name, masked)
    return probabilities


def _name_twins(model: nn.Module) -> dict[str, str]:
    """Return the second and further places of tensors that modules share, each with the tensor's name."""
    names = {id(value): name for name, value in (*model.named_parameters(), *model.named_buffers())}
    twins = {}
    for path, module in model.named_modules():
        for key, value in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            place = f"{path}.{key}" if path else key
            if names[id(value)] != place:
                twins[place] = names[id(value)]
    return twins


def _mask_shapes(
    skeleton: nn.Module, names: Sequence[str], images: torch.Size, dtype: torch.dtype
) -> list[torch.Size]:
    """Return the shape of each dropout's mask for a batch of such images.

    Raises ValueError for a dropout that is used twice.
    """
    if not names:
        return []
    probe = deepcopy(skeleton).to("meta").eval()
    shapes: dict[str, list[torch.Size]] = {name: [] for name in names}
    for name in names:
        probe.get_submodule(name).register_forward_pre_hook(
            lambda dropout, values, name=name: shapes[name].append(values[0].shape[: dropout.dimensions])
        )
    with torch.no_grad():
        probe(torch.empty(images, dtype=dtype, device="meta"))
    return [shape for [shape] in shapes.values()]
