"""A small sweep of each kind that a report has to put into words."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.storages import BaseStorage

from tests.support.studies import (
    FRESH,
    LRS,
    MOMENTA,
    PICKS,
    Score,
    adaptive_study,
    confirm,
    grid_study,
    hill,
    scored_study,
    two_confirmed,
    with_factors,
)

LR, MOMENTUM = "optimizer.lr", "optimizer.momentum"
CLIFF = {LR: 0.1, MOMENTUM: 0.0}
OWN = {LR: 0.001, MOMENTUM: 0.9}
WIDENED = (0.001, 0.01, 0.1, 0.3, 1.0)


def climb(params: Mapping[str, Any], seed: int) -> float:
    """Return a score that is best at the largest learning rate."""
    return hill(params, seed) + 3 * float(params[LR] == 0.1)


def rise(params: Mapping[str, Any], seed: int) -> float:
    """Return a score that is best at lr 0.3."""
    return hill({**params, LR: params[LR] / 30}, seed)


def level(params: Mapping[str, Any], seed: int) -> float:
    """Return a score that is as good at lr 0.1, the end of the declared range, as at 0.3."""
    own = {0.1: 0.01, 0.3: 0.01, 1.0: 0.001}.get(params[LR], params[LR] / 1000)
    return hill({**params, LR: own}, seed + int(10 * params[LR]))


def loss(params: Mapping[str, Any], seed: int) -> float:
    """Return a loss, lowest at lr 0.01."""
    return 1.05 + (97 - hill(params, seed)) / 100


def constant(*_: Any) -> float:
    """Return the same score whatever happens."""
    return 97.0


def always(*_: Any) -> bool:
    """Diverge."""
    return True


def at_the_end(storage: BaseStorage) -> None:
    """Two optimizers that do best at the largest learning rate, one of which diverges there at times."""
    for option, diverging in (("sgd", FRESH[:2]), ("adam", [])):
        study = grid_study(storage, option, climb)

        def test(params: Mapping[str, Any], seed: int, diverging: Sequence[int] = diverging) -> float:
            return 10 if params == CLIFF and seed in diverging else climb(params, seed)

        confirm(study, [*PICKS, CLIFF], climb, test)


def widened(storage: BaseStorage, stopped: str = "inside") -> None:
    """SGD, widened from 0.1 to 1, and Adam, whose range was wide enough, both confirmed off their lr too."""
    rows = [{"end": "high", "lr": lr} for lr in (0.3, 1.0)]
    score = rise if stopped == "inside" else _steep
    widening = {"rows": rows, "stopped": stopped}
    common: dict[str, Any] = {"default": OWN, "extend": 4, "confirm_factors": [0.5, 2.0]}
    sgd = scored_study(storage, "sgd", score, WIDENED, declared=LRS, widening=widening, **common)
    best = {LR: 0.3, MOMENTUM: 0.9}
    ends = [{LR: lr, MOMENTUM: momentum} for lr in (0.01, 0.1, 1.0) for momentum in (0.0, 0.9)]
    _confirm_test(sgd, [*with_factors(best), *with_factors({LR: 0.3, MOMENTUM: 0.0}), *ends, OWN], score)
    widening = {"rows": [], "stopped": "inside"}
    adam = scored_study(storage, "adam", lucky(hill, 1), widening=widening, **common)
    _confirm_test(adam, [*with_factors(PICKS[0]), *with_factors(PICKS[1]), OWN], lucky(hill, 1))


def widened_for_nothing(storage: BaseStorage) -> None:
    """SGD, widened, whose config is at the end of the declared range and as good as what lies beyond."""
    own = {LR: 0.1, MOMENTUM: 0.9}
    widening = {"rows": [{"end": "high", "lr": lr} for lr in (0.3, 1.0)], "stopped": "inside"}
    sgd = scored_study(storage, "sgd", level, WIDENED, declared=LRS, widening=widening, extend=4, default=own)
    _confirm_test(sgd, [{LR: lr, MOMENTUM: m} for lr in WIDENED for m in MOMENTA], level)


def _steep(params: Mapping[str, Any], seed: int) -> float:
    return hill({**params, LR: params[LR] / 1000}, seed)


def _confirm_test(study: optuna.Study, picks: Sequence[Mapping[str, Any]], score: Score) -> None:
    _confirm_each(study, picks, lambda params, seed: score(params, seed) - 1)


def nothing_usable(storage: BaseStorage) -> None:
    """One optimizer diverges throughout, another learned nothing, a third one diverges on the fresh seeds."""
    scored_study(storage, "sgd", hill, diverges=always)
    scored_study(storage, "adam", constant, learned_nothing=True)
    diverging_later(storage, "lion")


def diverging_later(storage: BaseStorage, option: str = "sgd") -> None:
    """An optimizer that diverges on the fresh seeds alone."""
    confirm(scored_study(storage, option, hill), PICKS, hill, lambda *_: 10)


def lucky(score: Score, number: int, gain: float = 0.0) -> Score:
    """Return a score that is so much higher, with luck of its own."""

    def shifted(params: Mapping[str, Any], seed: int) -> float:
        return score(params, seed + 20 * number) + gain

    return shifted


def minimised(storage: BaseStorage) -> None:
    """Two optimizers judged by a loss without a unit."""
    for number, option in enumerate(("sgd", "adam")):
        score = lucky(loss, number, -0.0242 * number)
        study = scored_study(
            storage, option, score, metric="validation loss", direction="minimize", default=OWN
        )
        confirm(study, [*PICKS, OWN], score, None)


def fractions(storage: BaseStorage) -> None:
    """Two optimizers whose accuracy is a share, 0.90 rather than 90 %."""
    for number, option in enumerate(("sgd", "adam")):
        score = lucky(share, number, 0.15 * number)
        study = scored_study(storage, option, score, metric="validation accuracy")
        confirm(study, PICKS, score, None)


def share(params: Mapping[str, Any], seed: int) -> float:
    """Return an accuracy between 0 and 1."""
    return hill(params, seed, 75) / 100


def contradicted(storage: BaseStorage) -> None:
    """Adam is better on the test set, and worse on the validation data of the same runs."""
    for number, option in enumerate(("sgd", "adam")):
        study = scored_study(storage, option, lucky(hill, number, -number))
        confirm(study, PICKS, lucky(hill, number, -number), lucky(hill, number, number - 2.0))


def many(storage: BaseStorage) -> None:
    """Five optimizers: two of them equally good, two worse, one best at an end of its range."""
    for number, (option, gain) in enumerate((("sgd", -1.0), ("adam", 0), ("nadam", 0), ("rprop", -4.0))):
        score = lucky(hill, number, gain)
        confirm(scored_study(storage, option, score), PICKS, score, score)
    lion = scored_study(storage, "lion", climb)
    confirm(lion, [*PICKS, CLIFF, {**CLIFF, MOMENTUM: 0.9}], climb, climb)


def one_learned_nothing(storage: BaseStorage) -> None:
    """Two optimizers, one of which never leaves the most frequent class."""
    confirm(scored_study(storage, "adam", hill), PICKS, hill, hill)
    scored_study(storage, "sgd", constant, learned_nothing=True)


def one_seed(storage: BaseStorage) -> None:
    """Two optimizers that were tuned on a single seed, and confirmed."""
    for number, option in enumerate(("sgd", "adam")):
        score = lucky(hill, number)
        confirm(scored_study(storage, option, score, seeds=[0]), PICKS, score, score)


def worse_than_config(storage: BaseStorage) -> None:
    """The setting that won on the tuning seeds is worse than the config's own on fresh ones."""
    study = scored_study(storage, "sgd", hill, default=OWN)
    confirm(study, [*PICKS, OWN], hill, lambda params, seed: hill(params, seed) + 2 * (params == OWN))


def of_another_program(storage: BaseStorage) -> None:
    """A study that Optuna alone made, minimised."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=storage, study_name="plain", sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("lr", 0.1, 1) ** 2 + trial.suggest_int("depth", 1, 3), 5)


def without_lr(storage: BaseStorage) -> None:
    """Another program's study of one parameter, which is no learning rate."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=storage, study_name="plain", sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, 5)


def infinite_without_lr(storage: BaseStorage) -> None:
    """Another program's study whose every objective is infinite."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=storage, study_name="plain", sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) + math.inf, 5)


def several_objectives(storage: BaseStorage) -> None:
    """A study of another program with two objectives."""
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(
        storage=storage, study_name="two", sampler=sampler, directions=["minimize", "maximize"]
    )
    study.optimize(lambda trial: (trial.suggest_float("lr", 0.1, 1), trial.suggest_int("depth", 1, 3)), 5)


def diverging(storage: BaseStorage) -> None:
    """The recommended setting diverges on two fresh seeds, and double its lr on each."""
    study = scored_study(storage, "sgd", hill, confirm_factors=[0.5, 2.0], default=OWN)

    def test(params: Mapping[str, Any], seed: int) -> float:
        limit = {0.02: FRESH, 0.01: FRESH[:2]}.get(params[LR], [])
        return 10 if seed in limit else hill(params, seed)

    _confirm_each(study, [*with_factors(PICKS[0]), *with_factors(PICKS[1]), OWN], test)


def _confirm_each(study: optuna.Study, picks: Sequence[Mapping[str, Any]], test: Score) -> None:
    different = {tuple(params.items()): params for params in picks}
    confirm(study, list(different.values()), hill, test)


def noise(params: Mapping[str, Any], seed: int) -> float:
    """Return a score that no parameter moves."""
    return 97 + float(
        np.random.default_rng([seed, int(1e4 * params[LR]), int(10 * params[MOMENTUM])]).normal()
    )


def confirmed(storage: BaseStorage, score: Score, **options: Any) -> None:
    """A confirmed study of one optimizer."""
    settings = [{LR: lr, MOMENTUM: momentum} for lr in LRS for momentum in MOMENTA]
    confirm(scored_study(storage, "sgd", score, **options), settings, score, score)


SWEEPS: dict[str, Callable[[BaseStorage], object]] = {
    "different": lambda storage: two_confirmed(storage, gap=1.0),
    "equal": lambda storage: two_confirmed(storage, gap=0.0),
    "noise": lambda storage: confirmed(storage, noise),
    "widened": widened,
    "widened for nothing": widened_for_nothing,
    "widening out of rows": lambda storage: widened(storage, "rows"),
    "widening at its limit": lambda storage: widened(storage, "limits"),
    "at an end": at_the_end,
    "minimised": minimised,
    "fractions": fractions,
    "contradicted": contradicted,
    "many": many,
    "not begun": lambda storage: grid_study(storage, "sgd", settings=0),
    "unfinished": lambda storage: grid_study(storage, "sgd", settings=4),
    "not confirmed": lambda storage: [scored_study(storage, option, hill) for option in ("sgd", "adam")],
    "confirm off": lambda storage: [
        scored_study(storage, option, hill, confirm_seeds=0) for option in ("sgd", "adam")
    ],
    "half confirmed": lambda storage: confirm(scored_study(storage, "sgd", hill), PICKS, hill, hill, done=3),
    "one seed": one_seed,
    "all diverged": lambda storage: scored_study(storage, "sgd", hill, diverges=always),
    "learned nothing": lambda storage: scored_study(storage, "sgd", constant, learned_nothing=True),
    "one learned nothing": one_learned_nothing,
    "diverging": diverging,
    "diverging later": diverging_later,
    "nothing usable": nothing_usable,
    "constant": lambda storage: confirmed(storage, constant),
    "one lr": lambda storage: confirmed(storage, hill, lrs=[0.01]),
    "worse than its config": worse_than_config,
    "adaptive": lambda storage: adaptive_study(storage, "sgd"),
    "conditions": lambda storage: grid_study(
        storage, "sgd", replicates={"seed": [0, 1, 2], "model.norm": ["batch", "none"]}
    ),
    "another program's": of_another_program,
    "without lr": without_lr,
    "infinite without lr": infinite_without_lr,
    "several objectives": several_objectives,
}
