"""A run's folder: the state to continue from, and the results."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from sweeps.training import checkpoint
from sweeps.training import device as devices
from sweeps.training.checkpoint import CHECKPOINT
from sweeps.training.run import Result, Run, State
from sweeps.training.run_identity import identify_unbuilt_run, reason_to_refuse
from sweeps.training.script import write_script

METRICS_FILE = "metrics.json"
log = logging.getLogger(__name__)


def output_folder() -> Path:
    """Return the folder that Hydra gave to the running job."""
    return Path(HydraConfig.get().runtime.output_dir)


def remove_unused(folder: Path) -> None:
    """Remove a folder that holds only what Hydra writes before a run: its configs and an empty log."""
    log_file = folder / f"{HydraConfig.get().job.name}.log"
    entries = set(folder.iterdir()) if folder.is_dir() else set()
    if entries == {folder / ".hydra", log_file} and not log_file.stat().st_size:
        shutil.rmtree(folder)


def load_resumed_state(path: str, run: Run, device: str) -> State:
    """Load the state that `resume` names, by file or folder.

    Raises ValueError for a state that the run can't continue from.
    """
    if not isinstance(path, str) or not path:
        raise ValueError(f"resume={path} names no run; write resume=<a run's folder or its {CHECKPOINT}>")
    file = Path(path) / CHECKPOINT if Path(path).is_dir() else Path(path)
    if not file.exists() and (file.parent / METRICS_FILE).exists():
        raise ValueError(
            f"resume={path}: its sweep kept no checkpoint of this run; "
            "name a run of a pick, or sweep with keep=all"
        )
    if not file.exists():
        raise ValueError(f"resume={path}: there is no {file}; name a run's folder or its {CHECKPOINT}")
    try:
        state = _load_own_state(file, run, device, fix="name another run")
    except ValueError as error:
        raise ValueError(f"resume={path}: {error}") from error
    epochs = state["epochs"]
    if not state["finite"]:
        raise ValueError(
            f"resume={path}: the run's loss was not finite after {epochs} epochs; name another run"
        )
    if state.get("out_of_patience"):
        raise ValueError(
            f"resume={path}: patience={run.patience} ended the run after {epochs} epochs, "
            "which leaves nothing to train; name another run"
        )
    if epochs == run.epochs:
        raise ValueError(
            f"resume={path}: {epochs} epochs are done, so that epochs={run.epochs} leaves nothing to train; "
            f"write epochs={epochs + 1} or more"
        )
    return state


def load_state(folder: Path, run: Run, device: str) -> State | None:
    """Load the state that this very run saved in its folder, or return None where there is none.

    Raises ValueError for another run's state and for a damaged file.
    """
    file = folder / CHECKPOINT
    if not file.exists():
        return None
    return _load_own_state(file, run, device, fix="write hydra.run.dir=<another folder>")


def load_unfinished_state(folder: Path, run: Run, device: str) -> State | None:
    """Load as `load_state` does, but return None for a finished run, so that it trains again."""
    state = load_state(folder, run, device)
    if state is None or not (folder / METRICS_FILE).exists():
        return state
    is_finished = state["epochs"] == run.epochs or not state["finite"] or state.get("out_of_patience")
    return None if is_finished else state


def load_state_or_start_over(
    folder: Path, run: Run, device: str, load: Callable[[Path, Run, str], State | None]
) -> State | None:
    """Load as `load` does; rename a file that it refuses, so that no trial of a sweep fails for it."""
    try:
        return load(folder, run, device)
    except ValueError as error:
        new_path = folder / f"{CHECKPOINT}.unusable"
        (folder / CHECKPOINT).replace(new_path)
        log.warning("Starting over; the old file is now %s: %s", new_path, error)
        return None


def write_run(folder: Path, run: Run, result: Result, scores: Mapping[str, float]) -> None:
    """Write the checkpoint and the metrics; a run with both has ended.

    scores: the objective of the splits that no epoch measures.
    """
    metrics = {
        "score": result.score,
        "diverged": result.diverged,
        "learned_nothing": result.learned_nothing,
        "stopped_early": result.stopped_early,
        "chance": result.chance,
        run.metrics[0].key: scores,
        "epochs": [epoch.to_values() for epoch in result.epochs],
        "losses": [float(f"{loss:.5g}") for loss in result.losses.tolist()],  # of each step
        "script": write_script(run),
    }
    checkpoint.save(folder / CHECKPOINT, result.state)
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n")


def curves_of(result: Result) -> dict[str, list[float]]:
    """Return what the epochs measured, by metric."""
    epochs = [epoch.to_values() for epoch in result.epochs]
    metrics = [metric for metric in epochs[0] if metric != "number"] if epochs else []
    return {metric: [epoch[metric] for epoch in epochs] for metric in metrics}


def _load_own_state(file: Path, run: Run, device: str, fix: str) -> State:
    state = checkpoint.load(file)
    if reason := reason_to_refuse(state, identify_unbuilt_run(run, devices.resolve(device)), run.epochs):
        raise ValueError(f"{file}: {reason}; go back to that, or {fix}")
    return state
