"""News of a study, which any process of a sweep may have and the driver shows."""

import optuna

from sweeps.study.optuna_internals import set_study_attributes, study_attributes

# The study's system attribute that holds the lines.
NEWS = "sweeps:news"


def add_news(study: optuna.Study, line: str) -> None:
    """Add a line, unless it is empty. To be called by one process at a time."""
    if line:
        set_study_attributes(study, {NEWS: [*read_news(study), line]})


def read_news(study: optuna.Study) -> list[str]:
    """Return the lines so far."""
    news: list[str] = study_attributes(study).get(NEWS, [])
    return news
