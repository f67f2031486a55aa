"""What every feed can be asked for, the feeds of colour images, and the changes of training images."""

import os
import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from torchvision.transforms import v2

from sweeps import data
from sweeps.app.build import build
from sweeps.data import FlipAndCrop
from sweeps.data.augment import as_augment
from sweeps.data.feed import Feed
from sweeps.run import CONF
from sweeps.training.run_identity import identify_unbuilt_run
from sweeps.training.train import evaluate, train
from tests.support.cifar_files import write_cifar
from tests.support.training_runs import CPU, RUN

# Options


def test_a_subset_keeps_each_class_by_its_share_and_the_same_images_each_time() -> None:
    whole = data.digits()
    few = data.digits(subset=500, validation=100)
    again = data.digits(subset=500, validation=100)
    assert (few.training, few.validation, len(few.targets)) == (400, 100, 500)
    share = whole.targets.bincount() * 500 / len(whole.targets)
    assert (few.targets.bincount() - share).abs().max() < 1
    assert torch.equal(few.images, again.images)
    assert torch.equal(few.test_targets, whole.test_targets)


def test_label_noise_changes_so_many_labels_to_another_class_and_no_test_label() -> None:
    clean, noisy = data.digits(), data.digits(label_noise=0.25)
    wrong = clean.targets != noisy.targets
    assert wrong.sum() == round(0.25 * len(clean.targets))
    # An eleventh of the wrong labels would be hit twice as rarely as this if one class were favoured.
    assert (noisy.targets[wrong].bincount(minlength=10) > wrong.sum() / 20).all()
    assert noisy.targets.max() == 9
    assert torch.equal(clean.test_targets, noisy.test_targets)
    assert torch.equal(clean.images, noisy.images)


@pytest.mark.parametrize(("validation", "held"), [(0.1, 144), (0.5, 718), (300, 300)])
def test_validation_is_a_number_of_images_or_a_share(validation: float, held: int) -> None:
    assert data.digits(validation=validation).validation == held


def test_each_channel_is_normalized_by_itself() -> None:
    feed = data.fake(300, 100, (3, 8, 8), 10)
    for channel in feed.images.unbind(1):
        # float32 sums of 19,200 pixels are good to about 1e-6.
        assert channel.mean().item() == pytest.approx(0, abs=1e-5)
        assert channel.std().item() == pytest.approx(1, abs=1e-5)
    raw = data.fake(300, 100, (3, 8, 8), 10, normalize=False)
    assert (raw.images.min() >= 0).all()
    assert raw.images.max() <= 1


def test_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    feed = data.digits(normalize=False)
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (1150, 287, 360, 10)
    both = torch.cat([feed.images, feed.test_images]).flatten(1) * 16
    expected = torch.from_numpy(load_digits().data)
    # 16ths of a pixel are kept as bytes, which errs by at most 16 / 510.
    assert sorted(both.round().int().tolist()) == sorted(expected.int().tolist())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subset": 0}, r"data\.subset=0 must be between 1 and the 1437 development images"),
        ({"subset": 2000}, r"data\.subset=2000 must be"),
        ({"label_noise": 1.5}, r"data\.label_noise=1\.5 must be a share"),
        ({"validation": 1437}, r"data\.validation=1437 must leave training images"),
        ({"subset": 100}, r"data\.validation=287 must leave training images .* 100 development images"),
        ({"validation": 0}, r"data\.validation=0 must .* hold out at least one"),
    ],
)
def test_options_that_the_data_cannot_meet_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.digits(**options)


# CIFAR


@pytest.mark.parametrize(("name", "batches"), [("CIFAR10", 5), ("CIFAR100", 1)])
def test_cifar_is_read_from_the_published_files(
    name: str, batches: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write_cifar(name, tmp_path / "second", 120, monkeypatch)
    roots = [str(tmp_path / "first"), str(tmp_path / "second")]
    feed = data.cifar(name, roots, False, validation=100, normalize=False)
    assert len(feed.targets) == 120 * batches
    assert (feed.outputs, feed.classes[1]) == (int(name[5:]), "kind 1")
    *development, test = written.values()
    pixels = torch.cat([torch.from_numpy(batch["data"]) for batch in development]).view(-1, 3, 32, 32)
    assert torch.equal((feed.images * 255).round().to(torch.uint8), pixels)
    pixels = torch.from_numpy(test["data"]).view(-1, 3, 32, 32)
    assert torch.equal((feed.test_images * 255).round().to(torch.uint8), pixels)
    key = "labels" if name == "CIFAR10" else "fine_labels"
    assert feed.targets.tolist() == [label for batch in development for label in batch[key]]


class Harmful:
    """A pickle that leaves a file where it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("file", ["data_batch_3", "batches.meta"])
def test_a_pickle_that_is_not_the_published_one_is_refused_and_never_run(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar("CIFAR10", tmp_path, 20, monkeypatch)
    folder = tmp_path / "cifar-10-batches-py"
    (folder / file).write_bytes(pickle.dumps(Harmful(tmp_path / "trace")))
    with pytest.raises(ValueError, match=rf"data\.root: {folder} can't be read as CIFAR10"):
        data.cifar("CIFAR10", str(tmp_path), False)
    assert not (tmp_path / "trace").exists()


def test_missing_cifar_files_are_asked_for_by_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"data\.root={tmp_path} holds no folder cifar-10-batches-py"):
        data.cifar("CIFAR10", str(tmp_path), False)


def test_the_same_config_gives_the_same_feed_loaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar("CIFAR10", tmp_path, 200, monkeypatch)
    overrides = ["data=cifar10", f"data.root={tmp_path}", "data.validation=100"]
    with initialize_config_dir(str(CONF)):
        first, second = (build(compose("config", overrides=overrides)) for _ in range(2))
        bare = build(compose("config", overrides=[*overrides, "augment=none"]))
    assert first.feed is second.feed is bare.feed
    assert first.augment is second.augment
    assert first.augment == FlipAndCrop()
    assert bare.augment is None


def test_a_run_that_goes_on_must_augment_as_before_whatever_way_that_is() -> None:
    ways: list[Any] = [
        FlipAndCrop(padding=2),
        FlipAndCrop(padding=3),
        lambda images, _: images,
        partial(_brighten, by=1),
        partial(_brighten, by=2),
        as_augment(v2.RandomHorizontalFlip(0.2)),
    ]
    named = [identify_unbuilt_run(replace(RUN, augment=way), CPU)["augment"] for way in ways]
    assert len(set(named)) == len(ways)
    assert not any("0x" in name for name in named)
    assert "augment" not in identify_unbuilt_run(RUN, CPU)


def _brighten(images: torch.Tensor, generator: torch.Generator, by: float) -> torch.Tensor:
    return images + by * torch.rand(len(images), 1, 1, 1, generator=generator)


def test_a_transform_of_torchvision_draws_by_the_generator_alone() -> None:
    change = as_augment(v2.RandomCrop(6, padding=2))
    batch = torch.rand(4, 1, 8, 8)
    torch.manual_seed(5)
    first = change(batch, torch.Generator().manual_seed(3))
    drawn = torch.rand(1)
    torch.manual_seed(6)
    assert torch.equal(first, change(batch, torch.Generator().manual_seed(3)))
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))  # the global numbers go on as if nothing had been drawn


# Augmentation


def shifts(image: torch.Tensor, padding: int) -> set[bytes]:
    """Every image that a flip and a crop can make of one."""
    size = image.shape[-1]
    ways = [image, image.flip(2)]
    padded = [torch.nn.functional.pad(way, (padding,) * 4, mode="reflect") for way in ways]
    return {
        whole[:, down : down + size, right : right + size].contiguous().numpy().tobytes()
        for whole in padded
        for down in range(2 * padding + 1)
        for right in range(2 * padding + 1)
    }


def test_a_flip_and_a_crop_make_each_of_their_images_and_no_other() -> None:
    image = torch.rand(3, 8, 8)
    batch = image.expand(4000, -1, -1, -1)
    made = FlipAndCrop(padding=2)(batch, torch.Generator().manual_seed(0))
    # 50 images are possible: one stays out of 4,000 draws with a probability of 50 * 0.98 ** 4000, 1e-33.
    assert {one.numpy().tobytes() for one in made} == shifts(image, 2)


def test_augmentation_is_decided_by_its_generator_and_can_be_switched_off() -> None:
    batch = torch.rand(64, 1, 8, 8)
    first, again, other = (FlipAndCrop()(batch, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(FlipAndCrop(flip=False, padding=0)(batch, torch.Generator()), batch)


# Regression and fixed splits


def test_a_regression_splits_by_chance_and_every_row_falls_on_one_side() -> None:
    feed = Feed(torch.rand(50, 3), torch.rand(50, 2), torch.rand(9, 3), torch.rand(9, 2), 20, outputs=2)
    assert feed.is_regression
    (rows, held), (_, other) = feed.split(0), feed.split(1)
    assert (len(rows), len(held)) == (30, 20)
    assert torch.cat([rows, held]).sort().values.tolist() == list(range(50))
    assert not torch.equal(held, other)


def test_fixed_validation_rows_are_held_out_whatever_the_seed_and_belong_to_the_run() -> None:
    feed = data.digits(validation=3)
    first, second = (replace(feed, validation_rows=torch.tensor(rows)) for rows in ([9, 4, 1], [9, 4, 2]))
    for seed in (0, 1):
        rows, held = first.split(seed)
        assert held.tolist() == [1, 4, 9]
        assert set(rows.tolist()) == set(range(len(feed.targets))) - {1, 4, 9}
    names = [identify_unbuilt_run(replace(RUN, feed=feed), CPU) for feed in (first, second)]
    assert names[0] != names[1]


def test_images_that_do_not_fit_on_the_device_go_over_in_batches_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resident = data.digits(subset=300, validation=100)
    run = replace(RUN, feed=resident, batch_size=50)
    [before] = train([run], "cpu")
    monkeypatch.setattr("sweeps.data.feed.measure_room", lambda _: 1000)
    hosted = replace(run, feed=replace(resident))
    [after] = train([hosted], "cpu")
    assert hosted.feed.to(torch.device("cpu")).on_host
    assert "stay in host memory and go over in batches" in caplog.text
    assert after.epochs == before.epochs
    assert torch.equal(after.losses, before.losses)
    assert evaluate(hosted, after, "cpu") == evaluate(run, before, "cpu")
