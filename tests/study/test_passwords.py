"""The password of a storage, which nothing that is printed or written may hold."""

from pathlib import Path

import optuna
import pytest

from sweeps.study.optuna_internals import study_attributes
from sweeps.study.storage import storage_at
from tests.conftest import REPOSITORY
from tests.support.postgres import PASSWORD, Server
from tests.support.storages import StoredToy

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
    toy.run_here("shape=bowl", *(override.format(url=database) for override in overrides))
    output = "".join(capfd.readouterr())
    assert f"sweeps.dashboard --storage '{storage_at(database).display_url}'" in output
    study = optuna.load_study(study_name="toy/shape=bowl", storage=storage_at(database).open())
    kept = [study.user_attrs, study_attributes(study), *study.get_trials(deepcopy=False)]
    written = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2 + 5
    assert len(written) > 5
    for text in [output, str(kept), *written]:
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
        StoredToy(tmp_path, url).run_here("shape=bowl")
    output = "".join(capfd.readouterr())
    assert "hydra.sweeper.storage=postgresql+psycopg://sweeper:***@127.0.0.1" in output
    assert {"wrong password": "authentication failed", "no server": "refused"}[fault] in output
    assert "geheim" not in output
    assert PASSWORD not in output
    assert "Traceback" not in output


def test_a_password_among_the_urls_options_is_not_shown() -> None:
    assert "geheim" not in storage_at("postgresql://host/name?user=u&password=geheim").display_url
