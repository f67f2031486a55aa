"""`python -m sweeps.report` writes the report of sweeps at any time, finished or not, from any storage."""

import argparse
from collections.abc import Sequence
from pathlib import Path

STORAGE = "sqlite:///outputs/sweeps.db"


def main() -> None:
    """Write each sweep's report where it ran, or where it is told to, and print the files' places."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.report", description=__doc__)
    parser.add_argument(
        "--storage", default=STORAGE, help="URL of the sweeps' storage (default: %(default)s)"
    )
    parser.add_argument("--study", nargs="+", metavar="NAME", help="sweeps by their name (default: all)")
    parser.add_argument("--folder", type=Path, help="where to write (default: the sweep's own folder)")
    given = parser.parse_args()
    try:
        _write(given.storage, given.study, given.folder)
    except ValueError as error:
        raise SystemExit(str(error).replace("hydra.sweeper.storage=", "--storage ")) from None


def _write(url: str, names: Sequence[str] | None, folder: Path | None) -> None:
    import optuna

    from sweeps.report.findings.load import found_in, sweeps_in
    from sweeps.report.write import report
    from sweeps.study.storage import artifact_folder, open_existing

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_existing(url)
    sweeps = names or sweeps_in(storage)
    for name in sweeps:
        found = found_in(storage, name)
        place = _place(name, found[0].measurement.folder, folder, several=len(sweeps) > 1)
        report(storage, found, place, artifact_folder(url, place.parent))
        print(place / "report.html")


def _place(name: str, own: str | None, told: Path | None, several: bool) -> Path:
    """The folder that was told, with one below it for each of several sweeps; else the sweep's own."""
    if told is not None:
        return told / name if several else told
    return Path(own) if own and Path(own).is_dir() else Path("outputs", name)


if __name__ == "__main__":
    main()
