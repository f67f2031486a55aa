"""Studies as the sweeper leaves them, made in a moment: scores from a formula, no training."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage
from optuna.trial import TrialState, create_trial

from sweeps.report.figures.all import (
    JOINT_FIGURES,
    STUDY_FIGURES,
    SWEEP_FIGURES,
    Figure,
)
from sweeps.study.labels import label_replicates
from sweeps.study.record import LONG_VALUES, PARAMS

LRS, MOMENTA = (0.001, 0.01, 0.1), (0.0, 0.9)
GRID = {"optimizer.lr": CategoricalDistribution(LRS), "optimizer.momentum": CategoricalDistribution(MOMENTA)}
FRESH = list(range(1000, 1006))

PICKS = [{"optimizer.lr": lr, "optimizer.momentum": momentum} for lr, momentum in ((0.01, 0.9), (0.01, 0.0))]


def figure_name(figure: Figure) -> str:
    """Return what a report calls the figure of a file."""
    return figure.__name__.rpartition(".")[2].replace("_", "-")


# The names of all figures that a confirmed sweep of one condition has: of all studies, of each study.
JOINT = {figure_name(figure) for figure in (*SWEEP_FIGURES, *JOINT_FIGURES)}
EACH = {figure_name(figure) for figure in STUDY_FIGURES}

Score = Callable[[Mapping[str, Any], int], float]


def hill(params: Mapping[str, Any], seed: int, top: float = 97.0) -> float:
    """Best at lr 0.01, a point worse a decade away; momentum 0.9 helps; noise by setting and seed."""
    lr, momentum = params["optimizer.lr"], params.get("optimizer.momentum", 0)
    noise, gain = np.random.default_rng([seed, int(1e4 * lr)]).normal([0, 0.1], [0.1, 0.02])
    return float(top - abs(np.log10(lr) + 2) + momentum * gain + noise)


def grid_study(
    storage: BaseStorage,
    option: str,
    score: Score = hill,
    replicates: Mapping[str, Sequence[Any]] | None = None,
    settings: int | None = None,
    diverges: bool = True,
) -> optuna.Study:
    """A study of a grid of learning rates and momenta, of which so many settings are done.

    diverges: whether the largest of both does.
    """
    axes = replicates or {"seed": [0, 1, 2]}
    study = _study(storage, option, axes, way="grid", planned=6)
    for number, (lr, momentum) in enumerate(product(LRS, MOMENTA)):
        if settings is None or number < settings:
            params = {"optimizer.lr": lr, "optimizer.momentum": momentum}
            diverged = diverges and lr == 0.1 and momentum == 0.9
            study.add_trial(_trial(params, GRID, axes, score, diverged))
    return study


def adaptive_study(storage: BaseStorage, option: str) -> optuna.Study:
    """A study that sampled a continuous space near its best and pruned half of its trials."""
    axes = {"seed": [0, 1, 2]}
    space: dict[str, BaseDistribution] = {"optimizer.lr": FloatDistribution(1e-4, 1, log=True)}
    study = _study(storage, option, axes, way="adaptive", planned=12)
    for number in range(12):
        params = {"optimizer.lr": 10 ** (-2 + (number - 6) / 20)}
        if number % 2:
            study.add_trial(
                create_trial(
                    state=TrialState.PRUNED,
                    params=params,
                    distributions=space,
                    intermediate_values={1: 50.0},
                    user_attrs={"pruned": "seed=0, step 1"},
                )
            )
        else:
            study.add_trial(_trial(params, space, axes, hill))
    return study


def scored_study(
    storage: BaseStorage,
    option: str,
    score: Score,
    lrs: Sequence[float] = LRS,
    seeds: Sequence[int] = (0, 1, 2),
    metric: str = "validation accuracy in %",
    direction: Literal["minimize", "maximize"] = "maximize",
    diverges: Callable[[Mapping[str, Any]], bool] | None = None,
    learned_nothing: bool = False,
    **attributes: Any,
) -> optuna.Study:
    """A study of a grid as the sweeper stores it today: numbers, and what it was told about them.

    attributes: user attributes of the study besides the usual ones, or in their place.
    """
    study = _study(storage, option, {"seed": list(seeds)}, "grid", len(lrs) * 2, metric, direction)
    grid = {"optimizer.lr": sorted(attributes.pop("declared", lrs)), "optimizer.momentum": list(MOMENTA)}
    for key, value in {"grid": grid, **attributes}.items():
        study.set_user_attr(key, value)
    space = {
        "optimizer.lr": FloatDistribution(min(lrs), max(lrs), log=min(lrs) < max(lrs)),
        "optimizer.momentum": FloatDistribution(*MOMENTA),
    }
    for lr, momentum in product(lrs, MOMENTA):
        params = {"optimizer.lr": lr, "optimizer.momentum": momentum}
        trial = _trial(params, space, {"seed": list(seeds)}, score, bool(diverges and diverges(params)))
        for seed in seeds:
            record = trial.user_attrs[f"seed={seed}"]
            record["learned_nothing"] = learned_nothing
            if not metric.endswith("%"):
                del record["chance"]
        study.add_trial(trial)
    return study


def with_factors(params: Mapping[str, Any], factors: Sequence[float] = (0.5, 2.0)) -> list[dict[str, Any]]:
    """A setting, and the same at other learning rates, as the confirmation trains it."""
    lr = params["optimizer.lr"]
    scaled = [{**params, "optimizer.lr": float(f"{lr * factor:.12g}")} for factor in factors]
    return [dict(params), *scaled]


def confirm(
    study: optuna.Study,
    picks: Sequence[Mapping[str, Any]],
    score: Score,
    test: Score | None,
    seeds: Sequence[int] = FRESH,
    done: int | None = None,
) -> None:
    """The picks' confirmation on fresh seeds; what scores 10 on the test set diverged.

    test: what the test set would say; None where it isn't read. done: how many of the seeds are trained, the
    first ones; all unless given.
    """
    axes = {"seed": seeds}
    made = optuna.create_study(
        study_name=f"{study.study_name}/confirm", storage=study._storage, direction=study.direction
    )
    for key, value in {"confirms": study.study_name, "replicates": axes, "seed_key": "seed"}.items():
        made.set_user_attr(key, value)
    for params in picks:
        made.add_trial(_confirmation_trial(params, score, test, seeds[:done]))


def _confirmation_trial(
    params: Mapping[str, Any], score: Score, test: Score | None, seeds: Sequence[int]
) -> optuna.trial.FrozenTrial:
    trial = _trial({}, {}, {"seed": seeds}, lambda _, seed: score(params, seed))
    for seed in seeds:
        if test is not None:
            tested = test(params, seed)
            record = {"test": tested, "diverged": tested == 10, "test_images": 1000}
            trial.user_attrs[f"seed={seed}"] |= record
    trial.user_attrs[PARAMS] = dict(params)
    return trial


def two_confirmed(storage: BaseStorage, gap: float) -> None:
    """Two optimizers whose scores differ by so much."""
    _confirmed_hill(storage, "sgd", 97.0, shift=0)
    _confirmed_hill(storage, "adam", 97.0 + gap, shift=7 * (gap > 0))


def _confirmed_hill(storage: BaseStorage, option: str, top: float, shift: int) -> None:
    score = partial(hill, top=top)
    confirm(
        grid_study(storage, option, score),
        PICKS,
        score,
        lambda params, seed: hill(params, seed + shift, top) - 1,
    )


def _study(
    storage: BaseStorage,
    option: str,
    axes: Mapping[str, Sequence[Any]],
    way: str,
    planned: int,
    metric: str = "validation accuracy in %",
    direction: Literal["minimize", "maximize"] = "maximize",
) -> optuna.Study:
    study = optuna.create_study(study_name=f"made/optimizer={option}", storage=storage, direction=direction)
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        study.set_metric_names([metric])
    attributes = {
        "replicates": dict(axes),
        "ways": [way],
        "planned": planned,
        "seed_key": "seed",
        "confirm_seeds": len(FRESH),
        "target": 80.0,
        "studied": {"optimizer": option},
        "search_space": {"optimizer.lr": f"choice{LRS}", "optimizer.momentum": f"choice{MOMENTA}"},
        "config": {
            "data._target_": "sweeps.data.mnist5k",
            "scheduler._target_": "torch.Plateau" if option == "adam" else "torch.Constant",
            "epochs": 3,
        },
    }
    for key, value in attributes.items():
        study.set_user_attr(key, value)
    return study


def _trial(
    params: Mapping[str, Any],
    space: Mapping[str, Any],
    axes: Mapping[str, Sequence[Any]],
    score: Score,
    diverged: bool = False,
) -> optuna.trial.FrozenTrial:
    records, kept = {}, {}
    for label, values in label_replicates(axes).items():
        value = 10.0 if diverged else score({**params, **values}, values["seed"])
        records[label] = {"value": value, "diverged": diverged, "chance": 10.0, "folder": label}
        kept[f"{LONG_VALUES}{label}/curves"] = {
            "train_loss": [2.0, 1.0, 0.5],
            "train_accuracy": [50.0, 80.0, value],
            "validation_accuracy": [60.0, 85.0, value],
            "lr": [0.1, 0.1, 0.05],
        }
    value = float(np.mean([record["value"] for record in records.values()]))
    return create_trial(
        params=dict(params),
        distributions=dict(space),
        value=value,
        user_attrs={**records, "diverged": diverged * len(records)},
        system_attrs=kept,
    )
