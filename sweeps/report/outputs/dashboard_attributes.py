"""Save notes and figures in a study's system attributes, where optuna-dashboard looks for them.

Its own save_note and save_plotly_graph_object write the same, but take seconds to import, with all of
scikit-learn, at the end of every sweep.
"""

from collections.abc import Mapping
from typing import Any

import optuna
import plotly.graph_objects as go

from sweeps.report.figures.style import frame
from sweeps.report.outputs.sources import NOTE_KEY
from sweeps.study.optuna_internals import set_study_attributes, study_attributes

# The most characters that an attribute holds.
ATTRIBUTE_LENGTH = 2045
# Pixels that the dashboard gives a figure.
FRAME_HEIGHT = 450
# The size of a title's letters, of which so small a frame holds some 60.
TITLE_SIZE = 13
# Where a legend below the axis starts in so small a frame, as a share of the plot's height.
LEGEND_Y = -0.36
FIGURE_KEY = "dashboard:plot_data:"
VERSION_KEY = "dashboard:note_ver"


def save_note(study: optuna.Study, body: str) -> None:
    """Put a note on a study, in place of an earlier one."""
    attributes = study_attributes(study)
    if changes := _change_text(attributes, NOTE_KEY, body):
        version = int(attributes.get(VERSION_KEY, 0)) + 1
        set_study_attributes(study, {**changes, VERSION_KEY: version})


def save_figures(study: optuna.Study, figures: Mapping[str, go.Figure]) -> None:
    """Put figures on a study by name, as high as the dashboard's frames; all others are emptied.

    Optuna can't delete an attribute.
    """
    attributes = study_attributes(study)
    keys = [key.removeprefix(FIGURE_KEY) for key in attributes if key.startswith(FIGURE_KEY)]
    names = sorted({key.rpartition(":")[0] for key in keys} - figures.keys())
    blanks = dict.fromkeys(names, frame("No longer drawn", {}, {}))
    layout = {"height": FRAME_HEIGHT, "title_font_size": TITLE_SIZE, "legend_y": LEGEND_Y}
    changes: dict[str, str] = {}
    for name, figure in {**figures, **blanks}.items():
        text = str(go.Figure(figure).update_layout(layout).to_json())
        changes |= _change_text(attributes, f"{FIGURE_KEY}{name}:", text)
    if changes:
        set_study_attributes(study, changes)


def _change_text(attributes: Mapping[str, Any], key: str, text: str) -> dict[str, str]:
    """Return the pieces of a text that differ from those stored; empty ones for what a longer one left."""
    pieces = [text[start : start + ATTRIBUTE_LENGTH] for start in range(0, len(text), ATTRIBUTE_LENGTH)]
    count = sum(name.startswith(key) for name in attributes)
    pieces += [""] * (count - len(pieces))
    by_key = {f"{key}{number}": piece for number, piece in enumerate(pieces)}
    return {name: piece for name, piece in by_key.items() if attributes.get(name) != piece}
