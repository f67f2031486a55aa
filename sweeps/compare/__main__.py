"""`python -m sweeps.compare` says what several sweeps show together, from the folders of their reports."""

import argparse
from pathlib import Path


def main() -> None:
    """Print the comparison, write it, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.compare", description=__doc__)
    parser.add_argument(
        "sweeps", nargs="+", type=Path, metavar="SWEEP", help="a sweep's folder, outputs/<name>"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("outputs", "compare"),
        help="where to write (default: %(default)s)",
    )
    arguments = parser.parse_args()

    from sweeps.compare.output import print_sweeps, write_sweeps
    from sweeps.compare.several import compare_folders

    try:
        several = compare_folders(arguments.sweeps)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print_sweeps(several)
    write_sweeps(several, arguments.folder)
    print(f"\n{arguments.folder / 'compare.html'}")


if __name__ == "__main__":
    main()
