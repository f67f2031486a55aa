"""What the reports of many studies say, and how."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage

from sweeps.report.figures import all as figures
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.measure.metric import Metric
from sweeps.report.outputs.document import Document, compose_document
from sweeps.report.outputs.markdown import render_markdown
from sweeps.report.outputs.terminal import print_findings
from sweeps.report.sentences import guide
from sweeps.report.statistics.compare import judge
from sweeps.report.statistics.intervals import Estimate
from tests.support.studies import (
    FRESH,
    PICKS,
    adaptive_study,
    confirm,
    grid_study,
    hill,
    two_confirmed,
)

MOST_WORDS = 25
CLIFF = {"optimizer.lr": 0.1, "optimizer.momentum": 0.0}


def climb(params: Mapping[str, Any], seed: int) -> float:
    """Return a score that is best at the largest learning rate."""
    return hill(params, seed) + 3 * float(params["optimizer.lr"] == 0.1)


def at_the_end(storage: BaseStorage) -> None:
    """Two optimizers that do best at the largest learning rate, one of which diverges there at times."""
    for option, diverging in (("sgd", FRESH[:2]), ("adam", [])):
        study = grid_study(storage, option, climb)

        def test(params: Mapping[str, Any], seed: int, diverging: list[int] = diverging) -> float:
            return 10 if params == CLIFF and seed in diverging else climb(params, seed)

        confirm(study, [*PICKS, CLIFF], climb, test)


def under_conditions(storage: BaseStorage) -> None:
    grid_study(storage, "sgd", replicates={"seed": [0, 1, 2], "model.norm": ["batch", "none"]})


SWEEPS: dict[str, Callable[[BaseStorage], object]] = {
    "different": lambda storage: two_confirmed(storage, gap=1.0),
    "equal": lambda storage: two_confirmed(storage, gap=0.0),
    "at an end": at_the_end,
    "adaptive": lambda storage: adaptive_study(storage, "sgd"),
    "conditions": under_conditions,
    "one seed": lambda storage: grid_study(storage, "sgd", replicates={"seed": [0]}),
    "unfinished": lambda storage: grid_study(storage, "sgd", settings=4),
    "not begun": lambda storage: grid_study(storage, "sgd", settings=0),
}


def compose(sweep: str) -> Document:
    """Return the report of a sample sweep."""
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    studies = load_findings(storage, None)
    return compose_document(studies, compare_studies(studies))


def texts(document: Document) -> list[str]:
    """Return all that a report says in words, tables aside."""
    captions = [plot.text for part in document.parts for plot in part.plots]
    lines = render_markdown(document).splitlines()
    return [*(line for line in lines if not line.startswith("|")), *captions]


def long_sentences(text: str) -> list[str]:
    """Return the sentences of a text that have more than MOST_WORDS words."""
    sentences = re.split(r"(?<=[.?!])\s+", text)
    return [sentence for sentence in sentences if len(sentence.split()) > MOST_WORDS]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_no_sentence_of_a_report_is_long(sweep: str) -> None:
    assert [long for text in texts(compose(sweep)) for long in long_sentences(text)] == []


def test_no_sentence_of_the_guide_and_of_the_notes_is_long() -> None:
    notes = [guide.BRIEF, guide.OWN_FIGURES, guide.PICKED_TRIAL]
    explained = [figure.HOW_TO_READ for figure in figures.ALL_FIGURES]
    every = [*(meaning for _, meaning in guide.GUIDE), *notes, *explained]
    assert [long for text in every for long in long_sentences(text)] == []


@pytest.mark.parametrize("sweep", SWEEPS)
def test_where_the_ranking_is_unknown_no_optimizer_is_called_better(sweep: str) -> None:
    text = "\n".join(texts(compose(sweep)))
    better = re.search(r"(sgd|adam) is better than", text)
    assert ("No ranking: sgd and adam did best at the highest" in text) == (sweep == "at an end")
    assert (better is not None) == (sweep == "different")


def test_a_peak_at_the_end_of_the_range_is_what_to_take_and_compared_with_the_robust_pick() -> None:
    _, peak, *_ = compose("at an end").lead[0].sentences
    assert re.search(
        r"adam: the peak pick, lr=0.1 momentum=0, .* It is [12]\.\d+ points better \[[12]\.\d+, \d\.\d+\] "
        r"than the robust pick, lr=0.01 momentum=0\.",
        peak,
    )


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.19, -0.01, Metric("accuracy", "%").margin, "equivalent"),
        (0.01, 0.21, Metric("accuracy", "%").margin, "better"),
        (-0.01, 0.21, Metric("accuracy", "%").margin, "no difference"),
        (-0.19, -0.01, Metric("loss").margin, "better"),
    ],
)
def test_one_rule_judges_a_difference(low: float, high: float, margin: float, verdict: str) -> None:
    assert judge(Estimate((low + high) / 2, low, high), not low <= 0 <= high, margin) == verdict


def test_the_terminal_prints_every_setting_the_picks_and_where_the_report_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    storage = optuna.storages.InMemoryStorage()
    two_confirmed(storage, gap=1.0)
    print_findings(load_findings(storage, None), tmp_path / "report.html", "sqlite:///outputs/sweeps.db")
    printed = " ".join(capsys.readouterr().out.split())
    assert "Robust pick: lr=0.01 momentum=0, test accuracy" in printed
    assert "adam is better than sgd by 1." in printed
    assert "python -m sweeps.dashboard --storage sqlite:///outputs/sweeps.db" in printed
