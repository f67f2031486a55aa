"""The last lines of a sweep: how many trials are done, how many failed and why, and what adds to it."""

from collections.abc import Sequence
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

from sweeps.report.sentences.wording import format_count
from sweeps.study.retries import FAILURE, OUTPUT, UNSCORED, last_failures
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.job_folders import locate

# So many failures are told one by one.
MOST_FAILURES = 10


def describe_end(agenda: Agenda) -> dict[str, str]:
    """Return lines by their names: the trials that are done, and those of them that failed."""
    pairs = [*agenda.tuning, *agenda.confirming]
    failures = [line for _, study in pairs for line in list_failures(study, last_failures(study))]
    lines = {"Done": _describe_done(agenda)}
    if failures and not any(agenda.gives_up(*pair) for pair in pairs):  # else the last message tells
        lines["Failed"] = f"{format_count(len(failures), 'trial')}\n{join_failures(failures)}"
    return lines


def describe_giving_up(agenda: Agenda) -> str:
    """Return what failed more often than it may; nothing if nothing did."""
    lines = []
    for plan, study in [*agenda.tuning, *agenda.confirming]:
        if agenda.gives_up(plan, study):
            trials = [trial for trial in last_failures(study) if UNSCORED not in trial.user_attrs]
            lines += list_failures(study, trials)
    if not lines:
        return ""
    rate = f"hydra.sweeper.max_failure_rate={agenda.settings.max_failure_rate}"
    return f"{format_count(len(lines), 'trial')} failed, more than {rate} allows:\n{join_failures(lines)}"


def list_failures(study: optuna.Study, trials: Sequence[FrozenTrial]) -> list[str]:
    """Return a line for each trial that failed: its reason, and the file with its traceback."""
    lines = []
    for trial in trials:
        line = f"{study.study_name}, trial {trial.number}: {trial.user_attrs.get(FAILURE)}"
        if output := trial.user_attrs.get(OUTPUT):
            line += f" ({_locate(study, output)})"
        lines.append(line)
    return lines


def join_failures(lines: Sequence[str]) -> str:
    """Return the first lines, one below the other, and how many more there are."""
    text_lines = [f"  {line}" for line in lines[:MOST_FAILURES]]
    if more := len(lines) - len(text_lines):
        text_lines.append(f"  and {more} more")
    return "\n".join(text_lines)


def _locate(study: optuna.Study, path: str) -> Path:
    """Return a job's file, from where the command was started if it lies below."""
    file = locate(study.user_attrs.get("folders", []) or [""], path)
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _describe_done(agenda: Agenda) -> str:
    count = sum(agenda.count_settings_done(study) for _, study in agenda.tuning)
    total = sum(max(plan.n_trials, agenda.count_settings(study)) for plan, study in agenda.tuning)
    text = f"{count} of {format_count(total, 'trial')}"
    if count < total:  # the time is up, say
        return f"{text}; the same command goes on" if agenda.settings.storage else text
    limit = agenda.settings.n_trials
    if limit is not None and not agenda.tuning[0][0].grid:
        each = " to each study" if len(agenda.tuning) > 1 else ""
        text += f"; hydra.sweeper.n_trials={2 * limit} adds {limit}{each}"
    return f"{text}; another hydra.sweeper.study_name starts anew"
