"""Training options: each in a stack as plain torch alone, and resumed as unbroken."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy import stats
from torch import nn
from torch.optim import SGD, Adam, RMSprop
from torchvision.transforms import v2

from sweeps.data.augment import FlipAndCrop, as_augment
from sweeps.metrics import EpochMetric
from sweeps.training import checkpoint
from sweeps.training.initial import Weights, read_weights
from sweeps.training.member import Member
from sweeps.training.run_identity import identify_unbuilt_run
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.mixing import draw_share
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import train
from tests.support.plain_loop import train_by_hand
from tests.support.training_runs import CPU, MLP, RUN, SMALL_FEED, Log, assert_close, same_bits, to_float64

SMALL = replace(
    RUN, feed=SMALL_FEED, model=MLP, optimizer=partial(SGD, lr=0.1, momentum=0.9), batch_size=100, epochs=2
)
LOSS = (EpochMetric("loss", None, "loss", direction="minimize"),)


def convolutions(shape: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(shape[0], 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(676, outputs),
    )


class Deciding(nn.Module):
    """A network that no vmap takes, as it looks at its values."""

    def __init__(self, shape: torch.Size, outputs: int) -> None:
        super().__init__()
        self.part, self.unused = nn.Linear(shape.numel(), outputs), nn.Linear(2, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.part(images.flatten(1))
        return outputs if outputs.mean() > 0 else 2 * outputs


class Alternating(nn.Module):
    """A network that makes use of a branch in every other batch, from the second."""

    def __init__(self, shape: torch.Size, outputs: int) -> None:
        super().__init__()
        self.part, self.branch = (nn.Linear(shape.numel(), outputs) for _ in range(2))
        self.batches = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.batches += self.training
        outputs: torch.Tensor = self.part(images.flatten(1))
        if self.batches % 2 == 0:
            outputs = outputs + self.branch(images.flatten(1))
        return outputs


class AlternatingAlone(Alternating):
    """One that no vmap takes."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs = super().forward(images)
        return outputs if outputs.mean() > 0 else 2 * outputs


MODELS: Mapping[str, tuple[Any, Any]] = {
    "layers": (MLP, LayeredNetwork),
    "vmap": (convolutions, VmapNetwork),
    "alone": (Deciding, SingleNetwork),
}
# What a member sets beside those that set nothing, by the key that it shows.
OPTIONS: Mapping[str, dict[str, Any]] = {
    "clip_norm": {"clip_norm": 0.5},
    "clip_value": {"clip_value": 0.01},
    "ema": {"ema": 0.9},
    "augment": {"augment": FlipAndCrop(padding=1)},
    "mixup": {"mixup": 0.4},
    "accumulate": {"accumulate": 2},
    "lr_factors": {"lr_factors": (("*.bias", 3.0),)},
    "freeze": {"freeze": ("*.bias",)},
}
# The members of a stack: each option with another value or seed too.
MEMBERS: list[dict[str, Any]] = [
    {},
    *OPTIONS.values(),
    {"clip_norm": 3.0, "seed": 1},
    {"clip_value": 0.1, "clip_norm": 0.5},
    {"ema": 0.7, "clip_norm": 0.5},
    {"lr_factors": (("*.bias", 0.1),), "weight_decay_on": "weights", "seed": 1},
    {"freeze": ("*.bias",), "clip_norm": 0.5},
    {"accumulate": 2, "clip_norm": 0.5, "ema": 0.5},
    {"mixup": 0.4, "optimizer": partial(SGD, lr=0.05)},
    {"mixup": 2.0, "augment": FlipAndCrop(padding=1), "seed": 1},
    {"augment": FlipAndCrop(padding=1), "optimizer": partial(SGD, lr=0.05)},
    {"augment": as_augment(v2.RandomCrop(28, padding=3)), "seed": 1},
]


@pytest.mark.parametrize("model", MODELS)
def test_a_stack_trains_members_of_different_options_as_plain_torch_would_alone(model: str) -> None:
    build, network = MODELS[model]
    run = to_float64(replace(SMALL, model=build))  # a model of one's own is stacked by its builder
    # Layers whose backward pass is written out all train.
    members = [values for values in MEMBERS if model != "layers" or "freeze" not in values]
    torch.manual_seed(5)
    start = Weights("memory", run.model(run.feed.shape, 10).state_dict())
    members.append({"init_from": start, "freeze": ("*.bias",)} if model != "layers" else {"init_from": start})
    runs = [replace(run, **values) for values in members]
    stacks = build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])
    # Images that are mixed have a loss of their own kind, and steps of two batches are fewer.
    sizes = sorted(len(stack.members) for stack in stacks)
    assert sizes == (
        [1] * len(runs)
        if network is SingleNetwork
        else [2, 3, len(runs) - 5]
        if model == "layers"
        else [2, 3, 3, len(runs) - 8]
    )
    assert {stack.network_class for stack in stacks} == {network}
    for run, values, result in zip(runs, members, train(runs, "cpu"), strict=True):
        wanted, epochs = train_by_hand(run)
        assert_close(result, wanted, tolerance=1e-9)
        for epoch, by_hand in zip(result.epochs, epochs, strict=True):
            assert epoch.to_values() == pytest.approx(by_hand.to_values(), rel=1e-6), values


@pytest.mark.parametrize(
    ("build", "network"), [(Alternating, VmapNetwork), (AlternatingAlone, SingleNetwork)]
)
@pytest.mark.parametrize(
    "optimizer",
    [
        partial(SGD, lr=0.1),
        partial(SGD, lr=0.1, momentum=0.9, dampening=0.3),
        partial(Adam, lr=0.01),
        partial(RMSprop, lr=0.01),
    ],
)
def test_a_parameter_that_not_every_batch_uses_trains_as_in_plain_torch(
    build: Any, network: Any, optimizer: Any
) -> None:
    run = to_float64(replace(SMALL, model=build, optimizer=optimizer))
    members: list[dict[str, Any]] = [
        {},
        {"clip_norm": 0.5, "clip_value": 0.05},
        {"accumulate": 3, "ema": 0.5},
        {"seed": 1},
    ]
    runs = [replace(run, **values) for values in members]
    runs.append(replace(runs[2], clip_norm=0.1))
    stacks = build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])
    assert {stack.network_class for stack in stacks} == {network}
    for run, result in zip(runs, train(runs, "cpu"), strict=True):
        wanted, _ = train_by_hand(run)
        assert_close(result, wanted, tolerance=1e-9)


@pytest.mark.parametrize("option", OPTIONS)
def test_a_run_with_an_option_resumes_with_the_same_bits(option: str) -> None:
    run = replace(SMALL, **OPTIONS[option])
    log = Log()
    [unbroken] = train([run], "cpu", observer=log)
    state = log.states[0][1]
    [resumed] = train([run], "cpu", starts=[state])
    [plain] = train([SMALL], "cpu")
    assert not same_bits(unbroken.model.state_dict(), plain.model.state_dict())
    assert same_bits(resumed.state, unbroken.state)
    assert identify_unbuilt_run(run, CPU) == unbroken.state["run"]
    with pytest.raises(ValueError, match=rf"{option}=.+ there, \(absent\) now"):
        train([SMALL], "cpu", starts=[state])


def test_a_whole_number_is_the_same_option_as_its_float() -> None:
    whole = replace(SMALL, clip_norm=5, lr_factors=(("9", 2),))
    real = replace(SMALL, clip_norm=5.0, lr_factors=(("9", 2.0),))
    assert str(identify_unbuilt_run(whole, CPU)) == str(identify_unbuilt_run(real, CPU))


def test_a_run_begins_from_anothers_weights_as_far_as_they_fit(tmp_path: Path) -> None:
    averaging = replace(SMALL, ema=0.9, epochs=1)
    [result] = train([averaging], "cpu")
    checkpoint.save(tmp_path / "checkpoint.pt", result.state)
    torch.save({"state_dict": result.model.state_dict()}, tmp_path / "weights.pth")
    save_file(result.model.state_dict(), tmp_path / "weights.safetensors")
    paths = [tmp_path, tmp_path / "checkpoint.pt", tmp_path / "weights.pth", tmp_path / "weights.safetensors"]
    read = [read_weights(str(path)) for path in paths]
    assert len({weights.checksum for weights in read}) == 1
    # Another head: the last layer begins anew.
    wide = replace(SMALL, feed=replace(SMALL_FEED, outputs=12), init_from=read[0])
    begun, plain = (Member(0, run, CPU).model.state_dict() for run in (wide, replace(wide, init_from=None)))
    for name, value in begun.items():
        assert torch.equal(value, plain[name] if name.startswith("9.") else result.model.state_dict()[name])
    log = Log()
    [unbroken] = train([replace(wide, freeze=("1", "5"))], "cpu", observer=log)
    assert torch.equal(unbroken.model.get_parameter("1.weight"), begun["1.weight"])
    [resumed] = train([replace(wide, freeze=("1", "5"))], "cpu", starts=[log.states[0][1]])
    assert same_bits(resumed.state, unbroken.state)
    other = replace(wide, freeze=("1", "5"), init_from=Weights("memory", plain))
    with pytest.raises(ValueError, match=r"init_from=[0-9a-f]{8} there, [0-9a-f]{8} now"):
        train([other], "cpu", starts=[log.states[0][1]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no .*name a run's folder or a file of weights"),
        ({"epoch": 3}, "holds epoch, but no network's tensors"),
        (
            {"fc.weight": torch.zeros(3, 2)},
            r"no tensor of the model's: it has fc.weight \(3, 2\), the model 1.weight",
        ),
    ],
)
def test_weights_that_cannot_be_begun_from_are_refused(content: Any, message: str, tmp_path: Path) -> None:
    if content is not None:
        torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=message):
        Member(0, replace(SMALL, init_from=read_weights(str(tmp_path / "weights.pt"))), CPU)


def test_a_share_of_mixup_is_the_larger_part_of_a_beta_distribution() -> None:
    generator = torch.Generator().manual_seed(0)
    shares = [draw_share(0.4, generator).item() for _ in range(1000)]
    drawn = stats.beta.rvs(0.4, 0.4, size=1000, random_state=0)
    assert min(shares) >= 0.5
    # A correct sampler falls below this once in a thousand seeds; this one doesn't.
    assert stats.ks_2samp(shares, np.maximum(drawn, 1 - drawn)).pvalue > 0.001


def test_a_run_out_of_patience_ends_in_a_stack_as_alone_and_stays_ended() -> None:
    # Its score is that of its first epoch again and again.
    still = to_float64(replace(SMALL, optimizer=partial(SGD, lr=1e-9), epochs=6))
    hasty, patient = (replace(still, patience=patience) for patience in (2, 3))
    log = Log()
    runs = [still, hasty, patient, replace(hasty, epochs=3)]
    results = train(runs, "cpu", observer=log)
    assert [len(result.epochs) for result in results] == [6, 3, 4, 3]
    assert [result.stopped_early for result in results] == [False, True, True, False]
    assert log.stopped_runs == [1, 3, 2]
    [alone] = train([replace(still, epochs=3)], "cpu")
    assert_close(results[1], alone.model, tolerance=1e-9)
    past = Log()
    [ended] = train([hasty], "cpu", starts=[results[1].state], observer=past)
    assert same_bits(ended.state, results[1].state)
    assert past.stopped_runs == [0]
    first = next(state for index, state in log.states if index == 1)
    [resumed], [unbroken] = train([hasty], "cpu", starts=[first]), train([hasty], "cpu")
    assert [epoch.number for epoch in resumed.epochs] == [1, 2, 3]
    assert same_bits(resumed.state["generators"], unbroken.state["generators"])


def test_a_run_that_still_improves_is_out_of_no_patience() -> None:
    run = replace(SMALL, patience=1, epochs=3, metrics=LOSS, optimizer=partial(SGD, lr=0.01))
    [result] = train([run], "cpu")
    losses = [epoch.validation["loss"] for epoch in result.epochs]
    assert losses == sorted(losses, reverse=True)
    assert (len(losses), result.stopped_early) == (3, False)
