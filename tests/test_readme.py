"""What the README shows runs as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import optuna
from hydra import compose, initialize_config_dir

from tests.conftest import ENVIRONMENT, REPOSITORY, finish, start

README = (REPOSITORY / "README.md").read_text()


def block(language: str, after: str) -> str:
    """The first code block of a language after a heading or phrase."""
    match = re.search(rf"```{language}\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert match
    return match[1]


def test_the_example_of_an_application_of_ones_own_sweeps(tmp_path: Path) -> None:
    section = "## Use the sweeper in your own Hydra app"
    (tmp_path / "app.py").write_text(block("python", section))
    (tmp_path / "config.yaml").write_text(block("yaml", section))
    command = [sys.executable, "-W", "error", "app.py", "-m", "hydra.sweeper.n_trials=14"]
    ended = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    [database] = tmp_path.glob("multirun/*/*/study.db")
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{database}")
    states = [trial.state.name for trial in study.trials]
    assert len(states) == 14
    assert set(states) == {"COMPLETE", "PRUNED"}
    assert len({trial.params["lr"] for trial in study.trials}) == 14


def test_parts_of_ones_own_are_swept_from_outside_the_repository(tmp_path: Path) -> None:
    section = README[README.index("## Your own optimizer") : README.index("## Search differently")]
    for path, content in re.findall(r"```\w+\n# (mine/\S+)\n(.*?)```", section, re.DOTALL):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    line = re.search(r"python (-m sweeps\.run .*?)\n```", section, re.DOTALL)
    assert line
    arguments = line[1].replace("\\\n", "").split()
    quickly = ["epochs=2", "confirm=off", "hydra/launcher=basic", "hydra.sweeper.n_jobs=1"]
    where = [f"{REPOSITORY}", f"{tmp_path}/mine"]
    ended = subprocess.run(
        [sys.executable, "-W", "error", *arguments, *quickly, "hydra.sweeper.replicates.seed=[0]"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(where)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path}/outputs/sweeps.db")
    assert sorted(trial.params["optimizer.lr"] for trial in study.trials) == [0.001, 0.01, 0.1]
    assert study.best_value > 90
    metrics = json.loads((tmp_path / "outputs/sweeps/optimizer=sign/0/seed=0/metrics.json").read_text())
    first, second = (epoch["lr"] for epoch in metrics["epochs"])
    assert second == first / 2


def test_the_training_function_trains_as_shown() -> None:
    source = README[README.index("from functools import partial") :].split("\n\nThe same seed", 1)[0]
    source = source.replace("    ", "", 1).replace("\n    ", "\n").replace("epochs=20", "epochs=2")
    printed = finish(start("-W", "error", "-c", source))
    assert "Epoch(number=2" in printed


def test_every_command_about_the_lecture_composes() -> None:
    lecture = (REPOSITORY / "docs/lecture.md").read_text()
    commands = re.findall(r"python -m sweeps\.run ((?:.*\\\n)*.*)", lecture)
    assert len(commands) >= 8
    with initialize_config_dir(str(REPOSITORY / "conf")):
        for command in commands:
            overrides = [word for word in command.split() if "=" in word and not word.startswith("hydra.")]
            compose("config", overrides=[word.split(",")[0] for word in overrides])
