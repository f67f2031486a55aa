"""What a run's epoch costs: the lecture's loop, plain tensors, stacks, the matrix products alone.

    uv run python benchmarks/steps.py --threads 1

Seconds a run and epoch on 54,000 images (batch 256, the lecture's network, SGD with momentum), every way in
turn, with ratios to the first line; operations that torch dispatches a member and step; peak memory.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.lecture.app import accuracy, loaders, train_epoch, unpacked
from sweeps.data import idx
from sweeps.data.feed import Feed
from sweeps.models import mlp
from sweeps.training.device import numerics
from sweeps.training.member import Member
from sweeps.training.run import Run
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.stack import Stack

CPU = torch.device("cpu")
MODEL = partial(mlp, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
SGD = partial(torch.optim.SGD, lr=0.1, momentum=0.9)
SHAPE = torch.Size((1, 28, 28))


def main() -> None:
    """Measure and print."""
    asked = parsed()
    torch.set_num_threads(asked.threads)
    feed = idx("FashionMNIST", asked.source, download=False, validation=6000, normalize=True)
    with tempfile.TemporaryDirectory() as folder:
        unpacked(Path(asked.source), Path(folder))
        ways = {"lecture's DataLoader": lecture(folder, asked.source), "plain tensors": plain(feed)}
        for width in asked.widths:
            ways[f"stack of {width}"] = stacked(feed, width, "fp32")
        ways["stack of 16, compiled"] = stacked(feed, 16, "fp32", compiled=True)
        ways[f"stack of {asked.widths[-1]}, bf16"] = stacked(feed, asked.widths[-1], "bf16")
        ways["matrix products alone, 16"] = products(16)
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(asked.turns):
            for name, epoch in ways.items():
                taken[name].append(epoch())
    first = median(taken["lecture's DataLoader"])
    print(f"{asked.threads} threads, n = {asked.turns}: median (least to most) seconds a run and epoch")
    for name, seconds in taken.items():
        middle = median(seconds)
        print(f"{name:28} {middle:7.4f} ({min(seconds):.4f} to {max(seconds):.4f})  {first / middle:5.1f} x")
    for width in asked.widths:
        print(f"operations a member and step, stack of {width}: {operations(feed, width):.1f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def lecture(root: str, source: str) -> Callable[[], float]:
    """Seconds of an epoch of the lecture's loop, validation included."""
    training, validation = loaders(root, source, 0, 256)
    model = MODEL(SHAPE, 10)
    optimizer = SGD(model.parameters())

    def epoch() -> float:
        began = time.perf_counter()
        train_epoch(model, training, optimizer)
        accuracy(model, validation)
        return time.perf_counter() - began

    return epoch


def plain(feed: Feed) -> Callable[[], float]:
    """Seconds of an epoch of a plain loop over tensors."""
    rows, held = feed.split(0)
    model = MODEL(SHAPE, 10)
    optimizer = SGD(model.parameters())

    def epoch() -> float:
        began = time.perf_counter()
        model.train()
        for batch in rows[torch.randperm(len(rows))].split(256)[: len(rows) // 256]:
            loss = nn.functional.cross_entropy(model(feed.images[batch]), feed.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(feed.images[held]).argmax(1) == feed.labels[held]).sum().item()
        return time.perf_counter() - began

    return epoch


def stack_of(feed: Feed, width: int, compiled: bool = False) -> Stack:
    """Members that differ in their seeds."""
    runs = [Run(feed, MODEL, SGD, seed=seed, epochs=100) for seed in range(width)]
    return Stack(LayeredNetwork, [Member(index, run, CPU) for index, run in enumerate(runs)], compiled)


def stacked(feed: Feed, width: int, precision: str, compiled: bool = False) -> Callable[[], float]:
    """Seconds of a stack's epoch a member."""
    stack = stack_of(feed, width, compiled)
    if compiled:
        began = time.perf_counter()
        with numerics(CPU, precision):
            stack.train_epoch()
        print(f"first epoch of the compiled stack: {time.perf_counter() - began:.1f} s")

    def epoch() -> float:
        began = time.perf_counter()
        with numerics(CPU, precision):
            stack.train_epoch()
        return (time.perf_counter() - began) / width

    return epoch


def products(width: int) -> Callable[[], float]:
    """Seconds of an epoch's matrix products alone a member: the floor."""
    sizes = [(75, 784), (45, 75), (10, 45)]
    weights = [torch.randn(width, *size) for size in sizes]
    inputs = [torch.randn(width, size[1], 256) for size in sizes]
    outputs = [torch.randn(width, size[0], 256) for size in sizes]

    def step() -> None:
        for number, (weight, value, gradient) in enumerate(zip(weights, inputs, outputs, strict=True)):
            torch.bmm(weight, value)
            torch.bmm(gradient, value.transpose(1, 2))
            if number:
                torch.bmm(weight.transpose(1, 2), gradient)

    def epoch() -> float:
        began = time.perf_counter()
        for _ in range(54000 // 256):
            step()
        return (time.perf_counter() - began) / width

    return epoch


class Counting(TorchDispatchMode):
    """Counts what is dispatched, views aside."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        self.count += not function.is_view
        return function(*arguments, **(keywords or {}))


def operations(feed: Feed, width: int) -> float:
    """Operations of an epoch a member and step, its start and its evaluation included."""
    stack = stack_of(feed, width)
    stack.train_epoch()
    counting = Counting()
    with counting:
        stack.train_epoch()
    return counting.count / width / (54000 // 256)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--widths", type=int, nargs="+", default=[1, 4, 16, 64])
    return parser.parse_args()


if __name__ == "__main__":
    main()
