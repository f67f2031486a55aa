"""The report in the storage, for optuna-dashboard: a note, figures and pictures a study, and an overview."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.storages import BaseStorage

from sweeps.report.figures.training_plots import picked_settings, title_of, trained
from sweeps.report.findings.study import Findings
from sweeps.report.measure.from_storage import OVERVIEW
from sweeps.report.outputs.dashboard_attributes import retire_figures, save_figure, save_note
from sweeps.report.outputs.document import Document, Part
from sweeps.report.outputs.images import keep, learning_curves
from sweeps.report.outputs.markdown import bullets, figure_lines, part_lines, table_lines
from sweeps.report.outputs.tables import confirmed_table
from sweeps.report.sentences.guide import BRIEF, OWN_FIGURES
from sweeps.report.sentences.headline import headline

# The name of the study that compares the others, below the sweep's.
OVERVIEW_NAME = "overview"
# The system attribute of a study that names the trials with notes of ours.
NOTED = "sweeps:noted"


def publish(storage: BaseStorage, studies: Sequence[Findings], document: Document, artifacts: Path) -> None:
    """Save all that the dashboard shows. artifacts: the folder of its files."""
    together, *parts = document.parts
    for found, part in zip(studies, parts, strict=True):
        study = _load(storage, found.measurement.study)
        part = part if len(studies) > 1 else replace(part, plots=[*together.plots, *part.plots])
        _save(study, _note(found, part, _pictures(study, found, artifacts)), part)
        if name := found.measurement.confirmation.study:
            save_note(_load(storage, name), _confirmation_note(found, name))
    if len(studies) > 1:
        overview = _overview(storage, studies)
        _save(overview, _overview_note(document), together)


def _save(study: optuna.Study, note: str, part: Part) -> None:
    save_note(study, note)
    _save_figures(study, part)


def _save_figures(study: optuna.Study, part: Part) -> None:
    drawn = {plot.name: plot.figure for plot in part.plots if plot.figure is not None}
    retire_figures(study, drawn)
    for name, figure in drawn.items():
        save_figure(study, name, figure)


def _pictures(study: optuna.Study, found: Findings, artifacts: Path) -> list[str]:
    """Pictures of the picks' training as Markdown; each picked trial's note has its own."""
    pictures: dict[int, str] = {}
    for roles, setting in picked_settings(found).items():
        title, runs = title_of(found.measurement, roles, setting), trained(found.measurement, setting)
        if runs:
            name = f"trial-{setting.number}-learning-curves.png"
            shown = f"![{title}]({keep(study, name, learning_curves(title, runs), artifacts)})"
            save_note(study, f"**{title}**\n\n{shown}", setting.number)
            pictures[setting.number] = shown
    _forget(study, [*pictures])
    return list(pictures.values())


def _forget(study: optuna.Study, noted: list[int]) -> None:
    """Take away the notes of trials that were picked before and aren't any more."""
    before = study._storage.get_study_system_attrs(study._study_id).get(NOTED, [])
    for trial in set(before) - set(noted):
        save_note(study, "", trial)
    study._storage.set_study_system_attr(study._study_id, NOTED, noted)


def _note(found: Findings, part: Part, pictures: Sequence[str]) -> str:
    folder = found.measurement.folder
    where = [f"[report.html](file://{folder}/report.html) and all runs: `{folder}`."]
    lines = [
        f"## {part.title}",
        "",
        *bullets(headline(found)),
        "",
        *(line for table in part.tables for line in [*table_lines(table), ""]),
        *bullets(part.sentences),
        "",
        BRIEF,
        "",
        OWN_FIGURES,
        "",
        *(where if folder else []),
        "",
        *[line for picture in pictures for line in (picture, "")],
        *figure_lines(part),
    ]
    return "\n".join(lines)


def _confirmation_note(found: Findings, name: str) -> str:
    told = f"The picks of {found.measurement.study} again, on seeds that nothing was chosen by."
    confirmed = confirmed_table([found])
    return "\n".join([f"## {name}", "", told, "", *(table_lines(confirmed) if confirmed else [])])


def _overview(storage: BaseStorage, studies: Sequence[Findings]) -> optuna.Study:
    """A study without trials, whose note and figures compare the others."""
    sweep = studies[0].measurement.study.split("/")[0]
    first = _load(storage, studies[0].measurement.study)
    overview = optuna.create_study(
        study_name=f"{sweep}/{OVERVIEW_NAME}",
        storage=storage,
        directions=first.directions,
        sampler=optuna.samplers.RandomSampler(),
        load_if_exists=True,
    )
    overview.set_user_attr(OVERVIEW, [found.measurement.study for found in studies])
    return overview


def _overview_note(document: Document) -> str:
    lead = [line for part in document.lead for line in part_lines(part)]
    together = document.parts[0]
    return "\n".join(
        [f"# {document.title}", "", *lead, *part_lines(together), BRIEF, "", *figure_lines(together)]
    )


def _load(storage: BaseStorage, name: str) -> optuna.Study:
    # A sampler of one's own keeps Optuna from making the default one, which takes a while to import.
    return optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())
