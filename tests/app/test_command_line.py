"""`python -m sweeps.run` as a user starts it, on real images."""

import csv
import json
import re
from pathlib import Path

import optuna
import pytest
import yaml
from optuna_dashboard._note import get_note

from sweeps.report.findings.picks import pick_settings
from sweeps.report.measure.from_storage import read
from sweeps.study.record import LONG_VALUES, read_curves
from sweeps.study.storage import storage_at
from sweeps.training import checkpoint
from tests.conftest import finish, run_sweeps_here, start


def sweeps_run(*arguments: str) -> str:
    """Run the command to its end and return what it printed."""
    return finish(start("-W", "error", "-m", "sweeps.run", *arguments))


DRIVER = """
import sys
from sweeps.run import start

start()
assert "torch" not in sys.modules, "the driver waited for an import that only its workers need"
"""
SMALL = (
    "-m",
    "optimizer=sgd,adam",
    "optimizer.lr=0.1,0.01",
    "epochs=2",
    "extend=0",
    "hydra.sweeper.replicates.seed=[0,1]",
    "confirm.seeds=2",
)


@pytest.fixture(scope="module")
def sweep_output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of a small sweep of the real thing."""
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, finish(start("-W", "error", "-c", DRIVER, *SMALL, f"outputs={outputs}"))


def load_study(outputs: Path, optimizer: str) -> optuna.Study:
    """Load the sweep's study of an optimizer."""
    return optuna.load_study(
        study_name=f"sweeps/optimizer={optimizer}", storage=f"sqlite:///{outputs}/sweeps.db"
    )


def test_a_sweep_completes_every_setting_and_keeps_every_replicate(sweep_output: tuple[Path, str]) -> None:
    outputs, _ = sweep_output
    assert sorted(optuna.get_all_study_names(f"sqlite:///{outputs}/sweeps.db")) == [
        "sweeps/optimizer=adam",
        "sweeps/optimizer=adam/confirm",
        "sweeps/optimizer=sgd",
        "sweeps/optimizer=sgd/confirm",
        "sweeps/overview",
    ]
    for optimizer, settings in (("sgd", 2 * 5), ("adam", 2 * 3 * 2)):
        trials = load_study(outputs, optimizer).trials
        assert [trial.state.name for trial in trials] == ["COMPLETE"] * settings
        assert len({tuple(trial.params.values()) for trial in trials}) == settings
        for trial in trials:
            records = [trial.user_attrs[f"seed={seed}"] for seed in (0, 1)]
            assert trial.value == pytest.approx(sum(record["value"] for record in records) / 2)
            for seed, record in enumerate(records):
                folder = outputs / "sweeps" / record["folder"]
                assert folder == outputs / f"sweeps/optimizer={optimizer}/{trial.number}/seed={seed}"
                metrics = json.loads((folder / "metrics.json").read_text())
                assert metrics["score"] == record["value"]
                # Reported epoch by epoch, validation accuracy isn't stored a second time.
                assert trial.system_attrs[f"{LONG_VALUES}seed={seed}/curves"]["validation_accuracy"] == []
                for metric, curve in read_curves(trial, f"seed={seed}").items():
                    assert curve == [epoch[metric] for epoch in metrics["epochs"]]
                assert len(read_curves(trial, f"seed={seed}")) == 5
                assert (folder / ".hydra" / "overrides.yaml").exists()
            if trial.user_attrs["diverged"] == 0:
                assert set(trial.intermediate_values) == {1, 2}
                assert trial.intermediate_values[2] == trial.value


# Python imports a module of this name at its start.
GUARD = """
import sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        assert name not in {"torch", "numpy", "scipy", "plotly", "optuna", "sqlalchemy", "alembic"}, name

sys.meta_path.insert(0, Guard())
"""


def test_a_second_start_prints_the_answer_without_torch_and_without_statistics(
    sweep_output: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, first = sweep_output
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    again = sweeps_run(*SMALL, f"outputs={outputs}")
    assert again.startswith("\nUse ")
    assert first.endswith(again)


def test_only_the_confirmation_reads_the_test_set(sweep_output: tuple[Path, str]) -> None:
    outputs, _ = sweep_output
    found = {each.option: each for each in read(storage_at(f"sqlite:///{outputs}/sweeps.db").open())}
    for path in (outputs / "sweeps").rglob("metrics.json"):
        assert ("test" in json.loads(path.read_text())["accuracy"]) == ("confirm" in path.parts)
    defaults = {"sgd": {"optimizer.lr": 0.1, "optimizer.momentum": 0.9}}
    for name, measured in found.items():
        picks = pick_settings(measured)
        assert picks["default"] == defaults.get(name, picks["default"])
        for params in picks.values():
            tests, scores = measured.confirmation.tests(params), measured.confirmation.scores(params)
            assert len(tests) == len(scores) == 2
            assert (abs(tests - scores) < 10).all()
            assert not set(measured.seeds) & {each.seed for each in measured.confirmation.replicates}


def test_the_study_tells_the_dashboard_what_it_is(sweep_output: tuple[Path, str]) -> None:
    sgd = load_study(sweep_output[0], "sgd")
    assert sgd.metric_names == ["validation accuracy in %"]
    assert sgd.user_attrs["search_space"]["optimizer.lr"] == "choice(0.1, 0.01)"
    assert "epochs=2" in sgd.user_attrs["fixed_overrides"]
    note = get_note(sgd)
    assert "sgd with lr=" in note
    assert "test accuracy in % on fresh seeds" in note


def test_sgd_brings_the_plateau_scheduler_and_adam_none(sweep_output: tuple[Path, str]) -> None:
    schedulers = [
        load_study(sweep_output[0], name).user_attrs["config"]["scheduler._target_"]
        for name in ("sgd", "adam")
    ]
    assert schedulers == ["torch.optim.lr_scheduler.ReduceLROnPlateau", "torch.optim.lr_scheduler.ConstantLR"]


def test_a_second_start_trains_nothing_and_prints_the_same_result(sweep_output: tuple[Path, str]) -> None:
    outputs, first = sweep_output
    names = ("sgd", "adam", "sgd/confirm", "adam/confirm")
    before = {name: load_study(outputs, name).trials for name in names}
    second = sweeps_run(*SMALL, f"outputs={outputs}")
    assert {name: load_study(outputs, name).trials for name in names} == before
    result = "\nsweeps: "
    assert first[first.index(result) :] == second[second.index(result) :]
    assert f"python -m sweeps.dashboard --storage sqlite:///{outputs}/sweeps.db" in first


def test_a_job_in_a_sweep_trains_as_it_would_alone(sweep_output: tuple[Path, str], tmp_path: Path) -> None:
    trial = load_study(sweep_output[0], "sgd").trials[0]
    params = [f"{key}={value}" for key, value in trial.params.items()]
    run_sweeps_here("optimizer=sgd", "epochs=2", "seed=1", *params, f"outputs={tmp_path}")
    [alone] = tmp_path.rglob("metrics.json")
    curves = trial.system_attrs[f"{LONG_VALUES}seed=1/curves"]
    epochs = json.loads(alone.read_text())["epochs"]
    # In a stack there: sums in another order, so not the same bits.
    assert [epoch["train_loss"] for epoch in epochs] == pytest.approx(curves["train_loss"], rel=1e-3)


# In a process of its own: tests/app/test_interrupted.py.
def test_a_single_run_prints_its_accuracies_and_leaves_metrics_and_a_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_sweeps_here("optimizer=adam", "optimizer.lr=0.005", "epochs=3", f"outputs={tmp_path}")
    printed = capsys.readouterr().out
    [metrics_file] = tmp_path.rglob("metrics.json")
    metrics = json.loads(metrics_file.read_text())
    for split, accuracy in metrics["accuracy"].items():
        assert re.search(rf"{split}\W+{accuracy:.2f}", printed), printed
    assert list(metrics["accuracy"]) == ["train", "test"]  # its epochs hold validation
    assert metrics["accuracy"]["test"] > 80
    assert metrics["score"] == metrics["epochs"][-1]["validation_accuracy"]
    state = checkpoint.load(metrics_file.parent / "checkpoint.pt")
    assert state["epochs"] == 3
    assert state["optimizer"]["param_groups"][0]["lr"] == 0.005
    assert (metrics_file.parent / ".hydra" / "config.yaml").exists()
    assert "loss of a minibatch" in (metrics_file.parent / "curves.html").read_text()


def test_a_single_run_that_diverges_at_once_leaves_its_files_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_sweeps_here(
        "data=digits", "model.norm=none", "optimizer=sgd", "optimizer.lr=1e30", f"outputs={tmp_path}"
    )
    [metrics_file] = tmp_path.rglob("metrics.json")
    metrics = json.loads(metrics_file.read_text())
    assert (metrics["diverged"], metrics["score"], metrics["epochs"]) == (True, metrics["chance"], [])
    assert "The run diverged: it scores chance. A smaller optimizer.lr may help." in capsys.readouterr().out
    assert list(metrics["accuracy"]) == ["train", "test"]
    assert (metrics_file.parent / "curves.html").exists()


def test_a_single_run_that_is_too_slow_learned_nothing_and_gets_no_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_sweeps_here("data=digits", "epochs=1", "optimizer=sgd", "optimizer.lr=1e-6", f"outputs={tmp_path}")
    [metrics_file] = tmp_path.rglob("metrics.json")
    metrics = json.loads(metrics_file.read_text())
    assert (metrics["diverged"], metrics["learned_nothing"]) == (False, True)
    assert metrics["score"] <= metrics["chance"]
    printed = capsys.readouterr().out
    assert "The run learned nothing: it is no better than always giving the commonest class." in printed
    assert "smaller" not in printed


@pytest.mark.filterwarnings("ignore")
def test_the_stock_sweeper_runs_the_same_application(tmp_path: Path) -> None:
    sweeper = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.direction=maximize")
    basic = ("hydra/launcher=basic", "hydra.sweeper.n_jobs=1")
    run_sweeps_here("-m", *sweeper, *basic, "optimizer.lr=0.1,0.01", "epochs=1", f"outputs={tmp_path}")
    assert len(list(tmp_path.glob("multirun/*/*/*/metrics.json"))) == 2


def test_help_answers_without_torch(tmp_path: Path) -> None:
    source = (
        "import sys; sys.argv = ['sweeps.run', '--help']\n"
        "import sweeps.run\n"
        "try: sweeps.run.main()\n"
        "finally: assert not {'torch', 'optuna', 'optuna_dashboard', 'plotly'} & set(sys.modules)"
    )
    printed = finish(start("-c", source, f"outputs={tmp_path}"))
    assert "scheduler: cosine, exponential, multistep, none" in printed


def test_the_report_has_a_row_a_run_and_strict_json(sweep_output: tuple[Path, str]) -> None:
    folder = sweep_output[0] / "sweeps"
    with (folder / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    runs = sorted(path.parent for path in folder.rglob("metrics.json"))
    assert sorted(folder / row["folder"] for row in rows) == runs
    for row in rows:
        metrics = json.loads((folder / row["folder"] / "metrics.json").read_text())
        assert float(row["score"]) == metrics["score"]
        assert row["diverged"] == json.dumps(metrics["diverged"])
        assert (row["test"] == "") == (row["phase"] == "tuning")
        assert row["epochs"] == "2"
    assert {row["seed"] for row in rows} == {"0", "1", "1000", "1001"}

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    numbers = json.loads((folder / "report.json").read_text(), parse_constant=refuse)
    found = numbers["studies"]["sweeps/optimizer=sgd"]
    best = max(max(row) for row in found["series"]["mean"])
    assert (
        found["series"]["best_of_k"]["expected"][-1]
        == best
        == found["found"]["picks"]["peak"]["tuned"]["mean"]["value"]
    )
    tested = [float(row["test"]) for row in rows if row["option"] == "sgd" and row["test"]]
    assert set(found["found"]["picks"]["peak"]["fresh"]["values"]) <= set(tested)


def test_the_pick_trains_as_the_setting_did(sweep_output: tuple[Path, str], tmp_path: Path) -> None:
    outputs, _ = sweep_output
    [measured] = [m for m in read(storage_at(f"sqlite:///{outputs}/sweeps.db").open()) if m.option == "adam"]
    # Of two learning rates neither is inside the range: the peak is recommended.
    peak = pick_settings(measured)["peak"]
    run = next(setting for setting in measured.settings if setting.params == peak).runs["seed=1"]
    run_sweeps_here("--config-dir", f"{outputs}/sweeps", "+pick=adam", "seed=1", f"outputs={tmp_path}")
    [alone] = tmp_path.rglob("metrics.json")
    epochs = json.loads(alone.read_text())["epochs"]
    assert [epoch["train_loss"] for epoch in epochs] == pytest.approx(run.curves["train_loss"], rel=1e-3)
    overrides = yaml.safe_load((alone.parent / ".hydra/config.yaml").read_text())["optimizer"]
    assert overrides["lr"] == peak["optimizer.lr"]
