"""What the seeds leave open: noise, intervals, comparisons, how sure a pick is."""

from collections.abc import Sequence

import numpy as np
import pytest

from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.best_of_k import expected_best_band
from sweeps.report.statistics.compare import compare, holm, judge
from sweeps.report.statistics.intervals import (
    UNKNOWN,
    Estimate,
    Spread,
    detectable,
    difference_error,
    pooled_spread,
    setting_intervals,
)
from sweeps.report.statistics.noise import noise
from sweeps.report.statistics.stability import pick_frequencies, selection_spread
from sweeps.report.statistics.variance import variance_share_intervals
from tests.support.made_picks import pick
from tests.support.worked_tables import LRS, NAN, SGD, A, B

# Sums of a few scores below 100 in float64: good to 1e-12, given to three decimals.
close = pytest.approx


def stability(
    scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int | None
) -> dict[str, Floats]:
    """Return by role how often another draw of the seeds picks each setting of a grid."""

    def choose(drawn: Floats, hurt: Flags) -> dict[str, Index]:
        lrs = [] if lr_axis is None else LRS
        all_diverged, any_diverged = np.asarray(hurt.all(axis=-1)), np.asarray(hurt.any(axis=-1))
        picks = pick(drawn.mean(axis=-1), all_diverged, any_diverged, ordered, lr_axis, lrs)
        indices = {"peak": picks.peak, "robust": picks.robust}
        return {role: index for role, index in indices.items() if index is not None}

    return pick_frequencies(choose, scores, diverged, scores.shape[:-1])


def test_corrected_p_values_are_never_smaller_than_a_better_one_s() -> None:
    assert holm(np.array([0.01, NAN, 0.04, 0.03])).tolist() == pytest.approx(
        [0.03, NAN, 0.06, 0.06], nan_ok=True
    )
    assert holm(np.array([0.5, 0.9])).tolist() == [1.0, 1.0]


def test_the_detectable_difference_is_found_in_four_of_five_cases() -> None:
    smallest = detectable(Spread(0.2 / np.sqrt(10), 9))
    drawn = np.random.default_rng(0).normal(smallest, 0.2, size=(20_000, 10))
    t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / np.sqrt(10))
    assert np.mean(t > 2.2622) == pytest.approx(0.8, abs=0.01)  # t at 97.5 %, 9 degrees of freedom


def test_noise_that_the_seeds_share_leaves_few_degrees_of_freedom() -> None:
    random = np.random.default_rng(0)
    alike = np.arange(20.0)[:, None] + np.array([0.1, -0.2, 0.1])
    assert pooled_spread(alike).freedom == close(2)
    apart = pooled_spread(random.normal(size=(20, 3)))
    assert apart.freedom > 35  # of 40
    assert pooled_spread(alike).sd == close(np.std([0.1, -0.2, 0.1], ddof=1))


def test_a_setting_borrows_the_spread_of_those_near_it_alone() -> None:
    random = np.random.default_rng(0)
    calm, wild = random.normal(97, 0.05, size=(10, 3)), random.normal(90, 2, size=(10, 3))
    scores = np.concatenate([calm, wild])
    low, high = setting_intervals(scores, np.zeros(scores.shape, dtype=bool))
    assert np.mean((high - low)[:10]) < 0.3  # 0.05 x 1.2 x 2 = 0.12
    assert np.mean((high - low)[10:]) > 3  # 2 x 1.2 x 2 = 4.8


def test_a_single_seed_has_no_intervals_and_decides_nothing() -> None:
    one, calm = SGD[..., None], np.zeros((4, 5, 1), dtype=bool)
    assert np.isnan(setting_intervals(one, calm)).all()
    assert stability(one, calm, (True, True), 0) == {}
    assert np.isnan(expected_best_band(one, calm)).all()
    shares = variance_share_intervals(one, calm).values()
    assert all(np.isnan(found.low) and found.value >= 0 for found in shares)
    [found] = compare({"a": A, "b": B}, {"a": UNKNOWN, "b": UNKNOWN})
    assert (found.verdict, found.reason) == ("unknown", "one tuning seed")
    assert np.isnan([found.difference.low, found.p]).all()
    assert compare({"a": A, "b": B}, {})[0].verdict == "better"
    [found] = compare({"a": A[:1], "b": B[:1]}, {})
    assert found.difference.value == close(0.24)
    assert np.isnan([found.difference.low, found.p, found.smallest]).all()
    assert (found.verdict, found.reason) == ("unknown", "few seeds")


def test_unmeasured_settings_stay_unmeasured() -> None:
    scores = np.random.default_rng(0).normal(95, 1, size=(4, 5, 3))
    scores[2, 3] = NAN
    scores[1, 1, 0] = NAN
    calm = np.zeros(scores.shape, dtype=bool)
    low, high = setting_intervals(scores, calm)
    assert np.argwhere(np.isnan(low)).tolist() == np.argwhere(np.isnan(high)).tolist() == [[2, 3]]
    low, high = expected_best_band(scores, calm)
    assert len(low) == 19
    assert (low <= high).all()
    assert variance_share_intervals(scores, calm) == {}


def test_a_small_difference_is_equivalent_and_a_large_one_better() -> None:
    random = np.random.default_rng(0)
    seeds, own = random.normal(size=10), random.normal(0, 0.02, size=(3, 10))
    scores = {"adam": 97.05 + seeds, "sgd": 97.0 + seeds, "rms": 96.0 + seeds}
    scores = {name: values + errors for (name, values), errors in zip(scores.items(), own, strict=True)}
    found = {(c.first, c.second): c for c in compare(scores, {})}
    assert {pair: c.verdict for pair, c in found.items()} == {
        ("adam", "sgd"): "equivalent",
        ("adam", "rms"): "better",
        ("sgd", "rms"): "better",
    }
    unsteady = dict.fromkeys(
        scores, Spread(0.7, 2.0)
    )  # the tuning might as well have picked settings 0.7 off
    found = {(c.first, c.second): c for c in compare(scores, unsteady)}
    assert {c.verdict for c in found.values()} == {"no difference"}


def test_an_interval_that_leaves_the_margin_on_either_side_is_not_equivalent() -> None:
    unclear = "no difference"
    assert judge(Estimate(0.0, -0.19, 0.19), False, margin=0.2) == "equivalent"
    assert judge(Estimate(0.0, -0.21, 0.19), False, margin=0.2) == unclear
    assert judge(Estimate(0.1, -0.01, 0.21), False, margin=0.2) == unclear
    assert judge(Estimate(0.1, 0.01, 0.21), True, margin=0.2) == "better"


def test_noise_is_told_apart_into_each_setting_s_own_and_what_all_share() -> None:
    random = np.random.default_rng(0)
    scores = 97 + random.normal(0, 0.1, size=(20, 400)) + random.normal(0, 0.3, size=400)
    calm = np.zeros(scores.shape, dtype=bool)
    own, shared, _ = noise(scores, calm)
    assert own.tolist() == pytest.approx([0.1] * 20, rel=0.1)
    assert shared == pytest.approx(0.3, rel=0.1)
    error = difference_error(scores, calm)
    assert (error.sd, error.freedom) == pytest.approx((np.sqrt(2 / 400) * 0.1, 9 * 399), rel=0.1)


def test_another_draw_of_the_seeds_shows_how_sure_a_pick_is() -> None:
    calm = np.zeros((4, 5, 3), dtype=bool)
    sure = stability(SGD[..., None] + np.array([0.0, 0.1, -0.1]), calm, (True, True), 0)
    assert (sure["peak"][3, 1], sure["robust"][1, 2]) == (close(1), close(1))
    assert selection_spread(sure["robust"], SGD[..., None] + np.array([0.0, 0.1, -0.1]), (1, 2)).sd == 0
    torn = np.array(
        [[97.0, 97.4, 97.0], [97.3, 97.0, 97.3]]
    )  # the second wins unless the middle seed is drawn
    found = stability(torn, np.zeros(torn.shape, dtype=bool), (False,), None)
    assert found["peak"].tolist() == pytest.approx([5 / 9, 4 / 9])
    conditions = np.stack([torn, torn[::-1]], axis=1)  # (settings, conditions, seeds): equal over both
    one = pick_frequencies(
        lambda drawn, _: {
            "peak": (drawn.mean(axis=-1)[:, 0].argmax(),),
            "robust": (drawn.mean(axis=(1, 2)).argmax(),),
        },
        conditions,
        np.zeros(conditions.shape, dtype=bool),
        (2,),
    )
    assert one["peak"].tolist() == pytest.approx([5 / 9, 4 / 9])
    assert one["robust"].tolist() == pytest.approx([1, 0])
    hurt = calm.copy()
    hurt[1, 2, 0] = True  # in 4 of 9 draws of two seeds it isn't seen
    assert stability(SGD[..., None] + np.zeros(3), hurt, (True, True), 0)["robust"][1, 2] == close(4 / 9)


def test_seeds_needed_to_find_a_difference_in_eight_of_ten_cases() -> None:
    for difference, seeds in ((1.0, 8), (0.5, 22), (0.3, 57), (0.2, 125)):
        errors = [Spread(0.79 / np.sqrt(n), n - 1) for n in (seeds, seeds - 1)]
        assert detectable(errors[0]) <= difference < detectable(errors[1])
