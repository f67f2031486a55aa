"""Learning curves as pictures among a study's artifacts, which a note can show."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta, upload_artifact

from sweeps.report.figures.curves import METRICS, Trained, drops, running_mean, window_of
from sweeps.report.figures.style import COLOURS


def keep(study: optuna.Study, name: str, picture: bytes, folder: Path) -> str:
    """Keep a picture with a study, in place of an earlier one, and return its address in the dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    store = FileSystemArtifactStore(str(folder))
    known = [kept.artifact_id for kept in get_all_artifact_meta(study) if kept.filename == name]
    if known:
        store.write(known[0], BytesIO(picture))
    else:
        with TemporaryDirectory() as temporary:
            path = Path(temporary, name)
            path.write_bytes(picture)
            known = [upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=study)]
    return f"/artifacts/{study._study_id}/{known[0]}"


def learning_curves(title: str, runs: Sequence[Trained]) -> bytes:
    """The first run's loss beside every run's accuracies, as a PNG."""
    from matplotlib.figure import Figure  # takes as long to import as all else here

    figure = Figure(figsize=(11, 4), dpi=90, layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    _losses(left, runs[0])
    _accuracies(right, runs)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _losses(axes: Any, run: Trained) -> None:
    if run.losses:
        window = window_of(run.losses)
        axes.plot(run.losses, color=COLOURS[0], alpha=0.35, linewidth=1, label=f"loss, {run.label}")
        mean = running_mean(run.losses, window)
        axes.plot(mean, color=COLOURS[0], linewidth=2, label=f"its mean over {window} steps")
    else:
        losses = run.curves.get("train_loss", [])
        axes.plot(range(1, len(losses) + 1), losses, color=COLOURS[0], label=f"loss, {run.label}")
    axes.set(xlabel="step (minibatch)" if run.losses else "epoch", ylabel="training loss")


def _accuracies(axes: Any, runs: Sequence[Trained]) -> None:
    for number, (metric, name) in enumerate(METRICS):
        for place, run in enumerate(runs):
            values = run.curves.get(metric, [])
            width, opacity = (1, 0.5) if place else (2, 1)
            label = None if place else f"{name} accuracy"
            style = {"color": COLOURS[number + 1], "linewidth": width, "alpha": opacity, "label": label}
            axes.plot(range(1, len(values) + 1), values, **style)
    for epoch in drops(runs[0].curves.get("lr", [])):
        axes.axvline(epoch - 0.5, color="#888888", linestyle=":", linewidth=1)
    axes.set(xlabel="epoch (dotted: a smaller learning rate)", ylabel="accuracy in %")
