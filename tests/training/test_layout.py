"""Stacks in which the members of a seed lie side by side and share what they draw."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import SGD

from sweeps.training.member import Member
from sweeps.training.stack.dropout_masks import Masks, dropout_factors
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import train
from tests.support.training_runs import (
    CPU,
    MLP,
    RUN,
    SMALL_FEED,
    Convolutions,
    assert_close,
    same_bits,
    to_float64,
)

SMALL = replace(RUN, feed=SMALL_FEED, batch_size=100, epochs=3)


class Jitter:
    """An augmentation that draws."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return images * torch.rand(len(images), 1, 1, 1, generator=generator, dtype=images.dtype)


def test_members_of_one_seed_share_what_they_draw_and_keep_the_generators_of_a_run_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = to_float64(replace(SMALL, augment=Jitter(), epochs=2))
    runs = [replace(run, seed=seed, optimizer=partial(SGD, lr=lr)) for lr in (0.1, 0.01) for seed in (0, 1)]
    drawn: list[int] = []
    draw_batches = Member.draw_batches

    def record_and_draw(member: Member) -> Tensor:
        drawn.append(member.run.seed)
        return draw_batches(member)

    monkeypatch.setattr(Member, "draw_batches", record_and_draw)
    together = train(runs, "cpu")
    assert drawn == [0, 1, 0, 1]
    for run, result in zip(runs, together, strict=True):
        [alone] = train([run], "cpu")
        assert_close(result, alone.model, tolerance=1e-9)
        assert same_bits(result.state["generators"], alone.state["generators"])


@pytest.mark.parametrize("model", [MLP, Convolutions])
def test_seeds_with_unequal_numbers_of_members_train_each_as_if_alone(model: Any) -> None:
    """One began earlier, one diverges, one ends first."""
    run = to_float64(replace(SMALL, model=model))
    runs = [
        *(replace(run, optimizer=partial(SGD, lr=lr, momentum=0.9)) for lr in (0.1, 0.05, 0.02, 1e30)),
        *(replace(run, optimizer=partial(SGD, lr=lr), seed=1) for lr in (0.1, 0.05)),
        *(replace(run, seed=seed, optimizer=partial(SGD, lr=0.1), epochs=2) for seed in (1, 2)),
    ]
    [begun] = train([replace(runs[2], epochs=1)], "cpu")
    starts = [begun.state if index == 2 else None for index in range(len(runs))]
    members = [Member(index, run, CPU) for index, run in enumerate(runs)]
    members[2].restore(begun.state)
    [stack] = build_stacks(members)
    assert stack.layout.sizes == [3, 3, 1, 1]
    results = train(runs, "cpu", starts=starts)
    assert [len(result.epochs) for result in results] == [3, 3, 3, 0, 3, 3, 2, 2]
    for index, result in enumerate(results):
        [alone] = train([runs[index]], "cpu")
        assert same_bits(result.state["generators"], alone.state["generators"])
        assert result.diverged == alone.diverged == (index == 3)
        if index != 3:
            assert_close(result, alone.model, tolerance=1e-9)


def test_masks_keep_the_share_that_dropout_asks_for_and_differ_between_members_and_steps() -> None:
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    masks = iter(Masks(generators, [(50, 100), (20, 100)], CPU))
    steps = [[dropout_factors(drawn, 0.3, torch.float32) for drawn in next(masks)] for _ in range(40)]
    first = torch.stack([step[0] for step in steps])
    assert first.unique().tolist() == pytest.approx([0, 1 / 0.7], rel=1e-4)
    # 400,000 draws of .7: a deviation of .003 is four standard deviations.
    assert (first > 0).double().mean().item() == pytest.approx(0.7, abs=0.003)
    drawn = [mask.flatten()[:2000] for step in steps for layer in step for mask in layer]
    assert len({tuple(mask.tolist()) for mask in drawn}) == len(drawn)
