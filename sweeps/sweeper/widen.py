"""Widening: where a grid's best learning rate is its first or last, the grid gets further ones there.

A row is one learning rate with every combination of the other parameters. Its trials join the same study.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, Literal, TypedDict

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution

from sweeps.numbers import format_digits
from sweeps.report.measure.from_storage import read_measurement
from sweeps.report.measure.measurement import Measurement
from sweeps.report.sentences.wording import format_count
from sweeps.report.statistics.widening import Decision, decide, next_lr
from sweeps.study.optuna_internals import add_trials, setting_of, waiting_trial
from sweeps.study.parameter import Parameter
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan

# The study's user attribute that holds its rows, and why it gets no more.
WIDENING = "widening"


class Row(TypedDict):
    """A learning rate beyond an end of the declared ones, as a study's attribute holds it."""

    # where it lies beyond
    end: Literal["low", "high"]
    lr: float


def can_widen(plan: Plan, settings: StudySweeperConf) -> bool:
    """Return whether a study is a whole grid of several learning rates and seeds, with one objective."""
    seeds = settings.replicates.get(settings.confirm.key, [])
    is_whole = settings.n_trials is None and str(plan.pruner["_target_"]).endswith(".NopPruner")
    is_plain = len(settings.directions) == 1 and not settings.custom_search_space
    return is_whole and is_plain and len(seeds) > 1 and len(plan.grid.get(_lr_name(plan), [])) > 1


def describe_widening(plan: Plan, settings: StudySweeperConf, study: optuna.Study) -> dict[str, Any]:
    """Return the attributes by which a study keeps how it is widened, and how many settings it is to have.

    What has ended stays as it was described, unless more rows may be added now.
    """
    widening: dict[str, Any] = study.user_attrs.get(WIDENING, {"rows": [], "stopped": ""})
    extend = plan.extend if can_widen(plan, settings) else 0
    extend = max(extend, len(widening["rows"]))
    if widening["stopped"]:
        extend = max(extend, study.user_attrs["extend"])
    total = plan.n_trials + len(widening["rows"]) * count_row(plan)
    attributes = {"extend": extend, "planned": total}
    return {**attributes, WIDENING: widening} if extend else attributes


def count_row(plan: Plan) -> int:
    """Return how many settings a row has."""
    return prod(len(values) for name, values in plan.grid.items() if name != _lr_name(plan))


def widen(plan: Plan, study: optuna.Study, is_accepted: Callable[[Sequence[str]], bool]) -> str:
    """Enqueue the row that a study with no trial left is to get; return what to show, empty for none.

    is_accepted: tells by a setting's overrides whether the application runs it. The study's attribute is
    written first: what a kill leaves to enqueue is enqueued by the next call. To be called by one process at
    a time.
    """
    rows: list[Row] = study.user_attrs[WIDENING]["rows"]
    if _enqueue_missing(plan, study, rows) or study.user_attrs[WIDENING]["stopped"] == "inside":
        return ""
    measurement = read_measurement(study)
    if not measurement.complete:
        return ""
    decision = _decide(measurement)
    row, stopped = _next_row(plan, decision, rows)
    if row and not is_accepted(plan.format_setting(next(_settings(plan, [row])))):
        row, stopped = None, "limits"
    if row:
        rows.append(row)
    study.set_user_attr(WIDENING, {"rows": rows, "stopped": stopped})
    if row is None:
        return ""
    study.set_user_attr("planned", plan.n_trials + len(rows) * count_row(plan))
    _enqueue_missing(plan, study, rows)
    label = " ".join(plan.studied.values()) or plan.name
    side = {"low": "smallest", "high": "largest"}[row["end"]]
    reason = "diverged at or beside every setting" if decision.is_blind else f"is best at the {side} lr"
    settings = format_count(count_row(plan), "more setting")
    return f"{label} {reason}: {settings} at lr={format_digits(row['lr'])}"


def _decide(measurement: Measurement) -> Decision:
    axis = measurement.lr_axis
    assert axis is not None
    lrs = measurement.axes[axis].values
    return decide(measurement.seed_scores, measurement.seed_diverged, measurement.ordered, axis, lrs)


def _next_row(plan: Plan, decision: Decision, rows: Sequence[Row]) -> tuple[Row | None, str]:
    """Return the row that a study is to get, or None and why there is none: "inside", "rows" or "limits"."""
    if not decision.end:
        return None, "inside"
    if len(rows) >= plan.extend:
        return None, "rows"
    lrs = plan.grid[_lr_name(plan)]
    count = sum(row["end"] == decision.end for row in rows)
    lr = next_lr(lrs[0 if decision.end == "low" else -1], decision.end, count + 1)
    low, high = plan.lr_limits
    if not low <= lr <= high:
        return None, "limits"
    return Row(end=decision.end, lr=lr), ""


def _enqueue_missing(plan: Plan, study: optuna.Study, rows: Sequence[Row]) -> int:
    """Enqueue the settings of rows that a study lacks, and return how many."""
    trials = study.get_trials(deepcopy=False)
    stored_settings = [setting_of(trial) for trial in trials]
    new_settings = [params for params in _settings(plan, rows) if params not in stored_settings]
    add_trials(
        study, [waiting_trial(params, _distributions(plan, params), {}, {}) for params in new_settings]
    )
    return len(new_settings)


def _settings(plan: Plan, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield each row's settings."""
    for row in rows:
        grid = {**plan.grid, _lr_name(plan): [row["lr"]]}
        for values in product(*grid.values()):
            yield dict(zip(grid, values, strict=True))


def _distributions(plan: Plan, params: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """Return the parameters' distributions, that of the learning rate as wide as the setting needs."""
    space = plan.stored_space
    name = _lr_name(plan)
    lrs = [*plan.grid[name], params[name]]
    return {**space, name: FloatDistribution(min(lrs), max(lrs), log=True)}


def _lr_name(plan: Plan) -> str:
    """Return the stored name of a grid's learning rate, empty where it has none of positive numbers."""
    for name, distribution in plan.stored_space.items():
        is_logarithmic = isinstance(distribution, FloatDistribution) and distribution.log
        if name in plan.grid and Parameter.from_name(name).is_lr and is_logarithmic:
            return name
    return ""
