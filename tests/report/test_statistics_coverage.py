"""The report's statistics on simulated sweeps whose truth is known: a smaller `benchmarks/coverage.py`.

The bars are those of the benchmark, 500 sweeps or more, plus two standard errors of the number here.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.simulation import claims, intervals, pooling, regret, tuning
from benchmarks.simulation.kinds import KINDS
from benchmarks.simulation.objective import FAR, Objective
from benchmarks.simulation.rows import Row
from benchmarks.simulation.sweep import confirm, tune
from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.recommended import recommend
from sweeps.report.findings.stability import choice_frequencies, redraw_picks, selection_of
from sweeps.report.statistics.intervals import Estimate

AT_AN_END = ("peak at the highest lr", "peak at the lowest lr")


def by_name(rows: Iterator[Row]) -> dict[str, float]:
    return {row.name: row.value for row in rows}


@pytest.fixture(scope="module")
def regrets() -> dict[str, float]:
    """The points that each rule's setting loses, as it is and where its learning rate is off."""
    return by_name(regret.regrets(16, seed=1))


@pytest.mark.parametrize("kind", AT_AN_END)
def test_widening_finds_a_peak_beyond_an_end(kind: str, regrets: dict[str, float]) -> None:
    assert regrets[f"{kind}: now"] < 0.3
    assert regrets[f"{kind}: before"] > regrets[f"{kind}: now"] + 0.5
    assert 15 < regrets[f"{kind}: runs that widening added"] < 40


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recommended_holds_where_the_learning_rate_is_off(
    kind: str, regrets: dict[str, float]
) -> None:
    missed, peak = (regrets[f"{kind}: {rule}, lr off"] for rule in ("now", "peak of the declared grid"))
    assert missed < peak - 0.1


def test_nineteen_in_twenty_intervals_of_the_answer_hold() -> None:
    held = by_name(intervals.confirmation_coverage(30, seed=2, tunings=0))
    assert held["the recommended setting's share of runs that diverge"] > 95
    for name, share in held.items():
        assert share > 85, name


def test_the_tuning_s_intervals_hold_whatever_the_noise() -> None:
    held = by_name(tuning.tuning_coverage(25, seed=0))
    assert len(held) == 4 * len(tuning.NOISES)
    for noise in tuning.NOISES:
        assert held[f"mean of a setting, 3 seeds, {noise}"] > 88
        assert held[f"best of k, for all k at once, {noise}"] > 80
        assert held[f"share of the variance, {noise}"] > 90


@pytest.mark.parametrize("equals", ["two", "two, one grid a decade low"])
def test_equal_optimizers_are_seldom_told_apart(equals: str) -> None:
    said = by_name(claims.false_claims(40, seed=1, equals=[equals]))
    assert said[f"equal optimizers, {equals}: better"] < 11


def test_a_difference_allows_for_what_a_pick_is_shown_to_give_up() -> None:
    objective, random = Objective(cliff=FAR), np.random.default_rng(0)
    measurement = confirm(tune(objective, random), objective, random.normal(size=10), random).measurement
    picks = pick_settings(measurement)
    recommended = recommend(measurement, picks)
    frequencies = choice_frequencies(recommended, redraw_picks(measurement, picks))
    plain = selection_of(measurement, recommended, frequencies, [])
    unclear, clear = Estimate(-1.0, -2.1, 0.1), Estimate(-1.0, -1.5, -0.5)
    assert selection_of(measurement, recommended, frequencies, [unclear]) == plain
    assert selection_of(measurement, recommended, frequencies, [unclear, clear]).sd >= 1


def test_an_end_that_is_not_widened_leaves_the_ranking_unknown() -> None:
    name = "two, one grid a decade low, extend=0"
    said = by_name(claims.false_claims(40, seed=1, equals=[name]))
    assert said[f"equal optimizers, {name}: unknown"] > 60
    assert said[f"equal optimizers, {name}: better"] < 6


def test_a_better_optimizer_is_told() -> None:
    said = by_name(claims.power(40, seed=1, gaps=(1.5,)))
    assert said["1.5 points apart: the better one is called better"] > 75
    assert said["1.5 points apart: the worse one is called better"] == 0


def test_a_loss_recommends_and_says_the_same_as_the_accuracy_that_it_mirrors() -> None:
    for row in claims.loss_against_accuracy(10, seed=1):
        assert row.value == 100, row.name


def test_nothing_is_recommended_that_is_shown_worse_than_the_config_s_own() -> None:
    said = by_name(claims.config_claims(60, seed=1))
    assert said["the recommendation is shown worse than the config's own"] == 0
    assert said["the recommendation is truly worse than the config's own"] < 12


def test_fresh_seeds_flatter_no_one() -> None:
    off = by_name(tuning.bias(30, seed=1))
    assert off["peak pick, cliffs: tuning seeds"] > 0.1
    for role in ("peak", "robust"):
        # sqrt(0.4^2 + 0.35^2) / sqrt(10 * 30) = 0.031
        assert abs(off[f"{role} pick, no cliffs: fresh seeds"]) < 0.08


def test_pooled_intervals_hold() -> None:
    for row in pooling.pooling_coverage(200, seed=1, counts=(5,), spreads=(0.0, 0.3)):
        assert row.value > (85 if "new sweep" in row.name else 93), row.name


def test_a_row_says_the_figure_with_its_standard_error() -> None:
    row = Row("regret", float(np.float64(0.2)), 0.01, "points")
    assert str(row).split() == ["regret", "0.20", "±", "0.01", "points"]
