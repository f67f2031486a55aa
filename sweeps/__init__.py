"""Choose an optimizer and its settings by measurement: Hydra + Optuna sweeps of PyTorch training.

What stands in `__all__` is the public interface; `sweeps.data`, `sweeps.models`, `sweeps.optimizers` and
`sweeps.schedulers` hold the parts that options name.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from sweeps.trial import Job, Trial, current_trial

if TYPE_CHECKING:
    from sweeps.data.feed import Feed
    from sweeps.schedulers import Schedule
    from sweeps.training.run import Epoch, Result, Run
    from sweeps.training.train import Observer, evaluate, train

__all__ = [
    "Epoch",
    "Feed",
    "Job",
    "Observer",
    "Result",
    "Run",
    "Schedule",
    "Trial",
    "__version__",
    "current_trial",
    "evaluate",
    "train",
]
__version__ = "0.1.0"

# Imported with their first use: torch takes seconds to import, and the sweeper works without it.
_HOMES = {
    "Epoch": "sweeps.training.run",
    "Feed": "sweeps.data.feed",
    "Observer": "sweeps.training.train",
    "Result": "sweeps.training.run",
    "Run": "sweeps.training.run",
    "Schedule": "sweeps.schedulers",
    "evaluate": "sweeps.training.train",
    "train": "sweeps.training.train",
}

# Hidden from type checkers, which would take any attribute of the package for one that exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name from its module; raise AttributeError for any other."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
