"""The width of a stack: enough runs to drown a step's overhead, no more than caches and memory hold."""

import math
import os
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from sweeps.training import device as devices
from sweeps.training.processors import count_cores
from sweeps.training.run import Run

# Floating point operations of a stack's forward pass that are worth one step. Below, a step waits for the
# dispatch of its operations and for what the members of a seed share; above, a wider stack is no faster. The
# lecture's network takes 32 million a member: on a core 60 members, 20 of each of 3 seeds, are 15 % faster
# than 16, and their values begin to leave the caches. A GPU computes a hundred times as fast.
WORTHWHILE = {"cpu": 2e9, "cuda": 5e10}
# Bytes of a stack's values, as counted below, above which a member costs more than alone: they leave the
# processor's caches. That is one member of a small convolutional network.
CACHED = {"cpu": 2e8, "cuda": math.inf}
WIDEST = 64
# The share of the free memory that a stack may take.
MEMORY_SHARE = 0.5
# Copies of each weight: itself, its gradient and two moments.
WEIGHT_COPIES = 4
# Copies of each value of the forward pass: itself, its gradient and a dropout mask.
VALUE_COPIES = 3
# Images to count with; batch norm wants more than one.
PROBE_IMAGES = 2


@dataclass(frozen=True)
class MemberCost:
    """The cost of one member of a stack."""

    # Floating point operations of a batch's forward pass.
    operations: float
    # Those of convolutions among them.
    convolutions: float
    # Those of the layer that takes the images, which need no gradient.
    first: float
    # Bytes of that pass's values.
    values: float
    # Bytes of all that the member holds.
    memory: float


def choose_width(run: Run, device: str) -> int:
    """Return how many runs like this one train together in one worker of `device`, at least 1."""
    if run.feed.is_loaded:  # its runs train one by one
        return 1
    target = devices.resolve(device)
    cost = count_cost(run)
    free: float = measure_free_memory(target)
    if target.type == "cpu":
        free /= count_cores()
    by_memory = int(MEMORY_SHARE * free / cost.memory)
    return max(1, min(choose_count(cost, target.type), by_memory))


def choose_count(cost: MemberCost, device: str) -> int:
    """Return how many members of a cost make a stack fast on a kind of device, whatever memory there is."""
    by_speed = round(WORTHWHILE[device] / max(cost.operations, 1))
    by_cache = min(WIDEST, CACHED[device] / max(cost.values, 1))
    return max(1, min(int(by_cache), by_speed))


class _OperationCounter(TorchDispatchMode):
    """Counts floating point operations, by torch's own formulas, and the bytes of what operations give."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = self.convolutions = self.first = self.bytes = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to skip it, torch would import it

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        outputs = function(*arguments, **(keywords or {}))
        if (formula := flop_registry.get(function.overloadpacket)) is not None:
            operations = formula(*arguments, **(keywords or {}), out_val=outputs)
            self.first = self.first or operations
            self.operations += operations
            self.convolutions += operations * ("convolution" in function.name())
        if not function.is_view:
            tensors = outputs if isinstance(outputs, tuple) else (outputs,)
            self.bytes += sum(value.nbytes for value in tensors if isinstance(value, Tensor))
        return outputs


def count_cost(run: Run) -> MemberCost:
    """Count a member's cost in a pass of few images."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model: nn.Module = run.model(run.feed.shape, run.outputs)
        images = torch.zeros((PROBE_IMAGES, *run.feed.shape))
        with _OperationCounter() as counter:
            model(images)
    weights = WEIGHT_COPIES * sum(value.nbytes for value in model.state_dict().values())
    batches = run.batch_size / PROBE_IMAGES
    values = batches * VALUE_COPIES * counter.bytes
    memory = weights + values + batches * images.nbytes
    return MemberCost(
        operations=batches * counter.operations,
        convolutions=batches * counter.convolutions,
        first=batches * counter.first,
        values=values,
        memory=memory,
    )


def measure_free_memory(device: torch.device) -> int:
    """Return the bytes of memory that can still be taken."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
