r"""Measure the milliseconds that a claim takes, by the trials that a study has already finished.

    uv run --group dev python benchmarks/claim_latency.py --baseline ../earlier --workers 1 4
    uv run --group dev python benchmarks/claim_latency.py --finished 100 1000 \
        --storages sqlite postgresql://user:password@host/database

SQLite and journal files are made in a temporary folder. A claim here is what a worker waits for between two
trials, the random sampler included; its trial is told at once, which is timed too. So many workers claim at
the same time. A turn's figure is the median of all their claims, of wall and of processor time; on a busy
machine only the second means much. The first claim of a worker, which reads all trials, is told apart. An
earlier checkout takes turns with this one. Median [least, most] of n turns.
"""

import argparse
import json
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, distribution_to_json
from optuna.storages import RDBStorage, _CachedStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, create_trial
from sqlalchemy import func, insert, select, text

from benchmarks.pairs import Checkout, alternate, compare
from sweeps.study.storage import storage_at

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
}
SPACE_JSON = {name: distribution_to_json(distribution) for name, distribution in SPACE.items()}

# Runs in either checkout, earlier names included; prints the medians of its workers' milliseconds.
PROGRAM = """
import json, multiprocessing, sys, time
from statistics import median
sys.path.insert(0, ".")
import optuna
from optuna.distributions import json_to_distribution
from sweeps.study.claims import Claims
try:
    from sweeps.study.storage import storage_at
except ImportError:
    from sweeps.study.locks import locks_for
    from sweeps.study.storage import open_storage

url, name, workers, claims, space = json.loads(sys.argv[1])
space = {key: json_to_distribution(distribution) for key, distribution in space.items()}

def open_study(storage):
    sampler = optuna.samplers.RandomSampler(seed=0)
    return optuna.load_study(study_name=name, storage=storage, sampler=sampler)

def open_now():
    claims, study = Claims(storage_at(url).locks()), open_study(storage_at(url).open())
    return claims.hold_lock(), study, claims.count, claims.tell

def open_before():
    claims, study = Claims(locks_for(url)), open_study(open_storage(url))
    return claims.alive(), study, claims.failed, lambda trial, values: claims.tell(study, trial, values)

def time_call(function, *arguments):
    begin, busy = time.perf_counter(), time.process_time()
    returned = function(*arguments)
    return returned, 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - busy)

def work(barrier, times):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    alive, study, count, tell = open_now() if "storage_at" in globals() else open_before()
    with alive as worker:
        def claim():
            count(study)
            return worker.claim(study, space, 10**9)

        trial, *first = time_call(claim)
        tell(trial, [0.0])
        barrier.wait()
        rows = []
        for number in range(claims):
            trial, *claimed = time_call(claim)
            _, *told = time_call(tell, trial, [float(number)])
            rows.append([*claimed, *told])
        times.put([first, rows])

fork = multiprocessing.get_context("fork")
barrier, times = fork.Barrier(workers), fork.Queue()
processes = [fork.Process(target=work, args=(barrier, times)) for _ in range(workers)]
for process in processes:
    process.start()
firsts, rows = zip(*[times.get() for _ in processes])
for process in processes:
    process.join()
columns = [*zip(*firsts), *zip(*sum(rows, []))]
print("\\n" + json.dumps([median(column) for column in columns]))
"""
# What the program prints.
FIGURES = [
    "a worker's first claim, wall",
    "a worker's first claim, processor",
    "claim, wall",
    "claim, processor",
    "tell, wall",
    "tell, processor",
]


def main() -> None:
    """Measure each storage with each number of workers at each size, and print."""
    arguments = parse_arguments()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sides = {"before": Checkout(arguments.baseline)} if arguments.baseline else {}
    sides["now"] = Checkout()
    with tempfile.TemporaryDirectory() as folder:
        files = {"sqlite": f"sqlite:///{folder}/sweeps.db", "journal": f"journal:///{folder}/sweeps.log"}
        for name in arguments.storages:
            url = files.get(name, name)
            kind = storage_at(url).url.get_backend_name()
            for workers in arguments.workers:
                for finished in arguments.finished:
                    measures = {
                        name: partial(time_claims, side, url, finished, workers, arguments.claims)
                        for name, side in sides.items()
                    }
                    turns = alternate(measures, arguments.turns)
                    print(f"{kind}, workers: {workers}, finished trials: {finished}; ms")
                    for index, figure in enumerate(FIGURES):
                        columns = {side: [row[index] for row in rows] for side, rows in turns.items()}
                        print(f"  {compare(figure, columns)}", flush=True)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--baseline", type=Path, help="another checkout, with its environment in .venv")
    parser.add_argument(
        "--storages", nargs="+", default=["sqlite", "journal"], help="sqlite, journal, or PostgreSQL URLs"
    )
    parser.add_argument("--workers", nargs="+", type=int, default=[1])
    parser.add_argument("--finished", nargs="+", type=int, default=[100, 1000, 10000])
    parser.add_argument("--claims", type=int, default=30, help="of each worker in a turn")
    parser.add_argument("--turns", type=int, default=3, help="n")
    return parser.parse_args()


def time_claims(side: Checkout, url: str, finished: int, workers: int, claims: int) -> list[float]:
    """Return a checkout's FIGURES in a study of its own that has so many finished trials."""
    name = f"benchmark-{uuid.uuid4().hex}"
    fill(optuna.create_study(study_name=name, storage=storage_at(url).open(create=True)), finished)
    options = json.dumps([url, name, workers, claims, SPACE_JSON])
    figures: list[float] = json.loads(side.run("-c", PROGRAM, options).output.splitlines()[-1])
    return figures


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
            session.execute(text("ANALYZE"))  # as the server does by itself where trials come one by one
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


if __name__ == "__main__":
    main()
