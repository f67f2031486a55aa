"""What the README and docs/ show works as it stands there. A new document is tested by being there."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import optuna
import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from sweeps.__main__ import main as sweeps_program
from sweeps.run import CONF
from sweeps.sweeper.conf import StudySweeperConf
from tests.conftest import ENVIRONMENT, REPOSITORY, forget_hydra, run_sweeps_here
from tests.support.documents import (
    LINK,
    PICTURES,
    TEXTS,
    Block,
    anchors,
    blocks,
    code,
    commands,
    count_words,
    sentences,
)

MOST_WORDS, LONGEST_SENTENCE, PICTURE_BYTES = 1000, 25, 2**20
# Shows the study of the example application, whose own test looks for this command.
APPLICATION_DASHBOARD = "dashboard --storage sqlite:///study.db"
COMMANDS = [command for command in commands() if not command.endswith(APPLICATION_DASHBOARD)]
SWEEPS = [command for command in COMMANDS if command.startswith("sweeps run ") and " -m " in command]
HELP = [command for command in COMMANDS if command.endswith("--help")]
PLANS = [command for command in COMMANDS if command.startswith("sweeps plan")]
OTHERS = [command for command in COMMANDS if command not in (*SWEEPS, *HELP, *PLANS)]
READERS = [command for command in OTHERS if not command.startswith("sweeps run")]
RUNS = [command for command in OTHERS if command not in READERS]
# With a value, which neither placeholders nor three dots are.
OVERRIDE = re.compile(r"[+]{0,2}[a-z][\w./]*=(?!\.\.\.)[^\s<']+")
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


@pytest.mark.parametrize("command", [c for c in SWEEPS if "--config-dir" not in c])
def test_a_command_that_sweeps_composes(command: str) -> None:
    # Composed only: they train for minutes, through Slurm for one, on Fashion-MNIST for another.
    overrides = OverridesParser.create().parse_overrides([word for word in command.split() if "=" in word])
    with initialize_config_dir(str(CONF)):
        cfg = compose("config", list(map(_first_value, overrides)), return_hydra_config=True)
    assert cfg.search_space


def _first_value(override: Override) -> str:
    """Return the override that a sweep's first job gets."""
    if not override.is_sweep_override():
        return str(override.input_line)
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


@pytest.mark.parametrize("document", TEXTS)
def test_an_override_composes(document: str) -> None:
    words = [word for span in code(TEXTS[document]) for word in span.split() if OVERRIDE.fullmatch(word)]
    with initialize_config_dir(str(CONF)):
        for overrides in _compatible(dict.fromkeys(words)):
            # SGD has most keys; an override that names another optimizer takes its place.
            assert compose("config", ["optimizer=sgd", *overrides], return_hydra_config=True).optimizer


def _compatible(words: Iterable[str]) -> list[list[str]]:
    """Return overrides in groups that one config takes: options alone, values none of which sets another."""
    options: list[list[str]] = []
    groups: list[dict[str, str]] = []
    for override in OverridesParser.create().parse_overrides(list(words)):
        key, word = override.key_or_group, _first_value(override)
        if (CONF / key).is_dir():
            options.append([word])
            continue
        data = {"data": f"data={_data_with(key)}"}
        fitting = (group for group in groups if data.items() <= group.items() and not _overlaps(key, group))
        group = next(fitting, data)
        if group is data:
            groups.append(group)
        group[key] = word
    return options + [list(group.values()) for group in groups]


def _overlaps(key: str, group: Iterable[str]) -> bool:
    """Return whether a key is one of the group's, or a part of one, or holds one; `data` is an option."""
    keys = [other for other in group if other != "data"]
    return any(f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.") for other in keys)


def _data_with(key: str) -> str:
    """Return a data option that has a key; most have those of cifar10."""
    for data in ("folder", "arrays", "table"):
        if f"\n{key.removeprefix('data.')}:" in (CONF / "data" / f"{data}.yaml").read_text():
            return data
    return "cifar10"


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


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_yaml_block_loads_and_its_sweeper_keys_exist(block: Block) -> None:
    values = yaml.safe_load(block.source)
    assert isinstance(values, dict)
    sweeper = OmegaConf.create(values.get("hydra", {}).get("sweeper", {}))
    OmegaConf.merge(OmegaConf.structured(StudySweeperConf), sweeper)


@pytest.mark.parametrize("document", TEXTS)
def test_a_link_leads_somewhere(document: str) -> None:
    folder = (REPOSITORY / document).parent
    for link in LINK.findall(TEXTS[document]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else REPOSITORY / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("document", TEXTS)
def test_a_path_of_the_repository_exists(document: str) -> None:
    roots = "benchmarks|conf|docs|hydra_plugins|scripts|sweeps|tests"
    for path in re.findall(rf"(?<![\w/])(?:{roots})/[\w/.]*\w", "\n".join(code(TEXTS[document]))):
        assert (REPOSITORY / path).exists(), path


def test_each_surprise_has_its_script_and_a_test_that_is_there() -> None:
    rows = re.findall(r"^\|.*\| `(\w+)` \|.*\| (.*) \|$", TEXTS["docs/surprises.md"], re.MULTILINE)
    assert sorted(script for script, _ in rows) == sorted(
        path.stem for path in (REPOSITORY / "findings").glob("*.sh")
    )
    tests = [held.strip("`").partition("::") for _, held in rows if held != "—"]
    for path, _, name in tests:
        assert f"def {name}(" in (REPOSITORY / path).read_text(), name
    assert len(tests) > 30


@pytest.mark.parametrize("document", TEXTS)
def test_no_sentence_is_too_long(document: str) -> None:
    longest = max(sentences(TEXTS[document]), key=count_words)
    assert count_words(longest) <= LONGEST_SENTENCE, longest


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].split()) <= MOST_WORDS


def test_ci_runs_the_readmes_test_command() -> None:
    [command] = re.findall(r"^ {4}(.* pytest)$", TEXTS["README.md"], re.MULTILINE)
    assert command in (REPOSITORY / ".ci/run").read_text().splitlines()


def test_pictures_are_small_and_shown() -> None:
    shown = "".join(TEXTS.values())
    for picture in PICTURES:
        assert picture.stat().st_size < PICTURE_BYTES, picture
        assert picture.name in shown, picture


def test_the_pictures_of_the_docs_can_be_made_again(sweep_folder: Path) -> None:
    # Without Chromium: the page that it would take a picture of.
    make_pictures = runpy.run_path(str(REPOSITORY / "docs/make_pictures.py"))
    page = make_pictures["figures_page"](f"sqlite:///{sweep_folder}/outputs/sweeps.db", "sweeps")
    assert page.count('class="plotly-graph-div"') == 2


def option_words() -> Iterator[str]:
    """Yield the options of conf/, as docs/configuration.md has to name them, and the keys of config.yaml."""
    for path in sorted(CONF.rglob("*.yaml")):
        if path.parent != CONF:
            yield path.stem
    values = yaml.safe_load((CONF / "config.yaml").read_text())
    for key, value in values.items():
        if key not in ("defaults", "hydra"):
            yield from (f"{key}.{inner}" for inner in value) if isinstance(value, dict) and value else [key]


@pytest.mark.parametrize("word", [*option_words()])
def test_every_option_and_key_is_documented(word: str) -> None:
    name = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)")
    assert any(map(name.search, code(TEXTS["docs/configuration.md"])))


@pytest.mark.parametrize("key", [field.name for field in fields(StudySweeperConf) if field.name[0] != "_"])
def test_every_key_of_the_sweeper_is_documented(key: str) -> None:
    row = rf"^\| [^|]*`{key}`"
    assert key == "defaults" or re.search(row, TEXTS["docs/own-application.md"], re.MULTILINE)
