"""The report's statistics on simulated sweeps whose truth is known: a smaller `benchmarks/coverage.py`.

The bars are those of the benchmark, 500 sweeps or more, plus two standard errors of the number here.
"""

import pytest

from benchmarks import coverage
from benchmarks.simulation.sweep import ROLES


def test_nineteen_in_twenty_intervals_of_the_headline_hold() -> None:
    held = dict(coverage.coverage_of_the_confirmation(100, seed=2))
    for role in ROLES:
        for name in ("pick: mean where it converges", "picks: difference where both converge"):
            assert held[f"{role} {name}"] > 0.88, name
        assert held[f"{role} pick: share that diverges"] > 0.95


def test_the_tuning_s_intervals_hold_whatever_the_noise_but_less_for_the_best_looking() -> None:
    held = dict(coverage.coverage_of_the_tuning(60, seed=1))
    assert len(held) == 4 * len(coverage.NOISES)
    for noise in coverage.NOISES:
        assert 0.92 < held[f"mean of a setting, 3 seeds, {noise}"] < 0.97  # 20 settings a sweep
        assert held[f"best of k, all k at once, {noise}"] > 0.88
        assert held[f"share of the variance, {noise}"] > 0.91
    assert held["  of the best-looking one, equal noise"] < held["mean of a setting, 3 seeds, equal noise"]


def test_equal_optimizers_are_seldom_told_apart() -> None:
    for name, share in coverage.false_claims(30, seed=1, kinds=["cliffs, noise fanning out"]):
        assert share < 0.11, name


def test_a_better_optimizer_is_found() -> None:
    found = dict(coverage.power(40, seed=1, gaps=(0.8,)))
    assert found["0.8 points: the optimizer is called better"] > 0.75


@pytest.mark.parametrize("missed", ["lr 10^(0.3 Z)", "up to a step off"])
@pytest.mark.parametrize("what", ["mean", "worst tenth"])
def test_the_robust_pick_scores_more_than_the_peak_where_it_is_missed(
    missed: str, what: str, perturbed: dict[str, float]
) -> None:
    assert perturbed[f"robust pick, {missed}: {what}"] > perturbed[f"peak pick, {missed}: {what}"] + 1


@pytest.mark.parametrize("what", ["mean", "worst tenth"])
def test_so_does_the_robust_pick_of_points(what: str, perturbed: dict[str, float]) -> None:
    robust, peak = (perturbed[f"{role} pick of points, lr 10^(0.3 Z): {what}"] for role in ("robust", "peak"))
    assert robust > peak + 1


def test_fresh_seeds_flatter_no_one() -> None:
    off = dict(coverage.bias(400, seed=1))
    assert off["peak pick, no cliffs: naive"] > 0.05
    assert off["peak pick, cliffs: naive"] > 0.3
    for role in ("peak", "robust"):
        assert abs(off[f"{role} pick, no cliffs: honest"]) < 0.01  # 0.18/sqrt(10 * 400) = 0.003


@pytest.fixture(scope="module")
def perturbed() -> dict[str, float]:
    return dict(coverage.perturbed(150, seed=1))
