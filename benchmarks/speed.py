"""Measure every figure of docs/speed.md, one part after the other.

    uv run --group dev python benchmarks/speed.py --environments outputs/environments --baseline ../before

Takes an hour or so on two free cores; each part is a script of its own, with its own --help. Without
--baseline the parts that compare this checkout with an earlier one are left out.
"""

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> None:
    """Run the parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", required=True, help="a folder for the peers' environments")
    parser.add_argument("--baseline", help="an earlier checkout with an environment in .venv")
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--turns", default="3", help="n of each part")
    arguments = parser.parse_args()
    source, baseline = ["--source", arguments.source], []
    parts = [
        ["steps.py", "--threads", "1", *source, "--turns", arguments.turns],
        ["peers/sweep.py", "--environments", arguments.environments, *source, "--turns", arguments.turns],
        ["growth.py", "--repeats", arguments.turns],
        ["uneven.py", "--repeats", arguments.turns],
    ]
    if arguments.baseline:
        baseline = ["--baseline", arguments.baseline]
        parts.append(["baseline.py", *baseline, "--pairs", arguments.turns])
        parts.append(["stacks.py", *baseline, *source, "--pairs", arguments.turns])
    parts.append(["overhead.py", *baseline, "--repeats", arguments.turns])
    parts.append(["claim_latency.py", *baseline, "--turns", arguments.turns])
    for script, *options in parts:
        print(f"\n{script}", flush=True)
        subprocess.run([sys.executable, str(FOLDER / script), *options], check=True)


if __name__ == "__main__":
    main()
