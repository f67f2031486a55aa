"""The data feeds that `conf/data/` names."""

from sweeps.data.arrays import arrays
from sweeps.data.augment import FlipAndCrop
from sweeps.data.bundled import digits, fake, mnist5k
from sweeps.data.cifar import cifar
from sweeps.data.dataset import dataset
from sweeps.data.folder import folder
from sweeps.data.idx import PARTS, idx
from sweeps.data.table import table

__all__ = [
    "PARTS",
    "FlipAndCrop",
    "arrays",
    "cifar",
    "dataset",
    "digits",
    "fake",
    "folder",
    "idx",
    "mnist5k",
    "table",
]
