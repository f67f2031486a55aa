"""Trackers that a run may tell its epochs to: a file of its own, TensorBoard, MLflow, Weights & Biases.

A worker has many runs, some of them at once, so that each has an object of its own and is ended by name.
"""

import csv
import logging
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock

log = logging.getLogger(__name__)

# Seconds at least between two writings of a run's epochs; its end writes what waits.
INTERVAL = 10.0
# Parameters that MLflow takes at once.
MLFLOW_BATCH = 100


@dataclass(frozen=True)
class Identity:
    """The names and settings by which a tracker knows a run."""

    # The study's name, or `runs` for single ones.
    group: str
    # The folder below `outputs`.
    name: str
    folder: Path
    # The config's values, by dotted key.
    settings: Mapping[str, Any]


class RunLog(ABC):
    """One run in a tracker, from its beginning to its end."""

    def __init__(self) -> None:
        self._waiting: list[Mapping[str, float]] = []
        self._last_writing = time.monotonic()
        self._is_lost = False

    def epoch(self, values: Mapping[str, float]) -> None:
        """Take an epoch's measurements with its `number`; those from before an interruption come again."""
        self._waiting.append(values)
        if time.monotonic() - self._last_writing >= INTERVAL:
            with self._survive():
                self._flush()

    def end(self, status: str, summary: Mapping[str, float]) -> None:
        """End the run as finished, pruned or failed, with its scores."""
        with self._survive():
            self._flush()
        with self._survive():
            self.close(status, summary)

    @abstractmethod
    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        """Write epochs, oldest first."""

    @abstractmethod
    def close(self, status: str, summary: Mapping[str, float]) -> None:
        """Write the end, and give back what the run holds."""

    def _flush(self) -> None:
        epochs, self._waiting = self._waiting, []
        self._last_writing = time.monotonic()
        if epochs and not self._is_lost:
            self.write(epochs)

    @contextmanager
    def _survive(self) -> Iterator[None]:
        """Let no run fail for a tracker that breaks down while it trains; it is told no more epochs."""
        try:
            yield
        except Exception:
            log.exception("The tracker failed: it gets no more epochs of this run")
            self._is_lost = True


class Logger(ABC):
    """A tracker."""

    # The package that it needs and the extra that brings it; empty for none.
    package = ""

    def check(self) -> None:
        """Raise ValueError where its package is missing."""
        if self.package and find_spec(self.package) is None:
            raise ValueError(
                f"logger={self.package} needs a package: pip install 'optimizer-sweeps[{self.package}]'"
            )

    @abstractmethod
    def start(self, identity: Identity) -> RunLog:
        """Begin a run."""


class Csv(Logger):
    """A file in the run's folder."""

    def start(self, identity: Identity) -> RunLog:
        """Begin the file anew."""
        return CsvLog(identity.folder / "metrics.csv")


class CsvLog(RunLog):
    """A row for each epoch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("w", newline="")
        self._writer: csv.DictWriter[str] | None = None

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(epochs[0]))
            self._writer.writeheader()
        self._writer.writerows(epochs)
        self._file.flush()

    def close(self, status: str, summary: Mapping[str, float]) -> None:  # noqa: ARG002 -- metrics.json has them
        self._file.close()


class TensorBoard(Logger):
    """Event files."""

    package = "tensorboard"

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def start(self, identity: Identity) -> RunLog:
        """Begin an event file; it replaces what an earlier one of the run holds."""
        from torch.utils.tensorboard import SummaryWriter  # a second's import

        return TensorBoardLog(SummaryWriter(str(self._folder / identity.name), purge_step=0))


class TensorBoardLog(RunLog):
    """The scalars of a run."""

    def __init__(self, writer: Any) -> None:
        super().__init__()
        self._writer = writer

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        for epoch in epochs:
            for key, value in _measurements(epoch).items():
                self._writer.add_scalar(key, value, epoch["number"])
        self._writer.flush()

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        self._writer.add_text("status", status)
        for key, value in summary.items():
            self._writer.add_scalar(f"end/{key}", value)
        self._writer.close()


class MLflow(Logger):
    """An MLflow server, or a database of one's own."""

    package = "mlflow"

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def start(self, identity: Identity) -> RunLog:
        """Begin a run, or go on with the one that an interrupted job began."""
        with _exclusive(self._uri):
            client = _mlflow_client(self._uri)
            experiment = _mlflow_experiment(client, identity.group)
            runs = client.search_runs([experiment], f"tags.folder = '{identity.folder}'")
            if not runs:
                tags = {"folder": str(identity.folder)}
                runs = [client.create_run(experiment, tags=tags, run_name=identity.name)]
            run = runs[0].info.run_id
            client.update_run(run, status="RUNNING")
            _log_params(client, run, identity.settings)
        return MLflowLog(self._uri, run)


class MLflowLog(RunLog):
    """A run of MLflow's."""

    def __init__(self, uri: str, run: str) -> None:
        super().__init__()
        self._uri, self._run = uri, run

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics = []
        for epoch in epochs:
            number = int(epoch["number"])
            metrics += [Metric(key, value, now, number) for key, value in _measurements(epoch).items()]
        with _exclusive(self._uri):
            for first in range(0, len(metrics), 1000):
                _mlflow_client(self._uri).log_batch(self._run, metrics=metrics[first : first + 1000])

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        client = _mlflow_client(self._uri)
        with _exclusive(self._uri):
            for key, value in summary.items():
                client.log_metric(self._run, key, value)
            status_name = {"finished": "FINISHED", "pruned": "KILLED"}.get(status, "FAILED")
            client.set_terminated(self._run, status=status_name)


class WandB(Logger):
    """Weights & Biases."""

    package = "wandb"

    def __init__(self, project: str, mode: str, folder: str) -> None:
        if mode not in ("online", "offline"):
            raise ValueError(f"logger.mode={mode} is not known; write online or offline")
        self._project, self._mode, self._folder = project, mode, folder

    def start(self, identity: Identity) -> RunLog:
        """Begin a run beside those that train with it, or online go on with an interrupted one."""
        import wandb

        key = f"{zlib.crc32(str(identity.folder).encode()):08x}"
        options: dict[str, Any] = {"id": key, "resume": "allow"} if self._mode == "online" else {}
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        options |= {"project": self._project, "group": identity.group, "name": identity.name}
        options |= {"config": dict(identity.settings), "dir": self._folder, "mode": self._mode}
        quiet = wandb.Settings(silent=True, console="off")
        return WandBLog(wandb.init(**options, reinit="create_new", settings=quiet))


class WandBLog(RunLog):
    """A run of Weights & Biases'."""

    def __init__(self, run: Any) -> None:
        super().__init__()
        self._run = run

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        for epoch in epochs:
            self._run.log(_measurements(epoch), step=int(epoch["number"]))

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        self._run.summary.update({"status": status, **summary})
        self._run.finish(exit_code=0 if status == "finished" else 1)


def _measurements(epoch: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in epoch.items() if key != "number"}


@cache
def _mlflow_client(uri: str) -> Any:
    """Return the client of a database, which is made where it is missing: a process has one."""
    from mlflow.tracking import MlflowClient  # two seconds' import

    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(uri)


def _mlflow_experiment(client: Any, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id if experiment else client.create_experiment(name))


def _log_params(client: Any, run: str, settings: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    params = [Param(key, str(value)[:500]) for key, value in settings.items()]
    for first in range(0, len(params), MLFLOW_BATCH):
        client.log_batch(run, params=params[first : first + MLFLOW_BATCH])


def _exclusive(uri: str) -> Any:
    """Let one worker at a time write to a file: SQLite would refuse others before long."""
    if not uri.startswith("sqlite:///"):
        return nullcontext()
    path = Path(uri.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{path}.lock")
