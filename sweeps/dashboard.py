"""`python -m sweeps.dashboard` opens optuna-dashboard here, with the sweeps' storage and pictures."""

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
    parser.add_argument("--artifacts", type=Path, help="folder of the pictures (default: beside the storage)")
    parser.add_argument("--port", type=int, default=8080, help="(default: %(default)s)")
    given = parser.parse_args()

    from sweeps.study.storage import artifact_folder, dashboard, open_existing

    try:
        open_existing(given.storage)
        storage = dashboard(given.storage)
    except ValueError as error:
        raise SystemExit(str(error).replace("hydra.sweeper.storage=", "--storage ")) from None
    artifacts = given.artifacts or artifact_folder(given.storage, Path("outputs"))
    artifacts.mkdir(parents=True, exist_ok=True)
    program = Path(sysconfig.get_path("scripts"), "optuna-dashboard")
    place = ["--host", "127.0.0.1", "--port", str(given.port), "--artifact-dir", str(artifacts)]
    os.execv(program, [str(program), storage, *place])


if __name__ == "__main__":
    main()
