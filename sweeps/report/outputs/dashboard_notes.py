"""Publish the report in the storage, for optuna-dashboard: a note and figures a study, and an overview."""

from collections.abc import Sequence
from dataclasses import replace

import optuna
from optuna.storages import BaseStorage

from sweeps.report.figures.curves import describe_picks
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.measure.from_storage import load_study
from sweeps.report.outputs.dashboard_attributes import retire_figures, save_figure, save_note
from sweeps.report.outputs.dashboard_overview import save_overview
from sweeps.report.outputs.document import Document, Part
from sweeps.report.outputs.markdown import answer_markdown, table_lines
from sweeps.report.outputs.tables import confirmed_tables
from sweeps.report.sentences.answer import compose_answer
from sweeps.report.sentences.guide import PICKED_TRIAL
from sweeps.study.optuna_internals import set_study_attribute, study_attributes

# The most lines of a note, blank ones aside: the answer comes first, and the rest is in the report.
MOST_LINES = 10
# The system attribute of a study that lists the trials with notes of ours.
NOTED_TRIALS = "sweeps:noted"


def publish(storage: BaseStorage, studies: Sequence[Findings], document: Document) -> None:
    """Save all that the dashboard shows."""
    comparison, *parts = document.parts
    for findings, part in zip(studies, parts, strict=True):
        study = load_study(storage, findings.measurement.study)
        if len(studies) == 1:
            part = replace(part, plots=[*comparison.plots, *part.plots])
        save_note(study, answer_note([findings]))
        _save_figures(study, part)
        _save_trial_notes(study, findings)
        if name := findings.measurement.confirmation.study:
            save_note(load_study(storage, name), _confirmation_note(findings, name))
    if len(studies) > 1:
        overview = save_overview(storage, studies)
        save_note(overview, answer_note(studies))
        _save_figures(overview, comparison)


def _save_figures(study: optuna.Study, part: Part) -> None:
    figures = {plot.name: plot.figure for plot in part.plots if plot.figure is not None}
    retire_figures(study, figures)
    for name, figure in figures.items():
        save_figure(study, name, figure)


def _save_trial_notes(study: optuna.Study, findings: Findings) -> None:
    """Say of each picked trial what it was picked as; empty the notes of those that no longer are."""
    notes = {}
    for picks in group_picks(findings):
        if picks[0].tuned:
            notes[picks[0].tuned.trial] = f"**{describe_picks(findings, picks)}**\n\n{PICKED_TRIAL}"
    earlier = study_attributes(study).get(NOTED_TRIALS, [])
    for trial in set(earlier) - set(notes):
        save_note(study, "", trial)
    for trial, note in notes.items():
        save_note(study, note, trial)
    set_study_attribute(study, NOTED_TRIALS, list(notes))


def answer_note(studies: Sequence[Findings]) -> str:
    """Return the answer of one study or all, and where the report is."""
    lines = answer_markdown(compose_answer(studies, compare_studies(studies)))
    folder = studies[0].measurement.folder
    end = [f"- All of it: `{folder}/report.html`"] if folder else []
    while len(list(filter(None, [*lines, *end]))) > MOST_LINES and lines[-1].startswith("- "):
        lines.pop()
    return "\n".join([*lines, *end])


def _confirmation_note(findings: Findings, name: str) -> str:
    intro = f"The picks of {findings.measurement.study}, trained again on seeds that chose nothing."
    lines = [f"## {name}", "", intro, ""]
    for table in confirmed_tables([findings]):
        lines += table_lines(table)
    return "\n".join(lines)
