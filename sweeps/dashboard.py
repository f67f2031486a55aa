"""`python -m sweeps.dashboard` opens optuna-dashboard here, with the sweeps' storage."""

import argparse
import os
import sysconfig
from pathlib import Path

STORAGE = "sqlite:///outputs/sweeps.db"


def main() -> None:
    """Become optuna-dashboard's own program."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.dashboard", description=__doc__)
    parser.add_argument(
        "--storage", default=STORAGE, help="URL of the sweeps' storage (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8080, help="(default: %(default)s)")
    arguments = parser.parse_args()

    from sweeps.study.storage import dashboard, open_existing

    try:
        open_existing(arguments.storage)
        storage = dashboard(arguments.storage)
    except ValueError as error:
        raise SystemExit(str(error).replace("hydra.sweeper.storage=", "--storage ")) from None
    program = Path(sysconfig.get_path("scripts"), "optuna-dashboard")
    os.execv(program, [str(program), storage, "--host", "127.0.0.1", "--port", str(arguments.port)])


if __name__ == "__main__":
    main()
