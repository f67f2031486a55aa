"""Weights that a run begins from, instead of its own initialisation."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from sweeps.training import checkpoint

# Where files of others keep a network's tensors among other things.
NESTED = ("model", "state_dict")


@dataclass(frozen=True, eq=False)
class Weights:
    """A network's tensors by name, as a file has them."""

    # What the user calls them.
    path: str
    tensors: Mapping[str, Tensor] = field(repr=False)

    @cached_property
    def checksum(self) -> str:
        """Return what tells these weights from others, wherever their file lies."""
        checksum = 0
        for name, tensor in sorted(self.tensors.items()):
            values = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
            checksum = zlib.crc32(values.numpy().tobytes(), zlib.crc32(name.encode(), checksum))
        return f"{checksum:08x}"

    def fitting(self, model: nn.Module) -> dict[str, Tensor]:
        """Return the tensors that a model has by the same name and of the same shape.

        Raises ValueError where there is none.
        """
        state = model.state_dict()
        fitting = {
            name: tensor
            for name, tensor in self.tensors.items()
            if name in state and state[name].shape == tensor.shape
        }
        if not fitting:
            raise ValueError(
                f"init_from={self.path} has no tensor of the model's: it has {_describe(self.tensors)}, "
                f"the model {_describe(state)}; name the weights of such a model"
            )
        return fitting

    def load(self, model: nn.Module) -> None:
        """Give a model those that fit; its other tensors stay as they are."""
        model.load_state_dict(self.fitting(model), strict=False)


def read_weights(path: str) -> Weights:
    """Read a run's folder or checkpoint, or any file of a network's tensors: .pt, .pth or .safetensors.

    Of a run that averages its weights the average is read. Raises ValueError for a file without tensors.
    """
    file = Path(path) / checkpoint.CHECKPOINT if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ValueError(f"init_from={path}: there is no {file}; name a run's folder or a file of weights")
    try:
        tensors = _read_safetensors(file) if file.suffix == ".safetensors" else _read_checkpoint(file)
    except ValueError as error:
        raise ValueError(f"init_from={path}: {error}") from error
    return Weights(path, tensors)


def _read_checkpoint(file: Path) -> dict[str, Tensor]:
    state = checkpoint.load(file)
    values = next((state[key] for key in NESTED if isinstance(state.get(key), dict)), state)
    tensors = {**values, **state.get("average", {})}
    if not tensors or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise ValueError(f"{file} holds {', '.join(map(str, list(state)[:4]))}, but no network's tensors")
    return tensors


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise ValueError("safetensors is missing; pip install 'optimizer-sweeps[data]'") from error
    try:
        tensors: dict[str, Tensor] = load_file(file)
    except Exception as error:  # of a class of its own
        raise ValueError(f"{file} can't be read: {error}") from error
    return tensors


def _describe(tensors: Mapping[str, Tensor]) -> str:
    """Return the first tensors of some, with their shapes."""
    words = [f"{name} {tuple(tensor.shape)}" for name, tensor in list(tensors.items())[:2]]
    return ", ".join(words) + (", ..." if len(tensors) > 2 else "")
