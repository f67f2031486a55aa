"""Options of config groups are swept as Hydra's own sweeper does it."""

import json
from pathlib import Path

import optuna
import pytest

from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.pick_yaml import write_pick
from tests.support.recorder import Config, Recorder

GLOBAL = "# @package _global_\n"
FILES = {
    "config": {
        "defaults": ["_self_", {"model": "???"}, {"optimizer": "sgd"}, {"logger": "csv"}],
        "lr": 0.1,
        "search_space": {"depth": 3},
    },
    "model/tree": {"name": "tree"},
    "model/mlp": {"name": "mlp", "width": 3},
    "optimizer/sgd": {"name": "sgd"},
    "optimizer/adam": {"name": "adam"},
    "logger/csv": {"csv": 1},
    "logger/tensorboard": {"tensorboard": 2},
    "experiment/one": f"{GLOBAL}lr: 0.5",
    "experiment/two": f"{GLOBAL}lr: 0.6\ndefaults: [override /optimizer: adam]",
    "cluster/here": f"{GLOBAL}lr: 1",
    "cluster/processes": f"{GLOBAL}defaults: [override /hydra/launcher: joblib]",
}


def score(config: Config) -> float:
    return float(len(json.dumps(config)))


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, FILES, score)


def test_added_packaged_mandatory_and_several_options_are_swept_as_hydra_does_it(recorder: Recorder) -> None:
    sweep = (
        "model=tree,mlp",
        "+experiment=glob(*)",
        "+optimizer@model.second=adam",
        "logger=[csv,tensorboard]",
    )
    jobs = recorder.basic(*sweep)
    assert len(jobs) == 4
    swept = recorder.sweep("hydra.sweeper.space_key=searched", *sweep)
    assert sorted(map(json.dumps, swept)) == sorted(map(json.dumps, jobs))
    assert recorder.study().user_attrs["default"] is None, "the config leaves its model to be chosen"
    [findings] = load_findings(optuna.storages.get_storage(recorder.storage), None)
    assert write_pick(findings, recorder.folder)
    [job] = recorder.run(
        f"--config-dir={recorder.folder}", "+pick=recorder", f"hydra.run.dir={recorder.folder}"
    )
    assert job == min(jobs, key=score)


def test_a_group_at_a_package_of_its_own_has_a_study_per_option(recorder: Recorder) -> None:
    packaged = "+optimizer@model.second=sgd,adam"
    recorder.sweep(
        "model=tree", packaged, "hydra.sweeper.study_per=[optimizer@model.second]", "~search_space"
    )
    names = [f"recorder/optimizer@model.second={option}" for option in ("sgd", "adam")]
    assert sorted(optuna.get_all_study_names(recorder.storage)) == sorted(names)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ("+cluster=here,processes", "~search_space"),
            ["'hydra/launcher' must be selected before the sweep"],
        ),
        (("lr=1,2",), ["depth=3 is one value", "hydra.sweeper.space_key=<another name>"]),
        (("lr=1,2", "search_space=mine"), ["search_space=mine", "hydra.sweeper.space_key=<another name>"]),
    ],
)
def test_a_launcher_to_be_swept_and_a_search_space_of_another_kind_are_refused(
    overrides: tuple[str, ...], words: list[str], recorder: Recorder, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        recorder.sweep("model=tree", *overrides)
    message = capfd.readouterr().err
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert optuna.get_all_study_names(recorder.storage) == []
