"""Writes that belong together are one transaction, and what is in it is what Optuna would have written."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from sweeps.study.census import take_census
from sweeps.study.claims import Claims, Ending, Source
from sweeps.study.optuna_internals import batch, storage_of
from sweeps.study.outage import is_connection_lost
from sweeps.study.record import ReplicateTrial
from sweeps.study.reports import ReportQueue, Reports
from sweeps.study.samplers import Grid
from sweeps.study.storage import storage_at
from tests.study.test_claims import cut_connections
from tests.support.storages import create_study

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(0.001, 0.1, log=True),
    "size": IntDistribution(16, 64),
    "norm": CategoricalDistribution(["none", None, 3]),
}
GRID: dict[str, list[str | float | int | bool | None]] = {
    "lr": [0.001, 0.01, 0.1],
    "size": [16, 32, 64],
    "norm": ["none", None, 3],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    return (
        f"sqlite:///{tmp_path}/toy.db" if request.param == "sqlite" else request.getfixturevalue("database")
    )


def load(url: str) -> optuna.Study:
    """The study, as another process sees it."""
    return optuna.load_study(study_name="study", storage=storage_at(url).open())


def run_trials(study: optuna.Study) -> None:
    """Do with trials all that a worker does: one ends, one fails, one is pruned, one waits, others run."""
    study.sampler = Grid(GRID, seed=0)
    trials = [study.ask(SPACE) for _ in range(5)]
    for trial in trials:
        for step, value in enumerate([0.5, float("inf"), float("-inf"), float("nan"), 0.25]):
            trial.report(value, step)
        trial.set_user_attr("seed=0", {"value": (1, 2.5), "text": "ü", "none": None})
        trial.set_user_attr("seed=0", {"value": [1, 2.5], "text": "ß", "none": None})
    study.tell(trials[0], 1.5)
    study.tell(trials[1], state=TrialState.FAIL)
    study.tell(trials[2], state=TrialState.PRUNED)
    study.enqueue_trial({"lr": 0.05, "size": 20, "norm": 3}, user_attrs={"by": "hand"})
    study.ask(SPACE)


def moments(study: optuna.Study) -> list[tuple[datetime | None, datetime | None]]:
    """When each trial began and ended."""
    return [(trial.datetime_start, trial.datetime_complete) for trial in study.trials]


def describe(study: optuna.Study) -> str:
    """All that trials hold but the time of day, as text: nan is not equal to itself. Attributes by key."""
    rows = []
    for trial in study.get_trials(deepcopy=False):
        moments = trial.datetime_start is not None, trial.datetime_complete is not None
        row = {**trial.__dict__, "_datetime_start": moments[0], "datetime_complete": moments[1]}
        for part in ("_user_attrs", "_system_attrs"):
            row[part] = dict(sorted(row[part].items()))
        rows.append(row)
    return "\n".join(map(str, rows))


def test_a_batch_writes_what_optuna_writes_one_by_one(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    batched = create_study(base)
    with batch(batched):
        run_trials(batched)
        inside = describe(batched)
    plain = optuna.create_study(study_name="study", storage=f"sqlite:///{tmp_path}/plain.db")
    run_trials(plain)
    expected = describe(plain)
    assert inside == expected, "what the batch itself reads"
    assert describe(batched) == expected
    assert describe(load(base)) == expected
    template = storage_at(base).absolute_url.replace("{", "%7B").replace("}", "%7D")
    by_optuna = RDBStorage(template)
    read_by_optuna = optuna.load_study(study_name="study", storage=by_optuna)
    assert describe(read_by_optuna) == expected
    assert moments(read_by_optuna) == moments(load(base))
    by_optuna.engine.dispose()
    monkeypatch.undo()
    time.tzset()


def test_a_batch_that_fails_leaves_no_trace_in_the_database_nor_in_the_cache(base: str) -> None:
    study = create_study(base)
    old = study.ask()
    old.set_user_attr("kept", 1)
    before = describe(study)
    with suppress(ZeroDivisionError), batch(study):
        run_trials(study)
        old.report(1.0, 1)
        study.tell(old, 1.0)
        raise ZeroDivisionError
    assert describe(study) == describe(load(base)) == before
    assert storage_of(study).get_trial(old._trial_id).state.name == "RUNNING"
    study.tell(old, 2.0)
    assert load(base).trials[0].value == 2.0


def test_what_another_thread_reads_meanwhile_takes_nothing_from_a_batch(base: str) -> None:
    study = create_study(base)
    with ThreadPoolExecutor(1) as display:
        with batch(study):
            study.set_user_attr("widening", [0.3])
            assert display.submit(lambda: study.user_attrs).result() == {}
        assert display.submit(lambda: study.user_attrs).result() == {"widening": [0.3]}
    assert load(base).user_attrs == {"widening": [0.3]}


def test_a_lost_connection_within_a_batch_loses_no_report(database: str) -> None:
    study = create_study(database)
    queue = ReportQueue(storage_of(study))
    trial = study.ask()
    queue.add(trial, 1, 0.5)

    def lose() -> None:
        with queue.transaction():
            trial.set_user_attr("a", 1)
            assert study.trials, "the connection is in use"
            cut_connections(database)

    with pytest.raises(StorageInternalError) as lost:
        lose()
    assert is_connection_lost(lost.value)
    [left] = load(database).trials
    assert (left.user_attrs, left.intermediate_values) == ({}, {})
    queue.write()
    assert load(database).trials[0].intermediate_values == {1: 0.5}


def test_a_share_of_claims_takes_the_settings_that_single_claims_take(url: str, tmp_path: Path) -> None:
    def claim_by_one(claims: Claims, study: optuna.Study) -> None:
        for _ in range(10):
            claims.claim(study, SPACE, 25)

    def claim_together(claims: Claims, study: optuna.Study) -> None:
        claims.claim_share([Source(study, SPACE, 25)], lambda _: [10])

    settings = []
    for place, claim in ((url, claim_together), (f"sqlite:///{tmp_path}/single.db", claim_by_one)):
        settings.append(claim_all(place, claim))
    assert settings[0] == settings[1]
    assert len(set(map(str, settings[0]))) == len(settings[0]) == 25


def claim_all(url: str, claim: Callable[[Claims, optuna.Study], None]) -> list[dict[str, object]]:
    """Claim all of a study's trials as two workers in turn, one of them enqueued; return their settings."""
    study = create_study(url)
    study.enqueue_trial({"lr": 0.05, "size": 20, "norm": 3})
    workers = []
    with (
        Claims(storage_at(url).locks()).hold_lock() as first,
        Claims(storage_at(url).locks()).hold_lock() as second,
    ):
        for worker in (first, second):
            workers.append((worker, load(url)))
            workers[-1][1].sampler = Grid(GRID, seed=0)
        for turn in range(4):
            claim(*workers[turn % 2])
        assert first.count(study).count_claimable(25) == 0
        assert first.census(study).count(TrialState.RUNNING) == 25
    return [trial.params for trial in load(url).trials]


def report(study: optuna.Study, queue: ReportQueue, steps: int) -> list[ReplicateTrial]:
    """Let two trials report that run at once."""
    replicates = [ReplicateTrial(Reports(queue, study.ask(), ["seed=0"]), "seed=0") for _ in range(2)]
    queue.start(replicate.identity for replicate in replicates)
    for step in range(1, steps + 1):
        for replicate in replicates:
            replicate.report(step / 2, step)
    return replicates


def test_reports_wait_for_the_record_of_a_replicate_or_until_it_is_time(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = create_study(url)
    first, _ = report(study, ReportQueue(storage_of(study)), 3)
    assert [trial.intermediate_values for trial in load(url).trials] == [{}, {}]
    first.finish([1.5])
    everything = {1: 0.5, 2: 1.0, 3: 1.5}
    assert [trial.intermediate_values for trial in load(url).trials] == [everything, everything]
    monkeypatch.setattr("sweeps.study.reports.WRITING_INTERVAL", 0)
    report(study, ReportQueue(storage_of(study)), 3)
    assert [trial.intermediate_values for trial in load(url).trials[2:]] == [everything, everything]


def test_a_trial_that_another_worker_has_ended_keeps_none_of_the_others_reports_back(url: str) -> None:
    study = create_study(url)
    queue = ReportQueue(storage_of(study))
    ended, other = report(study, queue, 2)
    load(url).tell(0, 5.0)
    queue.write()
    other.finish([1.0])
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        ended.finish([1.0])
    trials = load(url).trials
    assert [trial.intermediate_values for trial in trials] == [{}, {1: 0.5, 2: 1.0}]
    assert [set(trial.user_attrs) for trial in trials] == [set(), {"seed=0"}]


def test_a_report_that_is_no_number_is_written_once(url: str) -> None:
    study = create_study(url)
    queue = ReportQueue(storage_of(study))
    trial = study.ask()
    queue.add(trial, 1, float("nan"))
    queue.write()
    study.tell(trial, 1.0)
    with queue.transaction():
        study.ask().set_user_attr("a", 1)
    assert math.isnan(load(url).trials[0].intermediate_values[1])
    assert load(url).trials[1].user_attrs == {"a": 1}


def test_a_pruner_sees_what_all_members_of_a_stack_reported(url: str) -> None:
    study = create_study(url)
    study.pruner = optuna.pruners.ThresholdPruner(upper=0.9)
    queue = ReportQueue(storage_of(study))
    first, second = report(study, queue, 1)
    assert (first.should_prune(), second.should_prune()) == (False, False)
    assert [trial.intermediate_values for trial in load(url).trials] == [{1: 0.5}, {1: 0.5}]


def test_a_census_counts_what_changed_and_each_ended_trial_once(url: str) -> None:
    study = create_study(url)
    with Claims(storage_at(url).locks()).hold_lock() as claims:
        trials = claims.claim_share([Source(study, {}, 9)], lambda _: [9])
        census = take_census(study)
        assert (census.count(TrialState.RUNNING), census.first_tries) == (9, 9)
        failed = TrialState.FAIL
        endings = [
            Ending(trials[0], [1.0], attributes={"diverged": 2}),
            Ending(trials[1], state=failed, retries=1),
        ]
        claims.tell_all([*endings, Ending(trials[2], state=failed)])
        for _ in range(2):
            census.update()
            assert census.ended == {failed: 2, TrialState.COMPLETE: 1}
            assert (census.diverged, census.retries, census.first_tries, len(census.open)) == (2, 1, 9, 7)
        claims.count(study)
        assert claims.count_failures(study) == 1
        retry = claims.claim(study, {}, 9)
        assert retry is not None
        claims.tell(retry, state=failed)
        census.update()
        claims.count(study)
        assert (census.retries, census.first_tries, claims.count_failures(study)) == (1, 9, 2)
