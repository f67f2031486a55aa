"""The picks of a study by their setting: one setting may be picked in several roles."""

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings

# The order in which picks are named.
ROLE_ORDER = ("robust", "peak", "inside", "default")


def group_picks(findings: Findings) -> list[list[Pick]]:
    """Return the picks, the robust one first, those of one setting together."""
    groups: list[list[Pick]] = []
    for role in ROLE_ORDER:
        if role in findings.picks:
            _add_to_group(groups, findings.picks[role])
    return groups


def _add_to_group(groups: list[list[Pick]], pick: Pick) -> None:
    for group in groups:
        if dict(group[0].params) == dict(pick.params):
            group.append(pick)
            return
    groups.append([pick])
