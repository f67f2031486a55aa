"""The size of a sweep before it runs: its settings, its seeds, and what may be added on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.report.sentences.wording import format_count
from sweeps.study.labels import label_replicates
from sweeps.study.parameter import Parameter
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.replicates import fresh_axes
from sweeps.sweeper.widen import can_widen, count_row

# The settings that are confirmed: the robust one, the peak and the config's own.
PICKS = 3


@dataclass(frozen=True)
class StudySize:
    """The runs that a study may come to, its confirmation included."""

    # sgd
    name: str
    settings: int
    # replicates of each setting, and what they are: seeds, or runs where there are conditions too
    replicates: int
    noun: str
    # the rows that widening may add, and the settings of each
    rows: int
    row_settings: int
    # the fewest and the most settings that are confirmed, and the replicates of each
    confirmed: tuple[int, int]
    fresh: int

    @property
    def tuning_runs(self) -> int:
        """Return the runs of the declared space."""
        return self.settings * self.replicates

    @property
    def added_runs(self) -> int:
        """Return the most runs that widening may add."""
        return self.rows * self.row_settings * self.replicates

    def describe_tuning(self) -> str:
        """Return the declared space as 20 settings x 3 seeds."""
        return f"{format_count(self.settings, 'setting')} x {format_count(self.replicates, self.noun)}"

    def kept_runs(self, keep: str) -> tuple[int, int]:
        """Return the fewest and the most runs whose checkpoints stay."""
        if keep == "all":
            return self.runs
        replicates = self.fresh or self.replicates
        most = PICKS + (1 if self.rows else 0)
        return (0, 0) if keep == "none" else (replicates, most * replicates)

    @property
    def runs(self) -> tuple[int, int]:
        """Return the fewest and the most runs in all."""
        fewest, most = (count * self.fresh for count in self.confirmed)
        return self.tuning_runs + fewest, self.tuning_runs + self.added_runs + most


def size_of(plan: Plan, settings: StudySweeperConf) -> StudySize:
    """Return the size of a study that is planned."""
    has_lr = any(Parameter.from_name(name).is_lr for name in plan.space)
    factors = len(settings.confirm.factors) if has_lr else 0
    rows = plan.extend if can_widen(plan, settings) else 0
    # What fresh seeds show to be worse is not recommended, and what then is has its factors too. The best
    # setting of the declared range is confirmed where rows were added to it.
    most = PICKS + 2 * factors + (1 if rows else 0)
    is_confirmed = settings.confirm.is_on
    return StudySize(
        name=", ".join(plan.studied.values()) or plan.name,
        settings=plan.n_trials,
        replicates=len(plan.replicates),
        noun="seed" if set(settings.replicates) <= {settings.confirm.key} else "run",
        rows=rows,
        row_settings=count_row(plan),
        confirmed=(1 + factors, most) if is_confirmed else (0, 0),
        fresh=len(label_replicates(fresh_axes(settings))) if is_confirmed else 0,
    )


def describe_sizes(sizes: Sequence[StudySize]) -> str:
    """Return the runs of a sweep in one sentence."""
    parts = [f"{size.name} {size.describe_tuning()}" for size in sizes]
    additions = []
    if rows := sum(size.added_runs for size in sizes):
        additions.append(f"widening up to {rows} more")
    if confirmed := sum(size.confirmed[1] * size.fresh for size in sizes):
        additions.append(f"confirming up to {confirmed}")
    runs = f"{format_count(sum(size.tuning_runs for size in sizes), 'run')} ({', '.join(parts)})"
    return ", ".join([runs, *additions])
