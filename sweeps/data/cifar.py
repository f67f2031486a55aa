"""CIFAR-10 and CIFAR-100 from torchvision's files."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Unpack

import torch

from sweeps.data.feed import Feed
from sweeps.data.prepare import Options, Pair, prepared


def cifar(name: str, root: str | Sequence[str], download: bool, **options: Unpack[Options]) -> Feed:
    """60,000 colour images of 10 or 100 classes; name: CIFAR10 or CIFAR100.

    root: the folders searched in turn; `download` lets torchvision fetch what is missing into the first.
    The files are pickles, which could run code: torchvision reads them only where their checksums are
    those of the published files.
    Raises ValueError where the files are missing or others.
    """
    roots = (root,) if isinstance(root, str) else tuple(root)
    return _cifar(name, roots, download, **options)


@cache
def _cifar(name: str, roots: tuple[str, ...], download: bool, **options: Unpack[Options]) -> Feed:
    from torchvision import datasets

    data = getattr(datasets, name)
    root = next((root for root in roots if (Path(root) / data.base_folder).is_dir()), None)
    if root is None and not download:
        raise ValueError(
            f"data.root={','.join(roots)} holds no folder {data.base_folder}; "
            f"name its parent with data.root=<folder>, or pass data.download=true to fetch it"
        )
    try:
        return _read(data, root or roots[0], download, options)
    except (OSError, RuntimeError) as error:
        place = Path(root or roots[0]) / data.base_folder
        raise ValueError(f"data.root: {place} can't be read as {name} ({error}); replace it") from error


def _read(data: Any, root: str, download: bool, options: Options) -> Feed:
    def pair(train: bool) -> Pair:
        read = data(root, train=train, download=download)
        return torch.from_numpy(read.data).permute(0, 3, 1, 2), torch.tensor(read.targets)

    return prepared(pair(train=True), pair(train=False), options, validation=5000)
