"""Put together what a report says, in order, however it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sweeps.report.figures.all import Plot, joint_plots, study_plots
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.tables import Table, confirmed_tables, settings_table
from sweeps.report.sentences.answer import Answer, compose_answer
from sweeps.report.sentences.conclusion import conclude
from sweeps.report.sentences.explanation import explain_study
from sweeps.report.sentences.headline import summarize_picks
from sweeps.report.sentences.ranges import describe_search
from sweeps.report.sentences.verdict import compare_optimizers, list_unknowns
from sweeps.report.sentences.wording import join_words

# The best settings that a table shows before it unfolds.
SHORT_TABLE = 6


@dataclass(frozen=True)
class Part:
    """A titled part of a report."""

    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    # The same tables in full, which unfold.
    full_tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    # The HTML class: short, study, pairs, caution, scope.
    kind: str = "study"


@dataclass(frozen=True)
class Document:
    """A report."""

    title: str
    # The first screen; an order for the rest: figures of all parts, their sentences, limits, tables, guide.
    answer: Answer
    # What comes first, without tables and figures.
    lead: Sequence[Part] = ()
    # All studies together, then each: figures, "how sure is this?" as sentences, tables.
    parts: Sequence[Part] = field(default_factory=tuple)
    # "What this can't say".
    limits: Part = field(default_factory=lambda: Part(""))


def compose_document(studies: Sequence[Findings], joint: Joint) -> Document:
    """Return the report of a sweep, at whatever stage it is."""
    comparison = Part("All studies", tables=confirmed_tables(studies), plots=joint_plots(studies, joint))
    return Document(
        _title(studies),
        compose_answer(studies, joint),
        _lead(studies, joint),
        [comparison, *map(_study_part, studies)],
        Part("What this can't say", list_unknowns(studies, joint)),
    )


def _lead(studies: Sequence[Findings], joint: Joint) -> list[Part]:
    parts = [Part(findings.measurement.option, summarize_picks(findings)) for findings in studies]
    if short := conclude(studies, joint):
        parts.insert(0, Part("In short", short, kind="short"))
    if joint.comparisons:
        parts.append(Part("Against each other", compare_optimizers(joint), kind="pairs"))
    parts.append(Part("What this can't say", list_unknowns(studies, joint), kind="caution"))
    return [*parts, Part("Where it holds", [*map(describe_search, studies)], kind="scope")]


def _study_part(findings: Findings) -> Part:
    """Return what is said of one study besides its headline."""
    short, full = settings_table(findings, SHORT_TABLE), settings_table(findings)
    full_tables = [full] if len(full.rows) > len(short.rows) else []
    plots = study_plots(findings)
    return Part(findings.measurement.study, explain_study(findings), [short], full_tables, plots)


def _title(studies: Sequence[Findings]) -> str:
    """Return the sweep's name, if the studies have one, and the options that it compares."""
    sweeps = list(dict.fromkeys(findings.measurement.study.split("/")[0] for findings in studies))
    options = [findings.measurement.option for findings in studies]
    return f"{', '.join(sweeps)}: {join_words(options)}" if options != sweeps else ", ".join(sweeps)
