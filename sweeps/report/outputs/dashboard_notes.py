"""Publish the report in the storage, for optuna-dashboard: a note and figures a study, and an overview."""

from collections.abc import Sequence

import optuna
from optuna.storages import BaseStorage

from sweeps.report.figures.all import Plot
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.measure.from_storage import load_study
from sweeps.report.outputs.dashboard_attributes import save_figures, save_note
from sweeps.report.outputs.dashboard_overview import save_overview
from sweeps.report.outputs.document import Document
from sweeps.report.outputs.markdown import answer_markdown
from sweeps.report.sentences.answer import compose_answer

# The most lines of a note, blank ones aside: the answer comes first, and the rest is in the report.
MOST_LINES = 10


def publish(storage: BaseStorage, studies: Sequence[Findings], document: Document) -> None:
    """Save all that the dashboard shows."""
    joint_part, *parts = document.parts
    for findings, part in zip(studies, parts, strict=True):
        plots = part.plots if len(studies) > 1 else [*joint_part.plots, *part.plots]
        _save(load_study(storage, findings.measurement.study), [findings], plots)
        if name := findings.measurement.confirmation.study:
            save_note(load_study(storage, name), answer_note([findings]))
    if len(studies) > 1:
        _save(save_overview(storage, studies), studies, joint_part.plots)


def _save(study: optuna.Study, studies: Sequence[Findings], plots: Sequence[Plot]) -> None:
    """Save the answer of one study or all as a study's note, and the figures that could be drawn."""
    save_note(study, answer_note(studies))
    save_figures(study, {plot.name: plot.figure for plot in plots if plot.figure is not None})


def answer_note(studies: Sequence[Findings]) -> str:
    """Return the answer of one study or all, and where the report is."""
    lines = answer_markdown(compose_answer(studies, compare_studies(studies)))
    folder = studies[0].measurement.folder
    end = [f"- All of it: `{folder}/report.html`"] if folder else []
    while len(list(filter(None, [*lines, *end]))) > MOST_LINES and lines[-1].startswith("- "):
        lines.pop()
    return "\n".join([*lines, *end])
