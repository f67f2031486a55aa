"""Say what was searched, and what a study says of its space."""

from sweeps.report.findings.scope import scope
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_difference, format_share, join_words
from sweeps.report.statistics.intervals import Estimate
from sweeps.report.statistics.space import GoodBand


def describe_space(findings: Findings) -> list[str]:
    """Return how much of the space is good; nothing of an adaptive study."""
    return [*_good_shares(findings), *_good_band(findings), *_regret(findings)]


def describe_search(findings: Findings) -> str:
    """Return the space, as written, and what was held fixed."""
    space = [f"{name}={values.replace(', ', ',')}" for name, values in findings.measurement.space.items()]
    sentences = [f"{findings.measurement.option} searched {', '.join(space) or 'nothing'}."]
    if len(findings.measurement.conditions) > 1:
        sentences.append(f"Under each of: {', '.join(findings.measurement.conditions)}.")
    fixed = ", ".join(f"{key}={value}" for key, value in scope(findings.measurement.config).items())
    if fixed:
        sentences.append(f"Held fixed: {fixed}.")
    return " ".join(sentences)


def _good_shares(findings: Findings) -> list[str]:
    if not findings.shares:
        return []
    parts: list[str] = []
    for gap, share in findings.shares.items():
        verb = "" if parts else "lies "
        parts.append(f"{_format_bounds(share)} {verb}within {gap:g}")
    return [f"Of the searched space, {join_words(parts)} point of the best."]


def _format_bounds(share: Estimate) -> str:
    if share.value > share.low:
        return f"{format_share(share.value)} [{100 * share.low:.0f}, {100 * share.high:.0f}]"
    return format_share(share.low, share.high)


def _good_band(findings: Findings) -> list[str]:
    band = findings.bands.get(1.0)
    return [f"Learning rates within 1 point of the best: {format_band(band)}."] if band else []


def format_band(band: GoodBand) -> str:
    """Return a band with its width, a lower bound where the range cuts it off."""
    if band.low == band.high:
        return f"{band.low:g}, the edge of the range" if band.censored else f"{band.low:g} alone"
    width = f"{band.low:g} to {band.high:g}, "
    if not band.censored:
        return f"{width}{band.decades:.1f} decades"
    sides = {"below": band.censored_low, "above": band.censored_high}
    open_sides = join_words([side for side, is_open in sides.items() if is_open])
    return f"{width}at least {band.decades:.1f} decades (open {open_sides})"


def _regret(findings: Findings) -> list[str]:
    if "robust" not in findings.regrets:
        return []
    regret = format_difference(findings.measurement.metric, findings.regrets["robust"])
    count = len(findings.measurement.conditions)
    return [f"Over the {count} conditions, the robust pick's largest regret is {regret}."]
