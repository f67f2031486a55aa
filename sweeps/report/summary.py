"""A study's result in brief: for the terminal, and as the note that the dashboard shows."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna_dashboard import save_note
from rich.console import Console
from rich.table import Table

from sweeps.report.robust import Picks, neighbourhood_means, on_edge, pick
from sweeps.report.settings import Grid, Setting, grid_of, labels, settings_of
from sweeps.study.storage import shown

# How many of the best settings a table lists.
LISTED = 5


@dataclass(frozen=True)
class Summary:
    """A titled table with sentences below it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    sentences: list[str]


def show(studies: Sequence[optuna.Study], url: str) -> None:
    """Print each study's result and how to open the dashboard."""
    console = Console()
    for study in studies:
        summary = summarize(study)
        table = Table(*summary.columns, title=summary.title, title_justify="left", title_style="bold")
        for row in summary.rows:
            table.add_row(*row)
        console.print(table)
        for sentence in summary.sentences:
            console.print(sentence, highlight=False)
        console.print()
    console.print("Open the dashboard:", highlight=False)
    console.print(f"  uv run optuna-dashboard {shown(url)}", soft_wrap=True, highlight=False)


def publish(study: optuna.Study) -> None:
    """Save the study's result as its note in the dashboard."""
    summary = summarize(study)
    table = [summary.columns, ["---"] * len(summary.columns), *summary.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    text = "\n".join([f"## {summary.title}", "", *lines, "", *(f"- {s}" for s in summary.sentences)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        save_note(study, text)


def summarize(study: optuna.Study) -> Summary:
    """The best settings by mean over replicates, the peak and the robust pick."""
    settings = settings_of(study)
    sign = 1 if study.direction == StudyDirection.MAXIMIZE else -1
    grid = grid_of(study, settings) if settings else None
    if grid is None or grid.scores.size < 2:
        ranked = sorted(settings, key=lambda setting: -sign * setting.mean)[:LISTED]
        return _summary(study, ranked, {}, [])
    picks = pick(sign * grid.scores, grid.diverged, grid.ordered, grid.lr_axis)
    means = neighbourhood_means(grid.scores, grid.ordered)
    ranked = sorted(settings, key=lambda setting: -sign * setting.mean)
    robust = grid.settings[picks.robust]
    listed = ranked[:LISTED] if robust in ranked[:LISTED] else [*ranked[: LISTED - 1], robust]
    extra = {
        grid.settings[place].number: [f"{means[place]:.2f}", _marks(grid, picks, place)]
        for place in grid.settings
    }
    return _summary(study, listed, extra, _pick_sentences(grid, picks, means))


def _summary(
    study: optuna.Study, settings: Sequence[Setting], extra: Mapping[int, list[str]], sentences: list[str]
) -> Summary:
    names = list(study.user_attrs.get("search_space", {}))
    columns = ["trial", *(_short(name, names) for name in names), "mean", "sd", "min", "max", "diverged"]
    rows = [[*_row(setting, names), *extra.get(setting.number, [])] for setting in settings]
    measured = ", ".join(study.metric_names or ["objective"])
    title = f"{study.study_name}: {measured}, mean over {len(labels(study))} replicates"
    return Summary(
        title, columns + (["R", ""] if extra else []), rows, [_counts(study), *sentences, _space(study)]
    )


def _row(setting: Setting, names: Sequence[str]) -> list[str]:
    return [
        str(setting.number),
        *(_value(setting.params.get(name)) for name in names),
        f"{setting.mean:.2f}",
        "" if math.isnan(setting.deviation) else f"{setting.deviation:.2f}",
        f"{min(setting.values):.2f}",
        f"{max(setting.values):.2f}",
        f"{setting.diverged}/{len(setting.values)}",
    ]


def _marks(grid: Grid, picks: Picks, place: tuple[int, ...]) -> str:
    edge = grid.lr_axis is not None and on_edge(grid.scores.shape, grid.lr_axis)[place]
    marks = {"peak": place == picks.peak, "robust": place == picks.robust, "lr on the edge": edge}
    return ", ".join(name for name, holds in marks.items() if holds)


def _pick_sentences(grid: Grid, picks: Picks, means: Any) -> list[str]:
    peak, robust = grid.settings[picks.peak], grid.settings[picks.robust]
    sentences = [
        f"Peak: {_named(peak, grid)} with {peak.mean:.2f}; it and its grid neighbours: {means[picks.peak]:.2f}.",
        f"Robust: {_named(robust, grid)} with {robust.mean:.2f}; "
        f"it and its grid neighbours: {means[picks.robust]:.2f} (R).",
    ]
    if picks.peak != picks.robust:
        sentences.append(f"The robust pick costs {picks.price:.2f} at its point and gains {picks.gain:.2f} in R.")
    if picks.compromised:
        sentences.append(
            "Every setting has a diverged neighbour or a learning rate on the edge: none was ruled out."
        )
    edge = [name for name, place in (("peak", picks.peak), ("robust", picks.robust)) if _on_lr_edge(grid, place)]
    if edge:
        sentences.append(
            f"Learning rate on the edge of its range ({' and '.join(edge)}): the range may be too narrow."
        )
    return sentences


def _on_lr_edge(grid: Grid, place: tuple[int, ...]) -> bool:
    return grid.lr_axis is not None and bool(on_edge(grid.scores.shape, grid.lr_axis)[place])


def _counts(study: optuna.Study) -> str:
    states = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    diverged = sum(setting.diverged for setting in settings_of(study))
    runs = sum(len(setting.values) for setting in settings_of(study))
    return f"Trials: {counted or 'none'}. Diverged runs: {diverged} of {runs}."


def _space(study: optuna.Study) -> str:
    space = study.user_attrs.get("search_space", {})
    return "Searched: " + "; ".join(f"{name}={values}" for name, values in space.items()) + "."


def _named(setting: Setting, grid: Grid) -> str:
    return " ".join(f"{_short(name, grid.names)}={_value(setting.params[name])}" for name in grid.names)


def _short(name: str, names: Sequence[str]) -> str:
    """The name without the prefix that all share."""
    prefix = name.split(".", 1)[0] + "."
    return name.removeprefix(prefix) if all(other.startswith(prefix) for other in names) else name


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
