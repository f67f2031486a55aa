"""The report as Markdown: for a terminal, a repository, the dashboard's notes."""

from collections.abc import Sequence

from sweeps.report.outputs.document import Document, Part
from sweeps.report.outputs.tables import Table
from sweeps.report.sentences.guide import GUIDE


def markdown(document: Document) -> str:
    """The whole report; its figures are in the HTML beside it."""
    lines = [f"# {document.title}", ""]
    for part in document.lead:
        lines += [f"## {part.title}", "", *bullets(part.sentences), ""]
    for part in document.parts:
        lines += [*part_lines(part), *figure_lines(part)]
    lines += ["## How to read this", "", *(f"- **{term}**: {meaning}" for term, meaning in GUIDE)]
    return "\n".join(lines) + "\n"


def part_lines(part: Part) -> list[str]:
    """A part without its figures."""
    tables = [line for table in part.tables for line in [*table_lines(table), ""]]
    return [f"## {part.title}", "", *bullets(part.sentences), "", *tables]


def figure_lines(part: Part) -> list[str]:
    """Which figures the HTML has of a part, and why it lacks others."""
    drawn = [plot.title for plot in part.plots if plot.figure is not None]
    missing = [f"{plot.title}: {plot.text}" for plot in part.plots if plot.figure is None]
    there = [f"Figures in report.html: {'; '.join(drawn)}."] if drawn else []
    return [*bullets([*there, *missing]), ""]


def table_lines(table: Table) -> list[str]:
    """A table with its title above it."""
    rows = [table.columns, ["---"] * len(table.columns), *table.rows]
    return [f"*{table.title}*", "", *("| " + " | ".join(map(escaped, row)) + " |" for row in rows)]


def bullets(sentences: Sequence[str]) -> list[str]:
    """A list item a sentence."""
    return [f"- {escaped(sentence)}" for sentence in sentences]


def escaped(text: str) -> str:
    """Text without what Markdown or a table would take for its own."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
