"""Files of a user's own data, written for the tests from scikit-learn's digits."""

import random
from pathlib import Path
from typing import Any

import numpy
import torch
from sklearn.datasets import load_digits
from torch.utils.data import Dataset

from sweeps import Feed


def write_arrays(folder: Path) -> list[str]:
    """Write the digits as an .npz; return the overrides that read it."""
    bunch = load_digits()
    numpy.savez(folder / "digits.npz", images=(bunch.images * 15).astype("uint8"), labels=bunch.target)
    return [f"data.file={folder / 'digits.npz'}"]


def line(**_: Any) -> Feed:
    """Return rows of three columns, and their sum to predict."""
    columns = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
    values = columns.sum(1, keepdim=True)
    return Feed(columns[:250], values[:250], columns[250:], values[250:], validation=50, outputs=1)


def write_table(folder: Path) -> list[str]:
    """Write the digits as a .csv; return the overrides that read it."""
    load_digits(as_frame=True).frame.to_csv(folder / "digits.csv", index=False)
    return [f"data.file={folder / 'digits.csv'}", "data.target=target"]


def write_folder(folder: Path) -> list[str]:
    """Write 900 digits as .png in a folder a class; return the overrides that read it."""
    from PIL import Image

    bunch = load_digits()
    for number, (image, label) in enumerate(zip(bunch.images[:900], bunch.target, strict=False)):
        place = folder / "digits" / f"digit {label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype("uint8")).save(place / f"{number}.png")
    return [f"data.root={folder / 'digits'}", "data.size=8", f"data.cache={folder / 'cache'}"]


class Digits(Dataset[Any]):
    """The digits, each shifted by chance in training, as an image of numpy's and a number."""

    def __init__(self, shift: bool = True, first: int = 0, last: int = 900) -> None:
        bunch = load_digits()
        self.images = bunch.images[first:last, None].astype("float32") / 16
        self.classes = bunch.target[first:last]
        self.shift = shift

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self.images[index]
        if self.shift:
            image = numpy.roll(
                image, random.randrange(2) + numpy.random.randint(2) + int(torch.randint(2, ())), 2
            )
        return image, int(self.classes[index])


def write_dataset(_: Path) -> list[str]:
    """Return the overrides that take the digits as a dataset, with other samples for evaluation and test."""
    own = "_target_: tests.support.own_data.Digits"
    evaluation = f"data.evaluation={{{own}, shift: false}}"
    return [f"data.train={{{own}}}", evaluation, f"data.test={{{own}, shift: false, first: 900, last: 1100}}"]


# By the name of the option, what writes its files and returns its overrides.
OWN_DATA = {"arrays": write_arrays, "dataset": write_dataset, "folder": write_folder, "table": write_table}
