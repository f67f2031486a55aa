"""Render the report as Markdown: for a terminal, a repository, the dashboard's notes."""

from collections.abc import Sequence

from sweeps.report.outputs.document import Document, Part
from sweeps.report.outputs.tables import Table
from sweeps.report.sentences.guide import GUIDE


def render_markdown(document: Document) -> str:
    """Return the whole report; its figures are in the HTML beside it."""
    lines = [f"# {document.title}", ""]
    for part in document.lead:
        lines += [f"## {part.title}", "", *bullets(part.sentences), ""]
    for part in document.parts:
        lines += [*part_lines(part), *figure_lines(part, "in report.html")]
    lines += ["## How to read this", "", *(f"- **{term}**: {meaning}" for term, meaning in GUIDE)]
    return "\n".join(lines) + "\n"


def part_lines(part: Part) -> list[str]:
    """Return a part without its figures."""
    lines = [f"## {part.title}", "", *bullets(part.sentences), ""]
    for table in part.tables:
        lines += [*table_lines(table), ""]
    return lines


def figure_lines(part: Part, location: str) -> list[str]:
    """Return the titles of a part's figures, which a location shows, and why others are missing."""
    titles = [plot.title for plot in part.plots if plot.figure is not None]
    sentences = [f"Not drawn: {plot.title}. {plot.text}" for plot in part.plots if plot.figure is None]
    if titles:
        sentences.insert(0, f"Figures {location}: {'. '.join(titles)}.")
    return [*bullets(sentences), ""]


def table_lines(table: Table) -> list[str]:
    """Return a table with its title above it."""
    rows = [table.columns, ["---"] * len(table.columns), *table.rows]
    lines = [f"*{table.title}*", ""]
    for row in rows:
        cells = " | ".join(map(escape, row))
        lines.append(f"| {cells} |")
    return lines


def bullets(sentences: Sequence[str]) -> list[str]:
    """Return a list item for each sentence."""
    return [f"- {escape(sentence)}" for sentence in sentences]


def escape(text: str) -> str:
    """Return text without what Markdown or a table would take for its own."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
