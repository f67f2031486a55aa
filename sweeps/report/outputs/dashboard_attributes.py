"""Save notes and figures in a study's system attributes, where optuna-dashboard looks for them.

Its own save_note and save_plotly_graph_object write the same, but take seconds to import, with all of
scikit-learn, at the end of every sweep.
"""

from collections.abc import Collection

import optuna
import plotly.graph_objects as go

from sweeps.report.figures.style import frame
from sweeps.report.outputs.sources import NOTE_KEY
from sweeps.study.optuna_internals import set_study_attribute, study_attributes

# The most characters that an attribute holds.
ATTRIBUTE_LENGTH = 2045
# Pixels that the dashboard gives a figure.
FRAME_HEIGHT = 450
# The size of a title's letters, of which so small a frame holds some 60.
TITLE_SIZE = 13
# Where a legend below the axis starts in so small a frame, as a share of the plot's height.
LEGEND_Y = -0.36
FIGURE_KEY = "dashboard:plot_data:"


def save_note(study: optuna.Study, body: str) -> None:
    """Put a note on a study, in place of an earlier one."""
    if _save_text(study, NOTE_KEY, body):
        version = study_attributes(study).get("dashboard:note_ver", 0)
        set_study_attribute(study, "dashboard:note_ver", int(version) + 1)


def save_figure(study: optuna.Study, name: str, figure: go.Figure) -> None:
    """Put a figure in place of an earlier one of this name, as high as the dashboard's frames."""
    layout = {"height": FRAME_HEIGHT, "title_font_size": TITLE_SIZE, "legend_y": LEGEND_Y}
    _save_text(study, f"{FIGURE_KEY}{name}:", str(go.Figure(figure).update_layout(layout).to_json()))


def retire_figures(study: optuna.Study, kept_names: Collection[str]) -> None:
    """Empty the figures of all other names: Optuna can't delete an attribute."""
    keys = study_attributes(study)
    names = {key.removeprefix(FIGURE_KEY).rpartition(":")[0] for key in keys if key.startswith(FIGURE_KEY)}
    for name in names - set(kept_names):
        save_figure(study, name, frame("No longer drawn", {}, {}))


def _save_text(study: optuna.Study, key: str, text: str) -> bool:
    """Write the pieces of a text that changed and return whether any did; empty what a longer one left."""
    attributes = study_attributes(study)
    pieces = [text[start : start + ATTRIBUTE_LENGTH] for start in range(0, len(text), ATTRIBUTE_LENGTH)]
    earlier = sum(name.startswith(key) for name in attributes)
    pieces += [""] * (earlier - len(pieces))
    has_changed = False
    for number, piece in enumerate(pieces):
        if attributes.get(f"{key}{number}") != piece:
            set_study_attribute(study, f"{key}{number}", piece)
            has_changed = True
    return has_changed
