"""The process that runs the application's own checks, as these import and load what training needs."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from sweeps.fork_server.client import ForkServer, current_server
from sweeps.sweeper.application import Application, RemoteCall
from sweeps.sweeper.conf import StudySweeperConf

LAUNCHER = "hydra_plugins.study_sweeper.launcher.ForkserverLauncher"
# What each worker imports, whatever it trains.
WORKER = "sweeps.sweeper.worker"
# What it imports too where it picks settings or widens a range, while others wait for it.
STATISTICS = "scipy.special"
# Objects that are made before a search for garbage; Python's own default is 700.
GARBAGE = 10_000


class Host:
    """The driver's own process: a launcher's workers import and load by themselves."""

    def prepare(self) -> None:
        """Begin to import what will be needed, as there is something to train."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the function returns."""
        return function(*arguments)


class ServerHost(Host):
    """The fork server, from which workers take over what was imported and loaded."""

    def __init__(self, server: ForkServer, settings: StudySweeperConf, application: Application) -> None:
        self._server = server
        self._application = application
        paths = [settings.check, settings.stacked, settings.stack_width]
        self._modules = [path.rpartition(".")[0] for path in paths if path]
        self._worker_modules = [WORKER]
        if settings.confirm.is_on or settings.extend:
            self._worker_modules.append(STATISTICS)

    def prepare(self) -> None:
        """Begin to import what will be needed, as there is something to train."""
        self._server.preload(self._modules)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the function returns in the server."""
        value = self._server.call(RemoteCall(self._application, function, arguments))
        self._server.preload(self._worker_modules)  # while the driver creates the studies
        return value


@contextmanager
def open_host(
    settings: StudySweeperConf, config: DictConfig, hydra_context: HydraContext, task_function: TaskFunction
) -> Iterator[Host]:
    """Yield the host of a sweep's checks: the server that its launcher forks workers from, if it does."""
    if settings.dry_run or OmegaConf.select(config, "hydra.launcher._target_") != LAUNCHER:
        yield Host()
        return
    application = Application(hydra_context, task_function, Singleton.get_state())
    with current_server() as server, _collect_seldom():
        host = ServerHost(server, settings, application)
        if _has_new_storage(settings, config):
            host.prepare()
        yield host


@contextmanager
def _collect_seldom() -> Iterator[None]:
    """Let Python seldom search for garbage within the block, as this process imports much and runs no job."""
    thresholds = gc.get_threshold()
    gc.set_threshold(GARBAGE, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _has_new_storage(settings: StudySweeperConf, config: DictConfig) -> bool:
    """Return whether the storage is a file that is not there yet: then there is something to train."""
    url = settings.storage or f"sqlite:///{config.hydra.sweep.dir}/study.db"
    kind, _, path = url.partition(":///")
    return kind in ("sqlite", "journal") and not Path(path.partition("?")[0]).exists()
