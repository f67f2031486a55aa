"""Which optimizer, with which settings, robustly: Hydra + Optuna sweeps of PyTorch training."""

from sweeps.trial import current_trial

__all__ = ["current_trial"]
