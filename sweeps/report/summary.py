"""A study's result in brief: a table of its best settings and sentences about the picks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection

from sweeps.report.robust import Floats, Index, Picks, neighbourhood_means, on_edge, pick
from sweeps.report.settings import Grid, Setting, grid_of, labels, settings_of

# How many of the best settings a table lists.
LISTED = 5


@dataclass(frozen=True)
class Summary:
    """A titled table with sentences below it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    sentences: list[str]


def summarize(study: optuna.Study) -> Summary:
    """The best settings by mean over replicates, and on a grid the peak and the robust pick."""
    sign = 1 if study.directions[0] == StudyDirection.MAXIMIZE else -1
    settings = sorted(settings_of(study), key=lambda setting: -sign * setting.mean)
    grid = grid_of(study, settings)
    marks, sentences = _picks(grid, sign) if grid else ({}, [])
    listed = [
        *settings[:LISTED],
        *(s for s in settings[LISTED:] if "robust" in marks.get(s.number, [""])[-1]),
    ]
    names = list(study.user_attrs.get("search_space", {}))
    columns = ["trial", *(_short(name) for name in names), "mean", "sd", "worst", "div."]
    columns += ["R", ""] if marks else []
    rows = [[*_row(setting, names, sign), *marks.get(setting.number, [])] for setting in listed]
    repeated = f", mean over {len(labels(study))} replicates" if len(labels(study)) > 1 else ""
    title = f"{study.study_name}: {', '.join(study.metric_names or ['objective'])}{repeated}"
    return Summary(
        title, columns, rows, [*sentences, *_front(study), _counts(study, settings), _space(study)]
    )


def _picks(grid: Grid, sign: int) -> tuple[dict[int, list[str]], list[str]]:
    """R and the marks of each setting by trial number, and what there is to say of the picks."""
    picks = pick(sign * grid.scores, grid.diverged, grid.ordered, grid.lr_axis)
    means = neighbourhood_means(grid.scores, grid.ordered)
    marks = {
        setting.number: [f"{means[place]:.2f}", _mark(grid, picks, place)]
        for place, setting in grid.settings.items()
    }
    return marks, _pick_sentences(grid, picks, means)


def _mark(grid: Grid, picks: Picks, place: Index) -> str:
    names = {"peak": place == picks.peak, "robust": place == picks.robust, "edge": _at_edge(grid, place)}
    return " ".join(name for name, holds in names.items() if holds)


def _pick_sentences(grid: Grid, picks: Picks, means: Floats) -> list[str]:
    sentences = [
        _pick_sentence("Peak, the best mean", grid, picks.peak, means),
        _pick_sentence("Robust, the best neighbourhood", grid, picks.robust, means),
    ]
    if picks.peak != picks.robust:
        compared = f"{abs(picks.gain):.2f} {'better' if picks.gain >= 0 else 'worse'}"
        sentences.append(
            f"The robust pick gives up {picks.price:.2f} of the peak's mean; its neighbourhood is {compared}."
        )
    if picks.compromised:
        sentences.append(
            "Every setting has a diverged neighbour or an lr on the edge, so none was ruled out."
        )
    elif _at_edge(grid, picks.peak):
        sentences.append(
            "The peak's lr is on the edge of its range, which may be too narrow. "
            "A robust pick needs an lr of the range on either side."
        )
    if missing := int(np.isnan(grid.scores).sum()):
        sentences.append(
            f"{missing} of the grid's {grid.scores.size} settings are not measured (pruned, failed or not "
            "begun); none beside them can be the robust pick."
        )
    return sentences


def _pick_sentence(title: str, grid: Grid, place: Index, means: Floats) -> str:
    setting = grid.settings[place]
    params = " ".join(f"{_short(name)}={_value(setting.params[name])}" for name in grid.names)
    edge = " [lr on the edge]" if _at_edge(grid, place) else ""
    return f"{title}: {params}{edge}, {setting.mean:.2f}; with its grid neighbours R = {means[place]:.2f}."


def _at_edge(grid: Grid, place: Index) -> bool:
    return grid.lr_axis is not None and bool(on_edge(grid.scores.shape, grid.lr_axis)[place])


def _row(setting: Setting, names: Sequence[str], sign: int) -> list[str]:
    return [
        str(setting.number),
        *(_value(setting.params.get(name)) for name in names),
        f"{setting.mean:.2f}",
        "" if math.isnan(setting.deviation) else f"{setting.deviation:.2f}",
        f"{sign * min(sign * value for value in setting.values):.2f}",
        f"{setting.diverged}/{len(setting.values)}",
    ]


def _front(study: optuna.Study) -> list[str]:
    """The Pareto front's trials, where there are several objectives."""
    if len(study.directions) == 1:
        return []
    best = ", ".join(str(trial.number) for trial in study.best_trials)
    return [
        f"Ranked by the first of {len(study.directions)} objectives. Pareto-optimal trials: {best or 'none'}."
    ]


def _counts(study: optuna.Study, settings: Sequence[Setting]) -> str:
    states = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    diverged = sum(setting.diverged for setting in settings)
    runs = sum(len(setting.values) for setting in settings)
    return f"Trials: {counted or 'none'}; {diverged} of {runs} finished runs diverged."


def _space(study: optuna.Study) -> str:
    space: Mapping[str, str] = study.user_attrs.get("search_space", {})
    return f"Searched: {', '.join(f'{name}={values}' for name, values in space.items()) or 'nothing'}."


def _short(name: str) -> str:
    """A parameter's name without its config group: lr for optimizer.lr, 1-alpha for 1 - optimizer.alpha."""
    complement, _, key = name.rpartition(" - ")
    return f"{complement}-{key.split('.', 1)[-1]}" if complement else key.split(".", 1)[-1]


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
