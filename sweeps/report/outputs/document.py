"""Put together what a report says, in order, however it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sweeps.report.figures.all import Plot, joint_plots, study_plots
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.tables import Table, confirmed_table, settings_table
from sweeps.report.sentences.conclusion import conclude
from sweeps.report.sentences.headline import explain_price, explain_stability, summarize_picks
from sweeps.report.sentences.limits import list_limits
from sweeps.report.sentences.ranges import describe_search, describe_space
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
    # What comes first, without tables and figures.
    lead: Sequence[Part] = ()
    # The comparison of the studies, then each study.
    parts: Sequence[Part] = field(default_factory=tuple)


def compose_document(studies: Sequence[Findings], joint: Joint) -> Document:
    """Return the report of a sweep, at whatever stage it is."""
    table = confirmed_table(studies)
    tables = [table] if table else []
    comparison = Part("All studies", tables=tables, plots=joint_plots(studies, joint))
    return Document(_title(studies), _lead(studies, joint), [comparison, *map(_study_part, studies)])


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
    sentences = [
        *explain_price(findings),
        *explain_stability(findings),
        *describe_space(findings),
        *list_limits(findings),
    ]
    short, full = settings_table(findings, SHORT_TABLE), settings_table(findings)
    full_tables = [full] if len(full.rows) > len(short.rows) else []
    return Part(findings.measurement.study, sentences, [short], full_tables, study_plots(findings))


def _title(studies: Sequence[Findings]) -> str:
    """Return the sweep's name, if the studies have one, and the options that it compares."""
    sweeps = list(dict.fromkeys(findings.measurement.study.split("/")[0] for findings in studies))
    options = [findings.measurement.option for findings in studies]
    return f"{', '.join(sweeps)}: {join_words(options)}" if options != sweeps else ", ".join(sweeps)
