"""The Hydra application in another process, as its own process knows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from hydra.utils import execution_whitelist
from omegaconf import DictConfig, open_dict

from sweeps.sweeper.functions import function_at


@dataclass(frozen=True)
class Application:
    """The parts by which a process runs the application's functions and jobs; pickled, they bring imports."""

    hydra_context: HydraContext
    # its module may register resolvers
    task_function: TaskFunction
    # Hydra's own state
    singletons: Any

    def enter(self) -> None:
        """Let Hydra in this process know the application."""
        setup_globals()
        Singleton.set_state(self.singletons)


@dataclass(frozen=True)
class RemoteCall:
    """Calls a function with arguments in another process of the application."""

    application: Application
    function: Callable[..., Any]
    arguments: Sequence[Any]

    def __call__(self) -> Any:
        """Return what the function returns."""
        self.application.enter()
        with execution_whitelist(self.application.hydra_context.execution_whitelist, reset=True):
            return self.function(*self.arguments)


@dataclass(frozen=True)
class RemoteJob:
    """Runs a Hydra job in another process of the application."""

    application: Application
    config: DictConfig

    def __call__(self, job: tuple[int, Sequence[str]]) -> JobReturn:
        """Run the job of a number with its overrides."""
        number, overrides = job
        context = self.application.hydra_context
        self.application.enter()
        config = context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = f"{config.hydra.job.name}_{number}"
            config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return run_job(
            self.application.task_function,
            config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=context,
        )


def check_configs(check: str, configs: Sequence[tuple[str, DictConfig]]) -> None:
    """Let the application's check, a dotted path, refuse any of the configs, each with its name.

    Raises its ValueError with the name of the config that it refused.
    """
    try:
        function = function_at(check)
    except (ImportError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"hydra.sweeper.check={check} can't be imported ({reason})") from error
    for name, config in configs:
        try:
            function(config)
        except ValueError as error:
            raise ValueError(f"{error}\n({name})") from error
