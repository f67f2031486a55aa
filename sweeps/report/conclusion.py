"""Hold what a sweep says at its end; without the statistics behind it, which take a while to import."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class AnswerRow:
    """The row of one optimizer: its recommended setting."""

    # "sgd"
    option: str
    # "lr=0.3 momentum=0.9"; empty where nothing is recommended
    setting: str
    # "93.52 [93.14, 93.90]", or "diverged"; empty where nothing is recommended
    score: str
    # "half, double lr: 93.5, 93.5"; empty where they weren't trained
    tolerance: str = ""
    # the most important first, without a full stop: what widening brought, the config's own setting, caveats
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """The short answer of a sweep. Every text is one line, without a full stop but the advice."""

    # "sweeps: 54 settings x 3 seeds, then 10 settings x 10 fresh seeds; 0 of 262 runs diverged"
    title: str
    # what the scores are: "test accuracy in % on fresh seeds, 95 % interval"
    note: str
    # one an optimizer
    rows: Sequence[AnswerRow]
    # which optimizers are told apart; empty of a single one
    verdicts: Sequence[str]
    # "Holds for mnist5k, mlp, 20 epochs, batch 256; sgd with ReduceLROnPlateau, adam with no scheduler"
    scope: str
    # one sentence: what to use, or what to do first
    advice: str
    # for the first screen: the verdicts, +- of the test images
    facts: Sequence[str] = ()


@dataclass(frozen=True)
class Conclusion:
    """The answer, and what the reader may do next."""

    answer: Answer
    # by name, "Dashboard": the command or the path
    steps: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` made JSON of."""
        rows = [AnswerRow(**row) for row in values["answer"]["rows"]]
        return cls(Answer(**{**values["answer"], "rows": rows}), values["steps"])
