"""A single run: its progress and its result on the terminal, and how it continues when interrupted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sweeps.app import run_folder
from sweeps.app.build import build
from sweeps.app.check import check
from sweeps.app.forecast import warn_of_memory
from sweeps.app.swept_jobs import SweptRun, continue_run, train_and_write
from sweeps.interruption import exit_interrupted
from sweeps.metrics import EpochMetric
from sweeps.numbers import format_digits
from sweeps.study.disk import full_disk
from sweeps.training.checkpoint import CHECKPOINT
from sweeps.training.run import Epoch, Result, Run
from sweeps.trial import Job, NoTrial


def train_single(cfg: DictConfig) -> float:
    """Train what the config describes; return the objective.

    Raises SystemExit, with a message, for a config that can't train, an interruption and a full disk.
    """
    folder = run_folder.output_folder()
    with _explain_interruption(folder):
        try:
            check(cfg)
            job = _prepare_single(cfg, folder)
            warn_of_memory(job.run, cfg.device)
        except ValueError as error:
            run_folder.remove_unused(folder)
            raise SystemExit(str(error)) from None
        try:
            with _epoch_bar(job.run) as show:
                [end] = train_and_write([job], cfg.device, cfg.precision, cfg.compile, show)
        except MemoryError as error:
            raise SystemExit(str(error)) from None
        assert end is not None  # nobody prunes it
        result, scores = end
        _draw_curves(folder / "curves.html", job.run.metrics[0], result)
        _show_result(job.run, result, scores, folder)
    return result.score


def _prepare_single(cfg: DictConfig, folder: Path) -> SweptRun:
    run = build(cfg)
    state = run_folder.load_unfinished_state(folder, run, cfg.device)
    job = continue_run(Job(cfg, folder, NoTrial()), run, state, splits=["train", "test"])
    return replace(job, measure_diverged=True)


@contextmanager
def _explain_interruption(folder: Path) -> Iterator[None]:
    """Turn Ctrl-C and a full disk into one message that says how the run continues."""
    try:
        yield
    except (KeyboardInterrupt, OSError, RuntimeError) as error:
        full = full_disk(error)
        if full is None and not isinstance(error, KeyboardInterrupt):
            raise
        advice = "It stopped before the first checkpoint; checkpoint_every=1 would save one every second."
        if (folder / CHECKPOINT).exists():
            advice = f"The same command with hydra.run.dir={folder} continues from its last checkpoint."
        if full is None:
            exit_interrupted(advice)
        raise SystemExit(f"Nothing more can be written to {folder}: {full}. {advice}") from None


@contextmanager
def _epoch_bar(run: Run) -> Iterator[Callable[[Epoch], None]]:
    """Show a progress bar over epochs; yield the function that takes each epoch as it ends."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}"),
    )
    with Progress(TextColumn("epoch"), *columns) as progress:
        metric = run.metrics[0]
        task = progress.add_task("epoch", total=run.epochs, metrics="")

        def show(epoch: Epoch) -> None:
            score = f"{metric.format(epoch.validation[metric.key])} {metric.unit}".rstrip()
            metrics = f"loss {epoch.train['loss']:.4f}  validation {score}  lr {format_digits(epoch.lr)}"
            progress.update(task, advance=1, metrics=metrics)

        yield show


def _draw_curves(path: Path, metric: EpochMetric, result: Result) -> None:
    """Write the learning curves as one page that needs no network."""
    # Plotly takes a second to import: only after the training.
    from sweeps.report.figures.all import Plot
    from sweeps.report.figures.curves import HOW_TO_READ, TITLE, learning_curves
    from sweeps.report.measure.metric import Metric
    from sweeps.report.outputs.document import Part
    from sweeps.report.outputs.html import render_part

    title = " ".join(HydraConfig.get().overrides.task) or "the config's own values"
    curves = {"this run": run_folder.curves_of(result)}
    quantity = Metric(f"validation {metric.name}", metric.unit)
    figure = learning_curves(title, curves, result.losses.tolist(), quantity)
    plot = Plot("curves", TITLE, figure, " ".join(HOW_TO_READ.split()))
    path.write_text(render_part(Part(TITLE, plots=[plot])))


def _show_result(run: Run, result: Result, scores: Mapping[str, float], folder: Path) -> None:
    """Print the scores and where the run's files are."""
    console = Console()
    metric = run.metrics[0]
    # A diverged run's score is chance, whatever its last epoch measured.
    validation = result.epochs[-1].validation[metric.key] if result.epochs else result.score
    table = Table("split", metric.label)
    for split in ("train", "validation", "test"):
        table.add_row(split, metric.format(scores.get(split, validation)))
    console.print(table)
    if result.diverged:
        console.print("The run diverged: it scores chance. A smaller optimizer.lr may help.")
    if result.stopped_early:
        console.print(f"patience={run.patience} ended it after {len(result.epochs)} of {run.epochs} epochs.")
    if result.learned_nothing:
        guess = "mean target" if run.feed.is_regression else "commonest class"
        console.print(f"The run learned nothing: it is no better than always giving the {guess}.")
    console.print(f"metrics.json, checkpoint.pt, curves.html: {folder}", soft_wrap=True)
