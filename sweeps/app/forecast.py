"""What a run will cost, counted instead of timed: for the line that opens a sweep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
from omegaconf import DictConfig

from sweeps.app.apart import must_stay_forkable
from sweeps.app.build import build
from sweeps.app.estimate import EPOCH_BYTES, SMALL_FILES, STEP_BYTES
from sweeps.training import device as devices
from sweeps.training.stack.width import MemberCost, choose_count, count_cost, measure_free_memory

if TYPE_CHECKING:
    from torch import nn

    from sweeps.training.run import Run

# A step's forward and backward pass, in forward passes; the first layer computes no gradient of the images.
PASSES, FIRST_PASSES = 3, 2
# Seconds a step that are no arithmetic, all runs of a stack together; and seconds a run.
STEP_SECONDS = {"cpu": 1.5e-3, "cuda": 3e-3}
RUN_SECONDS = 0.02
# What training computes a second beside a large product of matrices, whose speed is measured on a CPU. Of
# convolutions it is a third of that.
SHARE = 0.75
CONVOLUTION_SHARE = 0.2
CUDA_SPEED = 2e13
# The product that is timed: its size, and how often.
SIZE, TIMES = 384, 4
# Copies of the weights in an optimizer's state where it can't be tried: two moments.
MOMENTS = 2


def forecast_run(cfg: DictConfig) -> tuple[float, int, int]:
    """Return about how many seconds and bytes a run takes, and bytes of checkpoints; nothing is trained.

    Off by a factor of two at most of the networks in conf/, on a core that is free. Print it where one run is
    too large for memory.
    """
    run = build(cfg)
    device = devices.resolve(cfg.device)
    with torch.random.fork_rng(devices=[]):
        model = run.model(run.feed.shape, run.outputs)
        weights = sum(value.nbytes for value in model.state_dict().values())
        checkpoints = (2 if cfg.keep_best else 1) * (weights + _state_bytes(run, model))
    cost = count_cost(run)
    if not must_stay_forkable():
        _warn_of_memory(cost, device)
    steps = run.epochs * (run.feed.training // run.batch_size)
    rest = SMALL_FILES + run.epochs * EPOCH_BYTES + steps * STEP_BYTES
    return _forecast_seconds(run, cost, device), checkpoints + rest, checkpoints


def warn_of_memory(run: Run, device: str) -> None:
    """Print how much memory a run takes, if that is more than there is."""
    _warn_of_memory(count_cost(run), devices.resolve(device))


def _warn_of_memory(cost: MemberCost, device: torch.device) -> None:
    size, free = cost.memory, measure_free_memory(device)
    if size > free:
        print(
            f"A run takes about {size / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB is free: "
            "it may fail. A smaller batch_size takes less.",
            flush=True,
        )


def _forecast_seconds(run: Run, cost: MemberCost, device: torch.device) -> float:
    speed = _matrix_speed() if device.type == "cpu" else CUDA_SPEED
    forward = (cost.operations - cost.convolutions) / (SHARE * speed)
    forward += cost.convolutions / (CONVOLUTION_SHARE * speed)
    steps = run.feed.training // run.batch_size
    overhead = STEP_SECONDS[device.type] / choose_count(cost, device.type)
    passes = PASSES - (PASSES - FIRST_PASSES) * cost.first / max(cost.operations, 1)
    epoch = steps * (passes * forward + overhead) + run.feed.validation / run.batch_size * forward
    return RUN_SECONDS + run.epochs * epoch


def _matrix_speed() -> float:
    """Return the floating point operations a second of one core in a product of matrices."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in each worker; and a process with more could not be forked
    try:
        matrix = torch.ones(SIZE, SIZE)
        with devices.numerics(torch.device("cpu"), "fp32"), torch.no_grad():
            matrix @ matrix
            start = time.thread_time()
            for _ in range(TIMES):
                matrix @ matrix
        return TIMES * 2 * SIZE**3 / (time.thread_time() - start)
    finally:
        torch.set_num_threads(threads)


def _state_bytes(run: Run, model: nn.Module) -> int:
    """Return the bytes of the optimizer's state after a step, tried without a gradient to follow."""
    if must_stay_forkable():
        return MOMENTS * sum(value.nbytes for value in model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = run.build_optimizer(model)
    if hasattr(optimizer, "train"):
        optimizer.train()
    optimizer.step()
    tensors = [value for state in optimizer.state.values() for value in state.values()]
    return sum(value.nbytes for value in tensors if isinstance(value, torch.Tensor))
