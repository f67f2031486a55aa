"""A pick as a config, composed by Hydra as the next run would."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sweeps.report.findings.load import load_findings
from sweeps.report.findings.study import analyze
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import Confirmation
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import FinishedRun, Replicate, Setting
from sweeps.report.outputs.pick_script import write_script
from sweeps.report.outputs.pick_yaml import write_pick
from tests.conftest import REPOSITORY
from tests.support.sweeps import SWEEPS


def compose_pick(tmp_path: Path, params: dict[str, Any], **about: Any) -> Any:
    """Return the job's config with the pick of a study of one setting."""
    axes = [Axis(name, [value], ordered=False, log=False) for name, value in params.items()]
    measured = Measurement(
        study="s/optimizer=mine",
        option="mine",
        coverage="grid",
        metric=Metric("score"),
        axes=axes,
        replicates=[Replicate("run")],
        settings=[Setting(0, params, "complete", {"run": FinishedRun(90.0)})],
        **about,
    )
    assert write_pick(analyze(measured), tmp_path) == tmp_path / "pick" / "mine.yaml"
    with initialize_config_dir(str(REPOSITORY / "conf")):
        overrides = [f"hydra.searchpath=[file://{tmp_path}]", "+pick=mine"]
        return OmegaConf.to_container(compose("config", overrides), resolve=False)


def test_a_pick_holds_options_fixed_values_list_elements_and_complements(tmp_path: Path) -> None:
    config = compose_pick(
        tmp_path,
        {"optimizer.lr": 1e-6, "1 - optimizer.betas.1": 0.25, "scheduler": "cosine"},
        choices={"optimizer": "adamw"},
        groups=["scheduler"],
        fixed={"epochs": 7, "model.widths": [10, 5], "optimizer.weight_decay": 0},
        config={"optimizer.betas.0": 0.9, "optimizer.eps": 1e-8, "model.dropout.0": 0.5},
    )
    assert config["optimizer"] == {
        **config["optimizer"],
        "_target_": "torch.optim.AdamW",
        "lr": 1e-6,
        "betas": [0.9, 0.75],
        "weight_decay": 0,
    }
    assert "CosineAnnealingLR" in config["scheduler"]["_target_"]
    assert (config["epochs"], config["model"]["widths"]) == (7, [10, 5])
    assert config["model"]["dropout"] == [0.5, 0.3]


def test_an_option_of_the_sweep_comes_before_what_another_option_brings(tmp_path: Path) -> None:
    choices = {"scheduler": "none", "optimizer": "sgd"}
    config = compose_pick(tmp_path, {"optimizer.lr": 0.5}, choices=choices)
    assert config["scheduler"]["_target_"].endswith("ConstantLR")  # sgd alone brings plateau
    assert config["optimizer"]["lr"] == 0.5


@pytest.mark.parametrize(
    ("sweep", "setting", "remark"),
    [
        # what won on the tuning seeds is worse than the config's own setting on fresh ones
        (
            "worse than its config",
            {"lr": 0.001, "momentum": 0.9},
            "its config's own setting: none measured better",
        ),
        (
            "at an end",
            {"lr": 0.1, "momentum": 0.0},
            "at the end of the range: larger learning rates were not searched",
        ),
        ("confirm off", {"lr": 0.01, "momentum": 0.9}, "chosen on the tuning seeds alone"),
    ],
)
def test_a_pick_is_what_is_recommended_and_says_what_limits_it(
    sweep: str, setting: dict[str, float], remark: str, tmp_path: Path
) -> None:
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    findings = load_findings(storage, None)[0]
    path = write_pick(findings, tmp_path)
    assert path is not None
    *_, values = yaml.safe_load_all(path.read_text())
    assert values["optimizer"] == setting
    comments = [line for line in path.read_text().splitlines() if line.startswith("# ")]
    assert any(remark in line for line in comments), comments


@pytest.mark.parametrize("sweep", ["all diverged", "diverging later"])
def test_no_earlier_pick_stays_where_nothing_is_recommended(sweep: str, tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    [findings] = load_findings(storage, None)
    earlier = [tmp_path / "pick" / "sgd.yaml", tmp_path / "pick" / "sgd.py"]
    earlier[0].parent.mkdir()
    for path in earlier:
        path.write_text("optimizer: {lr: 1}")
    assert write_pick(findings, tmp_path) is None
    assert write_script(findings, tmp_path) is None
    assert not any(path.exists() for path in earlier)


def test_a_picks_script_is_read_from_a_run_of_it_and_goes_with_the_last_of_them(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    SWEEPS["confirm off"](storage)
    [findings, *_] = load_findings(storage, None)
    pick = findings.recommended_pick
    assert pick is not None
    folders = ["optimizer=sgd/confirm/0/seed=5", "optimizer=sgd/3/seed=0", "optimizer=sgd/3/seed=1"]
    runs = {folder: FinishedRun(90.0, folder=folder) for folder in folders}
    setting = Setting(3, pick.params, "complete", {name: runs[name] for name in folders[1:]})
    confirmed = Confirmation(settings=[replace(setting, runs={folders[0]: runs[folders[0]]})])
    measured = replace(
        findings.measurement, settings=[setting], confirmation=confirmed, folder=str(tmp_path / "moved")
    )
    findings = replace(findings, measurement=measured)
    for number, folder in enumerate(folders):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "metrics.json").write_text(json.dumps({"script": [f"number = {number}"]}))
    for number, folder in enumerate(folders):
        path = write_script(findings, tmp_path)
        assert path is not None
        assert path.read_text().endswith(f"\nnumber = {number}\n")
        (tmp_path / folder / "metrics.json").unlink()
    assert write_script(findings, tmp_path) is None
    assert not list(tmp_path.glob("pick/*.py"))
