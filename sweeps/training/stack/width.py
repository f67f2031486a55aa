"""How many runs to stack: enough to drown a step's overhead, no more than memory holds."""

import os
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from sweeps.training import device as devices
from sweeps.training.run import Run

# Floating point operations of a stack's forward pass that are worth one step. Below, a step waits for the
# dispatch of its operations; above, a wider stack is no faster. The lecture's network takes 32 million a
# member: on a core it stops gaining at some 16 members, and a GPU computes a hundred times as fast.
WORTHWHILE = {"cpu": 5e8, "cuda": 5e10}
WIDEST = 64
# The share of the free memory which a stack may take, and what it keeps of each weight: itself, its gradient
# and two moments; of each value of the forward pass: itself, its gradient and a dropout mask.
SHARE, WEIGHTS, VALUES = 0.5, 4, 3
# Images to count with; batch norm wants more than one.
FEW = 2


def width(run: Run, device: str) -> int:
    """How many runs like this one train together in one worker of `device`, at least 1."""
    target = devices.resolve(device)
    operations, memory = _cost(run)
    free = _free(target) / devices.workers("cpu") if target.type == "cpu" else _free(target)
    fitting = SHARE * free / memory
    return max(1, min(WIDEST, round(WORTHWHILE[target.type] / max(operations, 1)), int(fitting)))


class _Counting(TorchDispatchMode):
    """Counts floating point operations, by torch's own formulas, and the bytes of what operations give."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = self.bytes = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to skip it, torch would import it

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        result = function(*arguments, **(keywords or {}))
        if (formula := flop_registry.get(function.overloadpacket)) is not None:
            self.operations += formula(*arguments, **(keywords or {}), out_val=result)
        values = () if function.is_view else result if isinstance(result, tuple) else (result,)
        self.bytes += sum(value.nbytes for value in values if isinstance(value, Tensor))
        return result


def _cost(run: Run) -> tuple[float, float]:
    """Operations of a batch's forward pass, and bytes of a member, from a pass of few images."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model: nn.Module = run.model(run.feed.shape, run.feed.classes)
        images = torch.zeros((FEW, *run.feed.shape))
        with _Counting() as counted:
            model(images)
    weights = WEIGHTS * sum(value.nbytes for value in model.state_dict().values())
    values = VALUES * counted.bytes + images.nbytes
    batches = run.batch_size / FEW
    return batches * counted.operations, weights + batches * values


def _free(device: torch.device) -> int:
    """Bytes of memory that can still be taken."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
