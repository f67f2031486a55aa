"""Measure what a run's epoch costs: the lecture's loop, plain tensors, stacks, the matrix products alone.

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
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.lecture.images import loaders, tensor_batches, unpack
from benchmarks.lecture.loop import accuracy, train_epoch
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
# A stack holds several settings of each seed, as a sweep's does.
SEEDS = 3


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    feed = idx("FashionMNIST", arguments.source, download=False, validation=6000, normalize=True)
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(arguments.source), Path(folder))
        epochs = {
            "lecture's DataLoader": time_lecture(folder, arguments.source),
            "plain tensors": time_plain(feed),
        }
        for width in arguments.widths:
            epochs[f"stack of {width}"] = time_stack(feed, width, "fp32")
        epochs["stack of 16, compiled"] = time_stack(feed, 16, "fp32", compiled=True)
        widest = arguments.widths[-1]
        epochs[f"stack of {widest}, bf16"] = time_stack(feed, widest, "bf16")
        epochs[f"matrix products alone, {widest}"] = time_products(widest)
        times: dict[str, list[float]] = {name: [] for name in epochs}
        for _ in range(arguments.turns):
            for name, epoch in epochs.items():
                times[name].append(epoch())
    first = median(times["lecture's DataLoader"])
    print(
        f"{arguments.threads} threads, n = {arguments.turns}: median (least to most) seconds a run and epoch"
    )
    for name, seconds in times.items():
        middle = median(seconds)
        print(f"{name:28} {middle:7.4f} ({min(seconds):.4f} to {max(seconds):.4f})  {first / middle:5.1f} x")
    for width in arguments.widths:
        print(f"operations a member and step, stack of {width}: {count_operations(feed, width):.1f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def time_lecture(root: str, source: str) -> Callable[[], float]:
    """Return a function that gives the seconds of an epoch of the lecture's loop, validation included."""
    training, validation = loaders(root, source, 0, 256)
    model = MODEL(SHAPE, 10)
    optimizer = SGD(model.parameters())

    def epoch() -> float:
        start = time.perf_counter()
        train_epoch(model, training, optimizer)
        accuracy(model, validation)
        return time.perf_counter() - start

    return epoch


def time_plain(feed: Feed) -> Callable[[], float]:
    """Return a function that gives the seconds of an epoch of the same loop over plain tensors."""
    training, validation = tensor_batches(feed, 0, 256)
    model = MODEL(SHAPE, 10)
    optimizer = SGD(model.parameters())

    def epoch() -> float:
        start = time.perf_counter()
        train_epoch(model, training, optimizer)
        accuracy(model, validation)
        return time.perf_counter() - start

    return epoch


def build_stack(feed: Feed, width: int, compiled: bool = False) -> Stack:
    """Build a stack of members of a few seeds."""
    runs = [Run(feed, MODEL, SGD, seed=index % SEEDS, epochs=100) for index in range(width)]
    return Stack(LayeredNetwork, [Member(index, run, CPU) for index, run in enumerate(runs)], compiled)


def time_stack(feed: Feed, width: int, precision: str, compiled: bool = False) -> Callable[[], float]:
    """Return a function that gives the seconds of a stack's epoch a member."""
    stack = build_stack(feed, width, compiled)
    if compiled:
        start = time.perf_counter()
        with numerics(CPU, precision):
            stack.train_epoch()
        print(f"first epoch of the compiled stack: {time.perf_counter() - start:.1f} s")

    def epoch() -> float:
        start = time.perf_counter()
        with numerics(CPU, precision):
            stack.train_epoch()
        return (time.perf_counter() - start) / width

    return epoch


def time_products(members: int) -> Callable[[], float]:
    """Return a function that gives the seconds of an epoch's matrix products alone a member: the floor.

    They are laid out as a stack's: in the first layer one product for all members of a seed.
    """
    step = prepare_products(members, images=256, is_training=True)
    evaluation = prepare_products(members, images=300, is_training=False)

    def epoch() -> float:
        start = time.perf_counter()
        for _ in range(54000 // 256):
            step()
        for _ in range(6000 // 300):
            evaluation()
        return (time.perf_counter() - start) / members

    return epoch


def prepare_products(members: int, images: int, is_training: bool) -> Callable[[], None]:
    """Return a function that computes a batch's products, in training those of the backward pass too."""
    # Of each layer its products, their outputs and inputs.
    shapes = [(SEEDS, members // SEEDS * 75, 784), (members, 45, 75), (members, 10, 45)]
    layers = []
    for number, (count, outputs, inputs) in enumerate(shapes):
        values = torch.randn(count, inputs, images)
        if number == 0:  # the images come with the batch first
            values = torch.randn(count, images, inputs).transpose(1, 2)
        layers.append((torch.randn(count, outputs, inputs), values, torch.randn(count, outputs, images)))
    buffers = [tuple(map(torch.empty_like, layer)) for layer in layers]

    def compute() -> None:
        for (weights, values, gradients), outs in zip(layers, buffers, strict=True):
            torch.bmm(weights, values, out=outs[2])
            if is_training:
                torch.bmm(gradients, values.transpose(1, 2), out=outs[0])
            if is_training and len(weights) == members:
                torch.bmm(weights.transpose(1, 2), gradients, out=outs[1])

    return compute


class Counting(TorchDispatchMode):
    """A count of what is dispatched, views aside."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        self.count += not function.is_view
        return function(*arguments, **(keywords or {}))


def count_operations(feed: Feed, width: int) -> float:
    """Return the operations of an epoch a member and step, its start and its evaluation included."""
    stack = build_stack(feed, width)
    stack.train_epoch()
    counting = Counting()
    with counting:
        stack.train_epoch()
    return counting.count / width / (54000 // 256)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument(
        "--widths", type=int, nargs="+", default=[1, 4, 16, 60], help="the last a multiple of 3"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
