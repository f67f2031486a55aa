"""Time stacked training of this checkout against an earlier one's.

    git worktree add ../before v0.3 && (cd ../before && uv sync --all-extras)
    uv run --group dev python benchmarks/stacks.py --baseline ../before --pairs 5

Processor seconds a run and epoch on 54,000 images of Fashion-MNIST, validation included: one thread, batch
256, the lecture's network, three seeds and as many settings as fill the stack. Both sides run in turn (ABBA),
each in a process of its own. Within it the least of several epochs counts, which a busy machine disturbs less
than their mean. Median [least, most] of n pairs, and the earlier checkout's seconds over this one's in each
pair: stacks of one width, then this checkout's wide ones against the earlier one's first.
"""

import argparse
import json
from functools import partial
from pathlib import Path

from benchmarks.pairs import Checkout, alternate, compare

# Runs in either checkout, earlier names included; prints seconds a run and epoch.
PROGRAM = """
import json, sys, time
from functools import partial
sys.path[:0] = [".", "benchmarks"]
import torch
import steps
from sweeps.data import idx

source, optimizer, epochs, *widths = json.loads(sys.argv[1])
torch.set_num_threads(1)
feed = idx("FashionMNIST", source, download=False, validation=6000, normalize=True)
adam = partial(torch.optim.Adam, lr=0.005)
if optimizer == "adam" and hasattr(steps, "SGD"):
    steps.SGD = adam
elif optimizer == "adam":
    steps.sgd = lambda model: adam(model.parameters())
time_stack = getattr(steps, "time_stack", None) or steps.stacked

def measure(width):
    epoch, seconds = time_stack(feed, width, "fp32"), []
    for _ in range(1 + epochs):
        start = time.process_time()
        epoch()
        seconds.append((time.process_time() - start) / width)
    return min(seconds[1:])

print("\\n" + json.dumps([measure(width) for width in widths]))
"""


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    options = json.dumps([arguments.source, arguments.optimizer, arguments.epochs, *arguments.widths])
    sides = {"before": Checkout(Path(arguments.baseline)), "now": Checkout()}
    figures = alternate(
        {name: partial(measure, side, options) for name, side in sides.items()}, arguments.pairs
    )
    print(f"Seconds a run and epoch, {arguments.optimizer}:")
    for index, width in enumerate(arguments.widths):
        columns = {name: [row[index] for row in rows] for name, rows in figures.items()}
        print(compare(f"stack of {width}", columns))
    first, *others = arguments.widths
    for index, width in enumerate(others, 1):
        columns = {
            f"before, {first}": [row[0] for row in figures["before"]],
            f"now, {width}": [row[index] for row in figures["now"]],
        }
        print(compare(f"stack of {width} against one of {first}", columns))


def measure(side: Checkout, options: str) -> list[float]:
    """Return a checkout's seconds a run and epoch, of each width."""
    seconds: list[float] = json.loads(side.run("-c", PROGRAM, options).output.splitlines()[-1])
    return seconds


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--baseline", required=True, help="an earlier checkout with its own .venv")
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--optimizer", choices=("sgd", "adam"), default="sgd")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 60])
    parser.add_argument("--epochs", type=int, default=3, help="of each stack, after a first one")
    parser.add_argument("--pairs", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
