"""What limits a study's figures, and what it says of its space."""

import math
from collections.abc import Mapping

from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_number, format_share, join_words, points
from sweeps.report.statistics.intervals import Estimate
from sweeps.report.statistics.space import GoodBand

# Reasons of failed trials that are written out.
REASONS = 5


def limits(found: Findings) -> list[str]:
    """Why the figures may not hold."""
    return [
        *_front(found),
        *_way(found),
        *_seeds(found),
        _counts(found),
        *_reasons(found),
    ]


def space(found: Findings) -> list[str]:
    """How much of the space is good; nothing of an adaptive study."""
    return [*_shares(found), *_band(found), *_conditions(found)]


def searched(found: Findings) -> str:
    """The space, as written, and what was held fixed."""
    space = ", ".join(f"{name}={values}" for name, values in found.measurement.space.items()) or "nothing"
    fixed = ", ".join(f"{key}={value}" for key, value in scope(found.measurement.config).items())
    conditions = found.measurement.conditions
    under = f"; under each of {', '.join(conditions)}" if len(conditions) > 1 else ""
    return f"Searched: {space}{under}{f'; held fixed: {fixed}' if fixed else ''}."


def scope(config: Mapping[str, object]) -> dict[str, str]:
    """What was held fixed, as far as a config of this project says it: data, model, epochs, batch size."""
    kept = {
        "data": str(config.get("data.name", config.get("data._target_", ""))).rsplit(".", 1)[-1],
        "model": str(config.get("model._target_", "")).rsplit(".", 1)[-1],
        "scheduler": str(config.get("scheduler._target_", "")).rsplit(".", 1)[-1],
        **{key: str(config.get(key, "")) for key in ("epochs", "batch_size", "precision")},
    }
    return {key: value for key, value in kept.items() if value}


def _way(found: Findings) -> list[str]:
    told = []
    if not found.is_even:
        told.append(
            "An adaptive search crowds its trials where it scored well: no share of the space, no band "
            "of good learning rates and no importance of parameters follows from them."
        )
        told += _tried(found)
    if found.picks and "robust" not in found.picks:
        told.append("No robust pick is named: no measured setting has measured neighbours on all sides.")
    return told


def _front(found: Findings) -> list[str]:
    """The Pareto front's trials, where there are several objectives."""
    measurement = found.measurement
    if measurement.objectives == 1:
        return []
    best = ", ".join(map(str, measurement.front)) or "none"
    return [f"Ranked by the first of {measurement.objectives} objectives. Pareto-optimal trials: {best}."]


def _tried(found: Findings) -> list[str]:
    """What pruned trials leave open, as bounds."""
    pruned, bounds = found.states.get("pruned", 0), found.tried
    if not pruned or bounds is None:
        return []
    return [
        f"{pruned} trials were pruned, and what they would have scored is unknown: of the settings tried "
        f"{format_share(*bounds)} come within 1 point of the best."
    ]


def _seeds(found: Findings) -> list[str]:
    """How many seeds there are, and what they can tell apart."""
    count, unit = len(found.measurement.seeds), points(found.measurement.metric)
    if count == 1:
        return ["One seed: nothing is known of the noise, and no two settings can be told apart."]
    peak = found.picks.get("peak")
    if peak is None or peak.tuned is None or math.isnan(peak.tuned.mean.low):
        return []
    half = format_number(peak.tuned.mean.half_width)
    told = (
        f"{count} seeds: a good setting's mean is known to ± {half}{unit}, the best-looking one's less well"
    )
    if math.isnan(found.resolution):
        return [f"{told}."]
    return [
        f"{told}; two good settings of the same seeds, named beforehand, are told apart from "
        f"{format_number(found.resolution)}{unit} on."
    ]


def _counts(found: Findings) -> str:
    counted_states = ", ".join(f"{count} {state}" for state, count in found.states.items())
    diverged = sum(setting.diverged for setting in found.measurement.complete)
    runs = sum(len(setting.runs) for setting in found.measurement.complete)
    return f"Trials: {counted_states or 'none'}; {diverged} of {runs} finished runs diverged."


def _reasons(found: Findings) -> list[str]:
    failed = {s.number for s in found.measurement.settings if s.state == "fail"}
    reasons = [f"Trial {trial} failed: {why}" for trial, why in found.failures.items() if trial in failed]
    more = [f"{len(reasons) - REASONS} more trials failed."] if len(reasons) > REASONS else []
    return reasons[:REASONS] + more


def _shares(found: Findings) -> list[str]:
    if not found.shares:
        return []
    first, *rest = [f"{_share(share)} {{}}within {gap:g}" for gap, share in found.shares.items()]
    near = join_words([first.format("lies "), *(part.format("") for part in rest)])
    return [f"Of the searched space {near} point of its own best."]


def _share(share: Estimate) -> str:
    if share.value > share.low:
        return f"{format_share(share.value)} [{format_share(share.low, share.high)}]"
    return format_share(share.low, share.high)


def _band(found: Findings) -> list[str]:
    band = found.bands.get(1.0)
    if band is None:
        return []
    return [f"Learning rates within 1 point of the best, each with its best other values: {decades(band)}."]


def decades(band: GoodBand) -> str:
    """A band with its width, a lower bound where the range cuts it off."""
    if band.low == band.high:
        return f"{band.low:g}, the edge of the range" if band.censored else f"{band.low:g} alone"
    span = f"{band.low:g} to {band.high:g}"
    sides = {"below": band.censored_low, "above": band.censored_high}
    open_sides = join_words([side for side, is_open in sides.items() if is_open]) if band.censored else ""
    bound, cut = (">= ", f" (open {open_sides})") if band.censored else ("", "")
    return f"{span}, {bound}{band.decades:.1f} decades{cut}"


def _conditions(found: Findings) -> list[str]:
    largest = found.regrets.get("robust", math.nan)
    if math.isnan(largest):
        return []
    count = len(found.measurement.conditions)
    return [f"Largest regret of the robust pick under any of {count} conditions: {format_number(largest)}."]
