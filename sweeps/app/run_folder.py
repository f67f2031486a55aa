"""A run and its folder: what the run goes on from, and what it leaves there."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from sweeps.training import checkpoint
from sweeps.training import device as devices
from sweeps.training.keep import CHECKPOINT
from sweeps.training.run import Result, Run, State
from sweeps.training.run_identity import expected, objection

METRICS = "metrics.json"
log = logging.getLogger(__name__)


def resumed(path: str, run: Run, device: str) -> State:
    """The state that `resume` names, by file or folder. Raises ValueError for what can't be gone on from."""
    file = Path(path) / CHECKPOINT if Path(path).is_dir() else Path(path)
    if not file.exists():
        raise ValueError(f"resume={path}: there is no {file}; name a run's folder or its {CHECKPOINT}")
    try:
        state = _state(file, run, device, fix="name another run")
    except ValueError as error:
        raise ValueError(f"resume={path}: {error}") from error
    done = state["epochs"]
    if not state["finite"]:
        raise ValueError(
            f"resume={path}: the run's loss was not finite after {done} epochs; name another run"
        )
    if done == run.epochs:
        raise ValueError(
            f"resume={path}: {done} epochs are done, so that epochs={run.epochs} leaves nothing to train; "
            f"write epochs={done + 1} or more"
        )
    return state


def left_in(folder: Path, run: Run, device: str) -> State | None:
    """What an interrupted job of this very run left in its folder, or None.

    Raises ValueError where it can't go on from what lies there.
    """
    file = folder / CHECKPOINT
    return _state(file, run, device, fix="write hydra.run.dir=<another folder>") if file.exists() else None


def left_unfinished(folder: Path, run: Run, device: str) -> State | None:
    """As `left_in`, but None where the run has ended, so that it is trained again."""
    state = left_in(folder, run, device)
    over = state is not None and (state["epochs"] == run.epochs or not state["finite"])
    return None if over and (folder / METRICS).exists() else state


def left_or_anew(
    folder: Path, run: Run, device: str, left: Callable[[Path, Run, str], State | None]
) -> State | None:
    """As `left`; what can't be gone on from is put aside, so that a sweep's trial never fails for it."""
    try:
        return left(folder, run, device)
    except ValueError as error:
        aside = folder / f"{CHECKPOINT}.unusable"
        (folder / CHECKPOINT).replace(aside)
        log.warning("Training anew, with the old file put aside as %s: %s", aside, error)
        return None


def write(folder: Path, result: Result, accuracies: dict[str, float]) -> None:
    """Leave a checkpoint and the metrics; once both are there the run has ended."""
    metrics = {
        "score": result.score,
        "diverged": result.diverged,
        "accuracy": accuracies,
        "epochs": [asdict(epoch) for epoch in result.epochs],
        "losses": [float(f"{loss:.5g}") for loss in result.losses.tolist()],  # of each step
    }
    checkpoint.save(folder / CHECKPOINT, result.state)
    (folder / METRICS).write_text(json.dumps(metrics, indent=1) + "\n")


def curves(result: Result) -> dict[str, list[float]]:
    """What each epoch measured, metric by metric."""
    epochs = [asdict(epoch) for epoch in result.epochs]
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "lr")
    return {name: [epoch[name] for epoch in epochs] for name in names}


def _state(file: Path, run: Run, device: str, fix: str) -> State:
    state = checkpoint.load(file)
    if reason := objection(state, expected(run, devices.resolve(device)), run.epochs):
        raise ValueError(f"{file}: {reason}; go back to that, or {fix}")
    return state
