"""Sweeps in each kind of storage, their workers killed, their connections cut, their password looked for."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import optuna
import psycopg
import pytest
import yaml
from optuna.storages import BaseStorage

from sweeps.study import DEFAULT_STORAGE
from sweeps.study.claims import Claims
from sweeps.study.journal_lock import JournalLock
from sweeps.study.storage import JournalFileStorage, open_study, storage_at
from tests.conftest import REPOSITORY, Toy, finish, wait_for
from tests.support.postgres import PASSWORD, Server, binaries, server

# Processes that start from one that has imported all this: a fresh one takes a second to.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["sweeps.study.claims", "alembic.command", "optuna.storages._rdb.models", "psycopg"]
)

KINDS = ("sqlite", "journal", "postgresql")


@dataclass
class StoredToy(Toy):
    """Sweeps of the toy application in a storage of any kind."""

    url: str

    @property
    def storage(self) -> str:
        return self.url

    def study(self, name: str) -> optuna.Study:
        """A study of the sweep."""
        return open_study(storage_at(self.url).open(), name)

    def values(self) -> dict[tuple[str, float, float], list[float | None]]:
        """Every complete trial's value, by its setting."""
        found: dict[tuple[str, float, float], list[float | None]] = {}
        for shape in ("bowl", "ridge"):
            for trial in self.study(f"toy/shape={shape}").get_trials(deepcopy=False):
                setting = (shape, trial.params["shape.x"], trial.params.get("shape.y", 0))
                assert trial.state.name == "COMPLETE", setting
                found.setdefault(setting, []).append(trial.value)
        return found


EXPECTED = {
    **{("bowl", x, 0): [pytest.approx((x - 1) ** 2)] for x in (-2, -1, 0, 1, 2)},
    **{("ridge", x, y): [pytest.approx((x - 1) ** 2 + y)] for x in (-1, 0, 1) for y in (0, 1)},
}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL server below /usr/lib/postgresql")
    with server(found) as running:
        yield running


@pytest.fixture
def database(postgres: Server) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.database()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage, of each kind in turn."""
    files = {"sqlite": f"sqlite:///{tmp_path}/toy.db", "journal": f"journal:///{tmp_path}/new/toy.log"}
    return files.get(request.param) or request.getfixturevalue("database")


def opened(url: str) -> optuna.Study:
    """A study without trials, its storage made."""
    return optuna.create_study(storage=storage_at(url).open(create=True), study_name="study")


def cut(url: str) -> None:
    """Cut every connection to a database, as a restart of its server does."""
    location = storage_at(url).url.set(drivername="postgresql")
    with psycopg.connect(location.render_as_string(hide_password=False)) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_sweep_whose_worker_is_killed_gives_every_setting_its_value_once(url: str, tmp_path: Path) -> None:
    toy = StoredToy(tmp_path, url)
    toy.hold(3)
    process = toy.start("shape=bowl,ridge")
    wait_for(lambda: len(toy.held()) == 2, process)
    os.kill(toy.held()[0], signal.SIGKILL)
    toy.release()
    finish(process)
    assert toy.values() == EXPECTED
    assert len(toy.journal("start")) > len(EXPECTED), "nothing was killed in the middle"


def test_a_sweep_outlasts_a_restart_of_its_server(postgres: Server, database: str, tmp_path: Path) -> None:
    toy = StoredToy(tmp_path, database)
    toy.hold(4)  # so that one is left to end when the server is gone
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


def claim_all(url: str, together: "multiprocessing.synchronize.Barrier", mine: Connection) -> None:
    """Claim the trials of a study till there is none left, and send their numbers.

    A process that has one goes on when all have one: each takes some, however few processors there are.
    """
    study = open_study(storage_at(url).open(), "study")
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
    study = opened(url)
    for x in range(30):
        study.enqueue_trial({"x": x})
    together = FORKS.Barrier(4)
    pipes = [FORKS.Pipe() for _ in range(4)]
    processes = [FORKS.Process(target=claim_all, args=(url, together, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    taken = [ours.recv() for ours, _ in pipes]
    for (ours, _), process in zip(pipes, processes, strict=True):
        ours.send("end")
        process.join()
    assert sorted(number for numbers in taken for number in numbers) == list(range(30))


def give_back_all(url: str) -> None:
    """Let every running trial wait, as another process."""
    Claims(storage_at(url).locks()).free(open_study(storage_at(url).open(), "study"))


def test_a_trial_given_back_by_another_process_is_seen_and_taken_again(url: str) -> None:
    study = opened(url)
    claims = Claims(storage_at(url).locks())
    with claims.hold_lock():
        first = claims.claim(study, {"x": optuna.distributions.FloatDistribution(0, 1)}, 1)
        assert first is not None
        assert [trial.state.name for trial in study.get_trials(deepcopy=False)] == ["RUNNING"]
    freeing = FORKS.Process(target=give_back_all, args=(url,))
    freeing.start()
    freeing.join()
    assert [trial.state.name for trial in study.get_trials(deepcopy=False)] == ["WAITING"]
    with claims.hold_lock():
        again = claims.claim(study, {}, 1)
        assert again is not None
        assert (again.number, again.params) == (first.number, first.params)


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
def test_a_worker_that_lost_its_connection_tells_its_result_only_where_nobody_took_its_trial(
    database: str, taken: bool
) -> None:
    study = opened(database)
    with (
        Claims(storage_at(database).locks()).hold_lock() as first,
        Claims(storage_at(database).locks()).hold_lock() as second,
    ):
        trial = first.claim(study, {}, 1)
        assert trial is not None
        cut(database)
        second.free(study)
        assert study.trials[0].state.name == "WAITING"
        again = second.claim(study, {}, 1) if taken else None
        told = first.tell(study, trial, [1.0], diverged=0)
        assert (told is None) == taken
        if again:
            first.give_back(study, trial)
            assert study.trials[0].state.name == "RUNNING"
            second.tell(study, again, [2.0], diverged=0)
    assert [trial.value for trial in study.trials] == [2.0 if taken else 1.0]


def test_a_worker_that_told_late_writes_nothing_to_an_ended_trial(url: str) -> None:
    study = opened(url)
    claims = Claims(storage_at(url).locks())
    with claims.hold_lock():
        trial = claims.claim(study, {}, 1)
        assert trial is not None
    with Claims(storage_at(url).locks()).hold_lock() as other:
        again = other.claim(study, {}, 1)
        assert again is not None
        other.tell(study, again, [2.0])
        assert claims.tell(study, trial, [1.0], failure="late") is None
    assert study.trials[0].values == [2.0]
    assert study.trials[0].user_attrs == {}


# Hydra itself lets Submitit write its whole config to a file, so there the URL comes by the environment.
PASSED = {
    "command line": ("{url}", ["hydra/launcher=basic"]),
    "appended": ("sqlite://", ["++hydra.sweeper.storage={url}"]),
    "environment": ("${{oc.env:STORAGE}}", ["hydra/launcher=submitit_local"]),
}


@pytest.mark.parametrize(("storage", "overrides"), PASSED.values(), ids=PASSED.keys())
def test_the_password_is_kept_nowhere(
    database: str,
    storage: str,
    overrides: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORAGE", database)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "tests" / "support" / "toy"))
    monkeypatch.setenv("PGPASSWORD", "")
    toy = StoredToy(tmp_path, storage.format(url=database))
    toy.here("shape=bowl", *(override.format(url=database) for override in overrides))
    said = "".join(capfd.readouterr())
    assert f"sweeps.dashboard --storage '{storage_at(database).display_url}'" in said
    study = open_study(storage_at(database).open(), "toy/shape=bowl")
    stored = study._storage.get_study_system_attrs(study._study_id)
    kept = [study.user_attrs, stored, *study.get_trials(deepcopy=False)]
    written = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2 + 5
    assert len(written) > 5
    for text in [said, str(kept), *written]:
        assert "s3cret" not in text


@pytest.mark.parametrize("fault", ["wrong password", "no server"])
def test_a_server_that_refuses_is_named_without_the_password(
    postgres: Server, fault: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    url = {
        "wrong password": postgres.url_with("geheim"),
        "no server": postgres.url_with("geheim").replace(str(postgres.port), "1"),
    }[fault]
    with pytest.raises(SystemExit):
        StoredToy(tmp_path, url).here("shape=bowl")
    said = "".join(capfd.readouterr())
    assert "hydra.sweeper.storage=postgresql+psycopg://sweeper:***@127.0.0.1" in said
    assert {"wrong password": "authentication failed", "no server": "refused"}[fault] in said
    assert "geheim" not in said
    assert PASSWORD not in said
    assert "Traceback" not in said


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


def test_a_password_among_the_urls_options_is_not_shown() -> None:
    assert "geheim" not in storage_at("postgresql://host/name?user=u&password=geheim").display_url


def test_the_dashboard_opens_what_the_screen_names(tmp_path: Path) -> None:
    from optuna_dashboard._storage_url import get_storage

    for url in (f"sqlite:///{tmp_path}/toy.db", f"journal:///{tmp_path}/toy.log"):
        opened(url)
        seen: BaseStorage = get_storage(storage_at(url).dashboard_argument())
        assert optuna.get_all_study_names(seen) == ["study"]
        if hasattr(seen, "engine"):
            seen.engine.dispose()


def die_writing(url: str) -> None:
    """Be killed within a line of a journal, its lock held."""
    storage = storage_at(url)
    assert isinstance(storage, JournalFileStorage)
    JournalLock(storage.path, storage.lock_folder).acquire()
    with storage.path.open("ab") as file:
        file.write(b'{"op_code": 4, "stu')
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_journal_whose_writer_was_killed_within_a_line_stays_usable_at_once(tmp_path: Path) -> None:
    url = f"journal:///{tmp_path}/toy.log"
    study = opened(url)
    dying = FORKS.Process(target=die_writing, args=(url,))
    dying.start()
    dying.join()
    assert dying.exitcode == -signal.SIGKILL
    before = time.monotonic()
    study.tell(study.ask(), 1.0)
    assert time.monotonic() - before < 10, "it waited for the dead writer"  # Optuna's own locks: 30 seconds
    assert [trial.value for trial in open_study(storage_at(url).open(), "study").trials] == [1.0]
