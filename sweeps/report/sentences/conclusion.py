"""What to take from a sweep, in a line for each optimizer and one for all."""

import math
from collections.abc import Sequence

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.verdict import as_tuned
from sweeps.report.sentences.wording import (
    format_interval,
    format_number,
    format_params,
    format_score,
    join_words,
    points,
)
from sweeps.report.statistics.compare import is_within


def conclusion(studies: Sequence[Findings], joint: Joint) -> list[str]:
    """The setting to take of each study, and whether one's is better; empty where nothing is measured."""
    lines = [line for found in studies if (line := _setting(found))]
    return [*lines, *(_among(joint) if lines else [])]


def _setting(found: Findings) -> str:
    role = "robust" if "robust" in found.picks else "peak"
    pick = found.picks.get(role)
    if pick is None or not (pick.fresh or pick.tuned):
        return ""
    take = f"{found.measurement.option}: {role} pick {format_params(pick.params)}"
    if pick.fresh is None:
        return f"{take}, by its tuning seeds alone."
    if math.isnan(pick.fresh.score.value):
        return f"{take}, which diverges."
    score = format_score(fresh_metric(found.measurement), pick.fresh.score)
    unsettled = ", though other tuning seeds might pick another" if found.rivals else ""
    against = [_against(found, roles) for roles in _others(found)]
    return f"{'; '.join([f'{take}, {score}{unsettled}', *(text for text in against if text)])}."


def _others(found: Findings) -> list[list[str]]:
    """The roles that the robust pick is compared with, those of one setting together."""
    roles = [role for role in ("peak", "default") if role in found.robust_minus]
    if len(roles) > 1 and dict(found.picks["peak"].params) == dict(found.picks["default"].params):
        return [roles]
    return [[role] for role in roles]


def _against(found: Findings, roles: list[str]) -> str:
    """How the robust pick compares; nothing of a peak that it isn't told from, which is no news."""
    difference, unit = found.robust_minus[roles[0]], points(fresh_metric(found.measurement))
    if math.isnan(difference.low):
        return ""
    own = "the config's own setting" if "default" in roles else ""
    name = own
    if "peak" in roles:
        pick = found.picks["peak"]
        at_end = ", which is at an end of the learning rates" if pick.tuned and pick.tuned.on_edge else ""
        name = f"the peak, {format_params(pick.params)}{f' ({own})' if own else ''}{at_end}"
    if difference.low <= 0 <= difference.high:
        same = "equivalent to" if unit and is_within(difference) else "not told from"
        return f"{same} {own}" if own else ""
    size, better = (difference, "better") if difference.value > 0 else (-difference, "worse")
    return f"{format_number(size.value)}{unit} {better} {format_interval(size)} than {name}"


def _among(joint: Joint) -> list[str]:
    told = "; ".join(
        f"by their {role} picks {as_tuned(found, joint.unit)} {format_interval(found.difference)}"
        for role, comparisons in joint.comparisons.items()
        for found in comparisons
    )
    if not told:
        return []
    if not joint.on_edge:
        return [f"As tuned here, {told}."]
    edge = join_words(list(joint.on_edge))
    return [f"No ranking yet, as {edge} did best at an end of the learning rates searched: {told}."]
