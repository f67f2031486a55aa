"""Write settings, figures and their intervals, everywhere alike."""

import math
from collections.abc import Sequence

from sweeps.report.findings.pick import Pick
from sweeps.report.measure.axis import format_value, short
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.intervals import Estimate

ROLE_NAMES = {"peak": "peak pick", "robust": "robust pick", "default": "config default"}
# The roles' marks in text, as in the figures.
GLYPHS = {"peak": "★", "robust": "◇", "default": "□"}


def format_params(params: Params) -> str:
    """Return parameters as text shows them: lr=0.1 momentum=0.9."""
    return " ".join(f"{short(key)}={format_value(value)}" for key, value in params.items())


def format_number(value: float) -> str:
    """Return a score or a difference with two decimals, more where it is small; empty if unknown."""
    if math.isnan(value):
        return ""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def format_interval(estimate: Estimate) -> str:
    """Return a 95 % interval, [91.80, 92.40], with 2 to 6 decimals by its width; empty if unknown."""
    if math.isnan(estimate.low):
        return ""
    width = estimate.high - estimate.low
    digits = min(6, max(2, 1 - math.floor(math.log10(width)))) if width > 0 else 2
    return f"[{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def format_estimate(estimate: Estimate) -> str:
    """Return a figure with its interval."""
    return f"{format_number(estimate.value)} {format_interval(estimate)}".strip()


def format_score(metric: Metric, estimate: Estimate) -> str:
    """Return what a metric came to: test accuracy 92.10 % [91.80, 92.40]."""
    if metric.unit:
        value = f"{metric.name} {format_number(estimate.value)} {metric.unit}"
        return f"{value} {format_interval(estimate)}".strip()
    return f"{metric.name} {format_estimate(estimate)}"


def format_difference(metric: Metric, value: float) -> str:
    """Return a difference of a metric: 0.52 points where it is in percent, else the bare number."""
    return f"{value:.2f} points" if metric.is_percent else format_number(value)


def format_share(low: float, high: float | None = None) -> str:
    """Return a share in percent, or the two that it lies between."""
    if high is None or f"{low:.0%}" == f"{high:.0%}":
        return f"{100 * low:.0f} %"
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def format_p(p: float) -> str:
    """Return a p value: p = 0.031, p < 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def format_count(count: int, noun: str) -> str:
    """Return a number of things: 1 seed, 3 seeds."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def name_roles(picks: Sequence[Pick]) -> str:
    """Return the roles of one setting's picks: robust pick and peak pick."""
    return join_words([ROLE_NAMES[pick.role] for pick in picks])


def join_words(items: Sequence[str]) -> str:
    """Return a list in words: a, b and c."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
