"""Render the report as Markdown: for a terminal, a repository, the dashboard's notes."""

from collections.abc import Sequence
from itertools import zip_longest

from sweeps.report.conclusion import Answer
from sweeps.report.outputs.document import Document
from sweeps.report.outputs.tables import Table
from sweeps.report.sentences.guide import GUIDE


def render_markdown(document: Document) -> str:
    """Return the whole report; its figures are in the HTML beside it."""
    lines = [f"# {document.title}", "", *answer_markdown(document.answer), ""]
    if document.command:
        lines += ["Train one:", "", f"    {document.command}", ""]
    lines += ["The figures are in report.html.", "", "## How sure is this?", ""]
    for part in [*document.parts, document.limits]:
        if part.sentences:
            lines += [f"### {part.title}", "", *bullets(part.sentences), ""]
    lines += ["## Tables", ""]
    for part in document.parts:
        for table in part.tables:
            lines += [*table_lines(table), ""]
    lines += ["## How to read this", "", *(f"- **{term}**: {meaning}" for term, meaning in GUIDE)]
    return "\n".join(lines) + "\n"


def answer_markdown(answer: Answer) -> list[str]:
    """Return the answer: the advice, a table of what is recommended, the remarks and verdicts."""
    rows = [[row.option, row.setting, row.score, row.tolerance] for row in answer.rows]
    table = Table(answer.note, ["", "setting", "score", ""], rows)
    # The first remark of each row, then the second ones: a note has room for some of them.
    remarks = []
    for remarks_in_turn in zip_longest(*(row.remarks for row in answer.rows)):
        for row, remark in zip(answer.rows, remarks_in_turn, strict=True):
            if remark:
                remarks.append(f"{row.option}: {remark}")
    doubts = [fact for fact in answer.facts if fact not in answer.verdicts]
    sentences = [*answer.verdicts, *remarks, *doubts, answer.title, *filter(None, [answer.scope])]
    return [f"**{escape(answer.advice)}**", "", *table_lines(table), "", *bullets(sentences)]


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
