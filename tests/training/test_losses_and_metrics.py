"""Losses and metrics: each in a stack as alone, interrupted as unbroken, and as the libraries have them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from sklearn import metrics as scikit
from torch import Tensor, nn
from torch.optim import SGD

from sweeps.app.build import build_metrics
from sweeps.data.feed import Feed
from sweeps.losses import balance_weights, row_losses
from sweeps.metrics import EpochMetric, accuracy
from sweeps.models import mlp
from sweeps.run import CONF
from sweeps.training.run import Epoch, Run
from sweeps.training.train import evaluate, train
from tests.support.training_runs import (
    FEED,
    RUN,
    Convolutions,
    Log,
    assert_close,
    same_bits,
    to_float64,
)

# Every sixth image: of each class 67.
SMALL_FEED = replace(FEED, images=FEED.images[::6], targets=FEED.targets[::6], validation=150)
LINEAR = partial(mlp, widths=[20], dropout=0.2, norm="batch")
# Two values to predict of each image, and two classes.
VALUES = replace(
    SMALL_FEED,
    targets=SMALL_FEED.images.flatten(1)[:, 300:302].contiguous(),
    test_targets=SMALL_FEED.test_images.flatten(1)[:, 300:302].contiguous(),
    outputs=2,
)
PAIR = replace(
    SMALL_FEED, targets=SMALL_FEED.targets % 2, test_targets=SMALL_FEED.test_targets % 2, outputs=2
)
FEEDS = {"classification": SMALL_FEED, "any": SMALL_FEED, "regression": VALUES}


def all_metrics() -> tuple[EpochMetric, ...]:
    names = sorted(path.stem for path in (CONF / "metric").glob("*.yaml"))
    with initialize_config_dir(str(CONF)):
        return build_metrics(compose("config", [f"metric=[{','.join(names)}]"]).metric)


METRICS = all_metrics()
OF_CLASSES = tuple(metric for metric in METRICS if metric.task != "regression")
OF_VALUES = tuple(metric for metric in METRICS if metric.task != "classification")
PER_ROW: dict[str, Any] = {"reduction": "none"}
WEIGHTS = torch.linspace(0.5, 2, 10)


def _focus(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return a loss of a user's own, a number a row."""
    losses = nn.functional.cross_entropy(outputs, targets, reduction="none")
    return (1 - (-losses).exp()) * losses


LOSSES: Mapping[str, tuple[Any, Any]] = {
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1, **PER_ROW), SMALL_FEED),
    "weighted": (nn.CrossEntropyLoss(WEIGHTS, **PER_ROW), SMALL_FEED),
    "bce": (nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0]), **PER_ROW), PAIR),
    "mse": (nn.MSELoss(**PER_ROW), VALUES),
    "l1": (nn.L1Loss(**PER_ROW), VALUES),
    "huber": (nn.HuberLoss(delta=0.2, **PER_ROW), VALUES),
    "own": (_focus, SMALL_FEED),
    "own, of all rows": (nn.CrossEntropyLoss(), SMALL_FEED),
}


def run_of(loss: Any, feed: Any, model: Callable[..., nn.Module] = LINEAR) -> Run:
    return replace(
        RUN,
        feed=feed,
        model=model,
        loss=loss,
        metrics=OF_VALUES if feed is VALUES else OF_CLASSES,
        optimizer=partial(SGD, lr=0.01, momentum=0.9),
        batch_size=100,
        epochs=2,
    )


@pytest.mark.parametrize("model", [LINEAR, Convolutions])
@pytest.mark.parametrize("feed", [SMALL_FEED, PAIR, VALUES], ids=["classes", "pair", "values"])
def test_a_stack_has_each_loss_and_metric_as_alone(feed: Feed, model: Any) -> None:
    losses = [loss for loss, of in LOSSES.values() if of is feed]
    run = to_float64(run_of(losses[0], feed, model))
    # Of all its losses, two seeds and two learning rates.
    runs = [replace(run, loss=loss) for loss in losses]
    runs += [replace(run, seed=1), replace(run, optimizer=partial(SGD, lr=0.005))]
    for run, together in zip(runs, train(runs, "cpu"), strict=True):
        [alone] = train([run], "cpu")
        assert_close(together, alone.model, tolerance=1e-9)
        for epoch, wanted in zip(together.epochs, alone.epochs, strict=True):
            # Losses of steps are kept in float32.
            assert epoch.train == pytest.approx(wanted.train, rel=1e-6)
            assert epoch.validation == pytest.approx(wanted.validation, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_a_run_of_any_loss_resumes_with_the_same_bits(name: str) -> None:
    run = run_of(*LOSSES[name])
    log = Log()
    [unbroken] = train([run], "cpu", observer=log)
    [resumed] = train([run], "cpu", starts=[log.states[0][1]])
    assert same_bits(resumed.state, unbroken.state)
    assert resumed.epochs == unbroken.epochs


def test_another_loss_or_metric_is_another_run() -> None:
    run = run_of(*LOSSES["smoothed"])
    log = Log()
    train([run], "cpu", observer=log)
    state = log.states[0][1]
    with pytest.raises(ValueError, match=r"loss.label_smoothing=0.1 there, 0.0 now"):
        train([replace(run, loss=RUN.loss)], "cpu", starts=[state])
    with pytest.raises(ValueError, match="metric="):
        train([replace(run, metrics=RUN.metrics)], "cpu", starts=[state])


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_an_epoch_measures_what_scikit_learn_does(metric: EpochMetric) -> None:
    feed = FEEDS[metric.task]
    loss = nn.MSELoss(**PER_ROW) if feed is VALUES else RUN.loss
    run = replace(run_of(loss, feed), metrics=(metric,))
    [result] = train([run], "cpu")
    _, rows = feed.split(run.seed)
    with torch.no_grad():
        outputs = result.model.eval()(feed.images[rows])
    wanted = by_scikit(metric.key, outputs, feed.targets[rows])
    assert result.score == pytest.approx(metric.scale * wanted, rel=1e-5)
    assert evaluate(run, result, "cpu", splits=["validation"])["validation"] == pytest.approx(result.score)


def by_scikit(key: str, outputs: Tensor, targets: Tensor) -> float:
    """Return a metric of a split as scikit-learn has it."""
    named, scores = outputs.argmax(1), outputs.softmax(1).double()
    functions: dict[str, Callable[[], Any]] = {
        "accuracy": lambda: scikit.accuracy_score(targets, named),
        "balanced_accuracy": lambda: scikit.balanced_accuracy_score(targets, named),
        "macro_f1": lambda: scikit.f1_score(targets, named, average="macro"),
        "auroc": lambda: scikit.roc_auc_score(targets, scores / scores.sum(1, True), multi_class="ovr"),
        "top5": lambda: scikit.top_k_accuracy_score(targets, outputs, k=5),
        "loss": lambda: nn.functional.cross_entropy(outputs, targets),
        "r2": lambda: scikit.r2_score(targets, outputs),
        "rmse": lambda: scikit.mean_squared_error(targets, outputs) ** 0.5,
        "mae": lambda: scikit.mean_absolute_error(targets, outputs),
    }
    return float(functions[key]())


@pytest.mark.parametrize("metric", OF_VALUES, ids=lambda metric: metric.key)
def test_a_regression_that_stands_still_scores_the_mean_target_and_learned_nothing(
    metric: EpochMetric,
) -> None:
    # Far from 0, where an untrained network is.
    far = replace(VALUES, targets=VALUES.targets + 5, test_targets=VALUES.test_targets + 5)
    run = replace(run_of(nn.MSELoss(**PER_ROW), VALUES), feed=far, metrics=(metric,))
    feed = run.feed
    training, rows = feed.split(run.seed)
    mean = feed.targets[training].mean(0).expand(len(rows), -1)
    wanted = (
        nn.functional.mse_loss(mean, feed.targets[rows]).item()
        if metric.key == "loss"
        else by_scikit(metric.key, mean, feed.targets[rows])
    )
    assert run.chance == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    [still] = train([replace(run, optimizer=partial(SGD, lr=1e-9), epochs=1)], "cpu")
    assert (still.diverged, still.learned_nothing) == (False, True)
    [diverged] = train([replace(run, optimizer=partial(SGD, lr=1e9), epochs=3)], "cpu")
    assert (diverged.diverged, diverged.score) == (True, run.chance)


def test_balanced_weights_are_inverse_to_the_counts_and_1_on_average() -> None:
    classes = torch.tensor([0, 0, 0, 1])
    weights = torch.tensor(balance_weights(classes, 2))
    assert weights.tolist() == pytest.approx([2 / 3, 2])
    assert weights[classes].mean().item() == pytest.approx(1)
    with pytest.raises(ValueError, match="class 2"):
        balance_weights(classes, 3)
    # A seed whose validation split took all rows of a class trains too, and that class weighs most.
    assert balance_weights(classes, 3, torch.tensor([0, 1, 2]))[:2] == pytest.approx(
        [len(classes) / 3 / int((classes == number).sum()) for number in (0, 1)]
    )
    assert balance_weights(classes, 3, torch.tensor([0, 1, 2]))[2] == pytest.approx(len(classes) / 3)


def test_bce_of_two_classes_has_one_output_which_accuracy_reads_as_log_odds() -> None:
    run = run_of(nn.BCEWithLogitsLoss(**PER_ROW), PAIR)
    assert run.outputs == 1
    [result] = train([replace(run, epochs=3)], "cpu")
    _, rows = PAIR.split(run.seed)
    with torch.no_grad():
        outputs = result.model.eval()(PAIR.images[rows])
    right = ((outputs[:, 0] > 0) == PAIR.targets[rows].bool()).double().mean().item()
    assert result.epochs[-1].validation["accuracy"] == pytest.approx(100 * right)
    assert result.epochs[-1].validation["accuracy"] > 70


def test_an_epoch_of_an_earlier_checkpoint_is_read() -> None:
    values = {
        "number": 3,
        "train_loss": 1.0,
        "train_accuracy": 50.0,
        "validation_loss": 2.0,
        "validation_accuracy": 40.0,
        "lr": 0.1,
    }
    epoch = Epoch.from_values(values)
    assert epoch.validation == {"loss": 2.0, "accuracy": 40.0}
    assert list(epoch.to_values().items()) == list(values.items())


def test_a_mean_of_all_rows_is_each_rows_loss() -> None:
    outputs, targets = torch.randn(4, 10), torch.arange(4)
    losses = row_losses(nn.CrossEntropyLoss(), outputs, targets)
    assert losses.shape == (4,)
    assert losses.mean() == pytest.approx(nn.functional.cross_entropy(outputs, targets).item())
    assert accuracy(outputs, targets).dtype == torch.bool
