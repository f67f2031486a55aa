"""Which optimizer, with which settings, robustly: Hydra + Optuna sweeps of PyTorch training."""

from sweeps.trial import Job, current_trial

__all__ = ["Job", "__version__", "current_trial"]
__version__ = "0.1.0"
