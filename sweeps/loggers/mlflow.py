"""MLflow, whose database of one's own takes one writer at a time."""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from sweeps.loggers.logger import Identity, Logger, RunLog, measurements

# Parameters and measurements that MLflow takes at once.
MOST_PARAMS, MOST_METRICS = 100, 1000


class MLflow(Logger):
    """An MLflow server, or a database of one's own."""

    package = "mlflow"

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def start(self, identity: Identity) -> RunLog:
        """Begin a run, or go on with the one that an interrupted job began."""
        with _exclusive(self._uri):
            client = _client(self._uri)
            experiment = _experiment(client, identity.group)
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
            metrics += [Metric(key, value, now, number) for key, value in measurements(epoch).items()]
        with _exclusive(self._uri):
            for first in range(0, len(metrics), MOST_METRICS):
                _client(self._uri).log_batch(self._run, metrics=metrics[first : first + MOST_METRICS])

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        client = _client(self._uri)
        with _exclusive(self._uri):
            for key, value in summary.items():
                client.log_metric(self._run, key, value)
            status_name = {"finished": "FINISHED", "pruned": "KILLED"}.get(status, "FAILED")
            client.set_terminated(self._run, status=status_name)


@cache
def _client(uri: str) -> Any:
    """Return the client of a server or database, which is made where it is missing: a process has one."""
    from mlflow.tracking import MlflowClient  # two seconds' import

    return MlflowClient(uri)


def _experiment(client: Any, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id if experiment else client.create_experiment(name))


def _log_params(client: Any, run: str, settings: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    params = [Param(key, str(value)[:500]) for key, value in settings.items()]
    for first in range(0, len(params), MOST_PARAMS):
        client.log_batch(run, params=params[first : first + MOST_PARAMS])


def _exclusive(uri: str) -> Any:
    """Let one worker at a time write to a file: SQLite would refuse others before long."""
    if not uri.startswith("sqlite:///"):
        return nullcontext()
    path = Path(uri.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{path}.lock")
