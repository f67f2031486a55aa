"""Count what is falsely claimed of equal optimizers, and how often a true difference is found."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.simulation.kinds import KINDS, NO_CLIFFS, draw, draw_any
from benchmarks.simulation.objective import LRS, Objective
from benchmarks.simulation.rows import Row, mean, share
from benchmarks.simulation.sweep import DEFAULT, FRESH, LOSS, PLAIN, Design, confirm, located, tune
from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import Params

NARROW = replace(PLAIN, extend=0)
# The learning rates a decade below the declared ones.
LOW = tuple(float(f"{lr / 10:.12g}") for lr in LRS)
OF_A_LOSS = replace(PLAIN, metric=LOSS)
# The sweeps of optimizers that are equal in truth, by what is compared.
EQUALS: Mapping[str, Sequence[Design]] = {
    "two": (PLAIN, PLAIN),
    "two, one grid a decade low": (PLAIN, replace(PLAIN, lrs=LOW)),
    "two, one grid a decade low, extend=0": (NARROW, replace(NARROW, lrs=LOW)),
    "four": (PLAIN, PLAIN, PLAIN, PLAIN),
    "two, by a loss": (OF_A_LOSS, OF_A_LOSS),
}


def false_claims(sweeps: int, seed: int, equals: Sequence[str] = tuple(EQUALS)) -> Iterator[Row]:
    """Yield how often an optimizer is called better than one that equals it, and what else is said."""
    for name in equals:
        said, random = defaultdict(list), np.random.default_rng(seed)
        designs = EQUALS[name]
        for _ in range(sweeps):
            # A grid a decade low misses the peak where the peak is inside of the other.
            is_moved = designs[0].lrs != designs[-1].lrs
            objective = draw(KINDS["peak inside"], random) if is_moved else draw_any(random)
            _, joint = compare_optimizers([objective] * len(designs), designs, random)
            verdicts = {comparison.verdict for comparison in joint.comparisons}
            for verdict in ("better", "equivalent", "unknown"):
                said[verdict].append(verdict in verdicts)
        for verdict, values in said.items():
            yield share(f"equal optimizers, {name}: {verdict}", values)


def power(sweeps: int, seed: int, gaps: Sequence[float] = (0.2, 0.4, 0.8)) -> Iterator[Row]:
    """Yield what is said of two optimizers of which one is better by so many points."""
    for gap in gaps:
        said, random = defaultdict(list), np.random.default_rng(seed)
        for _ in range(sweeps):
            worse = draw_any(random)
            better = replace(worse, top=worse.top + gap)
            _, joint = compare_optimizers([better, worse], [PLAIN, PLAIN], random)
            for comparison in joint.comparisons:
                is_better = comparison.verdict == "better"
                said["the better one is called better"].append(is_better and comparison.first == "a")
                said["the worse one is called better"].append(is_better and comparison.first == "b")
                said["called equivalent"].append(comparison.verdict == "equivalent")
        for claim, values in said.items():
            yield share(f"{gap} points apart: {claim}", values)


def config_claims(sweeps: int, seed: int) -> Iterator[Row]:
    """Yield how often the config's own setting is recommended, and whether what is recommended is worse."""
    said, random = defaultdict(list), np.random.default_rng(seed)
    losses = []
    for _ in range(sweeps):
        objective = draw_any(random)
        findings = confirm(tune(objective, random), objective, random.normal(size=FRESH), random)
        recommended = findings.recommended
        assert recommended is not None
        gap = objective.expected(*located(recommended.params)) - objective.expected(*located(DEFAULT))
        is_shown_worse = findings.recommended_minus.get("default")
        said["the recommendation steps down to the config's own"].append(recommended.caveat == "config")
        said["the recommendation is truly worse than the config's own"].append(bool(gap < 0))
        said["the recommendation is shown worse than the config's own"].append(
            is_shown_worse is not None and is_shown_worse.high < 0
        )
        losses.append(max(0.0, -float(gap)))
    for claim, values in said.items():
        yield share(claim, values)
    yield mean("what the recommendation loses to the config's own where it is worse, and else 0", losses)


def loss_against_accuracy(sweeps: int, seed: int) -> Iterator[Row]:
    """Yield how often a minimised metric recommends and says the same as a maximised one."""
    agreed = defaultdict(list)
    for number in range(sweeps):
        answers = []
        for design in (PLAIN, OF_A_LOSS):
            random = np.random.default_rng([seed, number])
            # Runs that diverge score chance or the worst loss of the sweep, which no accuracy equals.
            objectives = [draw(NO_CLIFFS, random), draw(NO_CLIFFS, random)]
            answers.append(compare_optimizers(objectives, [design, design], random))
        (studies, joint), (studies_by_loss, joint_by_loss) = answers
        agreed["the same settings"].append(_settings(studies) == _settings(studies_by_loss))
        [comparison], [by_loss] = joint.comparisons, joint_by_loss.comparisons
        agreed["the same optimizer ahead"].append(comparison.first == by_loss.first)
        agreed["the same p"].append(bool(np.isclose(comparison.p, by_loss.p, equal_nan=True)))
    for claim, values in agreed.items():
        yield share(f"an accuracy, and the loss that is its mirror: {claim}", values)


def compare_optimizers(
    objectives: Sequence[Objective], designs: Sequence[Design], random: np.random.Generator
) -> tuple[list[Findings], Joint]:
    """Sweep optimizers a, b, ... and compare what is recommended, on fresh seeds that they share."""
    seeds, studies = random.normal(size=FRESH), []
    for name, objective, design in zip("abcd", objectives, designs, strict=False):
        findings = confirm(tune(objective, random, replace(design, name=name)), objective, seeds, random)
        studies.append(findings)
    return studies, compare_studies(studies)


def _settings(studies: Sequence[Findings]) -> list[Params]:
    return [findings.recommended.params for findings in studies if findings.recommended]
