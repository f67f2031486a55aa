"""Sweeps in each kind of storage, their workers killed, their server restarted."""

import os
import signal
from itertools import product
from pathlib import Path

import optuna
import psycopg
import pytest
import yaml
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage

from sweeps.study import DEFAULT_STORAGE
from sweeps.study.optuna_internals import waiting_trial
from sweeps.study.samplers import Grid
from sweeps.study.storage import storage_at
from tests.conftest import REPOSITORY, finish, wait_for
from tests.support.postgres import Server
from tests.support.storages import EXPECTED_VALUES, StoredToy, create_study


# In an SQLite file: tests/sweeper/test_fork_server.py.
@pytest.mark.parametrize("url", ["journal", "postgresql"], indirect=True)
def test_a_sweep_whose_worker_is_killed_gives_every_setting_its_value_once(url: str, tmp_path: Path) -> None:
    toy = StoredToy(tmp_path, url)
    toy.hold(3)
    process = toy.start("shape=bowl,ridge")
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    os.kill(toy.waiting_processes()[0], signal.SIGKILL)
    toy.release()
    finish(process)
    assert toy.values() == EXPECTED_VALUES
    assert len(toy.journal("start")) > len(EXPECTED_VALUES), "nothing was killed in the middle"


def test_a_sweep_outlasts_a_restart_of_its_server(postgres: Server, database: str, tmp_path: Path) -> None:
    toy = StoredToy(tmp_path, database)
    toy.hold(3)  # so that one is left to end when the server is gone
    process = toy.start("shape=bowl", "steps=60")  # most of its time goes into reports
    wait_for(lambda: len(toy.journal("end")) >= 2, process)
    postgres.stop()
    toy.release()
    postgres.wait_for_a_caller()
    postgres.start()
    finish(process)
    trials = toy.study("toy/shape=bowl").trials
    assert {trial.params["shape.x"]: trial.value for trial in trials} == {
        x: pytest.approx((x - 1) ** 2) for x in (-2, -1, 0, 1, 2)
    }
    assert [(trial.state.name, len(trial.intermediate_values)) for trial in trials] == [("COMPLETE", 60)] * 5


def test_an_answer_from_a_server_is_printed_at_once_until_a_row_of_the_sweep_changes(
    database: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    toy = StoredToy(tmp_path, database)

    def is_printed_at_once() -> bool:
        toy.run_here("shape=bowl", "hydra.sweeper.report=true")
        printed = capfd.readouterr().out
        assert "\nUse bowl with x=1" in printed
        return printed.startswith("\nUse")

    assert [is_printed_at_once() for _ in range(2)] == [False, True]
    optuna.create_study(study_name="toy2/shape=bowl", storage=storage_at(database).open())
    assert is_printed_at_once()
    with psycopg.connect(database) as session:
        session.execute("UPDATE trial_user_attributes SET value_json = '1' WHERE key = 'diverged'")
    assert [is_printed_at_once() for _ in range(2)] == [False, True]


def test_a_grids_numbers_come_back_as_the_very_same_and_so_does_one_beyond_its_ends(url: str) -> None:
    rates = [3e-12, 1e-05, 0.07, 0.1, 0.3, 1 / 3]
    sizes = [16, 96, 1024]
    space: dict[str, BaseDistribution] = {
        "lr": FloatDistribution(rates[0], rates[-1], log=True),
        "batch_size": IntDistribution(16, 1024, log=True),
    }
    study = create_study(url)
    study.sampler = Grid({"lr": rates, "batch_size": sizes}, seed=0)
    for _ in range(18):
        study.ask(space)
    beyond = {"lr": 10.0, "batch_size": 2048}
    wider = {"lr": FloatDistribution(0.3, 10, log=True), "batch_size": IntDistribution(16, 2048, log=True)}
    study.add_trial(waiting_trial(beyond, wider, {}, {}))
    assert study.ask(space).params == beyond
    stored = optuna.load_study(study_name="study", storage=storage_at(url).open()).trials
    assert [trial.params for trial in stored[18:]] == [beyond]
    settings = {(trial.params["lr"], trial.params["batch_size"]) for trial in stored[:18]}
    assert settings == set(product(rates, sizes))
    assert {type(trial.params["batch_size"]) for trial in stored} == {int}


REFUSED = {
    "mysql://user:geheim@host/name": "mysql://user:***@host/name is no storage that workers can share",
    "sqlite://": "sqlite:// names no file",
    "journal://sweeps.log": "write journal:///outputs/sweeps.log",
    "postgresql://user:ge@heim@host/name": "write %40 in a password",
    "postgresql://user:geheim@host:port/name": "not a storage URL",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_no_sweep_can_be_kept_at_is_refused_with_what_to_write(url: str) -> None:
    for option in ("hydra.sweeper.storage=", "--storage "):
        with pytest.raises(ValueError, match=option) as refused:
            storage_at(url, option)
        assert REFUSED[url] in str(refused.value)
        assert "heim" not in str(refused.value)


def test_the_programs_that_read_a_storage_look_where_a_sweep_writes_it() -> None:
    config = yaml.safe_load((REPOSITORY / "conf/config.yaml").read_text())
    sweeper = yaml.safe_load((REPOSITORY / "conf/hydra/sweeper/study.yaml").read_text())["sweeper"]
    assert sweeper["storage"].replace("${outputs}", config["outputs"]) == DEFAULT_STORAGE


def test_a_worker_opens_a_database_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = storage_at(f"sqlite:///{tmp_path}/toy.db")
    study = create_study(storage.worker_url())
    monkeypatch.delattr("optuna.storages._rdb.storage.alembic_config", raising=False)
    monkeypatch.setattr("optuna.storages._rdb.storage._VersionManager", None)
    opened = optuna.load_study(study_name=study.study_name, storage=storage.open())
    opened.tell(opened.ask(), 1.0)
    assert opened.best_value == 1


def test_the_dashboard_opens_what_the_screen_names(tmp_path: Path) -> None:
    from optuna_dashboard._storage_url import get_storage

    for url in (f"sqlite:///{tmp_path}/toy.db", f"journal:///{tmp_path}/toy.log"):
        create_study(url)
        seen: BaseStorage = get_storage(storage_at(url).dashboard_argument())
        assert optuna.get_all_study_names(seen) == ["study"]
        if hasattr(seen, "engine"):
            seen.engine.dispose()
