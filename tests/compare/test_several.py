"""Several sweeps side by side, as `python -m sweeps.compare` reads, prints and writes them."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from sweeps.compare.pooling import pool
from sweeps.compare.sentences import describe_sweeps, forest_rows, format_regret
from sweeps.compare.several import compare_folders, compare_sweeps
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.measure.settings import FinishedRun, Setting
from sweeps.report.write import write_report
from tests.conftest import finish, start
from tests.support.studies import two_confirmed
from tests.support.worked_sweeps import LOSS, PERCENT, comparison, sweep, worked_sweeps


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of three sweeps' reports, in which adam is better by different amounts."""
    parent = tmp_path_factory.mktemp("outputs")
    for number, gap in enumerate((1.0, 1.2, 0.9)):
        storage = optuna.storages.InMemoryStorage()
        two_confirmed(storage, gap)
        write_report(storage, load_findings(storage, None), parent / f"sweep{number}")
    return [parent / f"sweep{number}" for number in range(3)]


def measured(means: Mapping[float, float], diverged: bool = False) -> list[Setting]:
    """Settings of one run each, by their learning rate."""
    settings: list[Setting] = []
    for lr, mean in means.items():
        runs = {"seed=0": FinishedRun(mean, diverged)}
        settings.append(Setting(len(settings), {"optimizer.lr": lr}, "complete", runs))
    return settings


def test_written_reports_are_read_back_and_pooled(folders: Sequence[Path]) -> None:
    several = compare_folders(folders)
    assert several.names == ["sweep0", "sweep1", "sweep2"]
    (pair,) = several.pairs
    assert (pair.first, pair.second, pair.verdict) == ("adam", "sgd", "better")
    storage = optuna.storages.InMemoryStorage()
    two_confirmed(storage, 1.0)
    (found,) = compare_studies(load_findings(storage, None)).comparisons
    assert pair.sweeps[0].difference == found.difference
    assert pair.sweeps[0].error == found.error.sd
    values = np.array([each.difference.value for each in pair.sweeps])
    assert pair.pooled == pool(values, np.array([each.error for each in pair.sweeps]))
    assert re.match(
        r"Over 3 sweeps, adam is 1\.\d+ points better \[.*\] than sgd\.", describe_sweeps(several)[0]
    )


def test_the_command_prints_and_writes_a_page(folders: Sequence[Path], tmp_path: Path) -> None:
    command = ["-W", "error", "-m", "sweeps.compare", *map(str, folders), "--folder", str(tmp_path)]
    output = finish(start(*command))
    assert re.search(r"Over 3 sweeps, adam is 1\.\d+ points better", output)
    assert output.count("●") == 5
    assert output.endswith(f"{tmp_path}/compare.html\n")
    page = (tmp_path / "compare.html").read_text()
    assert page.count('class="figure"') == 1
    assert "a new sweep" in (tmp_path / "compare.md").read_text()


def test_three_sweeps_that_differ_show_no_difference() -> None:
    several = compare_sweeps(worked_sweeps())
    (pair,) = several.pairs
    assert pair.verdict == "no difference"
    texts = {row.name: row.text for row in forest_rows(pair, PERCENT)}
    assert texts["together"] == "0.2 [-0.2, 0.7]"
    assert texts["a new sweep"] == "[-0.4, 0.9]"
    sentence = "Over 3 sweeps, adam is not shown to differ from sgd (0.2 [-0.2, 0.7])."
    assert describe_sweeps(several)[0] == f"{sentence} In a new sweep, it may lie anywhere in [-0.4, 0.9]."


def test_the_better_one_of_a_minimised_metric_is_lower() -> None:
    sweeps = [replace(each, metric=LOSS, objective=LOSS) for each in worked_sweeps()]
    several = compare_sweeps(sweeps)
    assert "adam is not shown to differ from sgd (0.2 [" in describe_sweeps(several)[0]
    assert forest_rows(several.pairs[0], LOSS)[-2].text == "-0.2 [-0.7, 0.2]"


def test_the_first_of_a_pair_has_the_higher_mean() -> None:
    several = compare_sweeps([sweep(name, -1.0) for name in "abc"])
    (pair,) = several.pairs
    assert (pair.first, pair.verdict) == ("sgd", "better")
    assert [each.difference.value for each in pair.sweeps] == [1.0, 1.0, 1.0]


def test_fewer_than_three_sweeps_say_nothing_together() -> None:
    unknown = comparison(9.0, 0.5, "end")
    several = compare_sweeps([*worked_sweeps()[:2], sweep("digits", comparisons=[unknown])])
    (pair,) = several.pairs
    assert (pair.pooled, pair.verdict) == (None, "unknown")
    few = "it takes 3 sweeps to say anything of them together; 2 sweeps can be counted."
    assert describe_sweeps(several)[0] == f"adam or sgd: {few}"
    reason = "not counted: the best lr is at an end of the range"
    assert forest_rows(pair, PERCENT)[-1].text.endswith(f"[8.0, 10.0], {reason}")


@pytest.mark.parametrize("error", [0.0, float("nan")])
def test_a_difference_without_an_error_is_not_pooled(error: float) -> None:
    several = compare_sweeps([*worked_sweeps(), sweep("cifar", 5.0, error)])
    assert several.pairs[0].pooled == compare_sweeps(worked_sweeps()).pairs[0].pooled


def test_a_setting_of_one_sweep_costs_something_in_another() -> None:
    lr = {number: {"optimizer.lr": number} for number in (0.1, 0.3)}
    mnist = sweep("mnist", settings={"sgd": measured({0.1: 97.0, 0.3: 97.5})}, recommended={"sgd": lr[0.3]})
    fashion = sweep(
        "fashion", settings={"sgd": measured({0.1: 88.0, 0.3: 87.6}, True)}, recommended={"sgd": lr[0.1]}
    )
    cifar = sweep("cifar", settings={"sgd": measured({0.3: 60.0, 1.0: 70.0})}, recommended={"sgd": lr[0.3]})
    unmeasured = sweep("digits", settings={"sgd": measured({0.01: 60.0})})
    several = compare_sweeps([mnist, fashion, cifar, unmeasured])
    first, second = several.transfers
    assert (first.sources, second.sources) == (["mnist", "cifar"], ["fashion"])
    regrets = {name: round(regret.value, 9) for name, regret in first.regrets.items()}
    assert regrets == {"mnist": 0.0, "fashion": 0.4, "cifar": 10.0}
    assert describe_sweeps(several)[1] == "sgd: lr=0.1 of fashion would cost 0.5 points on mnist."
    assert format_regret(first.regrets["mnist"], PERCENT) == "the best"


def test_what_differs_between_sweeps_is_named() -> None:
    configs = [
        {"data.name": data, "data.root": data, "epochs": epochs, "seeds": 3}
        for data, epochs in (("mnist", 20), ("fashion", 5))
    ]
    sweeps = [sweep(name, configs={"sgd": config}) for name, config in zip("ab", configs, strict=True)]
    expected = "The sweeps differ in data (mnist, fashion), epochs (20, 5)."
    assert describe_sweeps(compare_sweeps(sweeps))[-1] == expected


def older(folder: Path) -> None:
    """Write a report without what is recommended."""
    report = json.loads((folder / "report.json").read_text())
    for study in report["studies"].values():
        del study["found"]["recommended"]
    (folder / "report.json").write_text(json.dumps(report))


def test_folders_that_cannot_be_compared_are_refused(folders: Sequence[Path], tmp_path: Path) -> None:
    shutil.copytree(folders[0], tmp_path / "older")
    older(tmp_path / "older")
    refused: list[tuple[list[Path], str]] = [
        ([folders[0]], "at least two sweeps, but got only .*sweep0$"),
        ([folders[0], folders[0]], "sweep0 is given twice$"),
        ([folders[0], tmp_path], "holds no report.json; write it with `python -m sweeps.report`"),
        ([folders[0], tmp_path / "older"], "older/report.json is not of this version of sweeps; write it"),
    ]
    for given, message in refused:
        with pytest.raises(ValueError, match=message):
            compare_folders(given)


def test_sweeps_that_share_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no optimizer in common: a has adam, sgd; b has lion$"):
        compare_sweeps([sweep("a"), sweep("b", configs={"lion": {}})])
    message = r"a measures test accuracy in % \(larger is better\), but b measures loss \(smaller is better\)"
    with pytest.raises(ValueError, match=message):
        compare_sweeps([sweep("a"), sweep("b", metric=LOSS)])
