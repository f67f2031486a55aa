"""The commands, applications and scripts of the README and docs/ run as they stand there."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from sweeps.__main__ import main as sweeps_program
from tests.conftest import ENVIRONMENT, REPOSITORY, forget_hydra, run_sweeps_here
from tests.support.documents import (
    APPLICATION_DASHBOARD,
    COMMANDS,
    SWEEPS,
    Block,
    blocks,
    commands,
)

HELP = [command for command in COMMANDS if command.endswith("--help")]
PLANS = [command for command in COMMANDS if command.startswith("sweeps plan")]
OTHERS = [command for command in COMMANDS if command not in (*SWEEPS, *HELP, *PLANS)]
READERS = [command for command in OTHERS if not command.startswith("sweeps run")]
RUNS = [command for command in OTHERS if command not in READERS]
RESUME = "resume=outputs/runs/<day>/<time>"
QUICKLY = ["data=digits", "epochs=1"]
# The README's sweep takes seconds so.
SMALL_SWEEP = ["optimizer.lr=0.1,0.01,0.001", "hydra.sweeper.replicates.seed=[0]", "confirm.seeds=1"]
HERE = ["hydra/launcher=basic", "hydra.sweeper.n_jobs=1"]

# The first blocks of docs/own-application.md are an application, those with a path on top are files.
APPLICATION = {b.language: b.source for b in blocks("python", "yaml", document="own-application")[:2]}
PARTS = {
    m[1]: b.source
    for b in blocks("python", "yaml")
    if (m := re.search("^# (mine/.*)$", b.source, re.MULTILINE))
}
FILES = [*APPLICATION.values(), *PARTS.values()]
SCRIPTS = [block for block in blocks("python") if block.source not in FILES]


@pytest.fixture(scope="module")
def sweep_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which the README's sweep ran, its storage and name as they are by default."""
    folder = tmp_path_factory.mktemp("readme")
    [command, *_] = [command for command in commands("README.md") if command in SWEEPS]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_sweeps_here(*command.split()[2:], *QUICKLY, *SMALL_SWEEP, *HERE)
        yield folder


@pytest.mark.parametrize("command", READERS)
def test_a_command_that_reads_a_sweep_runs_after_the_first_one(
    command: str, sweep_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: programs.append(arguments))
    if " compare " in command:
        for folder in command.split()[2:]:
            shutil.copytree(sweep_folder / "outputs/sweeps", sweep_folder / folder, dirs_exist_ok=True)
    sweeps_program(command.split()[1:])
    if " dashboard" in command:  # becomes another program, which would serve until someone stops it
        assert programs[0][1].startswith("sqlite:///")
    else:
        assert (sweep_folder / capsys.readouterr().out.split()[-1]).is_file()


@pytest.mark.parametrize("command", RUNS)
def test_a_command_that_trains_once_runs(
    command: str, sweep_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An epoch or two of digits: as written they train for minutes, some on files that have to be fetched.
    arguments = [*command.split()[2:], *QUICKLY]
    if RESUME in arguments:
        arguments.remove(RESUME)
        run_sweeps_here(*arguments, f"hydra.run.dir={tmp_path}")
        arguments += [f"resume={tmp_path}", "epochs=2"]
    monkeypatch.chdir(sweep_folder)
    before = set(sweep_folder.glob("outputs/runs/*/*/metrics.json"))
    run_sweeps_here(*arguments)
    assert set(sweep_folder.glob("outputs/runs/*/*/metrics.json")) > before


@pytest.mark.parametrize("command", PLANS)
def test_a_command_that_plans_a_sweep_tells_what_it_takes_and_leaves_nothing(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as the command itself sets it
    try:
        sweeps_program([*command.split()[1:], *QUICKLY, *HERE])
    finally:
        forget_hydra()
    printed = capsys.readouterr().out
    assert re.search(
        r"in all: \d+ to \d+ runs, \d+( to \d+)? seconds with 1 worker, [\d.]+ to [\d.]+ MB",
        printed,
    )
    assert re.search(
        r"10 seeds find a difference of [\d.]+ points? between two settings in 8 of 10 cases", printed
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", HELP)
def test_a_command_that_asks_for_help_is_answered(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        sweeps_program(command.split()[1:])
    assert end.value.code in (0, None)
    assert "== Configuration groups ==" in capsys.readouterr().out


def write_parts(folder: Path) -> None:
    """Write the parts of one's own into a folder."""
    for path, source in PARTS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source)


def test_parts_of_ones_own_are_swept_from_outside_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_parts(tmp_path)
    [command] = [command for command in SWEEPS if "mine/conf" in command]
    quickly = ["epochs=2", "confirm=off", *HERE, "hydra.sweeper.replicates.seed=[0]"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("mine")
    run_sweeps_here(*command.split()[2:], *quickly)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path}/outputs/sweeps.db")
    assert study.study_name == "stripes/optimizer=sign"
    rates = sorted(trial.params["optimizer.lr"] for trial in study.trials)
    assert rates == [0.0003, 0.001, 0.003, 0.01, 0.03]
    assert study.best_value > 90
    metrics = json.loads((tmp_path / "outputs/stripes/optimizer=sign/0/seed=0/metrics.json").read_text())
    first, second = (epoch["lr"] for epoch in metrics["epochs"])
    assert second == first / 2
    # Beside the folder of one's own parts, the pick's is found too.
    [pick] = re.findall("-m sweeps.run (--config-dir .*)", Path("outputs/stripes/report.md").read_text())
    run_sweeps_here(*shlex.split(pick), "epochs=1", "hydra.run.dir=once")
    assert json.loads(Path("once/metrics.json").read_text())["score"] > 50


def test_the_example_of_an_application_of_ones_own_sweeps(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION["python"])
    (tmp_path / "config.yaml").write_text(APPLICATION["yaml"])
    command = [sys.executable, "-W", "error", "app.py", "-m", "hydra.sweeper.n_trials=14"]
    for _ in range(2):  # the second start finds all trials done
        ended = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        assert "report.html" in ended.stdout
        assert f"python -m sweeps.{APPLICATION_DASHBOARD}" in ended.stdout
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path}/study.db")
    states = [trial.state.name for trial in study.trials]
    assert len(states) == 14
    assert set(states) == {"COMPLETE", "PRUNED"}
    assert len({trial.params["lr"] for trial in study.trials}) == 14


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
def test_a_script_runs(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    # In fewer epochs than it shows.
    exec(re.sub(r"\bepochs=\d+", "epochs=2", block.source), {"__name__": "__main__"})
    assert capsys.readouterr().out


def test_the_pictures_of_the_docs_can_be_made_again(sweep_folder: Path) -> None:
    # Without Chromium: the page that it would take a picture of.
    make_pictures = runpy.run_path(str(REPOSITORY / "docs/make_pictures.py"))
    page = make_pictures["figures_page"](f"sqlite:///{sweep_folder}/outputs/sweeps.db", "sweeps")
    assert page.count('class="plotly-graph-div"') == 2
