"""How settings, figures and their intervals are written, everywhere alike."""

import math
from collections.abc import Sequence

from sweeps.report.measure.axis import plain, short
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.intervals import Estimate

ROLES = {"peak": "peak pick", "robust": "robust pick", "default": "config default"}
# The roles' marks in text, as in the figures.
GLYPHS = {"peak": "★", "robust": "◇", "default": "□"}

PERCENT = " in %"


def named(params: Params) -> str:
    """Parameters as text shows them: lr=0.1 momentum=0.9."""
    return " ".join(f"{short(key)}={plain(value)}" for key, value in params.items())


def number(value: float) -> str:
    """A score or a difference: two decimals, more where it is small; empty where it isn't known."""
    if math.isnan(value):
        return ""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def interval(estimate: Estimate) -> str:
    """A 95 % interval, [91.80, 92.40], to two digits of its width or more; empty where there is none."""
    if math.isnan(estimate.low):
        return ""
    width = estimate.high - estimate.low
    digits = max(2, 1 - math.floor(math.log10(width))) if width > 0 else 2
    return f"[{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def with_interval(estimate: Estimate) -> str:
    """A figure with its interval."""
    return f"{number(estimate.value)} {interval(estimate)}".strip()


def measured(metric: str, estimate: Estimate) -> str:
    """What a metric came to: test accuracy 92.10 % [91.80, 92.40]."""
    if metric.endswith(PERCENT):
        return f"{metric.removesuffix(PERCENT)} {number(estimate.value)} % {interval(estimate)}".strip()
    return f"{metric} {with_interval(estimate)}"


def points(metric: str) -> str:
    """What differences of a metric are counted in, after their number: " points" of percent, else nothing."""
    return " points" if metric.endswith(PERCENT) else ""


def percent(low: float, high: float | None = None) -> str:
    """A share, or the two that it lies between."""
    if high is None or f"{low:.0%}" == f"{high:.0%}":
        return f"{100 * low:.0f} %"
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def counted(count: int, noun: str) -> str:
    """1 seed, 3 seeds."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
