"""Choose the studies whose settings cover their space, for figures of the whole space."""

from collections.abc import Sequence

from sweeps.report.findings.study import Findings

ADAPTIVE = "an adaptive search crowds its trials where it scored well, so they don't show the whole space"
NONE_COMPLETE = "no setting is complete, or none converged and learned something"


def covering_studies(studies: Sequence[Findings]) -> list[Findings]:
    """Return the studies of a grid, or of points that cover a space evenly, that learned something."""
    covering = []
    for findings in studies:
        if findings.measurement.is_even and findings.recommended:
            covering.append(findings)
    return covering


def missing_coverage(studies: Sequence[Findings]) -> str | None:
    """Return why none of the studies covers its space, or None where one does."""
    if covering_studies(studies):
        return None
    is_adaptive = any(f.measurement.complete and not f.measurement.is_even for f in studies)
    return ADAPTIVE if is_adaptive else NONE_COMPLETE
