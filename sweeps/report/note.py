"""A study's result as the note that the dashboard shows."""

import warnings

import optuna

from sweeps.report.summary import summarize


def publish(study: optuna.Study) -> None:
    """Save the summary as the study's note."""
    from optuna_dashboard import save_note  # seconds to import, and needed at the end only

    summary = summarize(study)
    table = [summary.columns, ["---"] * len(summary.columns), *summary.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    text = "\n".join([f"## {summary.title}", "", *lines, "", *(f"- {line}" for line in summary.sentences)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        save_note(study, text + "\n\n" + HOW_TO_READ)


HOW_TO_READ = """\
*mean, sd, worst*: over the replicates. *div.*: runs that diverged; they score chance. *R*: mean of a \
setting and its neighbours one step away on the grid. *edge*: lr is the first or last of its range. These \
are figures of the tuning seeds: the best of many noisy means looks too good."""
