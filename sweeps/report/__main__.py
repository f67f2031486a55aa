"""`python -m sweeps.report` writes the report of sweeps at any time, finished or not, from any storage."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.study import DEFAULT_STORAGE

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from sweeps.study.storage import Storage


def main() -> None:
    """Write the reports, and print each sweep's answer and where its report is."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.report", description=__doc__)
    parser.add_argument(
        "--storage", default=DEFAULT_STORAGE, help="URL of the sweeps' storage (default: %(default)s)"
    )
    parser.add_argument("--study", nargs="+", metavar="NAME", help="sweeps by their name (default: all)")
    parser.add_argument("--folder", type=Path, help="where to write (default: the sweep's own folder)")
    parser.add_argument("--verbose", action="store_true", help="print the table of settings too")
    arguments = parser.parse_args()
    try:
        _write_reports(arguments.storage, arguments.study, arguments.folder, arguments.verbose)
    except ValueError as error:
        raise SystemExit(str(error)) from None


def _write_reports(url: str, names: Sequence[str] | None, folder: Path | None, verbose: bool) -> None:
    import optuna

    from sweeps.report.findings.load import sweep_names
    from sweeps.study.storage import storage_at

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    location = storage_at(url, option="--storage ")
    storage = location.open_for_reading()
    with _explain_failure(location):
        sweeps = names or sweep_names(storage)
        for name in sweeps:
            _write_one(storage, url, name, folder / name if folder and len(sweeps) > 1 else folder, verbose)


def _write_one(storage: "BaseStorage", url: str, name: str, folder: Path | None, verbose: bool) -> None:
    from sweeps.report.findings.load import load_findings
    from sweeps.report.outputs.conclude import conclude
    from sweeps.report.outputs.tables import settings_table
    from sweeps.report.outputs.terminal import print_conclusion, print_tables
    from sweeps.report.write import write_report

    studies = load_findings(storage, name)
    target = folder or _sweep_folder(name, studies[0].measurement.folder)
    try:
        write_report(storage, studies, target)
    except OSError as error:
        raise ValueError(
            f"{target} can't be written ({error.strerror or error}); write --folder <another folder>"
        ) from error
    print_conclusion(conclude(studies, target, url))
    if verbose:
        print_tables([settings_table(findings, is_narrow=True) for findings in studies])


@contextmanager
def _explain_failure(storage: "Storage") -> Iterator[None]:
    """Raise ValueError where the storage fails, with what it says."""
    from sweeps.study.outage import storage_failure

    try:
        yield
    except ValueError:  # already said, whatever it comes from
        raise
    except Exception as error:
        if (reason := storage_failure(error)) is None:
            raise
        raise ValueError(
            f"--storage {storage.display_url} can't be read: {reason}; restore it from a copy"
        ) from error


def _sweep_folder(name: str, folder: str | None) -> Path:
    """Return the folder where a sweep ran, if this machine has it, else one by its name."""
    return Path(folder) if folder and Path(folder).is_dir() else Path("outputs", name)


if __name__ == "__main__":
    main()
