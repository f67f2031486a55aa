"""A study's result as the note that the dashboard shows."""

import optuna

from sweeps.report.summary import Summary, summarize

# The study's system attributes that hold its note, for optuna_dashboard.get_note. Its own save_note takes
# seconds to import, with all of scikit-learn, at the end of every sweep.
VERSION, PART = "dashboard:note_ver", "dashboard:note_str:"
PART_LENGTH = 2045


def publish(study: optuna.Study) -> None:
    """Save the summary as the study's note, in place of an earlier one."""
    body = _markdown(summarize(study)) + "\n\n" + HOW_TO_READ
    storage, key = study._storage, study._study_id
    before = storage.get_study_system_attrs(key)
    parts = [body[start : start + PART_LENGTH] for start in range(0, len(body), PART_LENGTH)]
    parts += [""] * (sum(name.startswith(PART) for name in before) - len(parts))
    storage.set_study_system_attr(key, VERSION, before.get(VERSION, 0) + 1)
    for number, part in enumerate(parts):
        storage.set_study_system_attr(key, f"{PART}{number}", part)


def _markdown(summary: Summary) -> str:
    table = [summary.columns, ["---"] * len(summary.columns), *summary.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return "\n".join([f"## {summary.title}", "", *lines, "", *(f"- {line}" for line in summary.sentences)])


HOW_TO_READ = """\
*mean, sd, worst*: over the replicates. *div.*: runs that diverged; they score chance. *R*: mean of a \
setting and its neighbours one step away on the grid. *edge*: lr is the first or last of its range. These \
are figures of the tuning seeds: the best of many noisy means looks too good."""
