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
from sweeps.report.outputs.markdown import answer_markdown, bullets, figure_lines, table_lines
from sweeps.report.outputs.tables import confirmed_tables
from sweeps.report.sentences.answer import compose_answer
from sweeps.report.sentences.guide import BRIEF, OWN_FIGURES, PICKED_TRIAL
from sweeps.study.optuna_internals import set_study_attribute, study_attributes

FIGURE_LOCATION = "on this study's first page"
# The system attribute of a study that lists the trials with notes of ours.
NOTED_TRIALS = "sweeps:noted"


def publish(storage: BaseStorage, studies: Sequence[Findings], document: Document) -> None:
    """Save all that the dashboard shows."""
    comparison, *parts = document.parts
    for findings, part in zip(studies, parts, strict=True):
        study = load_study(storage, findings.measurement.study)
        if len(studies) == 1:
            part = replace(part, plots=[*comparison.plots, *part.plots])
        save_note(study, _study_note(findings, part))
        _save_figures(study, part)
        _save_trial_notes(study, findings)
        if name := findings.measurement.confirmation.study:
            save_note(load_study(storage, name), _confirmation_note(findings, name))
    if len(studies) > 1:
        overview = save_overview(storage, studies)
        save_note(overview, _overview_note(document))
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


def _study_note(findings: Findings, part: Part) -> str:
    answer = compose_answer([findings], compare_studies([findings]))
    lines = [f"## {part.title}", "", *answer_markdown(answer), ""]
    for table in part.tables:
        lines += [*table_lines(table), ""]
    lines += [*bullets(part.sentences), "", BRIEF, "", OWN_FIGURES, ""]
    if folder := findings.measurement.folder:
        lines += [f"The report and all runs: [report.html](file://{folder}/report.html), `{folder}`.", ""]
    return "\n".join([*lines, *figure_lines(part, FIGURE_LOCATION)])


def _confirmation_note(findings: Findings, name: str) -> str:
    intro = f"The picks of {findings.measurement.study}, trained again on seeds that chose nothing."
    lines = [f"## {name}", "", intro, ""]
    for table in confirmed_tables([findings]):
        lines += table_lines(table)
    return "\n".join(lines)


def _overview_note(document: Document) -> str:
    lines = [f"# {document.title}", "", *answer_markdown(document.answer), ""]
    return "\n".join([*lines, BRIEF, "", *figure_lines(document.parts[0], FIGURE_LOCATION)])
