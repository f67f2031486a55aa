"""`python -m sweeps.plan optimizer=sgd,adam`: what `sweeps.run -m` would do with these arguments."""

import sys

from sweeps.run import DRY_RUN, start


def main() -> None:
    """Print the plan of a sweep."""
    sys.argv[1:] = [DRY_RUN, *sys.argv[1:]]
    start()


if __name__ == "__main__":
    main()
