"""The data feeds that `conf/data/` names."""

from sweeps.data.augment import FlipAndCrop
from sweeps.data.bundled import digits, fake, mnist5k
from sweeps.data.cifar import cifar
from sweeps.data.idx import PARTS, idx

__all__ = ["PARTS", "FlipAndCrop", "cifar", "digits", "fake", "idx", "mnist5k"]
