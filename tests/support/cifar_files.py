"""CIFAR as published, but small: pickled batches with their checksums."""

import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy
import pytest
from torchvision import datasets


def write_cifar(name: str, root: Path, images: int, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Write so many images a batch below `root`, and let torchvision expect them; gives the batches."""
    data = getattr(datasets, name)
    folder = root / data.base_folder
    folder.mkdir(parents=True)
    hundred = name == "CIFAR100"
    classes, key = (100, "fine_labels") if hundred else (10, "labels")
    random = numpy.random.default_rng(0)
    kinds = random.integers(0, 192, (classes, 3 * 32 * 32), dtype=numpy.uint8)
    labels = [number % classes for number in range(images)]
    batches = {
        file: {"data": kinds[labels] + random.integers(0, 64, (images, 1), dtype=numpy.uint8), key: labels}
        for file, _ in data.train_list + data.test_list
    }
    names = {data.meta["key"]: [f"kind {number}" for number in range(classes)]}
    sums = {}
    for file, content in {**batches, data.meta["filename"]: names}.items():
        (folder / file).write_bytes(pickle.dumps(content, protocol=2))
        sums[file] = hashlib.md5((folder / file).read_bytes()).hexdigest()
    for part in ("train_list", "test_list"):
        patch.setattr(data, part, [[file, sums[file]] for file, _ in getattr(data, part)])
    patch.setattr(data, "meta", {**data.meta, "md5": sums[data.meta["filename"]]})
    return batches
