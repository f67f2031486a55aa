"""Claims of trials by processes that run at once, are killed, or lose their connection."""

import multiprocessing
from multiprocessing.connection import Connection

import optuna
import psycopg
import pytest

from sweeps.study.claims import Claims, Source
from sweeps.study.storage import storage_at
from tests.support.storages import PROCESSES, create_study


def claim_all(url: str, together: "multiprocessing.synchronize.Barrier", mine: Connection) -> None:
    """Claim the trials of a study till there is none left, and send their numbers.

    A process that has one goes on when all have one: each takes some, however few processors there are.
    """
    study = optuna.load_study(study_name="study", storage=storage_at(url).open())
    numbers = []
    with Claims(storage_at(url).locks()).hold_lock() as claims:
        together.wait(120)
        while trial := claims.claim(study, {}, 0):
            numbers.append(trial.number)
            if len(numbers) == 1:
                together.wait(120)
        mine.send(numbers)
        mine.recv()


def test_processes_that_claim_at_once_never_take_a_trial_twice(url: str) -> None:
    study = create_study(url)
    for x in range(30):
        study.enqueue_trial({"x": x})
    together = PROCESSES.Barrier(4)
    pipes = [PROCESSES.Pipe() for _ in range(4)]
    processes = [PROCESSES.Process(target=claim_all, args=(url, together, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    taken = [ours.recv() for ours, _ in pipes]
    for (ours, _), process in zip(pipes, processes, strict=True):
        ours.send("end")
        process.join()
    assert sorted(number for numbers in taken for number in numbers) == list(range(30))


def give_back_all(url: str) -> None:
    """Let every running trial wait, as another process."""
    Claims(storage_at(url).locks()).free(
        optuna.load_study(study_name="study", storage=storage_at(url).open())
    )


def test_a_trial_given_back_by_another_process_is_seen_and_taken_again(url: str) -> None:
    study = create_study(url)
    claims = Claims(storage_at(url).locks())
    with claims.hold_lock():
        first = claims.claim(study, {"x": optuna.distributions.FloatDistribution(0, 1)}, 1)
        assert first is not None
        assert [trial.state.name for trial in study.get_trials(deepcopy=False)] == ["RUNNING"]
    freeing = PROCESSES.Process(target=give_back_all, args=(url,))
    freeing.start()
    freeing.join()
    assert [trial.state.name for trial in study.get_trials(deepcopy=False)] == ["WAITING"]
    with claims.hold_lock():
        again = claims.claim(study, {}, 1)
        assert again is not None
        assert (again.number, again.params) == (first.number, first.params)


def cut_connections(url: str) -> None:
    """Cut every connection to a database, as a restart of its server does."""
    location = storage_at(url).url.set(drivername="postgresql")
    with psycopg.connect(location.render_as_string(hide_password=False)) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
def test_a_worker_that_lost_its_connection_tells_its_result_only_where_nobody_took_its_trial(
    database: str, taken: bool
) -> None:
    study = create_study(database)
    with (
        Claims(storage_at(database).locks()).hold_lock() as first,
        Claims(storage_at(database).locks()).hold_lock() as second,
    ):
        trial = first.claim(study, {}, 1)
        assert trial is not None
        cut_connections(database)
        second.free(study)
        assert study.trials[0].state.name == "WAITING"
        again = second.claim(study, {}, 1) if taken else None
        told = first.tell(trial, [1.0], diverged=0)
        assert (told is None) == taken
        if again:
            first.give_back(study, trial)
            assert study.trials[0].state.name == "RUNNING"
            second.tell(again, [2.0], diverged=0)
    assert [trial.value for trial in study.trials] == [2.0 if taken else 1.0]


def test_a_worker_that_told_late_writes_nothing_to_an_ended_trial(url: str) -> None:
    study = create_study(url)
    claims = Claims(storage_at(url).locks())
    with claims.hold_lock():
        trial = claims.claim(study, {}, 1)
        assert trial is not None
    with Claims(storage_at(url).locks()).hold_lock() as other:
        again = other.claim(study, {}, 1)
        assert again is not None
        other.tell(again, [2.0])
        assert claims.tell(trial, [1.0], failure="late") is None
    assert study.trials[0].values == [2.0]
    assert study.trials[0].user_attrs == {}


def test_a_trial_that_a_second_worker_dies_of_has_failed_and_is_claimed_alone_before(url: str) -> None:
    study = create_study(url)
    locks = storage_at(url).locks
    with Claims(locks()).hold_lock() as driver:
        for _ in range(2):
            with Claims(locks(), driver.name).hold_lock() as worker:
                trials = worker.claim_share([Source(study, {}, 3)], lambda _: [3])
        driver.free(study)
        assert len(trials) == 1, "others would be blamed for what it does"
        assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING", "WAITING"]
        assert "died 2 times" in study.trials[0].user_attrs["failure"]


def test_a_trial_is_not_to_blame_where_its_driver_died_too(url: str) -> None:
    study = create_study(url)
    for _ in range(3):
        driver = Claims(storage_at(url).locks())
        with driver.hold_lock(), Claims(storage_at(url).locks(), driver.name).hold_lock() as worker:
            assert worker.claim(study, {}, 1)
    Claims(storage_at(url).locks()).free(study)
    assert [trial.state.name for trial in study.trials] == ["WAITING"]
