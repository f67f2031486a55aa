"""What `python -m sweeps.report` leaves, and what a browser and Optuna's dashboard show of it."""

import importlib
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import BaseStorage
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from optuna_dashboard._note import get_note

from sweeps.report import write
from sweeps.report.findings.load import load_findings
from sweeps.report.measure.from_storage import load_study
from sweeps.report.outputs.dashboard_attributes import save_figures, save_note
from sweeps.report.outputs.dashboard_notes import answer_note
from sweeps.report.outputs.dashboard_overview import overview_trials, save_overview
from sweeps.report.write import write_report
from sweeps.study.storage import storage_at
from tests.conftest import finish, start
from tests.support.studies import (
    EACH,
    FRESH,
    JOINT,
    adaptive_study,
    confirm,
    grid_study,
    hill,
    scored_study,
    two_confirmed,
    with_factors,
)


@pytest.fixture
def storage() -> BaseStorage:
    """A storage in memory."""
    return optuna.storages.InMemoryStorage()


def leave_picture(study: optuna.Study) -> None:
    """Note a picture among the study's artifacts, as earlier versions did."""
    save_note(study, f"![curves](/artifacts/{study._study_id}/one)")
    picture = {"artifact_id": "one", "filename": "curves.png", "mimetype": "image/png", "encoding": None}
    study._storage.set_study_system_attr(study._study_id, "artifacts:one", json.dumps(picture))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A storage that `python -m sweeps.report` has written on, and the folder that it wrote."""
    folder = tmp_path_factory.mktemp("report")
    url = f"sqlite:///{folder}/made.db"
    storage = storage_at(url).open(create=True)
    two_confirmed(storage, gap=1.0)
    leave_picture(optuna.load_study(study_name="made/optimizer=sgd", storage=storage))
    command = ["-W", "error", "-m", "sweeps.report", "--storage", url, "--folder", str(folder)]
    assert f"Report:       {folder}/report.html\n" in finish(start(*command))
    return url, folder


@pytest.mark.parametrize("program", ["sweeps.report", "sweeps.dashboard"])
def test_a_storage_without_a_sweep_is_refused(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "--storage", f"sqlite:///{tmp_path}/no.db"])
    entry = importlib.import_module(f"{program}.__main__" if program == "sweeps.report" else program)
    remedy = "run a sweep first, or pass its storage with --storage URL$"
    with pytest.raises(
        SystemExit, match=f"--storage sqlite:.*no.db names a file that doesn't exist here; {remedy}"
    ):
        entry.main()
    assert not list(tmp_path.iterdir())
    (tmp_path / "no.db").touch()
    with pytest.raises(SystemExit, match=f"--storage sqlite:.*no.db holds no sweep; {remedy}"):
        entry.main()


def figures(study: optuna.Study) -> dict[str, dict[str, object]]:
    """The figures that the dashboard finds with a study."""
    kept = get_plotly_graph_objects(study._storage.get_study_system_attrs(study._study_id))
    return {name: json.loads(figure) for name, figure in kept.items()}


def test_the_dashboard_finds_notes_and_figures(written: tuple[str, Path]) -> None:
    storage = storage_at(written[0]).open()
    for name, expected in (("optimizer=sgd", EACH), ("overview", JOINT)):
        study = optuna.load_study(study_name=f"made/{name}", storage=storage)
        assert get_note(study).startswith("**Use ")
        assert figures(study).keys() == expected
        assert all(figure["data"] for figure in figures(study).values())
    confirmation = optuna.load_study(study_name="made/optimizer=sgd/confirm", storage=storage)
    assert get_note(confirmation) == get_note(
        optuna.load_study(study_name="made/optimizer=sgd", storage=storage)
    )


def test_a_note_says_the_answer_first_and_where_the_report_is_in_ten_lines(storage: BaseStorage) -> None:
    two_confirmed(storage, gap=1.0)
    adaptive_study(storage, "rmsprop")
    load_study(storage, "made/optimizer=sgd").set_user_attr("folder", "/outputs/made")
    lines = list(filter(None, answer_note(load_findings(storage, None)).splitlines()))
    assert lines[0].startswith("**Use adam")
    assert lines[-1] == "- All of it: `/outputs/made/report.html`"
    assert len(lines) == 10


def test_the_overview_has_a_trial_for_each_pick(written: tuple[str, Path]) -> None:
    storage = storage_at(written[0]).open()
    overview = optuna.load_study(study_name="made/overview", storage=storage)
    trials = {(trial.params["optimizer"], trial.params["pick"]): trial for trial in overview.trials}
    assert {option for option, _ in trials} == {"sgd", "adam"}
    assert overview.metric_names == ["test accuracy in %"]
    for findings in load_findings(storage, "made"):
        option, pick = findings.measurement.option, findings.picks["robust"]
        trial = next(trial for (name, roles), trial in trials.items() if name == option and "robust" in roles)
        assert pick.fresh is not None
        assert trial.value == pick.fresh.score.value
        assert trial.params["lr"] == pick.params["optimizer.lr"]
        assert isinstance(scale := trial.distributions["lr"], FloatDistribution)
        assert scale.log
        assert trial.user_attrs["setting"].startswith(f"lr={trial.params['lr']:g} momentum=")
        assert trial.user_attrs["diverged"] == "0 %"


def test_the_overview_has_what_is_recommended_at_half_and_double_its_lr(storage: BaseStorage) -> None:
    study = scored_study(storage, "sgd", hill, confirm_factors=[0.5, 2.0])
    (findings,) = load_findings(storage, None)
    assert findings.recommended is not None
    confirm(study, with_factors(findings.recommended.params), hill, hill)
    trials = overview_trials(load_findings(storage, None))
    lr = findings.recommended.params["optimizer.lr"]
    by_role = {trial.params["pick"]: trial for trial in trials}
    for role, factor in (("half lr", 0.5), ("double lr", 2.0)):
        assert by_role[role].params["lr"] == factor * lr
        setting = {**findings.recommended.params, "optimizer.lr": factor * lr}
        assert by_role[role].value == pytest.approx(np.mean([hill(setting, seed) for seed in FRESH]))


def test_the_overview_follows_the_picks(storage: BaseStorage) -> None:
    two_confirmed(storage, gap=1.0)
    findings = load_findings(storage, None)
    for studies in (findings[:1], findings, findings, findings[1:]):
        overview = save_overview(storage, studies)
        overview.add_trial(overview.trials[0])  # as another driver would that writes at the same time
        trials = save_overview(storage, studies).trials
        assert [trial.params for trial in trials] == [trial.params for trial in overview_trials(studies)]
    # None of these is a measurement.
    assert len(load_findings(storage, None)) == len(findings)


def test_writing_again_changes_nothing(written: tuple[str, Path]) -> None:
    url, folder = written
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "made.db"]
    before = {file: file.read_bytes() for file in files}
    storage = storage_at(url).open()
    trials = optuna.load_study(study_name="made/overview", storage=storage).trials
    for missing in (None, "report.md", "report_sources.json"):
        if missing:
            (folder / missing).unlink()
        write_report(storage, load_findings(storage, "made"), folder)
        assert optuna.load_study(study_name="made/overview", storage=storage).trials == trials
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "made.db"]
        assert {file: file.read_bytes() for file in files} == before


def test_a_report_is_drawn_again_only_where_something_has_changed(
    storage: BaseStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_confirmed(storage, gap=1.0)
    drawn, draw = [], write._draw

    def count(*arguments: Any) -> list[Path]:
        drawn.append(arguments)
        return draw(*arguments)

    def write_again() -> int:
        drawn.clear()
        write_report(storage, load_findings(storage, None), tmp_path)
        return len(drawn)

    monkeypatch.setattr(write, "_draw", count)

    assert [write_again(), write_again()] == [1, 0]
    (tmp_path / "runs.csv").write_text("")
    assert [write_again(), write_again()] == [1, 0]
    name = load_findings(storage, None)[0].measurement.study
    optuna.load_study(study_name=name, storage=storage).set_user_attr("margin", 0.5)
    assert [write_again(), write_again()] == [1, 0]
    optuna.delete_study(study_name="made/overview", storage=storage)
    assert [write_again(), write_again()] == [1, 0]


def test_a_new_report_takes_the_note_of_the_old_and_empties_what_is_drawn_no_more(
    storage: BaseStorage, tmp_path: Path
) -> None:
    study = grid_study(storage, "sgd", settings=2)
    save_figures(study, {"differences": go.Figure().add_scatter(y=[1])})
    write_report(storage, load_findings(storage, None), tmp_path)
    note = get_note(study)
    study.add_trials(grid_study(optuna.storages.InMemoryStorage(), "sgd").trials[2:])
    write_report(storage, load_findings(storage, None), tmp_path)
    assert get_note(study) != note
    assert {name for name, figure in figures(study).items() if figure["data"]} >= {"scores", "maps"}
    assert not figures(study)["differences"]["data"]


def answered(address: str) -> bytes:
    """What a server that is about to start answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def dashboard(written: tuple[str, Path]) -> Iterator[str]:
    """The address of a dashboard that `python -m sweeps.dashboard` opened."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start("-m", "sweeps.dashboard", "--storage", written[0], "--port", str(port))
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    answered(f"{address}api/meta")  # it says that it listens a moment before it does
    yield address
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()


def test_the_dashboard_opens_for_this_machine_alone(dashboard: str) -> None:
    assert dashboard.startswith("http://127.0.0.1:")
    studies = json.loads(answered(f"{dashboard}api/studies"))["study_summaries"]
    numbers = {study["study_name"]: study["study_id"] for study in studies}
    assert {"made/optimizer=sgd", "made/overview"} < numbers.keys()
    study = json.loads(answered(f"{dashboard}api/studies/{numbers['made/optimizer=sgd']}"))
    assert {graph["id"] for graph in study["plotly_graph_objects"]} >= EACH
    assert [artifact["filename"] for artifact in study["artifacts"]] == ["curves.png"]
    assert "/artifacts/" not in study["note"]["body"]
