"""A map-style dataset trains as its tensors would, sample by sample."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, TensorDataset

from sweeps import Feed, Run, train
from sweeps.data import arrays, dataset
from sweeps.data.checks import check_feed, describe_feed
from sweeps.models import mlp
from sweeps.training.stack.width import choose_width
from sweeps.training.train import evaluate
from tests.support.own_data import Digits
from tests.support.training_runs import Log, same_bits

MODEL = partial(mlp, widths=5, dropout=0.2, norm="batch")


def run_of(feed: Feed, **options: Any) -> Run:
    return Run(feed, MODEL, partial(torch.optim.SGD, lr=0.1), seed=1, epochs=2, batch_size=60, **options)


def tensors(count: int = 300) -> tuple[Tensor, Tensor]:
    digits = Digits(shift=False, last=count)
    return torch.from_numpy(digits.images), torch.from_numpy(digits.classes)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_dataset_trains_with_the_bits_of_its_tensors(workers: int) -> None:
    images, targets = tensors()
    feed = check_feed(
        dataset(TensorDataset(images, targets), TensorDataset(images[:50], targets[:50]), workers=workers)
    )
    whole = Feed(images, targets, images[:50], targets[:50], validation=60, outputs=10)
    [loaded, held] = [train([run_of(each)], "cpu")[0] for each in (feed, whole)]
    assert [epoch.to_values() for epoch in loaded.epochs] == [epoch.to_values() for epoch in held.epochs]
    assert evaluate(run_of(feed), loaded, "cpu") == evaluate(run_of(whole), held, "cpu")


@pytest.mark.parametrize("workers", [0, 1])
def test_changes_by_chance_are_the_same_whoever_loads_and_however_often_a_run_is_broken(workers: int) -> None:
    before: tuple[Any, ...] = numpy.random.get_state(), random.getstate(), torch.get_rng_state()
    feed = dataset(Digits(last=300), evaluation=Digits(shift=False, last=300), workers=workers)
    log = Log()
    [result] = train([run_of(feed)], "cpu", observer=log)
    [resumed] = train([run_of(feed)], "cpu", starts=[log.states[0][1]])
    assert same_bits(resumed.state, result.state)
    [alone] = train([run_of(dataset(Digits(last=300), evaluation=Digits(shift=False, last=300)))], "cpu")
    assert same_bits(alone.state, result.state)
    after: tuple[Any, ...] = numpy.random.get_state(), random.getstate(), torch.get_rng_state()
    assert all(numpy.array_equal(one, other) for one, other in zip(before[0], after[0], strict=True))
    assert before[1] == after[1]
    assert torch.equal(before[2], after[2])


def test_samples_change_in_training_alone_and_from_epoch_to_epoch() -> None:
    feed = dataset(Digits(last=300), evaluation=Digits(shift=False, last=300))
    assert feed.samples is not None
    rows = torch.arange(60)
    batches = []
    for seed in (1, 2, 1):
        feed.samples.expect([rows], seed)
        batches.append(feed.images[rows])
    evaluated = feed.images[rows]
    assert torch.equal(batches[0], batches[2])
    assert not torch.equal(batches[0], batches[1])
    plain = torch.from_numpy(Digits(shift=False).images[feed.samples.indices[rows]])
    assert torch.equal(evaluated, plain)


def test_a_dataset_names_its_classes_as_torchvision_s_do() -> None:
    named: Any = TensorDataset(*tensors())
    assert dataset(named).classes == ()
    named.classes = [f"digit {number}" for number in range(10)]
    assert dataset(named).classes == tuple(named.classes)


def test_runs_of_a_dataset_train_one_by_one_and_it_says_so() -> None:
    feed = dataset(TensorDataset(*tensors()))
    assert "slower, and runs train one by one" in describe_feed(feed)
    assert choose_width(run_of(feed), "cpu") == 1
    runs = [replace(run_of(feed), seed=seed) for seed in (0, 1)]
    [together, apart] = train(runs, "cpu"), [train([run], "cpu")[0] for run in runs]
    assert all(same_bits(one.state, other.state) for one, other in zip(together, apart, strict=True))


def test_options_of_other_data_hold_for_a_dataset(tmp_path: Any) -> None:
    images, targets = tensors()
    numpy.savez(tmp_path / "a.npz", images=images.numpy(), labels=targets.numpy())
    options: Any = {"test": 0.1, "validation": 0.25, "subset": 200, "label_noise": 0.1}
    feed = dataset(TensorDataset(images, targets), **options)
    same = arrays(str(tmp_path / "a.npz"), normalize=False, **options)
    assert torch.equal(feed.targets, same.targets)
    assert torch.equal(feed.images[torch.arange(200)], same.images)
    assert torch.equal(feed.test_images[torch.arange(len(same.test_targets))], same.test_images)
    assert feed.validation == same.validation
    assert dataset(TensorDataset(images, images.mean((1, 2, 3)))).is_regression


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield 1


# arguments, what the message must hold
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({"train": None}, ["data.train is a NoneType", "data.train._target_="]),
    "a stream": ({"train": Endless()}, ["data.train is a Endless", "length"]),
    "images alone": ({"train": TensorDataset(torch.zeros(9, 2))}, ["data.train", "(image, target)"]),
    "words": ({"train": {0: 1}}, ["data.train is a dict"]),
    "another length": (
        {"train": TensorDataset(*tensors()), "evaluation": TensorDataset(*tensors(50))},
        ["data.evaluation holds 50", "as many as data.train"],
    ),
    "workers": ({"train": TensorDataset(*tensors()), "workers": -1}, ["data.workers=-1", "at least 0"]),
    "option": ({"train": TensorDataset(*tensors()), "stratified": True}, ["write data.stratify"]),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_dataset_is_refused(arguments: dict[str, Any], words: list[str]) -> None:
    call: Callable[..., Feed] = dataset
    with pytest.raises(ValueError, match=r"data\.") as error:
        call(**arguments)
    assert all(word in str(error.value) for word in words), str(error.value)
