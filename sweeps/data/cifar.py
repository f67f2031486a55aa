"""CIFAR-10 and CIFAR-100 from torchvision's files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import torch

from sweeps.data.feed import Feed
from sweeps.data.files import list_roots
from sweeps.data.prepare import Options, Pair, prepare_feed


def cifar(name: str, root: str | Sequence[str], download: bool, **options: Unpack[Options]) -> Feed:
    """Read 60,000 colour images of 10 or 100 classes; name: CIFAR10 or CIFAR100.

    root: the folders searched in turn; `download` lets torchvision fetch what is missing into the first.
    The files are pickles, which could run code: torchvision reads them only where their checksums are
    those of the published files.
    Raises ValueError where the files are missing or others.
    """
    from torchvision import datasets

    roots = list_roots(root, download)
    data = getattr(datasets, name)
    present = [folder for folder in roots if (Path(folder) / data.base_folder).is_dir()]
    if not present and not download:
        raise ValueError(
            f"data.root={','.join(roots)} holds no folder {data.base_folder}; "
            f"name its parent with data.root=<folder>, or pass data.download=true to fetch it"
        )
    source = present[0] if present else roots[0]
    try:
        return _read_cifar(data, source, download, options)
    except (OSError, RuntimeError) as error:
        folder = Path(source) / data.base_folder
        raise ValueError(f"data.root: {folder} can't be read as {name} ({error}); replace it") from error


def _read_cifar(data: Any, root: str, download: bool, options: Options) -> Feed:
    def pair(split: Any) -> Pair:
        return torch.from_numpy(split.data).permute(0, 3, 1, 2), torch.tensor(split.targets)

    development, test = (data(root, train=train, download=download) for train in (True, False))
    return prepare_feed(pair(development), pair(test), options, validation=5000, classes=development.classes)
