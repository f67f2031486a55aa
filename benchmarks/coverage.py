"""Simulate sweeps whose truth is known: what the recommended setting loses, how often the report is right.

    uv run python benchmarks/coverage.py
    uv run python benchmarks/coverage.py --sweeps 2000 --seed 1 --sections regret claims

Each simulated sweep trains a grid of 4 learning rates x 5 momenta with 3 seeds and widens it, then confirms
its picks on 10 fresh seeds; the report's own code decides, picks, recommends and compares. A figure stands
with its standard error over the sweeps.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping

from benchmarks.simulation.claims import config_claims, false_claims, loss_against_accuracy, power
from benchmarks.simulation.intervals import confirmation_coverage
from benchmarks.simulation.points import smoothers
from benchmarks.simulation.pooling import pooling_coverage
from benchmarks.simulation.regret import regrets
from benchmarks.simulation.rows import Row
from benchmarks.simulation.tuning import bias, tuning_coverage

Simulation = Callable[[int, int], Iterator[Row]]

SECTIONS: Mapping[str, tuple[str, Simulation]] = {
    "regret": ("What a recommended setting loses to the best there is", regrets),
    "config": ("What is recommended beside the config's own setting", config_claims),
    "confirmation": ("95 % intervals of the answer that hold", confirmation_coverage),
    "claims": ("What is said of equal optimizers", false_claims),
    "power": ("What is said of optimizers that differ", power),
    "loss": ("A minimised metric beside a maximised one", loss_against_accuracy),
    "tuning": ("95 % intervals of the tuning that hold", tuning_coverage),
    "bias": ("Measured score minus true score", bias),
    "points": ("What a recommended one of 32 Sobol points loses", smoothers),
    "pooling": ("95 % intervals over several sweeps that hold", pooling_coverage),
}


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sweeps", type=int, default=500, help="n: simulated sweeps of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    for section in arguments.sections:
        title, simulate = SECTIONS[section]
        print(f"\n{title}, n={arguments.sweeps}, seed {arguments.seed}")
        for row in simulate(arguments.sweeps, arguments.seed):
            print(f"  {row}", flush=True)


if __name__ == "__main__":
    main()
