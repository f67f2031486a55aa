"""Conclude a sweep: its answer, and the commands and files that lead on from there."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from sweeps.report.conclusion import Conclusion
from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.pick_yaml import pick_name
from sweeps.report.sentences.answer import compose_answer
from sweeps.report.sentences.verdict import list_winners


def conclude(studies: Sequence[Findings], folder: Path | None, url: str) -> Conclusion:
    """Return the conclusion of a sweep in the storage at a URL.

    folder: of the report; None if there is none.
    """
    joint = compare_studies(studies)
    steps = {"Dashboard": dashboard_command(url)}
    if folder:
        train, page = train_command(studies, joint, folder), _shorten(folder / "report.html")
        steps = {"Train one": train, "Report": page, **steps, "All settings": _shorten(folder / "runs.csv")}
    return Conclusion(compose_answer(studies, joint), {name: step for name, step in steps.items() if step})


def train_command(studies: Sequence[Findings], joint: Joint, folder: Path) -> str:
    """Return the command that trains a recommended setting once more; empty where there is none."""
    # Another program's study has no search space as written, and no config that a pick would complete.
    winners = [findings for findings in list_winners(studies, joint) if findings.measurement.space]
    if not winners:
        return ""
    measurement, program = winners[0].measurement, "-m sweeps.run"
    if "data._target_" not in measurement.config:
        program = "your_application.py"
    sources = ["--config-dir", _shorten(folder)]
    if measurement.config_dir:  # the sweep's own; Hydra takes one
        sources = ["--config-dir", _shorten(Path(measurement.config_dir))]
        sources.append(f"hydra.searchpath=[file://{_shorten(folder)}]")
    return f"{_python()} {program} {shlex.join(sources)} +pick={pick_name(measurement)}"


def dashboard_command(url: str) -> str:
    """Return the command that opens the dashboard, below `uv run` if the sweep was started so."""
    from sweeps.study.storage import storage_at  # with Optuna, which a single run's page does without

    return f"{_python()} -m sweeps.dashboard --storage {shlex.quote(storage_at(url).display_url)}"


def _python() -> str:
    # uv sets UV for what it runs. Its environment need not be active in the reader's shell.
    return "uv run python" if "UV" in os.environ else "python"


def _shorten(path: Path) -> str:
    """Return a path from the current folder, where it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
