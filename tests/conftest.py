"""How the tests start the real thing: the command line in a process of its own.

The process that hands tests out to workers reads this file too: torch and Optuna are imported where needed.
"""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import optuna

REPOSITORY = Path(__file__).parent.parent

# Compiled modules are kept, whatever the machine says: a test starts many processes.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start Python with these arguments, in the repository, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**ENVIRONMENT, **os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 120) -> str:
    """Wait for the process to end well and return what it printed."""
    output, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0, output
    return output


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Wait until the condition holds while the process runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_sweeps_here(*arguments: str) -> None:
    """Call `python -m sweeps.run` in this process."""
    from sweeps.run import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sweeps.run", *arguments])
        try:
            main()
        finally:
            forget_hydra()


@dataclass
class Toy:
    """Sweeps of tests/support/toy/app.py in a folder."""

    folder: Path

    @property
    def storage(self) -> str:
        return f"sqlite:///{self.folder}/toy.db"

    @property
    def overrides(self) -> list[str]:
        return [
            f"journal={self.folder}/journal",
            f"hydra.sweep.dir={self.folder}/jobs",
            f"hydra.sweeper.storage={self.storage}",
            "hydra.sweeper.study_name=toy",
            "hydra/sweeper/sampler=grid",
            "hydra.sweeper.n_trials=null",
            "hydra.sweeper.report=false",
        ]

    def start(self, *overrides: str) -> subprocess.Popen[str]:
        """Start a sweep."""
        command = ["tests/support/toy/app.py", "-m", *self.overrides, "hydra.sweeper.n_jobs=2", *overrides]
        return start("-W", "error", *command)

    def run_here(self, *overrides: str) -> None:
        """Run a sweep in this process, one job after the other."""
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(REPOSITORY / "tests" / "support" / "toy"))
            main = importlib.import_module("app").main
            command = [
                "app.py",
                "-m",
                *self.overrides,
                "hydra/launcher=basic",
                "hydra.sweeper.n_jobs=1",
                *overrides,
            ]
            patch.setattr(sys, "argv", command)
            try:
                main()
            finally:
                forget_hydra()

    def run(self, *overrides: str) -> str:
        """Run a sweep to its end and return what it printed."""
        return finish(self.start(*overrides))

    def study(self, name: str) -> optuna.Study:
        """Load a study of the sweep."""
        import optuna

        return optuna.load_study(study_name=name, storage=self.storage)

    def states(self, name: str) -> list[str]:
        """Return the states of a study's trials, sorted."""
        return sorted(trial.state.name for trial in self.study(name).trials)

    def journal(self, word: str) -> list[str]:
        """Return the jobs that left a line `start` or `end`, in order."""
        path = self.folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split(" ", 2)[2] for line in lines if line.startswith(word)]

    def recorded_jobs(self, *overrides: str) -> list[str]:
        """Return the jobs, as the journal calls them, whose replicates are recorded; all have `overrides`."""
        import optuna

        jobs = []
        for name in optuna.get_all_study_names(self.storage):
            for trial in self.study(name).trials:
                params = [f"{key}={value}" for key, value in trial.params.items()]
                seeds = [label for label in ("seed=0", "seed=1") if label in trial.user_attrs]
                fixed = [f"journal={self.folder}/journal", name.split("/")[1], *overrides, *params]
                jobs += [",".join(sorted([*fixed, seed])) for seed in seeds]
        return jobs

    def hold(self, ended: int) -> None:
        """Let jobs wait in their middle once so many have ended.

        Once every worker waits, all that ended is recorded. With two workers, one more may end than that.
        """
        (self.folder / "journal.hold").write_text(str(ended))

    def waiting_processes(self) -> list[int]:
        """Return the processes whose jobs have begun to wait."""
        path = self.folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith("held")]

    def release(self) -> None:
        """Let the jobs that wait go on, and no further one wait."""
        (self.folder / "journal.hold").unlink()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small work is done sooner by one thread, above all on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["MKL", "oneDNN"])
def _matmul_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train with the fp32 products of MKL, then with those of oneDNN, whoever made the processor.

    Products in double precision are MKL's on every processor.
    """
    from sweeps.training import device

    maker = {"MKL": "GenuineIntel", "oneDNN": "AuthenticAMD"}[request.param]
    monkeypatch.setattr(device, "processor_maker", lambda: maker)
    if request.param == "oneDNN" and not device.onednn_is_exact():
        pytest.skip("this processor's oneDNN multiplies in bf16, so no run would take it")


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Return a folder for sweeps of the toy application."""
    return Toy(tmp_path)


@pytest.fixture
def refusal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """Return a call of the command line in this process, which must refuse; it returns the whole message."""
    from sweeps.run import start as call_sweeps

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["sweeps.run", *arguments])
        with pytest.raises(SystemExit) as error:
            call_sweeps()
        assert error.value.code not in (0, None)
        output = capfd.readouterr()
        return f"{output.out}{output.err}{error.value.code if isinstance(error.value.code, str) else ''}"

    yield call
    forget_hydra()


def forget_hydra() -> None:
    """Leave no trace of an application that ran in this process."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


# The files that take longest, 10 s of processor time or more: first, so that no worker is left with one.
LONGEST = (
    "test_document_commands",
    "test_launchers",
    "test_faults",
    "test_drop_in",
    "test_interrupted",
    "test_widening",
    "test_options",
    "test_bad_input",
    "test_sweeper",
    "test_stack",
    "test_network",
    "test_confirmation",
    "test_any_application",
    "test_storages",
    "test_compose",
    "test_command_line",
    "test_values",
    "test_statistics_coverage",
    "test_fork_server",
)


def pytest_collection_finish() -> None:
    """Leave what is imported out of garbage collections, which take a quarter of a small sweep otherwise."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure() -> None:
    """Give it back: libraries look for leaks when the process ends."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
