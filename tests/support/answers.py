"""The findings and the answer of each sample sweep, read once a process."""

from functools import cache

import optuna

from sweeps.report.conclusion import Answer
from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.answer import compose_answer
from tests.support.sweeps import SWEEPS


@cache
def load(sweep: str) -> tuple[list[Findings], Joint]:
    """Return the findings of a sample sweep."""
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    studies = load_findings(storage, None)
    return studies, compare_studies(studies)


def answer(sweep: str) -> Answer:
    """Return the answer of a sample sweep."""
    return compose_answer(*load(sweep))
