"""Checks that loss, metrics and data fit each other, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from sweeps.app.reasons import describe_error, locate_error
from sweeps.numbers import format_digits, is_finite_number

if TYPE_CHECKING:
    from sweeps.metrics import EpochMetric
    from sweeps.training.run import Run

# What a metric says of itself: its values.
DIRECTIONS = ("maximize", "minimize")
TASKS = ("classification", "regression", "any")
# Rows to try a metric on.
METRIC_ROWS = 2000


def check_objective(cfg: DictConfig, run: Run) -> None:
    """Raise ValueError, with key, value and fix, where loss or metrics don't fit the data."""
    from sweeps import losses

    option = _name_of(cfg.loss._target_)
    feed = run.feed
    if feed.is_regression and isinstance(run.loss, losses.CLASS_LOSSES):
        raise ValueError(
            f"loss._target_={option} takes classes, but the targets are a regression's values; "
            "write loss=mse metric=rmse, or data.task=classification where they are classes"
        )
    if not feed.is_regression and isinstance(run.loss, losses.VALUE_LOSSES):
        raise ValueError(
            f"loss._target_={option} takes values, but the targets are {feed.outputs} classes; "
            "write loss=cross_entropy, or data.task=regression where they are values"
        )
    if losses.is_binary(run.loss) and not feed.is_regression and feed.outputs != 2:
        raise ValueError(
            f"loss._target_={option} takes two classes, but the data have {feed.outputs}; "
            "write loss=cross_entropy"
        )
    if losses.is_binary(run.loss) and feed.is_regression:
        low, high = feed.targets.min().item(), feed.targets.max().item()
        if low < 0 or high > 1:
            raise ValueError(
                f"loss._target_={option} takes targets from 0 to 1, but these are "
                f"{format_digits(low)} to {format_digits(high)}; write loss=mse metric=rmse"
            )
    for key, count in (("weight", feed.outputs), ("pos_weight", run.outputs)):
        _check_weights(cfg, key, count)
    _check_share(cfg, "loss.label_smoothing")
    _check_rows(option, run)
    for metric in run.metrics:
        _check_metric(metric, feed.is_regression)
        if metric.function is not None:
            _try_metric(metric, run)


def _check_rows(option: str, run: Run) -> None:
    """Refuse a loss that fails on two rows, or gives neither a number a row nor one for both."""
    import torch

    from sweeps.losses import row_losses

    targets = run.feed.targets[:2]
    try:
        losses = row_losses(run.loss, torch.zeros(2, run.outputs), targets)
    except (TypeError, ValueError, RuntimeError, IndexError, AttributeError) as error:
        raise ValueError(
            f"loss._target_={option} fails on outputs (2, {run.outputs}) and targets {tuple(targets.shape)}: "
            f"{error}; write one that takes them"
        ) from error
    if losses.shape != (2,):
        raise ValueError(
            f"loss._target_={option} returned the shape {tuple(losses.shape)} for 2 rows; "
            "return a number a row, or their mean"
        )


def _try_metric(metric: EpochMetric, run: Run) -> None:
    """Refuse a metric that fails on some targets, or gives no number: for each row where it says so."""
    import torch

    _, rows = run.feed.split(run.seed)
    targets = run.feed.targets[rows[:METRIC_ROWS]]
    outputs = torch.randn(len(targets), run.outputs, generator=torch.Generator().manual_seed(0))
    key, shapes = metric.key, f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)}"
    is_finite = True
    try:
        values = metric.apply(outputs, targets)
        if metric.per_row and (fits := values.shape == targets.shape[:1]):
            float(values.double().sum())
        elif not metric.per_row:
            number = torch.as_tensor(values, dtype=torch.double)
            fits = number.dim() == 0
            is_finite = not fits or bool(number.isfinite())
    except Exception as error:  # the user's own
        raise ValueError(
            f"metric {key} fails on {shapes}: {describe_error(error)}{locate_error(error)}; mend it"
        ) from error
    if not is_finite:
        raise ValueError(f"metric {key} gives {float(values)} for {shapes}; mend it, or name another")
    if not fits:
        kind = f"shape {tuple(values.shape)}" if hasattr(values, "shape") else type(values).__name__
        requirement = "a number a row, or write per_row: false" if metric.per_row else "one number"
        raise ValueError(f"metric {key} returned {kind} for {shapes}; return {requirement}")


def measured_values(run: Run) -> list[str]:
    """Return the names that a scheduler may watch: train_loss, validation_accuracy, ..."""
    train = ["loss", *(metric.key for metric in run.metrics if metric.per_row)]
    validation = ["loss", *(metric.key for metric in run.metrics if metric.function is not None)]
    return [*(f"train_{key}" for key in train), *(f"validation_{key}" for key in validation), "lr"]


def _check_metric(metric: Any, is_regression: bool) -> None:
    key = metric.key
    for name, form in (("name", str), ("unit", str), ("per_row", bool)):
        if not isinstance(value := getattr(metric, name), form):
            words = "true or false" if form is bool else "text"
            raise ValueError(f"metric.{key}.{name}={value} must be {words}")
    if metric.task not in TASKS:
        raise ValueError(f"metric.{key}.task={metric.task}: write one of {', '.join(TASKS)}")
    if metric.direction not in DIRECTIONS:
        raise ValueError(f"metric.{key}.direction={metric.direction}: write maximize or minimize")
    task = "regression" if is_regression else "classification"
    if metric.task not in ("any", task):
        kind = "a regression's values" if is_regression else "classes"
        instead = "rmse, mae, r2 or loss" if is_regression else "accuracy, macro_f1, auroc or loss"
        raise ValueError(
            f"metric={key} is of a {metric.task}, but the targets are {kind}; write metric={instead}"
        )


def _check_weights(cfg: DictConfig, key: str, count: int) -> None:
    """Refuse weights that are not a finite number of at least 0 each, or that are all 0."""
    value = OmegaConf.select(cfg, f"loss.{key}")
    if value is None or (key == "weight" and value == "balanced"):
        return
    words = " or balanced" if key == "weight" else ""
    fix = f"write loss.{key}=[{','.join(['1'] * min(count, 10))}]{words}"
    if not OmegaConf.is_list(value) or len(value) != count:
        raise ValueError(f"loss.{key}={value} must be a list of {count}, a number each{words}; {fix}")
    for number in value:
        if not is_finite_number(number) or number < 0:
            raise ValueError(f"loss.{key}={value} holds {number}, but must hold numbers of at least 0; {fix}")
    if not any(value):
        raise ValueError(f"loss.{key}={value} is 0 for all, so that nothing trains; {fix}")


def _check_share(cfg: DictConfig, key: str) -> None:
    value = OmegaConf.select(cfg, key)
    if value is not None and not (is_finite_number(value) and 0 <= value < 1):
        raise ValueError(f"{key}={value} must be at least 0 and less than 1; write {key}=0.1, say")


def _name_of(target: str) -> str:
    return target.rpartition(".")[2] if target.startswith("torch.nn.") else target
