"""The report's tables: a study's settings, and the confirmed picks of all studies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.picked import Picked, is_on_edge, near_means, tuning_limits
from sweeps.report.findings.seeds import by_seed
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import plain, short
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import (
    ROLES,
    format_count,
    format_estimate,
    format_number,
    format_params,
    format_share,
)
from sweeps.report.statistics.arrays import Floats, Index


@dataclass(frozen=True)
class Table:
    """Rows of text under a title."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def settings_table(found: Findings, at_most: int | None = None, is_narrow: bool = False) -> Table:
    """The settings by mean, best first; of a shortened table the picks too, of a narrow one no intervals."""
    measurement = found.measurement
    order = sorted(measurement.places, key=lambda place: -measurement.sign * measurement.places[place].mean)
    picked = {pick.tuned.trial for pick in found.picks.values() if pick.tuned}
    shown = [p for n, p in enumerate(order) if at_most is None or n < at_most or _number(found, p) in picked]
    low, high = tuning_limits(measurement)
    near, (seeds, _) = near_means(measurement), by_seed(measurement)
    keep = {"R": measurement.is_grid, "95 %": len(measurement.seeds) > 1 and not is_narrow}
    columns = [
        "trial",
        *(axis.short for axis in measurement.axes),
        "mean",
        "95 %",
        "sd",
        "worst",
        "div.",
        "R",
        "",
    ]
    rows = [
        {
            **_params(found, measurement.places[place]),
            **_scores(found, measurement.places[place], seeds[place]),
            "95 %": _limits(measurement.places[place], float(low[place]), float(high[place])),
            "R": format_number(float(near[place])),
            "": _marks(found, place),
        }
        for place in shown
    ]
    kept = [column for column in columns if keep.get(column, True)]
    more = f", {len(shown)} of {len(order)}" if len(shown) < len(order) else ""
    title = f"{measurement.study}: {measurement.metric}, {_repeated(found)}{more}"
    return Table(title, kept, [[row[column] for column in kept] for row in rows])


def confirmed_table(studies: Sequence[Findings]) -> Table | None:
    """Every pick on fresh seeds beside its tuning mean; None where none was trained on them."""
    rows = [_confirmed(found, pick) for found in studies for pick in found.picks.values() if pick.fresh]
    if not rows:
        return None
    metric, objective = fresh_metric(studies[0].measurement), studies[0].measurement.metric
    columns = ["study", "pick", "setting", "seeds", metric, f"{objective}, fresh", "tuning", "div."]
    if metric == objective:
        columns.remove(f"{objective}, fresh")
    title = f"The picks on fresh seeds: {metric} where they converge, how often they diverge"
    return Table(title, columns, [[row[column] for column in columns] for row in rows])


def _confirmed(found: Findings, pick: Picked) -> dict[str, str]:
    assert pick.fresh is not None
    return {
        "study": found.measurement.option,
        "pick": ROLES[pick.role],
        "setting": format_params(pick.params),
        "seeds": str(len(pick.fresh.values)),
        fresh_metric(found.measurement): format_estimate(pick.fresh.score),
        f"{found.measurement.metric}, fresh": format_estimate(pick.fresh.objective),
        "tuning": format_number(pick.tuned.mean.value) if pick.tuned else "",
        "div.": f"{pick.fresh.diverged_count}/{pick.fresh.runs}, {format_share(*pick.fresh.diverged[1:])}",
    }


def _params(found: Findings, setting: Setting) -> dict[str, str]:
    values = {short(name): plain(value) for name, value in setting.params.items()}
    return {
        "trial": str(setting.number),
        **{axis.short: values.get(axis.short, "") for axis in found.measurement.axes},
    }


def _scores(found: Findings, setting: Setting, by_seed: Floats) -> dict[str, str]:
    sign = found.measurement.sign
    return {
        "mean": format_number(setting.mean),
        "sd": f"{np.std(by_seed, ddof=1):.2f}" if len(by_seed) > 1 else "",
        "worst": format_number(sign * min(sign * value for value in setting.values)),
        "div.": f"{setting.diverged}/{len(setting.runs)}",
    }


def _limits(setting: Setting, low: float, high: float) -> str:
    """The interval, which a setting with diverged runs has none of."""
    return "" if setting.diverged else f"{format_number(low)} to {format_number(high)}"


def _marks(found: Findings, place: Index) -> str:
    trial = _number(found, place)
    roles = [role for role, pick in found.picks.items() if pick.tuned and pick.tuned.trial == trial]
    return " ".join([*roles, *(["edge"] if is_on_edge(found.measurement, place) else [])])


def _number(found: Findings, place: Index) -> int:
    return found.measurement.places[place].number


def _repeated(found: Findings) -> str:
    seeds, conditions = len(found.measurement.seeds), len(found.measurement.conditions)
    if conditions > 1:
        return f"mean over {conditions} conditions and {format_count(seeds, 'seed')}"
    return f"mean over {format_count(seeds, 'run')}" if seeds > 1 else "one run each"
