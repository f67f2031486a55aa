"""A range of learning rates that goes on beyond an end which is best."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pytest

from sweeps.report.statistics import widening
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.intervals import Spread, difference_error
from sweeps.report.statistics.stability import pick_frequencies
from sweeps.report.statistics.widening import Decision, decide, next_lr
from tests.support.made_picks import pick
from tests.support.worked_tables import ADAM_RUNS, LRS, MOMENTA, SGD, sgd_runs


def rounded(*values: float) -> Any:
    """Equal once rounded to the three decimals that are given."""
    return pytest.approx(values, abs=5.001e-4)


def pick_robust(lrs: list[float], scores: Floats, diverged: Flags) -> Index | None:
    all_diverged, any_diverged = np.asarray(diverged.all(axis=-1)), np.asarray(diverged.any(axis=-1))
    return pick(scores.mean(axis=-1), all_diverged, any_diverged, (True, True), 0, lrs).robust


def walk(extend: int = 4) -> Iterator[tuple[list[float], Decision]]:
    """Yield each range that SGD is trained on, with what is decided about it."""
    lrs, count = list(LRS), 0
    while True:
        decision = decide(*sgd_runs(lrs), (True, True), 0, lrs)
        yield lrs, decision
        if not decision.end or count == extend:
            return
        count += 1
        lrs = sorted([*lrs, next_lr({"low": LRS[0], "high": LRS[-1]}[decision.end], decision.end, count)])


def test_the_worked_example_goes_on_at_its_better_end() -> None:
    diverged = np.zeros((*SGD.shape, 1), dtype=bool)
    diverged[3, 3] = diverged[3, 4] = True
    decision = decide(SGD[..., None], diverged, (True, True), 0, LRS)
    ends = (decision.inside, decision.low, decision.high)
    assert ends == rounded(96.296, 96.130, 97.409)
    assert (decision.error, decision.end) == (0, "high")
    assert next_lr(LRS[-1], "high", 1) == 0.3


def test_real_sgd_is_widened_until_an_end_is_best_no_more() -> None:
    steps = list(walk())
    expected = (
        (LRS, 90.350, 91.615, 0.146, "high"),
        ([*LRS, 0.3], 91.646, 92.000, 0.140, "high"),
        ([*LRS, 0.3, 1.0], 91.978, 92.119, 0.145, ""),
    )
    assert len(steps) == len(expected)
    for (lrs, decision), (values, inside, high, half_error, end) in zip(steps, expected, strict=True):
        assert (lrs, decision.end) == (values, end)
        figures = (decision.low, decision.inside, decision.high, decision.error / 2)
        assert figures == rounded(88.042, inside, high, half_error)


def test_the_robust_setting_of_widened_sgd_is_settled_and_no_longer_walk_finds_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, (lrs, _) = walk()
    scores, diverged = sgd_runs(lrs)
    robust = pick_robust(lrs, scores, diverged)
    assert robust == (lrs.index(0.3), MOMENTA.index(0.9))
    frequencies = pick_frequencies(
        lambda *drawn: {"robust": pick_robust(lrs, *drawn) or (0, 0)}, scores, diverged, scores.shape[:-1]
    )
    assert frequencies["robust"][robust] == pytest.approx(1)
    monkeypatch.setattr(widening, "difference_error", lambda *_: Spread(0.0, 1.0))
    *_, (longest, _) = walk()
    assert longest == [*LRS, 0.3, 1.0, 3.0, 10.0]
    assert pick_robust(longest, *sgd_runs(longest)) == robust


def test_real_adam_stays_as_it_was_declared() -> None:
    decision = decide(ADAM_RUNS, np.zeros(ADAM_RUNS.shape, dtype=bool), (True,) * 3, 0, LRS)
    figures = (decision.inside, decision.low, decision.high, decision.error / 2)
    assert figures == rounded(91.800, 90.489, 91.708, 0.182)
    assert decision.end == ""


@pytest.mark.parametrize(
    ("end", "side", "lrs"),
    [
        (0.1, "high", [0.3, 1, 3, 10]),
        (0.001, "low", [0.0003, 0.0001]),
        (0.05, "high", [0.2, 0.5, 2]),
        (0.02, "low", [0.006, 0.002]),
    ],
)
def test_a_range_goes_on_by_half_decades_of_one_digit(
    end: float, side: Literal["low", "high"], lrs: list[float]
) -> None:
    assert [next_lr(end, side, k) for k in range(1, len(lrs) + 1)] == lrs


def test_where_no_setting_is_sound_smaller_learning_rates_come_next() -> None:
    scores, diverged = np.full((3, 2, 2), 10.0), np.ones((3, 2, 2), dtype=bool)
    assert decide(scores, diverged, (True, True), 0, LRS[:3]).end == "low"
    diverged[0] = False
    diverged[1, 0, 0] = False
    assert decide(scores, diverged, (True, False), 0, LRS[:3]).end == "low"  # each is beside a diverged one
    diverged[1] = False  # so that the first is sound
    assert decide(scores, diverged, (True, False), 0, LRS[:3]).is_blind is False
    assert (
        decide(scores + np.array([0.1, 0, 0])[:, None, None], diverged, (True, True), 0, LRS[:3]).end == "low"
    )


def test_an_end_need_not_beat_the_inside_by_more_than_half_of_the_error() -> None:
    scores = np.array([[90.0, 90.0, 90.0], [90.5, 89.5, 90.0], [89.9, 90.9, 90.4]])
    decision = decide(scores, np.zeros(scores.shape, dtype=bool), (True,), 0, [0.001, 0.01, 0.1])
    assert decision.inside + decision.error / 2 < decision.high < decision.inside + decision.error
    assert decision.end == "high"


def test_two_learning_rates_have_no_inside_and_equal_ends_go_on_upwards() -> None:
    scores, calm = np.full((2, 3), 90.0), np.zeros((2, 3), dtype=bool)
    assert decide(scores, calm, (True,), 0, LRS[:2]) == Decision(-np.inf, 90.0, 90.0, 0.0, "high")


def test_an_error_is_that_of_the_better_half_and_leaves_out_what_seeds_share() -> None:
    random = np.random.default_rng(0)
    good = 97 + random.normal(0, 0.1, size=(200, 50)) + random.normal(0, 3, size=50)
    bad = random.normal(50, 20, size=(200, 50))
    scores = np.concatenate([good, bad])
    diverged = np.zeros(scores.shape, dtype=bool)
    assert difference_error(scores, diverged).sd == pytest.approx(0.1 * np.sqrt(2 / 50), rel=0.02)
    scores[0], diverged[0, 0] = 1000 * random.random(50), True
    assert difference_error(scores, diverged).sd == pytest.approx(0.1 * np.sqrt(2 / 50), rel=0.02)
    assert difference_error(scores[:, :1], diverged[:, :1]) == Spread(0.0, 0.0)
