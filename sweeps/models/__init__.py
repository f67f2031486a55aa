"""The models that `conf/model/` names, each built for a feed's image shape and number of classes."""

from sweeps.models.convolutional import cnn, resnet18
from sweeps.models.mlp import NORMS, mlp

__all__ = ["NORMS", "cnn", "mlp", "resnet18"]
