"""Any model, by torch's autograd: the members through one vmap, or a single one as it is."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from sweeps.training.stack import rows
from sweeps.training.stack.dropout_masks import Masks, factors

# Classes of dropout, and how many leading dimensions of a value the mask of each has: all, or its channels.
DROPOUTS: dict[type[nn.Module], int | None] = {
    nn.Dropout: None,
    nn.Dropout1d: 2,
    nn.Dropout2d: 2,
    nn.Dropout3d: 2,
}


class Alone:
    """One member, whatever its model does (a `network.Network`).

    Its dropout draws from torch's global random numbers.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        [self.model] = models
        self.parameters = [value for value in self.model.parameters() if value.requires_grad]
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        self._forward: Callable[[Tensor], Tensor] = self.model

    @staticmethod
    def takes(model: nn.Module, images: torch.Size) -> bool:  # noqa: ARG004 -- every model
        """Always."""
        return True

    def begin(self, generators: Sequence[torch.Generator], images: torch.Size) -> None: ...

    def compile(self) -> None:
        """Let torch's compiler have the model's forward pass."""
        self._forward = torch.compile(self.model)

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Forward, cross-entropy and backward."""
        self.model.train()
        logits = self._forward(images[0]).unsqueeze(0)
        losses, gradients = differentiate(logits, labels, self.parameters)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            write(gradient, parameter.grad, [parameter])
        return losses, hits(logits, labels)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Evaluation mode."""
        logits: Tensor = self.model.eval()(images[0])
        return logits.unsqueeze(0)


class Mapped:
    """The members' models through one vmap (a `network.Network`)."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.skeleton = deepcopy(models[0])
        self.places = _mask_dropouts(self.skeleton)
        self.values, self.parameters = {}, {}
        self.written: dict[str, tuple[Tensor, list[nn.Parameter]]] = {}
        for name, parameter in models[0].named_parameters():
            values, gradients = rows.parameters(models, name)
            self.values[name] = values.requires_grad_(parameter.requires_grad)
            if parameter.requires_grad:
                self.parameters[name] = values
                self.written[name] = gradients, [model.get_parameter(name) for model in models]
        self.dtype, self.device = values.dtype, values.device
        self.buffers = {name: rows.buffers(models, name) for name, _ in models[0].named_buffers()}
        self._forward: Callable[..., Tensor] = vmap(self._call)

    @staticmethod
    def takes(model: nn.Module, images: torch.Size) -> bool:
        """Whether two such models can be trained through a vmap: tried, on tensors without memory."""
        meta = torch.device("meta")
        try:
            network = Mapped([deepcopy(model).to(meta) for _ in range(2)])
            network.begin([torch.Generator()] * 2, images)
            labels = torch.empty(2, images[0], dtype=torch.long, device=meta)
            network.step(torch.empty(2, *images, dtype=network.dtype, device=meta), labels)
        except Exception:  # whatever it is that vmap can't do: the model then runs alone
            return False
        return True

    def begin(self, generators: Sequence[torch.Generator], images: torch.Size) -> None:
        """Draw the epoch's masks for batches of one member's shape `images`."""
        shapes = _shapes(self.skeleton, self.places, images, self.dtype)
        self.masks = iter(Masks(generators, shapes, self.device))

    def compile(self) -> None:
        """Let torch's compiler have the forward pass of all members."""
        self._forward = torch.compile(vmap(self._call))

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Forward, cross-entropy and backward of all members."""
        self.skeleton.train()
        bits = {f"{place}.bits": drawn for place, drawn in zip(self.places, next(self.masks), strict=True)}
        logits = self._forward(self.values, {**self.buffers, **bits}, images)
        losses, gradients = differentiate(logits, labels, list(self.parameters.values()))
        for (written, own), gradient in zip(self.written.values(), gradients, strict=True):
            write(gradient, written, own)
        return losses, hits(logits, labels)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Evaluation mode."""
        self.skeleton.eval()
        result: Tensor = vmap(self._call)(self.values, self.buffers, images)
        return result

    def _call(self, values: Mapping[str, Tensor], buffers: Mapping[str, Tensor], images: Tensor) -> Tensor:
        result: Tensor = functional_call(self.skeleton, (dict(values), dict(buffers)), (images,))
        return result


class Mask(nn.Module):
    """Dropout by random bits that come from outside: (batch, ...), for all of a value or its channels."""

    bits: Tensor

    def __init__(self, dropout: nn.Module) -> None:
        super().__init__()
        self.dropped = float(dropout.p)  # type: ignore[arg-type]
        self.dimensions = DROPOUTS[type(dropout)]
        self.register_buffer("bits", None)

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        mask = factors(self.bits, self.dropped, values.dtype)
        return values * mask.view(*mask.shape, *(1,) * (values.ndim - mask.ndim))


def differentiate(
    logits: Tensor, labels: Tensor, parameters: Sequence[Tensor]
) -> tuple[Tensor, Sequence[Tensor | None]]:
    """Mean cross-entropy of each member, (stack,), and its gradients; None where a parameter has no part."""
    each = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    losses = each.view(labels.shape).mean(1)
    return losses.detach(), torch.autograd.grad(losses.sum(), parameters, allow_unused=True)


def write(gradient: Tensor | None, where: Tensor | None, parameters: Sequence[nn.Parameter]) -> None:
    """Put a gradient where the optimizers look for it; they pass over a parameter that has none."""
    if gradient is not None and where is not None:
        where.copy_(gradient)
        return
    for parameter in parameters:
        parameter.grad = None


def hits(logits: Tensor, labels: Tensor) -> Tensor:
    """Right answers of each member, (stack,)."""
    return (logits.detach().max(2).indices == labels).sum(1)


def _mask_dropouts(model: nn.Module) -> list[str]:
    """Put a mask where the model has a dropout, and say where."""
    places = [name for name, module in model.named_modules() if type(module) in DROPOUTS]
    for place in places:
        model.set_submodule(place, Mask(model.get_submodule(place)))
    return places


def _shapes(
    skeleton: nn.Module, places: Sequence[str], images: torch.Size, dtype: torch.dtype
) -> list[torch.Size]:
    """What each mask of the model masks, for a batch of such images. Raises ValueError for one used twice."""
    if not places:
        return []
    probe = deepcopy(skeleton).to("meta").eval()
    seen: dict[str, list[torch.Size]] = {place: [] for place in places}
    for place in places:
        probe.get_submodule(place).register_forward_pre_hook(
            lambda mask, values, place=place: seen[place].append(values[0].shape[: mask.dimensions])
        )
    with torch.no_grad():
        probe(torch.empty(images, dtype=dtype, device="meta"))
    return [shape for [shape] in seen.values()]
