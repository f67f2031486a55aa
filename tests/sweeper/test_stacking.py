"""How many trials workers claim, one worker after the other."""

import pytest

from sweeps.sweeper.stacking import trials_together


@pytest.mark.parametrize(
    ("trials", "width", "shares"),
    [(20, 60, [10, 10]), (24, 60, [12, 12]), (21, 60, [11, 10]), (7, 16, [4, 3]), (20, 2, [1] * 20)],
)
def test_two_workers_that_claim_in_turn_get_even_shares(trials: int, width: int, shares: list[int]) -> None:
    claimable, running, claimed = trials, 0, []
    while claimable:
        share = min(claimable, trials_together(width, 3, claimable + running, workers=2))
        claimed.append(share)
        claimable, running = claimable - share, share
    assert claimed == shares
