"""The same sweep through every launcher and in every place: the same settings, the same values."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from scipy.stats.qmc import Sobol

from sweeps.study.storage import storage_at
from tests.conftest import ENVIRONMENT, REPOSITORY, finish
from tests.support.postgres import binaries, server

# A cluster of this test's own, which other machines can't reach.
CLUSTER = "{address: local, include_dashboard: false, num_cpus: 2, _node_ip_address: 127.0.0.1}"
# The default's, forkserver: tests/study/test_storages.py and tests/sweeper/test_drop_in.py.
LAUNCHERS = {
    "joblib": [],
    "submitit_local": [],
    "ray": [f"++hydra.launcher.ray.init={CLUSTER}"],
}
SWEEP = [
    "shape=bowl",
    "shape.x=interval(-2,2)",
    "steps=2",
    "hydra.sweeper.study_name=toy",
    "hydra/sweeper/sampler=qmc",
    "hydra.sweeper.sampler.scramble=true",
    "hydra.sweeper.sampler.seed=3",
    "hydra.sweeper.n_trials=4",
    "hydra.sweeper.n_jobs=2",
    "hydra.sweeper.cuda_devices=[3,5]",
    "+hydra.sweeper.replicates.seed=[0,1]",
    "journal=journal",  # where the driver was started, so that is where the workers must be
    "hydra.sweep.dir=jobs",
]


@pytest.fixture
def sqlite() -> str:
    """An SQLite file where the driver is started."""
    return "sqlite:///toy.db"


@pytest.fixture
def postgresql() -> Iterator[str]:
    """A database in a server of its own."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL server below /usr/lib/postgresql")
    with server(found) as running:
        yield running.url


@pytest.mark.parametrize(
    ("launcher", "storage"),
    [
        ("joblib", "sqlite"),
        ("submitit_local", "postgresql"),
        ("ray", "sqlite"),
    ],
)
def test_a_sweep_gives_the_same_settings_and_values_wherever_it_runs(
    launcher: str,
    storage: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if launcher == "ray" and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: uv sync --extra ray")
    url = request.getfixturevalue(storage)
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "error", str(REPOSITORY / "tests/support/toy/app.py"), "-m", *SWEEP),
            *(f"hydra/launcher={launcher}", *LAUNCHERS[launcher], "hydra.sweeper.storage=${oc.env:STORAGE}"),
        ],
        cwd=tmp_path,
        env={**ENVIRONMENT, "STORAGE": url, "HOME": str(tmp_path), "CUDA_VISIBLE_DEVICES": "3,5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    finish(process)

    monkeypatch.chdir(tmp_path)
    study = optuna.load_study(study_name="toy/shape=bowl", storage=storage_at(url).open())
    assert sorted(outcome(trial) for trial in study.trials) == [
        pytest.approx([x, (x - 1) ** 2 + 0.05, (x - 1) ** 2, (x - 1) ** 2 + 0.1, (x - 1) ** 2 + 1.05])
        for x in sorted(4 * Sobol(1, scramble=True, seed=3).random(4).ravel() - 2)
    ]
    saw = {line for line in (tmp_path / "journal").read_text().splitlines() if line.startswith("saw")}
    assert saw <= {"saw 3", "saw 5"}
    folders = [tmp_path / "jobs" / trial.user_attrs["seed=1"]["folder"] for trial in study.trials]
    assert all((folder / ".hydra" / "config.yaml").exists() for folder in folders)


def outcome(trial: optuna.trial.FrozenTrial) -> list[float]:
    """A trial's setting, its value, its replicates' values, what it reported first."""
    replicates = [trial.user_attrs[f"seed={seed}"]["value"] for seed in (0, 1)]
    return [trial.params["shape.x"], *(trial.values or ()), *replicates, trial.intermediate_values[1]]
