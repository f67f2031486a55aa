"""The Hydra entry: `python -m sweeps.run` trains one run, with `-m` it sweeps."""

import gc
import os
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from sweeps.app.command_line import check_words
from sweeps.app.resolvers import register_resolvers
from sweeps.versions import versions


def _conf_folder() -> Path:
    """Return the folder of the options: beside this file in an installation, one level up in a clone."""
    package = Path(__file__).parent
    folder = package / "conf"
    return folder if folder.is_dir() else package.parent / "conf"


CONF = _conf_folder()
DRY_RUN = "--dry-run"


@hydra.main(config_path=str(CONF), config_name="config", execution_whitelist="sweeps.*")
def main(cfg: DictConfig) -> float:
    """Train what the config describes; return the objective, validation accuracy in percent."""
    # Hydra numbers the jobs of a sweep, and no other.
    is_swept = not OmegaConf.is_missing(HydraConfig.get().job, "num")
    # torch is imported where something is trained: --help answers without it.
    if not is_swept:
        from sweeps.app.single_run import train_single

        return train_single(cfg)
    from sweeps.app.swept_jobs import train_in_sweep

    return train_in_sweep(cfg)


def start() -> None:
    """Start Hydra's command line, but answer --version here: Hydra would name only itself.

    --dry-run is hydra.sweeper.dry_run=true of a sweep.
    """
    words = sys.argv[1:]
    if "--version" in words:
        print(versions())
        return
    if DRY_RUN in words:
        # As in a sweep, where each core has a worker; before torch is imported.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        arguments = [word for word in words if word not in (DRY_RUN, "-m", "--multirun")]
        sys.argv[1:] = ["-m", *arguments, "hydra.sweeper.dry_run=true"]
    try:
        check_words(sys.argv[1:], CONF)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    try:
        main()
    finally:
        # At the end Python would search all that was imported for garbage, a third of a second after a sweep.
        if "torch" not in sys.modules:  # Triton would report what is left as leaks
            gc.freeze()


register_resolvers()

if __name__ == "__main__":
    # Worker processes import the task function by this module's name, which __main__ is not.
    from sweeps.run import start as entry

    entry()
