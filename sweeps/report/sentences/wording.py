"""Write settings, figures and their intervals, everywhere alike."""

import math
from collections.abc import Sequence

from sweeps.numbers import format_digits, shorten_exponent
from sweeps.report.findings.pick import Pick
from sweeps.report.measure.axis import format_value, shorten
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.compare import Verdict
from sweeps.report.statistics.intervals import Estimate
from sweeps.report.statistics.space import GoodBand

ROLE_NAMES = {
    "robust": "robust pick",
    "peak": "peak pick",
    "inside": "robust pick before widening",
    "default": "config default",
}
# Fewer decimals than any figure has: no least number of them.
ANY = -400
# The roles' marks in text, as in the figures.
GLYPHS = {"peak": "★", "robust": "◇", "inside": "◈", "default": "□"}


def format_params(params: Params) -> str:
    """Return parameters as text shows them: lr=0.1 momentum=0.9; all elements of a list together.

    Without any, the setting is the config's own.
    """
    values: dict[str, list[str]] = {}
    for key, value in params.items():
        name, _, number = shorten(key).rpartition(".")
        # betas.0 begins betas, and betas.1 follows it; betas.1 alone keeps its number.
        is_next = number.isdigit() and int(number) == len(values.get(name, []))
        values.setdefault(name if is_next else shorten(key), []).append(format_value(value))
    parts = []
    for name, elements in values.items():
        is_alone = len(elements) == 1 and name not in map(shorten, params)
        parts.append(f"{name}.0={elements[0]}" if is_alone else f"{name}={','.join(elements)}")
    return " ".join(parts) or "the config's own setting"


def format_number(value: float, decimals: int = 2) -> str:
    """Return a number with so many decimals, in powers of ten where it is tiny or huge; empty if unknown."""
    if math.isnan(value):
        return ""
    scale = math.floor(math.log10(abs(value))) if value else 0
    if decimals > 6 or scale > 6:
        return shorten_exponent(f"{value:.{max(decimals + scale, 0)}e}")
    text = f"{value:.{max(decimals, 0)}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def count_decimals(estimate: Estimate, least: int = ANY) -> int:
    """Return how many decimals a figure and its limits take.

    They end at the first digit of the interval's half width, one later where that is a 1: below 0 decimals
    where that is left of the point. A limit that isn't 0 isn't rounded to it. Without an interval: four
    digits in all, three where they follow the point.
    """
    if math.isnan(estimate.low):
        scale = math.floor(math.log10(abs(estimate.value))) if abs(estimate.value) > 0 else 3
        return max(least, 3 - scale)
    half_width = (estimate.high - estimate.low) / 2
    decimals = -math.floor(math.log10(half_width))
    if f"{half_width:e}".startswith("1"):
        decimals += 1
    limits = [abs(limit) for limit in (estimate.low, estimate.high) if limit]
    while float(f"{min(limits):.{max(decimals, 0)}f}") == 0 and decimals < 8:
        decimals += 1
    return max(least, decimals)


def format_interval(estimate: Estimate, least: int = ANY) -> str:
    """Return a 95 % interval, [91.80, 92.40]; empty if unknown."""
    if math.isnan(estimate.low):
        return ""
    decimals = count_decimals(estimate, least)
    return f"[{format_number(estimate.low, decimals)}, {format_number(estimate.high, decimals)}]"


def format_estimate(estimate: Estimate, least: int = ANY) -> str:
    """Return a figure with its interval, all with the same number of decimals: 0.024 [0.021, 0.027]."""
    value = format_number(estimate.value, count_decimals(estimate, least))
    return f"{value} {format_interval(estimate, least)}".strip()


def format_score(metric: Metric, estimate: Estimate) -> str:
    """Return a score with its interval: 92.10 [91.80, 92.40]."""
    return format_estimate(estimate, least=2 if metric.is_percent else ANY)


def format_mean(metric: Metric, value: float) -> str:
    """Return a score without an interval: 92.10, or four digits of what isn't in percent."""
    if metric.is_percent:
        return format_number(value)
    return format_estimate(Estimate(value, math.nan, math.nan))


def format_gap(metric: Metric, gap: Estimate) -> str:
    """Return how far one score is from another: 1.2 points better [0.8, 1.7], 0.024 lower [0.021, 0.027].

    gap: above 0 is better. Only percentages have points; of others the metric's own direction is said.
    """
    is_better = gap.value >= 0
    if metric.is_percent:
        word = f"points {'better' if is_better else 'worse'}"
    else:
        word = "higher" if is_better == (metric.direction > 0) else "lower"
    value, _, limits = format_estimate(gap if is_better else -gap).partition(" ")
    return f"{value} {word} {limits}".strip()


def describe_gap(metric: Metric, gap: Estimate, verdict: Verdict, other: str) -> str:
    """Return what may be said of a score against another one, named; empty where that is unknown."""
    size, margin = format_estimate(gap), format_difference(metric, metric.margin)
    words = {
        "better": f"{format_gap(metric, gap)} than {other}",
        "equivalent": f"equal, within ± {margin}, to {other} ({size})",
        "no difference": f"not shown to differ from {other} ({size})",
    }
    return words.get(verdict, "")


def format_difference(metric: Metric, value: float) -> str:
    """Return the size of a difference without an interval: 0.52 points of percentages, else 0.024."""
    size = format_digits(value, 2)
    return f"{size} point{'s' * (size != '1')}" if metric.is_percent else size


def format_share(low: float, high: float | None = None) -> str:
    """Return a share in percent, or the two that it lies between."""
    if high is None or f"{low:.0%}" == f"{high:.0%}":
        return f"{100 * low:.0f} %"
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def format_band(band: GoodBand) -> str:
    """Return a band with its width, a lower bound where an end of the range cuts it off."""
    if band.low == band.high:
        return f"{format_digits(band.low)} alone"
    least = "at least " if band.is_censored else ""
    return f"{format_span(band.low, band.high)}, {least}{band.decades:.1f} decades"


def format_span(first: float, last: float) -> str:
    """Return the values that a range begins and ends with: 0.1 to 1."""
    return f"{format_digits(first)} to {format_digits(last)}"


def name_factor(factor: float) -> str:
    """Return what a factor of the learning rate is called: half, double, 4 x."""
    return {0.5: "half", 2.0: "double"}.get(factor, f"{format_digits(factor)} x")


def format_count(count: int, noun: str) -> str:
    """Return a number of things: 1 seed, 3 seeds."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def name_roles(picks: Sequence[Pick]) -> str:
    """Return the roles of one setting's picks: robust pick and peak pick."""
    return join_words([ROLE_NAMES[pick.role] for pick in picks])


def join_words(items: Sequence[str], conjunction: str = "and") -> str:
    """Return a list in words: a, b and c."""
    *first, last = items
    return f"{', '.join(first)} {conjunction} {last}" if first else last
