"""What a report says, in order, however it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sweeps.report.figures.joint_plots import joint_plots
from sweeps.report.figures.plot import Plot
from sweeps.report.figures.study_plots import study_plots
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.tables import Table, confirmed_table, settings_table
from sweeps.report.sentences.conclusion import conclusion
from sweeps.report.sentences.headline import headline, price, settled
from sweeps.report.sentences.limits import limits, searched, space
from sweeps.report.sentences.verdict import not_said, verdicts
from sweeps.report.sentences.wording import listed

# How many of the best settings a table lists before it unfolds.
LISTED = 6


@dataclass(frozen=True)
class Part:
    """A titled part: sentences, tables, longer tables that unfold, figures."""

    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    more: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    kind: str = "found"


@dataclass(frozen=True)
class Document:
    """A report: headline first. parts: the comparison of the studies, then each study."""

    title: str
    lead: Sequence[Part] = ()
    parts: Sequence[Part] = field(default_factory=tuple)


def document(studies: Sequence[Findings], joint: Joint) -> Document:
    """The report of a sweep, at whatever stage it is."""
    short = conclusion(studies, joint)
    lead = [
        *([Part("In short", short, kind="short")] if short else []),
        *(Part(found.measurement.option, headline(found)) for found in studies),
        *([Part("Against each other", verdicts(joint))] if joint.comparisons else []),
        Part("What this can't say", not_said(studies, joint), kind="caution"),
        Part(
            "Where it holds",
            [f"{found.measurement.option}: {searched(found)}" for found in studies],
            kind="where",
        ),
    ]
    confirmed = confirmed_table(studies)
    together = Part("All studies", [], [confirmed] if confirmed else [], (), joint_plots(studies, joint))
    each = [study_part(found, study_plots(found)) for found in studies]
    return Document(_title(studies), lead, [together, *each])


def study_part(found: Findings, plots: Sequence[Plot]) -> Part:
    """What is said of one study besides its headline."""
    sentences = [*price(found), *settled(found), *space(found), *limits(found)]
    short, full = settings_table(found, LISTED), settings_table(found)
    more = [full] if len(full.rows) > len(short.rows) else []
    return Part(found.measurement.study, sentences, [short], more, plots)


def _title(studies: Sequence[Findings]) -> str:
    """The sweep's name, if the studies have one, and the options that it compares."""
    sweeps = list(dict.fromkeys(found.measurement.study.split("/")[0] for found in studies))
    options = [found.measurement.option for found in studies]
    return f"{', '.join(sweeps)}: {listed(options)}" if options != sweeps else ", ".join(sweeps)
