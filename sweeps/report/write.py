"""Write all of a sweep's report, at its end and whenever asked for."""

from collections.abc import Sequence
from pathlib import Path

from optuna.storages import BaseStorage

from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.conclude import train_command
from sweeps.report.outputs.sources import digest_sources, is_drawn, is_published, keep_sources
from sweeps.study.optuna_internals import batch


def write_report(storage: BaseStorage, studies: Sequence[Findings], folder: Path) -> None:
    """Write what a sweep's studies found, into a folder and, for the dashboard, into the storage.

    Nothing is drawn where nothing has changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    joint = compare_studies(studies)
    digest = digest_sources(studies, train_command(studies, joint, folder))
    if is_drawn(folder, digest) and is_published(storage, studies):
        return
    keep_sources(folder, digest, _draw(storage, studies, joint, folder))


def _draw(storage: BaseStorage, studies: Sequence[Findings], joint: Joint, folder: Path) -> list[Path]:
    """Write all files and all that the dashboard shows; return the files."""
    # Plotly and Jinja take a while to import.
    from sweeps.report.outputs.dashboard_notes import publish
    from sweeps.report.outputs.document import compose_document
    from sweeps.report.outputs.html import render_html
    from sweeps.report.outputs.markdown import render_markdown
    from sweeps.report.outputs.pick_script import write_script
    from sweeps.report.outputs.pick_yaml import write_pick
    from sweeps.report.outputs.report_json import write_report_json
    from sweeps.report.outputs.runs_csv import write_runs_csv

    document = compose_document(studies, joint, folder)
    paths = [folder / name for name in ("runs.csv", "report.json", "report.html", "report.md")]
    write_runs_csv([findings.measurement for findings in studies], paths[0])
    write_report_json(studies, joint, paths[1])
    _write_whole(paths[2], render_html(document))
    _write_whole(paths[3], render_markdown(document))
    picks = [write(findings, folder) for findings in studies for write in (write_pick, write_script)]
    with batch(storage):
        publish(storage, studies, document)
    return [*paths, *filter(None, picks)]


def _write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, as a disk may be full."""
    draft = path.with_name(f".{path.name}")
    try:
        draft.write_text(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
