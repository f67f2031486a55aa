"""Measure every figure of speed, one after the other: a run's epoch, a whole sweep, how a sweep's cost grows.

    uv run python benchmarks/speed.py --source /usr/share/datasets/fashion-mnist

Takes an hour or so on two cores; each part is a script of its own, with its own --help.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run the parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--turns", default="3", help="n of each part")
    arguments = parser.parse_args()
    data = ["--source", arguments.source]
    for part, options in {
        "steps.py": [*data, "--threads", "1", "--turns", arguments.turns],
        "sweep.py": [*data, "--turns", arguments.turns],
        "growth.py": ["--repeats", arguments.turns],
    }.items():
        print(f"\n{part}", flush=True)
        subprocess.run([sys.executable, str(HERE / part), *options], check=True)


if __name__ == "__main__":
    main()
