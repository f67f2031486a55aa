"""What is said of a study's picks."""

import math

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.picked import Fresh, Picked, is_on_edge, near_means
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import (
    format_count,
    format_interval,
    format_number,
    format_params,
    format_score,
    format_share,
    join_words,
    points,
)
from sweeps.report.statistics.compare import MARGIN, is_within
from sweeps.report.statistics.stability import draws

UNKNOWN = "no distinguishable difference"
NAMES = {"robust": "Robust", "peak": "Peak", "default": "Config default"}


def headline(found: Findings) -> list[str]:
    """The robust pick first, in a sentence with its interval on fresh seeds; then the others against it."""
    if not found.picks:
        return ["No setting is measured yet."]
    picks = [_pick(found, same) for same in _distinct(found)]
    return [
        *picks,
        *_unfinished(found),
        *_compromised(found),
        *_edge(found),
        *_ruled_out(found),
        *_confirmed(found),
    ]


def _distinct(found: Findings) -> list[list[Picked]]:
    """The picks, robust first, those of one setting together."""
    groups: list[list[Picked]] = []
    for role in NAMES:
        if pick := found.picks.get(role):
            same = [group for group in groups if dict(group[0].params) == dict(pick.params)]
            same[0].append(pick) if same else groups.append([pick])
    return groups


def _pick(found: Findings, same: list[Picked]) -> str:
    first, *others = [NAMES[pick.role] for pick in same]
    names = join_words([first, *(name.lower() for name in others)])
    pick = same[0]
    edge = " [lr on the edge]" if pick.tuned and pick.tuned.on_edge else ""
    unsettled = " [not settled]" if pick.role == "robust" and found.rivals else ""
    setting = f"{names}: {format_params(pick.params)}{edge}{unsettled}"
    return f"{setting}, {_score(found, pick)}{_against(found, pick)}."


def _score(found: Findings, pick: Picked) -> str:
    if pick.fresh:
        return _fresh_score(found, pick.fresh)
    if pick.tuned is None:
        return "not measured"
    seeds = format_count(len(pick.tuned.values), "run")
    return f"{format_score(found.measurement.metric, pick.tuned.mean)} on the tuning seeds ({seeds})"


def _fresh_score(found: Findings, fresh: Fresh) -> str:
    """The score where it converges, and how often it doesn't: one mean of both would say neither."""
    score = format_score(fresh_metric(found.measurement), fresh.score)
    seeds = format_count(len(fresh.values), "fresh seed")
    if not fresh.diverged_count:
        return f"{score} (mean of {seeds})"
    share = format_share(fresh.diverged.low, fresh.diverged.high)
    hurt = f"{fresh.diverged_count} of {fresh.runs} runs diverged on {seeds} (95 % interval {share})"
    return hurt if math.isnan(fresh.score.value) else f"{score} where it converges; {hurt}"


def _against(found: Findings, pick: Picked) -> str:
    """What the robust pick gains over another on the same fresh seeds, where both converge."""
    difference = found.robust_minus.get(pick.role)
    if difference is None or math.isnan(difference.low):
        return ""
    hurt = any(p.fresh and p.fresh.diverged_count for p in (pick, found.picks["robust"]))
    where = "where both converge, " if hurt else ""
    unit = points(fresh_metric(found.measurement))
    if difference.low <= 0 <= difference.high:
        same = f"equivalent within ± {MARGIN:g}" if unit and is_within(difference) else UNKNOWN
        found_to_be = f"{difference.value:.2f}{unit} {format_interval(difference)}"
        return f"; {where}robust - {pick.role} = {found_to_be}: {same}"
    gains = difference.value > 0
    size = difference if gains else -difference
    by = f"{format_number(size.value)}{unit} {'better' if gains else 'worse'}"
    return f"; {where}the robust pick is {by} {format_interval(size)}"


def price(found: Findings) -> list[str]:
    """What the choice costs and gains on the tuning seeds, where the two picks differ."""
    robust, peak = found.picks.get("robust"), found.picks.get("peak")
    if not (robust and peak) or dict(robust.params) == dict(peak.params) or math.isnan(found.price):
        return []
    better = "better" if found.gain >= 0 else "worse"
    near = "" if math.isnan(found.gain) else f"; its neighbourhood R is {abs(found.gain):.2f} {better}"
    lost = f"{found.price:.2f}{points(found.measurement.metric)}"
    return [f"On the tuning seeds the robust pick gives up {lost} of the peak's mean{near}."]


def _confirmed(found: Findings) -> list[str]:
    """How far these figures can be trusted."""
    wanted = found.measurement.confirmation.wanted
    counts = [len(pick.fresh.values) if pick.fresh else 0 for pick in found.picks.values()]
    if not any(counts):
        why = " yet" if wanted else " (confirm=off)"
        return [f"Not confirmed on fresh seeds{why}: the best of many noisy means looks better than it is."]
    if min(counts) < wanted:
        return [f"The confirmation is unfinished: {min(counts)} of {wanted} fresh seeds."]
    return []


def _unfinished(found: Findings) -> list[str]:
    measurement = found.measurement
    total = math.prod(measurement.shape) if measurement.is_grid else measurement.planned or 0
    if (missing := total - len(measurement.complete)) <= 0:
        return []
    beside = "; none beside them can be the robust pick" if measurement.is_grid else ""
    return [f"{missing} of {total} settings are not measured (pruned, failed or not done yet){beside}."]


def _compromised(found: Findings) -> list[str]:
    if not found.compromised or "robust" not in found.picks:
        return []
    return [
        "No setting has both an lr inside the range and a neighbourhood without diverged or unmeasured runs: "
        "none was ruled out, and the robust pick is only the best of unsound ones."
    ]


def _edge(found: Findings) -> list[str]:
    if not (end := found.peak_end):
        return []
    further = "below" if end == "lowest" else "above" if end == "highest" else "beyond"
    return [
        f"The highest mean is at the {end} lr of the range, which may be too narrow: search {further} it."
    ]


def _ruled_out(found: Findings) -> list[str]:
    """The setting of the best R, where it is not the robust pick."""
    place, robust = found.best_near, found.picks.get("robust")
    if place is None or robust is None or robust.tuned is None:
        return []
    best = found.measurement.places[place].params
    if dict(best) == dict(robust.params):
        return []
    edge = is_on_edge(found.measurement, place)
    why = (
        "its lr is on the edge: one side of it is unknown" if edge else "runs near by diverged or are missing"
    )
    near = format_number(float(near_means(found.measurement)[place]))
    against = format_number(robust.tuned.near)
    return [f"A higher R, {near} against {against}, has {format_params(best)}, but {why}."]


def settled(found: Findings) -> list[str]:
    """Whether other draws of the same seeds would have led to the same robust pick."""
    robust = found.picks.get("robust")
    if robust is None or robust.tuned is None or math.isnan(robust.tuned.frequency):
        return []
    count, total = len(found.measurement.seeds), draws(len(found.measurement.seeds))
    ways = f"{total} draws of {count - 1} of the {count} seeds, with replacement"
    peak = found.picks["peak"].tuned
    same = "" if peak is None else f", {round(peak.frequency * total)} the same peak"
    often = f"of {ways}, {round(robust.tuned.frequency * total)} pick the same robust setting{same}"
    if not found.rivals:
        return [f"{often.capitalize()}."]
    rivals = "; ".join(format_params(params) for params in found.rivals)
    return [f"The robust pick is not settled: {often}. Most pick as robust one of: {rivals}."]
