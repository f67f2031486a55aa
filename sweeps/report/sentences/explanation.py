"""Put together what is said of a study besides its headline."""

from sweeps.report.findings.study import Findings
from sweeps.report.sentences.headline import explain_stability
from sweeps.report.sentences.limits import list_limits
from sweeps.report.sentences.ranges import describe_space


def explain_study(findings: Findings) -> list[str]:
    """Return how settled the picks are, how much of the space is good, and its limits."""
    return [*explain_stability(findings), *describe_space(findings), *list_limits(findings)]
