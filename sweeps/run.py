"""The Hydra entry: `python -m sweeps.run` trains one run, with `-m` it sweeps.

The only reader of a DictConfig; everything below takes plain arguments.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from sweeps.app.build import build
from sweeps.app.check import check
from sweeps.app.resolvers import register
from sweeps.trial import Job, current_trial
from sweeps.versions import versions

# torch is imported where something is trained or checked: --help answers without it.
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweeps.app.swept_jobs import Swept
    from sweeps.training.run import Epoch, Run, State

log = logging.getLogger(__name__)


def _conf_folder() -> Path:
    """Return the folder of the options: beside this file in an installation, one level up in a clone."""
    package = Path(__file__).parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


CONF = _conf_folder()


@hydra.main(config_path=str(CONF), config_name="config", execution_whitelist="sweeps.*")
def main(cfg: DictConfig) -> float:
    """Train what the config says; the return value is the objective: validation accuracy in percent."""
    alone = OmegaConf.is_missing(HydraConfig.get().job, "num")
    return _train_alone(cfg) if alone else _train_in_a_sweep(cfg)


def start() -> None:
    """Start Hydra's command line, but answer --version here: Hydra would name only itself."""
    if "--version" in sys.argv[1:]:
        print(versions())
    else:
        main()


def _train_in_a_sweep(cfg: DictConfig) -> float:
    [outcome] = train_stacked([Job(cfg, _folder(), current_trial())])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def train_stacked(jobs: Sequence[Job]) -> list[float | Exception]:
    """Train the jobs of a sweep together; what each returns, or the exception that ended it."""
    from sweeps.app.swept_jobs import train_swept

    outcomes: dict[int, float | Exception] = {}
    alike: dict[tuple[str, str, bool], dict[int, Swept]] = {}
    for place, job in enumerate(jobs):
        try:
            way = job.config.device, job.config.precision, job.config.compile
            alike.setdefault(way, {})[place] = _swept(job)
        except Exception as error:  # a job's own; the others train
            outcomes[place] = error
    for way, group in alike.items():
        scores = train_swept(list(group.values()), *way)
        outcomes.update(zip(group, map(_outcome, scores), strict=True))
    return [outcomes[place] for place in range(len(jobs))]


def stack_width(cfg: DictConfig) -> int:
    """How many runs like the config's one worker trains together."""
    from sweeps.training.stack.width import width

    return width(build(cfg), cfg.device)


def _swept(job: Job) -> Swept:
    from sweeps.app.run_folder import left_in, left_or_anew, left_unfinished
    from sweeps.app.swept_jobs import Swept

    cfg, run = job.config, build(job.config)
    # What a trial has ended is its own; a folder of another sweeper's may be from any day.
    left = left_unfinished if job.trial.number is None else left_in
    start = _start(cfg, run, left_or_anew(job.folder, run, cfg.device, left))
    return Swept(run, job.trial, job.folder, start, cfg.checkpoint_every, cfg.keep_best, cfg.read_test)


def _outcome(score: float | None) -> float | Exception:
    from optuna import TrialPruned

    return TrialPruned() if score is None else score


@contextmanager
def _how_to_resume() -> Iterator[None]:
    """Leave with one message where a run is interrupted or its disk is full, and say how it goes on."""
    from sweeps.training.keep import CHECKPOINT

    try:
        yield
    except (KeyboardInterrupt, OSError, RuntimeError) as error:
        from sweeps.study.disk import full_disk

        folder, full = _folder(), full_disk(error)
        if not (full or isinstance(error, KeyboardInterrupt)):
            raise
        what = f"Nothing more can be written to {folder}: {full}." if full else "Interrupted."
        how = (
            f"The same command with hydra.run.dir={folder} goes on from its last checkpoint."
            if (folder / CHECKPOINT).exists()
            else "It was before the first checkpoint; checkpoint_every=1 saves one every second, say."
        )
        raise SystemExit(f"{what} {how}") from None


@_how_to_resume()
def _train_alone(cfg: DictConfig) -> float:
    from sweeps.app import curves
    from sweeps.app import run_folder as job
    from sweeps.app.screen import epochs_shown, show_result
    from sweeps.training.keep import Keeper
    from sweeps.training.train import evaluate, train

    try:
        check(cfg)
        run = build(cfg)
        start = _start(cfg, run, job.left_unfinished(_folder(), run, cfg.device))
    except ValueError as error:
        raise SystemExit(str(error)) from None
    keeper = Keeper(_folder(), cfg.checkpoint_every, cfg.keep_best)
    with epochs_shown(run.epochs) as show:

        def measured(_: int, epoch: Epoch) -> None:
            keeper.measured(epoch)
            show(epoch)

        [result] = train(
            [run],
            cfg.device,
            cfg.precision,
            on_epoch=measured,
            starts=[start],
            on_state=lambda _, state: keeper.keep(state),
            compiled=cfg.compile,
        )
    accuracies = evaluate(run, result, cfg.device, cfg.precision)
    job.write(_folder(), result, accuracies)
    title = " ".join(HydraConfig.get().overrides.task)
    curves.write(_folder() / "curves.html", result.losses, result.epochs, title)
    show_result(result, accuracies, _folder())
    return result.score


def _folder() -> Path:
    return Path(HydraConfig.get().runtime.output_dir)


def _start(cfg: DictConfig, run: Run, left: State | None) -> State | None:
    """What the run goes on from: what it left itself before what `resume` names."""
    from sweeps.app import run_folder as job

    start = job.resumed(cfg.resume, run, cfg.device) if left is None and cfg.resume is not None else left
    if start is not None:
        log.info("Going on after epoch %d of %d.", start["epochs"], run.epochs)
    return start


register()

if __name__ == "__main__":
    # Worker processes import the task function by this module's name, which __main__ is not.
    from sweeps.run import start as entry

    entry()
