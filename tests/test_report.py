"""The report's pages and what the dashboard shows, of studies whose scores are known."""

import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from optuna_dashboard._note import get_note

from conftest import finish, start
from studies import FRESH, adaptive_study, confirm, grid_study, hill
from sweeps.report.findings.joint import joint
from sweeps.report.found import found_in
from sweeps.report.pages.document import Document, document
from sweeps.report.report import report
from sweeps.study.storage import artifact_folder, open_storage

PICKS = [{"optimizer.lr": lr, "optimizer.momentum": momentum} for lr, momentum in ((0.01, 0.9), (0.01, 0.0))]
JOINT = {"best", "best-of-k", "shares", "divergence", "fresh", "differences"}
EACH = {"scores", "maps", "importance", "curves"}


@pytest.fixture
def storage() -> BaseStorage:
    """A storage in memory."""
    return optuna.storages.InMemoryStorage()


def page(storage: BaseStorage) -> Document:
    """The report of all that is in a storage."""
    studies = found_in(storage, None)
    return document(studies, joint(studies))


def said(page: Document) -> str:
    """All sentences of a report."""
    return "\n".join(sentence for part in [*page.lead, *page.parts] for sentence in part.sentences)


def drawn(page: Document, is_drawn: bool = True) -> list[set[str]]:
    """The names of each part's figures, or of those that aren't there; curves of whatever pick alike."""
    return [
        {re.sub("curves-.*", "curves", p.name) for p in part.plots if (p.figure is not None) == is_drawn}
        for part in page.parts
    ]


def two_confirmed(storage: BaseStorage, gap: float) -> None:
    """Two optimizers whose scores differ by so much."""
    for option, top in (("sgd", 97.0), ("adam", 97.0 + gap)):
        study = grid_study(storage, option, lambda params, seed, top=top: hill(params, seed, top))
        confirm(
            study,
            PICKS,
            lambda params, seed, top=top: hill(params, seed, top),
            lambda params, seed, top=top: hill(params, seed + (7 if top > 97 else 0), top) - 1,
        )


def test_a_confirmed_sweep_has_every_figure_and_its_headline_is_of_fresh_seeds(storage: BaseStorage) -> None:
    two_confirmed(storage, gap=1.0)
    report = page(storage)
    assert drawn(report) == [JOINT, EACH, EACH]
    short = report.lead[0].sentences
    assert re.match(r"sgd: robust pick lr=0.01 momentum=0, test accuracy 96\.\d\d % \[", short[0])
    assert re.search(r"0\.\d+ points worse \[.*\] than the peak, lr=0.01 momentum=0.9\.$", short[0])
    assert short[-1].startswith("As tuned here, by their robust picks adam is better than sgd by 1.")
    first = report.lead[1].sentences[0]
    fresh = r"test accuracy 9[56]\.\d\d % \[.*\] \(mean of 6 fresh seeds\)\."
    assert re.fullmatch(rf"Robust.*: lr=0.01 momentum=0\.?\d*, {fresh}", first)
    assert "might have picked others: adam is better than sgd by" in said(report)
    assert "choice(0.001, 0.01, 0.1)" in "\n".join(report.lead[-1].sentences)
    assert "differ in scheduler (sgd Constant, adam Plateau)" in said(report)
    assert "1,000 leave ± 1.2 points at 96 %" in said(report)  # 1.96 sqrt(.96 .04/1000)


def test_equal_optimizers_are_not_ranked(storage: BaseStorage) -> None:
    two_confirmed(storage, gap=0.0)
    assert re.search("no distinguishable difference between|are equivalent within", said(page(storage)))
    assert "better than" not in said(page(storage))


def test_a_sweep_that_is_not_confirmed_says_so_and_names_no_test_figure(storage: BaseStorage) -> None:
    for option in ("sgd", "adam"):
        grid_study(storage, option)
    report = page(storage)
    assert drawn(report, is_drawn=False)[0] == {"fresh", "differences"}
    assert "Not confirmed on fresh seeds yet" in said(report)
    assert "test accuracy" not in said(report)
    assert "Which of sgd and adam is better: no two picks" in said(report)


def test_of_an_adaptive_study_nothing_is_said_about_its_space(storage: BaseStorage) -> None:
    adaptive_study(storage, "sgd")
    report = page(storage)
    assert drawn(report) == [set(), {"scores", "curves"}]
    missing = {plot.name: plot.text for part in report.parts for plot in part.plots if plot.figure is None}
    for name in ("best", "best-of-k", "shares", "importance"):
        assert "crowds its trials" in missing[name]
    assert "Of the searched space" not in said(report)
    assert "Learning rates within" not in said(report)
    # 6 trials complete and near the best, 6 pruned, which might have been or not
    assert "of the settings tried 50 to 100 % come within 1 point" in said(report)


def test_bands_that_reach_the_edges_are_not_ranked(storage: BaseStorage) -> None:
    for option, slope in (("sgd", 1), ("adam", -1)):
        grid_study(storage, option, lambda params, _, slope=slope: 90 + slope * params["optimizer.lr"])
    told = said(page(storage))
    assert "this grid cannot rank them" in told
    assert "at an end of the learning rates searched (sgd at the highest, adam at the lowest)" in told


def test_conditions_are_shown_as_regret(storage: BaseStorage) -> None:
    axes = {"seed": [0, 1, 2], "model.norm": ["batch", "none"]}
    grid_study(storage, "sgd", replicates=axes)
    report = page(storage)
    assert drawn(report)[1] == EACH | {"regrets"}
    assert "One setting for all 2 conditions costs" in said(report)


def test_settings_that_differ_by_noise_alone_have_no_important_parameter(storage: BaseStorage) -> None:
    def noise(params: Mapping[str, Any], seed: int) -> float:
        return float(97 + np.random.default_rng([seed, hash(tuple(params.values())) % 2**32]).normal())

    grid_study(storage, "sgd", noise, diverges=False)
    assert "importance" in drawn(page(storage), is_drawn=False)[1]


@pytest.mark.parametrize("done", [0, 1, 4])
def test_an_unfinished_sweep_has_a_report(storage: BaseStorage, done: int) -> None:
    grid_study(storage, "sgd", settings=done)
    told = said(page(storage))
    assert ("No setting is measured yet." in told) == (done == 0)
    assert (f"{6 - done} of 6 settings are not measured" in told) == (done > 0)
    assert "a blind choice loses" not in told  # what isn't measured may be the worst


def test_a_study_of_any_program_has_a_report(tmp_path: Path) -> None:
    def plain(trial: optuna.Trial) -> float:
        return trial.suggest_float("lr", 0, 1) ** 2 + trial.suggest_int("layers", 1, 3)

    def two(trial: optuna.Trial) -> tuple[float, float]:
        return trial.suggest_float("x", 0, 1), len(trial.suggest_categorical("kind", ["a", "bb"]))

    for objective, directions in (
        (plain, ["minimize"]),
        (two, ["minimize", "maximize"]),
        (lambda _: 1.0, ["maximize"]),
    ):
        study = optuna.create_study(directions=directions)
        study.optimize(objective, n_trials=4)
        report(study._storage, found_in(study._storage, None), tmp_path, tmp_path / "artifacts")
        assert "Peak: " in get_note(study)
        assert "Peak: " in (tmp_path / "report.html").read_text()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A storage that `python -m sweeps.report` has written on, and the folder that it wrote."""
    folder = tmp_path_factory.mktemp("report")
    url = f"sqlite:///{folder}/made.db"
    two_confirmed(open_storage(url, create=True), gap=1.0)
    command = ["-W", "error", "-m", "sweeps.report", "--storage", url, "--folder", str(folder)]
    assert finish(start(*command)).endswith(f"{folder}/report.html\n")
    return url, folder


@pytest.mark.parametrize("program", ["sweeps.report", "sweeps.dashboard"])
def test_a_storage_without_a_sweep_is_refused(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "--storage", f"sqlite:///{tmp_path}/no.db"])
    entry = importlib.import_module(f"{program}.__main__" if program == "sweeps.report" else program)
    with pytest.raises(SystemExit, match=r"--storage sqlite:.*no.db holds no sweep; write sqlite:"):
        entry.main()
    assert not list(tmp_path.iterdir())


def figures(study: optuna.Study) -> dict[str, dict[str, object]]:
    """The figures that the dashboard finds with a study."""
    kept = get_plotly_graph_objects(study._storage.get_study_system_attrs(study._study_id))
    return {name: json.loads(figure) for name, figure in kept.items()}


def test_the_dashboard_finds_notes_and_figures(written: tuple[str, Path]) -> None:
    storage = open_storage(written[0])
    for name, expected in (("optimizer=sgd", EACH), ("overview", JOINT)):
        study = optuna.load_study(study_name=f"made/{name}", storage=storage)
        assert "Robust" in get_note(study)
        assert {re.sub("curves-.*", "curves", key) for key in figures(study)} == expected
        assert all(figure["data"] for figure in figures(study).values())
    confirmation = optuna.load_study(study_name="made/optimizer=sgd/confirm", storage=storage)
    assert "on seeds that nothing was chosen by" in get_note(confirmation)


def test_writing_again_changes_nothing(written: tuple[str, Path]) -> None:
    url, folder = written
    files = [folder / "report.html", *Path(f"{folder}/made.db.artifacts").iterdir()]
    before = {file: file.read_bytes() for file in files}
    storage = open_storage(url)
    report(storage, found_in(storage, "made"), folder, artifact_folder(url, folder))
    files = [folder / "report.html", *Path(f"{folder}/made.db.artifacts").iterdir()]
    assert {file: file.read_bytes() for file in files} == before


def test_a_new_pick_takes_the_note_and_the_figures_of_the_old(storage: BaseStorage, tmp_path: Path) -> None:
    study = grid_study(storage, "sgd", settings=2)
    report(storage, found_in(storage, None), tmp_path, tmp_path / "artifacts")
    curves = {name for name in figures(study) if name.startswith("curves")}
    study.add_trials(grid_study(optuna.storages.InMemoryStorage(), "sgd").trials[2:])
    report(storage, found_in(storage, None), tmp_path, tmp_path / "artifacts")
    notes = [get_note(optuna.trial.Trial(study, trial._trial_id)) for trial in study.trials]
    peak = max(study.trials, key=lambda trial: trial.value or 0).number
    assert "peak pick" in notes[peak]
    assert notes[:2] == ["", ""]
    assert {name for name, figure in figures(study).items() if figure["data"]} >= {"scores", "maps"}
    assert all(not figures(study)[name]["data"] for name in curves - {"curves-peak", "curves-robust"})


def test_chromium_draws_every_figure_without_the_network(written: tuple[str, Path], tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    flags = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"),
        *(f"--user-data-dir={tmp_path}", "--virtual-time-budget=15000", "--dump-dom"),
    ]
    address = f"file://{written[1]}/report.html"
    opened = subprocess.run(
        [chromium, *flags, address], capture_output=True, text=True, timeout=120, check=True
    )
    assert "CONSOLE" not in opened.stderr
    page = opened.stdout
    assert page.count('class="main-svg"') >= page.count('class="figure"') == len(JOINT) + 2 * (len(EACH) + 1)
    empty = re.findall(r'<div id="(figure-[\w-]+)"></div>', page)
    assert not empty


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
    picture = re.search(r"\]\(/(artifacts/[\w/-]+)\)", study["note"]["body"])
    assert picture
    assert answered(f"{dashboard}{picture[1]}").startswith(b"\x89PNG")


def test_a_pick_that_sometimes_diverges_has_two_figures_and_is_compared_where_both_converge(
    storage: BaseStorage,
) -> None:
    cliff = {"optimizer.lr": 0.1, "optimizer.momentum": 0.0}
    study = grid_study(
        storage, "sgd", lambda params, seed: hill(params, seed) + 3 * (params["optimizer.lr"] == 0.1)
    )
    confirm(
        study,
        [*PICKS, cliff],
        hill,
        lambda params, seed: 10 if params == cliff and seed < FRESH[2] else hill(params, seed) + 0.1,
    )
    robust, peak = page(storage).lead[1].sentences[:2]
    assert re.search(r"test accuracy 97\.\d\d % \[.*\] \(mean of 6 fresh seeds\)", robust)
    assert re.search(r"96\.\d\d % \[9.*\] where it converges; 2 of 6 runs diverged on 6 fresh seeds", peak)
    assert re.search(r"where both converge, the robust pick is [01]\.\d\d points better \[", peak)


@pytest.mark.parametrize("peak_lr", [0.01, 0.1])
def test_a_peak_beside_a_cliff_may_be_worse_than_its_fresh_seeds_say(
    storage: BaseStorage, peak_lr: float
) -> None:
    """The largest lr diverges with momentum 0.9: without it, it is beside the cliff, 0.01 is too."""
    for option in ("sgd", "adam"):
        study = grid_study(
            storage, option, lambda params, seed: hill(params, seed) + 2 * (params["optimizer.lr"] == peak_lr)
        )
        picks = [{"optimizer.lr": peak_lr, "optimizer.momentum": 0.0}, *PICKS]
        confirm(study, picks, hill, hill)
    studies = found_in(storage, None)
    assert studies[0].picks["peak"].params["optimizer.lr"] == peak_lr
    found = joint(studies).comparisons
    low, high = found["peak"][0].difference[1:]
    assert -80 < low < -3
    assert 3 < high < 80
    assert found["peak"][0].of_settings == "no distinguishable difference"
    score = studies[0].picks["peak"].fresh
    assert score.objective.low < score.score.low - 3
    assert score.objective.high == pytest.approx(score.score.high, abs=0.3)
