"""All of a sweep's report, written at its end and whenever asked for."""

from collections.abc import Sequence
from pathlib import Path

from optuna.storages import BaseStorage

from sweeps.report.findings.joint import joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.dashboard import publish
from sweeps.report.outputs.document import document
from sweeps.report.outputs.html import html
from sweeps.report.outputs.markdown import markdown
from sweeps.report.outputs.pick_yaml import write_pick
from sweeps.report.outputs.report_json import write_numbers
from sweeps.report.outputs.runs_csv import write_runs
from sweeps.report.outputs.series import series


def report(storage: BaseStorage, studies: Sequence[Findings], folder: Path, artifacts: Path) -> None:
    """Write what a sweep's studies found, into a folder and, for the dashboard, into the storage.

    artifacts: the folder of the dashboard's files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    together = joint(studies)
    page = document(studies, together)
    write_runs([found.measurement for found in studies], folder / "runs.csv")
    each = {found.measurement.study: {"found": found, "series": series(found)} for found in studies}
    write_numbers({"studies": each, "together": together}, folder / "report.json")
    for found in studies:
        write_pick(found.measurement, folder)
    (folder / "report.html").write_text(html(page))
    (folder / "report.md").write_text(markdown(page))
    publish(storage, studies, page, artifacts)
