"""What may be said of two optimizers: any metric, unknown rankings, learning rates that are off."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import optuna
import pytest

from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.statistics.compare import Comparison
from tests.support.studies import FRESH, Score, adaptive_study, confirm, hill, scored_study, with_factors

BEST = {"optimizer.lr": 0.01, "optimizer.momentum": 0.0}


def bowl(top: float, step: float, sd: float) -> Score:
    """Best at lr 0.01 without momentum, `step` less a decade away; noise by setting and seed."""

    def score(params: Mapping[str, Any], seed: int) -> float:
        lr, momentum = params["optimizer.lr"], params["optimizer.momentum"]
        noise = np.random.default_rng([seed, int(1e5 * lr), int(abs(1e4 * top))]).normal(0, sd)
        return float(top - step * (abs(np.log10(lr) + 2) + momentum) + noise)

    return score


def compare_two(
    tops: tuple[float, float],
    step: float = 1.0,
    sd: float = 0.1,
    metric: str = "validation accuracy in %",
    direction: Literal["minimize", "maximize"] = "maximize",
    tests: tuple[float, float] | None = None,
    fresh: Sequence[Sequence[int]] = (FRESH, FRESH),
    **study: Any,
) -> Joint:
    """Return the comparison of sgd and adam, of these best scores, and of others on the test set."""
    storage = optuna.storages.InMemoryStorage()
    for number, option in enumerate(("sgd", "adam")):
        score = bowl(tops[number], step, sd)
        made = scored_study(storage, option, score, metric=metric, direction=direction, **study)
        test = bowl(tests[number], step, sd) if tests else None
        if fresh[number]:
            confirm(made, with_factors(BEST), score, test, fresh[number])
    return compare_studies(load_findings(storage, None))


def only(comparisons: Sequence[Comparison]) -> Comparison:
    [comparison] = comparisons
    return comparison


def test_a_metric_without_a_unit_has_a_margin_only_where_one_is_declared() -> None:
    found = only(compare_two((0.90, 0.75), 0.01, 0.002, metric="accuracy").comparisons)
    assert (found.first, found.verdict) == ("sgd", "better")
    declared = compare_two((0.90, 0.75), 0.01, 0.002, metric="accuracy", margin=0.2)
    assert only(declared.comparisons).verdict == "equivalent"


def test_of_two_losses_the_lower_is_better() -> None:
    joint = compare_two((1.07, 1.0458), -0.01, 0.0003, metric="loss", direction="minimize")
    found = only(joint.comparisons)
    assert (found.first, found.second, found.verdict) == ("adam", "sgd", "better")
    assert found.difference.value == pytest.approx(0.0242, abs=0.0006)
    assert 0.0235 < found.difference.low < found.difference.high < 0.0249
    assert found.error.sd == pytest.approx(found.difference.half_width / 2.57, rel=0.01)  # t, 5 degrees


@pytest.mark.parametrize(
    ("study", "reason"),
    [
        ({"seeds": [0]}, "one tuning seed"),
        ({"lrs": (0.01, 0.1)}, "end"),
        ({"fresh": (FRESH, ())}, "not confirmed"),
        ({"fresh": (FRESH, [1, 2, 3])}, "different seeds"),
        ({"fresh": (FRESH[:1], FRESH[:1])}, "few seeds"),
        ({"learned_nothing": True}, "learned nothing"),
        ({"sd": 0.0}, "no spread"),
    ],
)
def test_a_ranking_that_is_unknown_says_why(study: dict[str, Any], reason: str) -> None:
    joint = compare_two((97.0, 95.0), confirm_factors=[0.5, 2.0], **study)
    found = only(joint.comparisons)
    assert (found.verdict, found.reason) == ("unknown", reason)
    assert all(comparison.verdict == "unknown" for comparison in joint.tolerances)


def test_an_adaptive_search_of_several_seeds_is_not_said_to_have_one() -> None:
    storage = optuna.storages.InMemoryStorage()
    for option in ("sgd", "adam"):
        study = adaptive_study(storage, option)
        confirm(study, [trial.params for trial in study.trials], hill, hill)
    found = only(compare_studies(load_findings(storage, None)).comparisons)
    assert (found.verdict, found.reason) == ("unknown", "adaptive")


def test_equal_scores_show_no_difference_and_have_no_interval() -> None:
    found = only(compare_two((97.0, 97.0), sd=0.0).comparisons)
    assert (found.difference.value, found.verdict) == (0, "no difference")
    assert np.isnan([found.difference.low, found.p, found.smallest]).all()


def test_a_difference_on_the_test_set_is_contradicted_by_the_validation_set() -> None:
    found = only(compare_two((97.0, 96.0), tests=(95.0, 96.0)).comparisons)
    assert (found.first, found.verdict, found.is_contradicted) == ("adam", "better", True)
    assert found.validation_difference == pytest.approx(-1.0, abs=0.2)
    agreeing = only(compare_two((97.0, 96.0), tests=(96.0, 95.0)).comparisons)
    assert not agreeing.is_contradicted


def test_a_setting_falls_at_half_and_double_its_learning_rate() -> None:
    storage = optuna.storages.InMemoryStorage()

    def score(params: Mapping[str, Any], seed: int) -> float:
        lost = {0.005: (0.5, 0.7, 0.6), 0.02: (1.0, 1.2, 1.4)}.get(params["optimizer.lr"], (0.0, 0.0, 0.0))
        return 97 + seed / 10 - lost[seed]

    study = scored_study(storage, "sgd", bowl(97, 1, 0.1), confirm_factors=[0.5, 2.0])
    confirm(study, with_factors(BEST), score, None, [0, 1, 2])
    [findings] = load_findings(storage, None)
    tolerance = findings.tolerance
    assert tolerance is not None
    # sd .1 and .2 of 3 seeds; t at 98.75 % with 2 degrees of freedom is 6.205
    half_width = 6.205 * 0.1 / np.sqrt(3)
    falls = [(fall.value, fall.half_width) for fall in tolerance.falls]
    assert falls == [
        pytest.approx((0.6, half_width), abs=2e-4),
        pytest.approx((1.2, 2 * half_width), abs=4e-4),
    ]
    # 97 less (0 + .5 + 1)/3, 97.1 less (0 + .7 + 1.2)/3, 97.2 less (0 + .6 + 1.4)/3
    assert tolerance.by_seed.tolist() == pytest.approx([96.5, 96.467, 96.533], abs=1e-3)
    assert tolerance.mean.value == pytest.approx(96.5)
    assert [score.diverged_count for score in tolerance.fresh] == [0, 0]


def test_optimizers_are_compared_where_the_learning_rate_is_off() -> None:
    joint = compare_two((97.0, 96.0), confirm_factors=[0.5, 2.0])
    assert only(joint.tolerances).difference.value == pytest.approx(1.0, abs=0.1)
    assert compare_two((97.0, 96.0)).tolerances == []


def test_speed_is_compared_where_every_run_reaches_the_target() -> None:
    default = {"optimizer.lr": 0.1, "optimizer.momentum": 0.0}
    joint = compare_two((97.0, 95.0), target=85.0)
    assert joint.speed is not None
    assert joint.speed.epochs["sgd"].median == 2  # 60, 85, then its score
    assert [ratio.value for ratio in joint.speed.ratios.values()] == [1]
    lower = compare_two((97.0, 95.0), -1.0, metric="validation accuracy", direction="minimize", target=70.0)
    assert lower.speed is not None
    assert lower.speed.epochs["sgd"].median == 1
    late = compare_two((97.0, 95.0), target=96.0).speed
    assert late is not None
    assert (late.epochs["adam"].reached, late.epochs["adam"].median) == (0, np.inf)
    assert late.ratios == {}
    assert compare_two((97.0, 95.0), target=None).speed is None
    storage = optuna.storages.InMemoryStorage()
    study = scored_study(storage, "sgd", bowl(96.6, 1, 0.1), default=default, target=None)
    confirm(study, [BEST, default], bowl(96.6, 1, 0.1), None)
    speed = compare_studies(load_findings(storage, None)).speed
    assert speed is not None
    assert speed.target == 95  # of a mean near 95.6
