"""`python -m sweeps.dashboard` opens optuna-dashboard here, with the sweeps' storage."""

import argparse
import os
import sysconfig
from pathlib import Path

from sweeps.study import DEFAULT_STORAGE


def main() -> None:
    """Become optuna-dashboard's own program."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.dashboard", description=__doc__)
    parser.add_argument(
        "--storage", default=DEFAULT_STORAGE, help="URL of the sweeps' storage (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8080, help="(default: %(default)s)")
    arguments = parser.parse_args()

    from sweeps.study.storage import storage_at

    try:
        storage = storage_at(arguments.storage, option="--storage ")
        storage.open_for_reading()
    except ValueError as error:
        raise SystemExit(str(error)) from None
    program = Path(sysconfig.get_path("scripts"), "optuna-dashboard")
    options = ["--host", "127.0.0.1", "--port", str(arguments.port)]
    os.execv(program, [str(program), storage.dashboard_argument(), *options])


if __name__ == "__main__":
    main()
