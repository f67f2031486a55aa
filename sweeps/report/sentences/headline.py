"""Say what is known of a study's picks."""

import math
from collections.abc import Sequence

from sweeps.report.findings.pick import FreshScore, Pick
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import (
    ROLE_NAMES,
    format_count,
    format_difference,
    format_interval,
    format_params,
    format_share,
    join_words,
    name_roles,
    name_score,
)
from sweeps.report.statistics.stability import draws

UNSETTLED = "Other tuning seeds might pick another setting."


def summarize_picks(findings: Findings) -> list[str]:
    """Return the robust pick first, with its interval on fresh seeds; then the others against it."""
    if not findings.picks:
        return ["No setting is measured yet."]
    return [
        *(_describe_setting(findings, picks) for picks in group_picks(findings)),
        *_unfinished(findings),
        *_at_end(findings),
        *_unconfirmed(findings),
    ]


def explain_stability(findings: Findings) -> list[str]:
    """Return whether other draws of the same seeds would have led to the same robust pick."""
    robust, peak = findings.picks.get("robust"), findings.picks.get("peak")
    if robust is None or robust.tuned is None or math.isnan(robust.tuned.frequency):
        return []
    count, total = len(findings.measurement.seeds), draws(len(findings.measurement.seeds))
    picks = f"{round(robust.tuned.frequency * total)} pick the same robust setting"
    if peak and peak.tuned:
        picks += f" and {round(peak.tuned.frequency * total)} the same peak"
    sentence = f"Of {total} draws of {count - 1} seeds (of {count}, with replacement), {picks}."
    if not findings.unsettled:
        return [sentence]
    return [f"Not settled: {join_words(findings.unsettled)}. {sentence}"]


def name_end(findings: Findings) -> str:
    """Return at which end of the searched learning rates the best mean is, or ""."""
    ends = {"low": "the smallest lr searched", "high": "the largest lr searched"}
    return ends.get(findings.peak_end, "")


def _describe_setting(findings: Findings, picks: Sequence[Pick]) -> str:
    """Return one setting's roles, score and difference to the robust pick."""
    pick, name = picks[0], name_roles(picks)
    setting = f"{name[0].upper()}{name[1:]}: {format_params(pick.params)}"
    sentences = [f"{setting}, {_score(findings, pick)}.", *_diverged(pick.fresh)]
    if pick.tuned and pick.tuned.on_edge:
        sentences.append("Its lr is at an end of the range.")
    if pick is findings.recommended_pick and findings.unsettled:
        sentences.append(UNSETTLED)
    return " ".join([*sentences, *_compare_with_recommended(findings, pick)])


def _score(findings: Findings, pick: Pick) -> str:
    if pick.fresh:
        if math.isnan(pick.fresh.score.value):
            return "which diverges"
        score = name_score(findings.fresh_metric, pick.fresh.score)
        seeds = f"{score} on {format_count(len(pick.fresh.values), 'fresh seed')}"
        return f"{seeds} where it converges" if pick.fresh.diverged_count else seeds
    if pick.tuned is None:
        return "not measured"
    runs = format_count(len(pick.tuned.values), "run")
    return f"{name_score(findings.measurement.metric, pick.tuned.mean)} on the tuning seeds ({runs})"


def _diverged(fresh: FreshScore | None) -> list[str]:
    """Return how often a setting diverges, apart from its score: one mean of both would say neither."""
    if fresh is None or not fresh.diverged_count:
        return []
    share = format_share(fresh.diverged.low, fresh.diverged.high)
    return [f"{fresh.diverged_count} of {fresh.runs} runs diverged, 95 % interval {share}."]


def _compare_with_recommended(findings: Findings, pick: Pick) -> list[str]:
    """Return what the recommended pick gains over another on the same fresh seeds, where both converge."""
    difference, metric = findings.recommended_minus.get(pick.role), findings.fresh_metric
    recommended = findings.recommended_pick
    if recommended is None or difference is None or math.isnan(difference.low):
        return []
    pair = (pick, recommended)
    diverges = any(other.fresh and other.fresh.diverged_count for other in pair)
    role = ROLE_NAMES[recommended.role]
    name = f"Where both converge, the {role}" if diverges else f"The {role}"
    phrases = {
        "equivalent": f"is equivalent within ± {format_difference(metric, metric.margin)}",
        "no difference": "shows no distinguishable difference",
        "better": "is worse" if difference.value < 0 else "is better",
    }
    size = f"{format_difference(metric, difference.value)}, 95 % interval {format_interval(difference)}"
    return [f"{name} {phrases[findings.verdicts[pick.role]]}: {size}."]


def _unfinished(findings: Findings) -> list[str]:
    measurement = findings.measurement
    total = math.prod(measurement.shape) if measurement.is_grid else measurement.planned or 0
    unmeasured = total - len(measurement.complete)
    if unmeasured <= 0:
        return []
    sentence = f"{unmeasured} of {total} settings are not measured (pruned, failed or not done yet)."
    return [f"{sentence} None beside them can be the robust pick." if measurement.is_grid else sentence]


def _at_end(findings: Findings) -> list[str]:
    if not findings.peak_end:
        return []
    further = "below" if findings.peak_end == "low" else "above"
    return [f"The best mean is at {name_end(findings)}. Search {further} it: the range may be too narrow."]


def _unconfirmed(findings: Findings) -> list[str]:
    """Return how far these figures can be trusted."""
    total = findings.measurement.confirmation.wanted
    counts = [len(pick.fresh.values) if pick.fresh else 0 for pick in findings.picks.values()]
    if not any(counts):
        state = " yet" if total else " (confirm=off)"
        return [f"Not confirmed on fresh seeds{state}: the best of many noisy means looks better than it is."]
    if min(counts) < total:
        return [f"The confirmation is unfinished: {min(counts)} of {total} fresh seeds are trained."]
    return []
