r"""Measure the milliseconds that a claim takes, by the trials that a study has already finished.

    uv run python benchmarks/claim_latency.py
    uv run python benchmarks/claim_latency.py --finished 100 1000 \
        --storages postgresql://user:password@host/database

SQLite and journal files are made in a temporary folder. A claim here is what a worker waits
for between two trials, the random sampler included. Median [lowest, highest] of n, of wall and of processor
time; on a busy machine only the second means much. The first claim of a worker, which reads all trials, is
told apart.
"""

import argparse
import json
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any
from unittest.mock import patch

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, distribution_to_json
from optuna.storages import RDBStorage, _CachedStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, create_trial
from sqlalchemy import func, insert, select

from sweeps.study.claims import Claims
from sweeps.study.storage import storage_at

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
}
SPACE_JSON = {name: distribution_to_json(distribution) for name, distribution in SPACE.items()}


def fill(study: optuna.Study, count: int) -> None:
    """Give a study finished trials, with what a trial of three replicates and ten epochs records."""
    with patch("os.fsync"):  # a journal's
        if isinstance(study._storage, _CachedStorage):
            fill_tables(study._storage._backend, study._study_id, count)
        else:
            for number in range(count):
                study.add_trial(build_trial(number))


def build_trial(number: int) -> FrozenTrial:
    """Build a complete trial with the records of three replicates."""
    return create_trial(
        value=float(number),
        params={"lr": 0.01, "momentum": 0.9},
        distributions=SPACE,
        user_attrs={f"seed={seed}": {"value": 1.0, "seconds": 2.0} for seed in range(3)},
        system_attrs={"sweeps:worker": uuid.uuid4().hex},
        intermediate_values=dict.fromkeys(range(10), 1.0),
    )


def fill_tables(storage: RDBStorage, study: int, count: int) -> None:
    """Add trials as `add_trial` does, in one transaction: one a trial takes minutes."""
    with storage.scoped_session() as session:
        last = session.execute(select(func.max(models.TrialModel.trial_id))).scalar() or 0
        rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for number in range(count):
            for model, row in table_rows(build_trial(number), study, last + 1 + number):
                rows[model].append(row)
        for model, inserted in rows.items():
            session.execute(insert(model), inserted)
        if storage.engine.name == "postgresql":  # its own count of ids knows nothing of those
            last = func.max(models.TrialModel.trial_id)
            session.execute(select(func.setval(func.pg_get_serial_sequence("trials", "trial_id"), last)))
        session.commit()


def table_rows(trial: FrozenTrial, study: int, key: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield a trial's rows in Optuna's tables, with the table of each."""
    dates = {"datetime_start": trial.datetime_start, "datetime_complete": trial.datetime_complete}
    number = int(trial.value or 0)
    yield (
        models.TrialModel,
        {"trial_id": key, "study_id": study, "number": number, "state": trial.state, **dates},
    )
    yield (
        models.TrialValueModel,
        {"trial_id": key, "objective": 0, "value": trial.value, "value_type": "FINITE"},
    )
    for name, value in trial.params.items():
        columns = {"param_value": SPACE[name].to_internal_repr(value), "distribution_json": SPACE_JSON[name]}
        yield models.TrialParamModel, {"trial_id": key, "param_name": name, **columns}
    attributes_by_model = {
        models.TrialUserAttributeModel: trial.user_attrs,
        models.TrialSystemAttributeModel: trial.system_attrs,
    }
    for model, attributes in attributes_by_model.items():
        for name, value in attributes.items():
            yield model, {"trial_id": key, "key": name, "value_json": json.dumps(value)}
    for step, value in trial.intermediate_values.items():
        report = {"intermediate_value": value, "intermediate_value_type": "FINITE"}
        yield models.TrialIntermediateValueModel, {"trial_id": key, "step": step, **report}


def time_claims(url: str, name: str, claims: int) -> list[tuple[float, float]]:
    """Return the milliseconds, wall and processor, of each claim of a worker that opens the study.

    The first is that of a worker which has yet to read all trials.
    """
    study = optuna.load_study(
        study_name=name, storage=storage_at(url).open(), sampler=optuna.samplers.RandomSampler(seed=0)
    )
    times = []
    with Claims(storage_at(url).locks()).hold_lock() as worker:
        for number in range(claims + 1):
            begin, busy = time.perf_counter(), time.process_time()
            worker.count(study)
            trial = worker.claim(study, SPACE, 10**9)
            times.append((1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - busy)))
            assert trial is not None
            worker.tell(trial, [float(number)])
    return times


def main() -> None:
    """Measure each storage at each size and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--storages", nargs="*", default=[], help="PostgreSQL URLs, beside the two kinds of file"
    )
    parser.add_argument("--only", choices=["sqlite", "journal"], help="one of the two kinds of file")
    parser.add_argument("--finished", nargs="*", type=int, default=[100, 1000, 10000])
    parser.add_argument("--claims", type=int, default=100, help="n: how many claims to time")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        files = {"sqlite": f"sqlite:///{folder}/sweeps.db", "journal": f"journal:///{folder}/sweeps.log"}
        urls = [url for kind, url in files.items() if arguments.only in (None, kind)]
        for url in (*urls, *arguments.storages):
            storage = storage_at(url).open(create=True)
            for finished in arguments.finished:
                name = f"benchmark-{uuid.uuid4().hex}"
                fill(optuna.create_study(study_name=name, storage=storage), finished)
                first, *times = time_claims(url, name, arguments.claims)
                kind = storage_at(url).url.get_backend_name()
                wall, processor = (spread(column) for column in zip(*times, strict=True))
                print(
                    f"{kind:10} {finished:6} finished: wall {wall}, processor {processor}, n={len(times)};"
                    f" a worker's first {first[0] / 1000:.1f} s, processor {first[1] / 1000:.1f} s",
                    flush=True,
                )


def spread(times: Sequence[float]) -> str:
    """Return median and range in ms."""
    return f"{median(times):.1f} ms [{min(times):.1f}, {max(times):.1f}]"


if __name__ == "__main__":
    main()
