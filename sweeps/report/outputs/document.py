"""Put together what a report says, however it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.report.conclusion import Answer
from sweeps.report.figures.all import Plot, joint_plots, study_plots
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.conclude import train_command
from sweeps.report.outputs.tables import Table, confirmed_tables, settings_table
from sweeps.report.sentences.answer import compose_answer
from sweeps.report.sentences.certainty import explain_study, explain_together
from sweeps.report.sentences.limits import list_limits
from sweeps.report.sentences.wording import join_words


@dataclass(frozen=True)
class Part:
    """The words, tables and figures of one study, or of all together."""

    title: str
    # How sure the answer is.
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()


@dataclass(frozen=True)
class Document:
    """A report: the answer, then of all parts the figures, the sentences, the limits, the tables."""

    title: str
    # The first screen.
    answer: Answer
    # All studies together, then each.
    parts: Sequence[Part]
    # What can't be said.
    limits: Part
    # The command that trains a recommended setting once more; empty where there is none.
    command: str = ""


def compose_document(studies: Sequence[Findings], joint: Joint, folder: Path | None = None) -> Document:
    """Return the report of a sweep, at whatever stage it is. folder: where the picks are written."""
    joint_part = Part(
        "All studies",
        explain_together(studies, joint),
        confirmed_tables(studies),
        plots=joint_plots(studies, joint),
    )
    return Document(
        _title(studies),
        compose_answer(studies, joint),
        [joint_part, *map(_study_part, studies)],
        Part("What this can't say", list_limits(studies)),
        train_command(studies, joint, folder) if folder else "",
    )


def _study_part(findings: Findings) -> Part:
    tables = [settings_table(findings)]
    return Part(findings.measurement.study, explain_study(findings), tables, study_plots(findings))


def _title(studies: Sequence[Findings]) -> str:
    """Return the sweep's name, if the studies have one, and the options that it compares."""
    sweeps = list(dict.fromkeys(findings.measurement.study.split("/")[0] for findings in studies))
    options = [findings.measurement.option for findings in studies]
    return f"{', '.join(sweeps)}: {join_words(options)}" if options != sweeps else ", ".join(sweeps)
