"""Notes and figures in a study's system attributes, where optuna-dashboard looks for them.

Its own save_note and save_plotly_graph_object write the same, but take seconds to import, with all of
scikit-learn, at the end of every sweep.
"""

from collections.abc import Collection

import optuna
import plotly.graph_objects as go

# Characters that an attribute holds at most.
LENGTH = 2045
# Pixels that the dashboard gives a figure.
HEIGHT = 450
# Where a legend below the axis starts in so small a frame, as a share of the plot's height.
BELOW = -0.36
FIGURE = "dashboard:plot_data:"


def save_note(study: optuna.Study, body: str, trial: int | None = None) -> None:
    """Put a note on a study, or on one of its trials, in place of an earlier one."""
    about = "" if trial is None else f"{study.get_trials(deepcopy=False)[trial]._trial_id}:"
    if _save(study, f"dashboard:{about}note_str:", body):
        version = f"dashboard:{about}note_ver"
        before = study._storage.get_study_system_attrs(study._study_id).get(version, 0)
        study._storage.set_study_system_attr(study._study_id, version, int(before) + 1)


def save_figure(study: optuna.Study, name: str, figure: go.Figure) -> None:
    """Put a figure in place of an earlier one of this name, as high as the dashboard's frames."""
    fitted = go.Figure(figure).update_layout(height=HEIGHT)
    if (fitted.layout.legend.y or 0) < 0:
        fitted.update_layout(legend_y=BELOW)
    _save(study, f"{FIGURE}{name}:", str(fitted.to_json()))


def retire_figures(study: optuna.Study, kept: Collection[str]) -> None:
    """Empty the figures of other names: what Optuna once stored can't be deleted."""
    attributes = study._storage.get_study_system_attrs(study._study_id)
    names = {key.removeprefix(FIGURE).rpartition(":")[0] for key in attributes if key.startswith(FIGURE)}
    for name in names - set(kept):
        save_figure(study, name, go.Figure(layout={"title": {"text": "No longer drawn"}}))


def _save(study: optuna.Study, key: str, text: str) -> bool:
    """Write the parts of a text that changed, and say whether any did; parts of a longer one are emptied."""
    storage, number = study._storage, study._study_id
    before = {k: v for k, v in storage.get_study_system_attrs(number).items() if k.startswith(key)}
    parts = [text[start : start + LENGTH] for start in range(0, len(text), LENGTH)]
    parts += [""] * (len(before) - len(parts))
    changed = {f"{key}{n}": part for n, part in enumerate(parts) if before.get(f"{key}{n}") != part}
    for name, part in changed.items():
        storage.set_study_system_attr(number, name, part)
    return bool(changed)
