"""What each run of a peer writes down, whatever trains it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunRecord:
    """The end of a run."""

    lr: float
    momentum: float
    seed: int
    # Validation accuracy in percent after the last epoch.
    score: float
    # When the run began, in seconds since 1970.
    begin: float

    def append(self, path: str | Path) -> None:
        """Append the record to a file that several processes write."""
        with open(path, "a") as file:
            file.write(json.dumps(asdict(self)) + "\n")


def read_records(path: Path) -> list[RunRecord]:
    """Read all records of a file."""
    return [RunRecord(**json.loads(line)) for line in path.read_text().splitlines()]
