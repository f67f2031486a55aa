"""Write all of a sweep's report, at its end and whenever asked for."""

from collections.abc import Sequence
from pathlib import Path

from optuna.storages import BaseStorage

from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.dashboard_notes import publish
from sweeps.report.outputs.document import compose_document
from sweeps.report.outputs.html import render_html
from sweeps.report.outputs.markdown import render_markdown
from sweeps.report.outputs.pick_yaml import write_pick
from sweeps.report.outputs.report_json import write_report_json
from sweeps.report.outputs.runs_csv import write_runs_csv


def write_report(storage: BaseStorage, studies: Sequence[Findings], folder: Path) -> None:
    """Write what a sweep's studies found, into a folder and, for the dashboard, into the storage."""
    folder.mkdir(parents=True, exist_ok=True)
    together = compare_studies(studies)
    document = compose_document(studies, together, folder)
    write_runs_csv([findings.measurement for findings in studies], folder / "runs.csv")
    write_report_json(studies, together, folder / "report.json")
    for findings in studies:
        write_pick(findings, folder)
    (folder / "report.html").write_text(render_html(document))
    (folder / "report.md").write_text(render_markdown(document))
    publish(storage, studies, document)
