"""What all reports' sentences have in common, of sweeps of each kind."""

import re
from functools import cache

import pytest

from sweeps.report.figures import all as figures
from sweeps.report.outputs.document import compose_document
from sweeps.report.outputs.markdown import render_markdown
from sweeps.report.sentences import guide
from tests.support.answers import load
from tests.support.sweeps import SWEEPS

MOST_WORDS = 25
UNKNOWN = {
    "at an end",
    "widening out of rows",
    "not confirmed",
    "confirm off",
    "one seed",
    "one learned nothing",
    "many",
}
UNRANKED = UNKNOWN | {"equal", "widened"}
RANKED = {"different", "minimised", "fractions", "contradicted", "many"}


@cache
def texts(sweep: str) -> list[str]:
    """Return all that a report says in words, tables aside."""
    document = compose_document(*load(sweep))
    captions = [plot.text for part in document.parts for plot in part.plots]
    lines = render_markdown(document).splitlines()
    return [*(line for line in lines if not line.startswith("|")), *captions]


def long_sentences(text: str) -> list[str]:
    """Return the sentences of a text that have more than MOST_WORDS words."""
    sentences = re.split(r"(?<=[.?!;])\s+", text)
    return [sentence for sentence in sentences if len(sentence.split()) > MOST_WORDS]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_no_sentence_of_a_report_is_long_and_no_figure_is_missing_from_it(sweep: str) -> None:
    said = texts(sweep)
    assert [long for text in said for long in long_sentences(text)] == []
    assert [text for text in said if re.search(r"\bnan\b|\binf\b|  +\S|\( *\)| [.,;:]", text)] == []


def test_no_sentence_of_the_guide_and_of_the_notes_is_long() -> None:
    explained = [figure.HOW_TO_READ for figure in figures.ALL_FIGURES]
    every = [*(meaning for _, meaning in guide.GUIDE), *explained]
    assert [long for text in every for long in long_sentences(text)] == []


@pytest.mark.parametrize("sweep", sorted(UNRANKED | RANKED))
def test_where_the_ranking_is_unknown_no_optimizer_is_called_better(sweep: str) -> None:
    text = "\n".join(texts(sweep))
    better = re.search(r"(sgd|adam) is \S+ (points )?(better|higher|lower)|better than (sgd|adam)", text)
    assert (better is not None) == (sweep in RANKED)
    assert (" or adam: unknown, " in text or "adam or sgd: unknown, " in text) == (sweep in UNKNOWN)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_an_interval_has_a_width_and_holds_possible_scores_and_its_value(sweep: str) -> None:
    for text in texts(sweep):
        for value, low, high in re.findall(r"(-?[\d.]+)(?: \w+)* \[(-?[\d.]+), (-?[\d.]+)\]", text):
            assert float(low) < float(high), text
            assert float(low) <= float(value) <= float(high), text
            assert len({len(number.partition(".")[2]) for number in (value, low, high)}) == 1, text
        assert not re.search(r"accuracy.*\[.*1\d\d\.\d", text), text
