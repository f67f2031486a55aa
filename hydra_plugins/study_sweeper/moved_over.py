"""A config that still names hydra-optuna-sweeper's class, beside `hydra/sweeper=study`, gets this sweeper."""

import logging
from typing import Any

from hydra_plugins.hydra_optuna_sweeper.optuna_sweeper import OptunaSweeper

from hydra_plugins.study_sweeper.sweeper import StudySweeper

log = logging.getLogger(__name__)


def _make(cls: type[OptunaSweeper], **settings: Any) -> Any:
    """Return the sweeper of the settings: hydra-optuna-sweeper's own class would refuse those of this one."""
    if "replicates" not in settings:
        return object.__new__(cls)
    log.warning("hydra.sweeper._target_ names OptunaSweeper; hydra/sweeper=study runs, so leave the line out")
    return StudySweeper(**settings)


# Hydra makes the class that a config names, and an option that comes later may name it.
OptunaSweeper.__new__ = _make  # type: ignore[method-assign, assignment]
