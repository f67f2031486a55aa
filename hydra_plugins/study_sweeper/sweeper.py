"""The sweeper as Hydra discovers it: its config and its class. The rest is imported when a sweep starts."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import MISSING, DictConfig


@dataclass
class StudySweeperConf:
    """hydra.sweeper of `hydra/sweeper=study`: hydra-optuna-sweeper's words, and what it lacks."""

    _target_: str = "hydra_plugins.study_sweeper.sweeper.StudySweeper"
    defaults: list[Any] = field(default_factory=lambda: [{"sampler": "tpe"}, {"pruner": "none"}])

    # hydra-optuna-sweeper's group of samplers: tpe, random, grid, gp, qmc, ...
    sampler: Any = MISSING
    # none, median, percentile, hyperband, successive_halving, patient, threshold
    pruner: Any = MISSING
    # minimize or maximize; a list of them for several objectives
    direction: Any = "minimize"
    # an Optuna storage URL; null: an SQLite file in the sweep's folder
    storage: str | None = None
    # the studies are named <study_name>/<group>=<option>; null: the job's name
    study_name: str | None = None
    # the swept groups that get a study for each option; null: those whose options declare a search space
    study_per: list[str] | None = None
    # how many trials each study has in all, over all starts; null: every setting, for the grid sampler
    n_trials: int | None = 20
    # worker processes; null: one a core
    n_jobs: int | None = None
    # how often a failed trial is tried again within a sweep
    retries: int = 0
    # the sweep gives up when more than this share of a study's n_trials failed
    max_failure_rate: float = 0.0
    # override -> values in Hydra's sweep grammar, as on the command line
    params: dict[str, Any] | None = None
    # dotted path of a function (config, trial) that suggests further parameters
    custom_search_space: str | None = None
    # override -> list of values; each setting runs once with every combination of them
    replicates: dict[str, Any] = field(default_factory=dict)
    # after the measurement the best setting, the robust one and the config's own run again with fresh `seeds`
    # (how many, or which; 0: none) of the override `key`, and with `overrides`, which may read a test set
    confirm: dict[str, Any] = field(default_factory=lambda: {"seeds": 0, "key": "seed", "overrides": {}})
    # a trial's value over its replicates: mean, median, min or max
    aggregate: str = "mean"
    # the GPUs shared out among the workers, one each; auto: all of this host; null: every worker sees all
    cuda_devices: Any = "auto"
    # whether the sweep ends with its report; `python -m sweeps.report` writes it at any time
    report: bool = True
    # how many jobs run together in a worker, as the application's function `stacked` can; auto: what its
    # function `stack_width` says
    stack: Any = "auto"
    # dotted path of a function (jobs: sequence of sweeps.trial.Job) that gives what each returned, or the
    # exception that ended it
    stacked: str | None = None
    # dotted path of a function (config) that gives a number of jobs
    stack_width: str | None = None
    # keys of the config that may differ when a study is resumed; all others make it another study
    may_change: list[str] = field(default_factory=list)
    # what the objectives are called in the dashboard
    metric_names: list[str] | None = None
    # dotted path of a function (config) that raises ValueError for a config that can't run
    check: str | None = None


class StudySweeper(Sweeper):
    """Runs one Optuna study per option of the groups that declare a search space."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra before the sweep."""
        self.job = (config, hydra_context, task_function)

    def sweep(self, arguments: list[str]) -> None:
        """Run, or resume, the sweep that the command line asks for."""
        from sweeps.sweeper.driver import drive
        from sweeps.sweeper.exit_messages import ending

        with ending(self.settings, self.job[0]):
            drive(self.settings, arguments, *self.job)


# base_study is the name that an application's own hydra/sweeper/study.yaml builds on.
for _name in ("study", "base_study"):
    ConfigStore.instance().store(
        group="hydra/sweeper", name=_name, node=StudySweeperConf, provider="study_sweeper", replace=True
    )
