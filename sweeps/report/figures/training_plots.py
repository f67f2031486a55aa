"""How the picks trained: curves from the storage, every step's loss where the runs' folders are at hand."""

import json
from pathlib import Path

from sweeps.report.figures.curves import Trained, learning_curves
from sweeps.report.figures.plot import Plot, drawn, missing
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Run, Setting
from sweeps.report.sentences.wording import ROLES, named


def training_plots(found: Findings) -> list[Plot]:
    """The learning curves of each measured pick."""
    plots = []
    for roles, setting in picked_settings(found).items():
        runs, title = trained(found.measurement, setting), title_of(found.measurement, roles, setting)
        if runs:
            plot = drawn("curves", learning_curves(title, runs))
            plots.append(Plot(f"curves-{'-'.join(roles)}", title, plot.figure, plot.text))
    return plots or [missing("curves")]


def picked_settings(found: Findings) -> dict[tuple[str, ...], Setting]:
    """The measured settings that were picked, by their roles."""
    roles: dict[int, list[str]] = {}
    settings: dict[int, Setting] = {}
    for role, pick in found.picks.items():
        place = found.measurement.place_of(pick.params)
        if place is not None:
            setting = found.measurement.places[place]
            roles.setdefault(setting.number, []).append(role)
            settings[setting.number] = setting
    return {tuple(names): settings[number] for number, names in roles.items()}


def trained(measurement: Measurement, setting: Setting) -> list[Trained]:
    """The runs of a setting that left curves."""
    return [
        Trained(label, run.curves, _losses(measurement.folder, run))
        for label, run in setting.runs.items()
        if run.curves
    ]


def title_of(measurement: Measurement, roles: tuple[str, ...], setting: Setting) -> str:
    """What a pick is called above its curves."""
    return f"{measurement.option}, {' and '.join(ROLES[role] for role in roles)}: {named(setting.params)}"


def _losses(folder: str | None, run: Run) -> list[float]:
    """Every step's loss, from the run's folder if this machine has it."""
    path = Path(folder or "", run.folder or "", "metrics.json")
    if not (folder and run.folder and path.is_file()):
        return []
    losses: list[float] = json.loads(path.read_text()).get("losses", [])
    return losses
