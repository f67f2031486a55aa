"""A regression from the command line to the report, its error minimised."""

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
import yaml

from tests.conftest import run_sweeps_here

SWEEP = (
    "data._target_=tests.support.own_data.line",
    "loss=huber",
    "metric=[mae,r2]",
    "batch_size=50",
    "epochs=2",
    "optimizer=sgd",
    "optimizer.lr=0.1,0.0001",
    "optimizer.momentum=0.9",
    "model.dropout=0",
    "model.norm=none",
    "extend=0",
    "confirm.seeds=2",
    "hydra/launcher=basic",
    "hydra.sweeper.n_jobs=1",
)


def test_a_regression_is_swept_minimised_and_reported_in_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_sweeps_here("-m", *SWEEP, f"outputs={tmp_path}")
    printed = capsys.readouterr().out
    study = optuna.load_study(study_name="sweeps/optimizer=sgd", storage=f"sqlite:///{tmp_path}/sweeps.db")
    assert (study.direction.name, study.metric_names) == ("MINIMIZE", ["validation MAE"])
    assert study.best_params == {"optimizer.lr": 0.1}
    assert "Use sgd with lr=0.1" in printed
    assert "test MAE on fresh seeds, lower is better" in printed
    report = (tmp_path / "sweeps" / "report.md").read_text()
    assert "validation MAE, mean over 3 runs" in report
    assert "accuracy" not in report
    pick = yaml.safe_load((tmp_path / "sweeps" / "pick" / "sgd.yaml").read_text())
    assert {"override /metric": ["mae", "r2"]} in pick["defaults"]
    script: dict[str, Any] = {"model": torch.nn.Linear(6, 1), "batches": [], "measure": lambda _: 1.0}
    text = (tmp_path / "sweeps" / "pick" / "sgd.py").read_text()
    exec(text, script)
    assert text.startswith("# sweeps/optimizer=sgd: lr=0.1\n# test MAE: ")
    assert "# Holds for line, mlp, ReduceLROnPlateau, 2 epochs, batch 50, HuberLoss delta=1.0\n" in text
    assert (script["criterion"].delta, script["scheduler"].mode) == (1, "min")
    assert script["optimizer"].param_groups[0]["lr"] == 0.1
    metrics = json.loads(next(tmp_path.rglob("metrics.json")).read_text())
    assert metrics["score"] == metrics["epochs"][-1]["validation_mae"]
    assert metrics["epochs"][-1].keys() == {
        "number",
        "train_loss",
        "train_mae",
        "validation_loss",
        "validation_mae",
        "validation_r2",
        "lr",
    }
