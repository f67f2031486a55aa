"""The keys of hydra.sweeper: Hydra's schema for them, and the plain values that the sweeper reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Self

from hydra.errors import ConfigCompositionException
from omegaconf import MISSING, OmegaConf


@dataclass
class ConfirmConf:
    """The confirmation: picked settings train again on fresh seeds after the measurement."""

    # how many fresh seeds, or a list of them; 0: no confirmation
    seeds: Any = 0
    # the override that takes a seed
    key: str = "seed"
    # what the confirmation's jobs set besides; they may read a test set
    overrides: dict[str, Any] = field(default_factory=dict)
    # what is recommended also runs at its learning rate times each of them
    factors: Any = field(default_factory=lambda: [0.5, 2])

    @property
    def count(self) -> int:
        """Return how many fresh seeds there are."""
        return self.seeds if isinstance(self.seeds, int) else len(self.seeds)

    @property
    def is_on(self) -> bool:
        """Return whether the sweep confirms its picks."""
        return bool(self.seeds)


@dataclass
class StudySweeperConf:
    """hydra.sweeper of `hydra/sweeper=study`: hydra-optuna-sweeper's keys, and those that it lacks."""

    _target_: str = "hydra_plugins.study_sweeper.sweeper.StudySweeper"
    defaults: list[Any] = field(default_factory=lambda: [{"sampler": "tpe"}, {"pruner": "none"}])

    # hydra-optuna-sweeper's group of samplers: tpe, random, grid, gp, qmc, ...
    sampler: Any = MISSING
    # none, median, percentile, hyperband, successive_halving, patient, threshold
    pruner: Any = MISSING
    # minimize or maximize; a list of them for several objectives
    direction: Any = "minimize"
    # an Optuna storage URL; null: an SQLite file in the sweep's folder
    storage: Any = None
    # the studies are named <study_name>/<group>=<option>; null: the job's name
    study_name: str | None = None
    # the swept groups that get a study for each option; null: those whose options declare a search space
    study_per: list[str] | None = None
    # how many trials each study has in all, over all starts; null: every setting, for the grid sampler
    n_trials: int | None = 20
    # seconds after which no trial goes on: those under way are given back; null: none are
    timeout: float | None = None
    # settings to try first, each {key: value, ...}, or default: the config's own
    enqueue: list[Any] = field(default_factory=list)
    # the order in which a grid is run: shuffled, or written: as Hydra's basic sweeper runs it
    grid_order: str = "shuffled"
    # worker processes; null: as many as the launcher's own n_jobs says, else one a core
    n_jobs: int | None = None
    # how often a failed trial is tried again within a sweep; one whose process dies, twice at least
    retries: int = 0
    # the sweep gives up when more than this share of a study's n_trials failed
    max_failure_rate: float = 0.0
    # override -> values in Hydra's sweep grammar, as on the command line
    params: dict[str, Any] | None = None
    # the config's root key that declares what is searched, override -> values in Hydra's sweep grammar
    space_key: str = "search_space"
    # dotted path of a function (config, trial) that suggests further parameters
    custom_search_space: str | None = None
    # override -> list of values; each setting runs once with every combination of them
    replicates: dict[str, Any] = field(default_factory=dict)
    # the best setting, the robust one and the config's own run again after the measurement
    confirm: ConfirmConf = field(default_factory=ConfirmConf)
    # how many learning rates a grid may get in all beyond an end that is best; 0: the declared ones alone
    extend: int = 0
    # the smallest and the largest learning rate that it may get; null: any
    lr_limits: list[float] | None = None
    # a trial's value over its replicates: mean, median, min or max
    aggregate: str = "mean"
    # the GPUs shared out among the workers; auto: all of this host; null: every worker sees all
    cuda_devices: Any = "auto"
    # differences up to it, in the objective's unit, count as none; null: 0.2 where that is %, else nothing
    margin: Any = None
    # the objective whose first epoch the report tells; null: what the optimizers' own settings reach
    target: Any = None
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
    # seconds without progress after which a worker is reported; null: none is
    hang_after: float | None = None
    # whose checkpoints stay once their runs have ended: picks, all or none
    keep: str = "all"
    # the names of those files in a job's folder
    checkpoints: list[str] = field(default_factory=list)
    # keys of the config that may differ when a study is resumed; all others make it another study
    may_change: list[str] = field(default_factory=list)
    # what the objectives are called in the dashboard
    metric_names: list[str] | None = None
    # dotted path of a function (config) that raises ValueError for a config that can't run
    check: str | None = None
    # dotted path of a function (config) that says at once about how many seconds and bytes a job takes, and
    # how many of the bytes are checkpoints; for the line that opens a sweep
    forecast: str | None = None
    # print what the sweep would run, and end
    dry_run: bool = False
    # dotted path of a function (config, count) that gives the seconds and the bytes that a job takes where so
    # many run together, and how many of these bytes are checkpoints, if it knows; for dry_run
    estimate: str | None = None

    @classmethod
    def from_hydra(cls, settings: Mapping[str, Any]) -> Self:
        """Return hydra.sweeper with plain containers in place of OmegaConf's.

        Raises ConfigCompositionException for an unknown key: one added with a plus gets past Hydra.
        """
        values = dict(settings)
        for key, value in values.items():
            if OmegaConf.is_config(value):
                # A pruner may refer to what only a job's config holds; its plan resolves it there.
                values[key] = OmegaConf.to_container(value, resolve=key != "pruner")
        confirm = values.get("confirm", {})
        _refuse_unknown_keys(cls, values, "hydra.sweeper")
        _refuse_unknown_keys(ConfirmConf, confirm, "hydra.sweeper.confirm")
        _refuse_object(values.get("storage"))
        return cls(**{**values, "confirm": ConfirmConf(**confirm)})

    @property
    def most_deaths(self) -> int:
        """Return how many deaths of its process fail a trial; one or two may have another reason."""
        return max(3, self.retries + 1)

    @property
    def is_grid(self) -> bool:
        """Return whether the sampler is Optuna's grid."""
        return str(self.sampler["_target_"]).endswith(".GridSampler")

    @property
    def function_paths(self) -> list[str]:
        """Return the dotted paths of the application's functions that jobs need."""
        paths = (self.check, self.stacked, self.stack_width, self.custom_search_space)
        return [path for path in paths if path is not None]

    @property
    def is_exhaustive(self) -> bool:
        """Return whether the sampler tries every setting of a finite space once."""
        return self.is_grid or str(self.sampler["_target_"]).endswith(".BruteForceSampler")

    @property
    def directions(self) -> list[str]:
        """Return a direction per objective, from text or from hydra-optuna-sweeper's enumeration."""
        is_list = isinstance(self.direction, Sequence) and not isinstance(self.direction, str)
        directions = self.direction if is_list else [self.direction]
        return [str(getattr(direction, "name", direction)) for direction in directions]


def _refuse_object(storage: Any) -> None:
    if storage is not None and not isinstance(storage, str):
        raise ConfigCompositionException(
            f"hydra.sweeper.storage={storage} is no URL, which each worker opens by itself: write "
            "sqlite:///<file> or postgresql://<user>@<host>/<database> for RDBStorage's url, "
            "journal:///<file> for a JournalStorage"
        )


def _refuse_unknown_keys(schema: type[Any], values: Mapping[str, Any], section: str) -> None:
    keys = [entry.name for entry in fields(schema) if entry.name not in ("_target_", "defaults")]
    if unknown := sorted(values.keys() - set(keys)):
        nearest = [match for key in unknown for match in get_close_matches(key, keys, n=1)]
        meant = f"write {' or '.join(nearest)}? " if nearest else ""
        raise ConfigCompositionException(
            f"{section}: {', '.join(unknown)} is unknown; {meant}It holds {', '.join(keys)}"
        )
