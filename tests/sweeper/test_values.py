"""A value is one value however it is written: jobs get what Hydra's own sweeper gives them."""

import json
from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.pick_yaml import write_pick
from sweeps.report.write import write_report
from tests.support.recorder import Config, Recorder

CONFIG = {
    "defaults": ["_self_"],
    "lr": 0.3,
    "wd": "${lr}",
    "layers": ["zero"],
    "sizes": [75, 45],
    "name": "plain",
    "head": None,
    "rate": "???",
}
BEST = {"layers": ["one", "two"], "head": {"a": 2, "b": "x y"}, "name": " (b) = \\'"}


def distance(config: Config) -> float:
    """The number of values that are not the best."""
    return float(sum(config[key] != value for key, value in BEST.items()))


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, {"config": CONFIG}, distance)


def texts(jobs: list[Config]) -> list[str]:
    return sorted(map(json.dumps, jobs))


def pick(recorder: Recorder) -> dict[str, Any]:
    """Write the study's pick, and return the config of the run that its own command starts."""
    [findings] = load_findings(optuna.storages.get_storage(recorder.storage), None)
    path = write_pick(findings, recorder.folder)
    assert path is not None
    [job] = recorder.run(
        f"--config-dir={recorder.folder}", f"+pick={path.stem}", f"hydra.run.dir={recorder.folder}/run"
    )
    return job


def test_lists_dictionaries_null_and_any_text_reach_jobs_the_report_and_the_picks_command(
    recorder: Recorder,
) -> None:
    sweep = (
        "layers=[one],[one,two]",
        "head=null,{a: 2,b:x y}",
        r"""name='a,b',' (b) = \\\''""",
        "rate=0.5",
    )
    jobs = recorder.basic(*sweep)
    assert texts(recorder.sweep(*sweep)) == texts(jobs)
    [findings] = load_findings(optuna.storages.get_storage(recorder.storage), None)
    assert findings.measurement.default == {
        "layers": "[zero]",
        "head": "null",
        "name": "plain",
    }
    assert {key: pick(recorder)[key] for key in BEST} == BEST


def test_an_element_of_a_list_is_one_parameter_by_any_of_its_names(recorder: Recorder) -> None:
    params = "+hydra.sweeper.params={sizes.0: '1,2', +more: '1,2'}"
    jobs = recorder.sweep("++sizes[0]=30", "++more=5", "sizes[-1]=20,45", "rate=0", params)
    assert sorted((job["sizes"], job["more"]) for job in jobs) == [([30, 20], 5), ([30, 45], 5)]
    attributes = recorder.study().user_attrs
    assert attributes["default"] == {"sizes.1": 45}
    assert attributes["fixed"] == {"sizes.0": 30, "more": 5, "rate": 0}
    assert pick(recorder)["sizes"] in ([30, 20], [30, 45])


def test_a_value_that_is_named_again_is_run_once_and_that_is_said(
    recorder: Recorder, capfd: pytest.CaptureFixture[str]
) -> None:
    jobs = recorder.sweep("rate=0.1,0.10,1e-1", "name=1,true,x y,'x y'")
    names = ["'x y'", "1", "True"]
    assert sorted((job["rate"], repr(job["name"])) for job in jobs) == [(0.1, name) for name in names]
    assert "rate=0.1,0.10,1e-1 is 0.1: a value that is named again runs once" in capfd.readouterr().out
    # Optuna takes True for 1: of the choices 1 and True it would record 1 for both.
    recorded = sorted(str(trial.params["name"]) for trial in recorder.study().trials)
    assert recorded == ["1", "true", "x y"]
    assert recorder.study().user_attrs["default"] is None, "the config has no rate"


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_a_range_of_decimals_gives_decimals_and_the_configs_own_value_is_one(
    sampler: str, recorder: Recorder
) -> None:
    more = [] if sampler == "grid" else ["hydra.sweeper.n_trials=9", "hydra.sweeper.sampler.seed=0"]
    jobs = recorder.sweep("wd=range(0.1,0.6,0.1)", f"hydra/sweeper/sampler={sampler}", "rate=0", *more)
    assert {0.3} < {job["wd"] for job in jobs} <= {0.1, 0.2, 0.3, 0.4, 0.5}
    [findings] = load_findings(optuna.storages.get_storage(recorder.storage), None)
    default = findings.measurement.default
    assert default == {"wd": 0.3}, "the config has it as ${lr}"
    assert findings.measurement.index_of(default) is not None


def suggest_rate(config: Any, trial: optuna.Trial) -> None:  # noqa: ARG001 -- the signature asked for
    """A custom search space: a learning rate for one of the names alone, a list as text for another."""
    if trial.params["name"] == "adam":
        trial.suggest_float("lr", 0.1, 0.5)
    else:
        trial.suggest_categorical("layers", ["[one,two]", "null"])


def test_parameters_that_only_some_trials_have_are_reported(recorder: Recorder) -> None:
    space = f"hydra.sweeper.custom_search_space={__name__}.suggest_rate"
    random = ("hydra/sweeper/sampler=random", "hydra.sweeper.n_trials=6", "hydra.sweeper.sampler.seed=0")
    confirm = (
        "+hydra.sweeper.replicates.rate=[0,1]",
        "hydra.sweeper.confirm.seeds=2",
        "hydra.sweeper.confirm.key=rate",
    )
    jobs = recorder.sweep("name=adam,sgd", space, *random, *confirm)
    assert {job["name"]: [type(job[key]) for key in ("lr", "layers")] for job in jobs[:12]}.keys() == {
        "adam",
        "sgd",
    }
    storage = optuna.storages.get_storage(recorder.storage)
    findings = load_findings(storage, None)
    write_report(storage, findings, recorder.folder)
    assert {axis.name: axis.is_conditional for axis in findings[0].measurement.axes} == {
        "name": False,
        "lr": True,
        "layers": True,
    }
    assert pick(recorder)["layers"] in (["zero"], ["one", "two"], None)
