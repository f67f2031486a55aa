"""Hydra's callbacks of jobs that run together."""

from types import SimpleNamespace
from typing import Any

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from sweeps.app.check import TorchInstalled
from sweeps.sweeper.job_callbacks import listen_to_jobs
from tests.support.plain.app import Witness


class End(Callback):
    """Is told of one of both events."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Do anything."""


@pytest.mark.parametrize(
    ("callback", "listens"),
    [
        (TorchInstalled(), False),
        (Witness(), True),
        (End(), True),
        (SimpleNamespace(on_job_start=print, on_job_end=print), True),
    ],
)
def test_only_for_callbacks_that_are_told_of_jobs_are_their_configs_composed(
    callback: Callback, listens: bool
) -> None:
    callbacks = Callbacks()
    callbacks.callbacks = [TorchInstalled(), callback]
    assert listen_to_jobs(callbacks) == listens
