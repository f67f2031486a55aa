"""The sweeper and its report in an installation without what only training needs."""

from pathlib import Path

import pytest

from tests.conftest import Toy, finish, start

# Python imports a module of this name at its start, in worker processes too.
GUARD = """
import sys
from pathlib import Path

class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "mlxtend", "sklearn", "matplotlib"}:
            with Path(__file__).with_name("requests").open("a") as file:
                file.write(name + "\\n")
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Guard())
"""


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forbid the imports in every process that starts; return the file that records who tries."""
    folder = tmp_path / "guard"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(GUARD)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder / "requests"


def test_a_sweep_and_its_report_ask_for_nothing_that_only_training_needs(toy: Toy, guard: Path) -> None:
    printed = toy.run("hydra.sweeper.report=true", "shape.x=0,1,2")
    assert "report.html" in printed
    command = ["-m", "sweeps.report", "--storage", toy.storage, "--folder", str(toy.folder / "again")]
    printed = finish(start("-W", "error", *command))
    assert "/again/report.html\n" in printed
    assert "python your_application.py --config-dir " in printed
    finish(start("-c", "import sweeps.dashboard, optuna_dashboard"))
    # Optuna's dashboard uses scikit-learn where that is installed.
    asked = set(guard.read_text().split()) if guard.exists() else set()
    assert asked <= {"sklearn"}


def test_a_sampler_that_needs_torch_says_so_before_any_job(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sweeps.sweeper.sampling.find_spec", lambda _: None)
    with pytest.raises(SystemExit):
        toy.run_here("hydra/sweeper/sampler=gp", "hydra.sweeper.n_trials=2")
    assert "GPSampler needs torch; pip install torch" in capfd.readouterr().err


def test_the_guard_records_who_asks(guard: Path) -> None:
    asking = start("-c", "import torch")
    asking.communicate()
    assert asking.returncode == 1
    assert guard.read_text() == "torch\n"
