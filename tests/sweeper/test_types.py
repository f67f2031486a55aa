"""Values of Python's own types, of numpy and of torch are kept as a storage can hold them, or refused."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import torch
from hydra.core.config_store import ConfigStore

from sweeps import current_trial
from sweeps.report.findings.load import load_findings
from tests.support.recorder import Config, Recorder


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass
class Schema:
    data: Path = Path("/data")
    colour: Colour = Colour.RED
    case: str = "path"


# What a job tells of itself, and how its record ends, or why it is refused.
CASES: dict[str, tuple[Callable[[], None], Any]] = {
    "path": (lambda: current_trial().set_user_attr("key", Path("a/b")), "a/b"),
    "numpy": (lambda: current_trial().set_user_attr("key", np.float32(1.5)), 1.5),
    "torch": (lambda: current_trial().set_user_attr("key", torch.tensor(2)), 2),
    "step": (lambda: current_trial().report(torch.tensor(0.5), np.int64(3)), {3: 0.5}),  # type: ignore[arg-type]
    "set": (
        lambda: current_trial().set_user_attr("key", {"a": {1}}),
        "set_user_attr('key', {'a': {1}}): set",
    ),
    "name": (lambda: current_trial().set_user_attr("value", 1), "set_user_attr('value', ...)"),
    "text": (lambda: current_trial().report(1.0, "first"), "report(step='first'): a step must be a number"),  # type: ignore[arg-type]
    "before": (lambda: current_trial().report(1.0, -1), "report(step=-1)"),
}


def tell(config: Config) -> Any:
    CASES[config["case"]][0]()
    return np.float32(0.5)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    ConfigStore.instance().store(name="schema", node=Schema, replace=True)
    return Recorder(tmp_path, {"config": {"defaults": ["schema", "_self_"]}}, tell)


def test_paths_and_enumerations_of_a_structured_config_are_fixed_searched_and_the_configs_own(
    recorder: Recorder,
) -> None:
    jobs = recorder.sweep("data=/data,/other", "colour=BLUE")
    assert {(job["data"], job["colour"]) for job in jobs} == {
        (Path("/data"), Colour.BLUE),
        (Path("/other"), Colour.BLUE),
    }
    [findings] = load_findings(optuna.storages.get_storage(recorder.storage), None)
    assert findings.measurement.fixed == {"colour": "BLUE"}
    default = findings.measurement.default
    assert default is not None
    assert findings.measurement.index_of(default) is not None, default


def test_what_a_job_tells_is_kept_as_plain_values_or_refused_by_its_name(recorder: Recorder) -> None:
    recorder.sweep(f"case={','.join(CASES)}", "hydra.sweeper.max_failure_rate=1")
    for trial in recorder.study().trials:
        expected = CASES[trial.params["case"]][1]
        if trial.state.name == "FAIL":
            assert expected in trial.user_attrs["failure"]
        else:
            assert expected in (trial.user_attrs["run"].get("key"), trial.intermediate_values)
            assert trial.value == 0.5
    assert [trial.state.name for trial in recorder.study().trials].count("FAIL") == 4
