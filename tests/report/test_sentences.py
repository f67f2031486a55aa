"""What the answer and the report of sweeps of each kind say, and how."""

import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import optuna
import pytest

from sweeps.report.conclusion import Answer
from sweeps.report.figures import all as figures
from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.findings.study import Findings
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.outputs.conclude import conclude, train_command
from sweeps.report.outputs.document import compose_document
from sweeps.report.outputs.html import render_html
from sweeps.report.outputs.markdown import answer_markdown, render_markdown
from sweeps.report.outputs.tables import settings_table
from sweeps.report.outputs.terminal import answer_lines, print_conclusion, print_tables
from sweeps.report.sentences import guide
from sweeps.report.sentences.answer import compose_answer, describe_scope
from sweeps.report.sentences.certainty import explain_study
from sweeps.report.sentences.remarks import list_remarks
from sweeps.report.sentences.wording import (
    format_difference,
    format_estimate,
    format_gap,
    format_params,
    format_score,
)
from sweeps.report.statistics.compare import judge
from sweeps.report.statistics.intervals import Estimate
from tests.support.studies import PICKS, confirm, hill, scored_study
from tests.support.sweeps import LR, SWEEPS

MOST_WORDS, MOST_LINES = 25, 15
UNKNOWN = {
    "at an end",
    "widening out of rows",
    "not confirmed",
    "confirm off",
    "one seed",
    "one learned nothing",
    "many",
}
UNRANKED = UNKNOWN | {"equal", "widened"}
RANKED = {"different", "minimised", "fractions", "contradicted", "many"}


@cache
def load(sweep: str) -> tuple[list[Findings], Joint]:
    """Return the findings of a sample sweep."""
    storage = optuna.storages.InMemoryStorage()
    SWEEPS[sweep](storage)
    studies = load_findings(storage, None)
    return studies, compare_studies(studies)


def answer(sweep: str) -> Answer:
    """Return the answer of a sample sweep."""
    return compose_answer(*load(sweep))


def print_sweep(sweep: str, capsys: pytest.CaptureFixture[str], folder: Path = Path("/there")) -> str:
    """Return what the terminal shows of a sample sweep."""
    print_conclusion(conclude(load(sweep)[0], folder, "sqlite:///outputs/sweeps.db"))
    return capsys.readouterr().out


@cache
def texts(sweep: str) -> list[str]:
    """Return all that a report says in words, tables aside."""
    document = compose_document(*load(sweep))
    captions = [plot.text for part in document.parts for plot in part.plots]
    lines = render_markdown(document).splitlines()
    return [*(line for line in lines if not line.startswith("|")), *captions]


def long_sentences(text: str) -> list[str]:
    """Return the sentences of a text that have more than MOST_WORDS words."""
    sentences = re.split(r"(?<=[.?!;])\s+", text)
    return [sentence for sentence in sentences if len(sentence.split()) > MOST_WORDS]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_no_sentence_of_a_report_is_long_and_no_figure_is_missing_from_it(sweep: str) -> None:
    said = texts(sweep)
    assert [long for text in said for long in long_sentences(text)] == []
    assert [text for text in said if re.search(r"\bnan\b|\binf\b|  +\S|\( *\)| [.,;:]", text)] == []


def test_no_sentence_of_the_guide_and_of_the_notes_is_long() -> None:
    explained = [figure.HOW_TO_READ for figure in figures.ALL_FIGURES]
    every = [*(meaning for _, meaning in guide.GUIDE), *explained]
    assert [long for text in every for long in long_sentences(text)] == []


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_terminal_shows_the_answer_first_in_at_most_fifteen_lines(
    sweep: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    _, *lines = print_sweep(sweep, capsys).splitlines()
    assert lines[0] == answer(sweep).advice
    # two more of each further optimizer
    assert len(lines) <= MOST_LINES + 2 * max(0, len(answer(sweep).rows) - 2)
    assert max(map(len, lines[: lines.index("", 4)])) <= 100


@pytest.mark.parametrize("width", [80, 100])
def test_a_row_folds_where_the_terminal_is_narrow(width: int) -> None:
    for line in answer_lines(answer("widened"), width):
        assert len(line) <= width


def test_a_caveat_is_seen_where_the_tolerance_takes_its_line() -> None:
    lines = " ".join(answer_lines(answer("widening out of rows"), 60))
    said = " ".join(lines.split())
    assert "; the best mean is still at the largest lr: extend allows no more" in said
    assert "half, double lr: 94.3, 94.9; " in said


@pytest.mark.parametrize("sweep", sorted(UNRANKED | RANKED))
def test_where_the_ranking_is_unknown_no_optimizer_is_called_better(sweep: str) -> None:
    text = "\n".join(texts(sweep))
    better = re.search(r"(sgd|adam) is \S+ (points )?(better|higher|lower)|better than (sgd|adam)", text)
    assert (better is not None) == (sweep in RANKED)
    assert (" or adam: unknown, " in text or "adam or sgd: unknown, " in text) == (sweep in UNKNOWN)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_an_interval_has_a_width_and_holds_possible_scores_and_its_value(sweep: str) -> None:
    for text in texts(sweep):
        for value, low, high in re.findall(r"(-?[\d.]+)(?: \w+)* \[(-?[\d.]+), (-?[\d.]+)\]", text):
            assert float(low) < float(high), text
            assert float(low) <= float(value) <= float(high), text
            assert len({len(number.partition(".")[2]) for number in (value, low, high)}) == 1, text
        assert not re.search(r"accuracy.*\[.*1\d\d\.\d", text), text


@pytest.mark.parametrize(
    ("sweep", "remark"),
    [
        (
            "widened",
            r"lr was widened from 0.1 to 1 \(12 runs\): 1\.\d+ points better than the best inside 0.001",
        ),
        ("widened", r"2\.\d+ points better \[2\.\d+, 2\.\d+\] than its config, lr=0.001"),
        ("widening out of rows", "the best mean is still at the largest lr: extend allows no more"),
        ("widening at its limit", "the best mean is still at the largest lr: lr_limits allow no more"),
        ("at an end", "2 of 6 fresh runs diverged"),
        ("at an end", "at the end of the range: larger learning rates were not searched"),
        ("minimised", r"0\.00\d+ lower \[0\.00\d+, 0\.01\d+\] than its config, lr=0.001"),
        ("unfinished", "only 4 of 6 settings ran to the end"),
        ("half confirmed", "3 of 6 fresh seeds so far"),
        ("all diverged", "every run diverged: search smaller learning rates"),
        ("learned nothing", "no run learned anything: check data, loss and model, or train longer"),
        ("constant", "the same on each seed"),
        ("worse than its config", "its config's own setting: none measured better"),
        ("another program's", "an adaptive search doesn't show how it holds where lr is off"),
        ("infinite without lr", "every run diverged$"),
        ("without lr", "an adaptive search doesn't show how the settings near it score"),
    ],
)
def test_a_remark_says_what_limits_the_setting(sweep: str, remark: str) -> None:
    remarks = [line for row in answer(sweep).rows for line in row.remarks]
    assert any(re.match(remark, line) for line in remarks), remarks


@pytest.mark.parametrize(
    ("sweep", "reason"),
    [
        ("not confirmed", "not trained on fresh seeds"),
        ("confirm off", "not trained on fresh seeds"),
        ("one seed", "one tuning seed doesn't show which settings others would choose"),
        ("at an end", "the best lr is at an end of the range"),
        ("one learned nothing", "nothing was learned"),
    ],
)
def test_an_unknown_ranking_has_its_reason(sweep: str, reason: str) -> None:
    [verdict] = answer(sweep).verdicts
    assert re.fullmatch(f"(sgd or adam|adam or sgd): unknown, {reason}", verdict)


def test_differences_are_said_in_the_metrics_own_direction() -> None:
    [loss] = answer("minimised").verdicts
    assert re.fullmatch(r"adam is 0\.02\d+ lower \[0\.02\d+, 0\.02\d+\] than sgd", loss)
    assert "lower is better" in answer("minimised").note
    [share] = answer("fractions").verdicts
    assert re.fullmatch(r"adam is 0\.1\d+ higher \[0\.1\d+, 0\.1\d+\] than sgd", share)


def test_a_better_test_score_says_that_validation_has_the_other_sign() -> None:
    [verdict] = answer("contradicted").verdicts
    assert verdict.endswith(" than sgd; on validation data sgd is ahead")


def test_widening_is_praised_only_where_it_beats_the_ends_of_the_declared_range_too() -> None:
    [row] = answer("widened for nothing").rows
    assert row.setting == "lr=0.3 momentum=0.9"
    assert row.remarks[0] == "lr was widened from 0.1 to 1 (12 runs)"
    assert row.remarks[1] == "equal, within ± 0.2 points, to its config, lr=0.1 (0.00 [-0.18, 0.19])"


def test_many_optimizers_are_compared_with_the_best_of_them_in_a_line_a_verdict() -> None:
    better, equal, unknown = answer("many").verdicts
    assert re.fullmatch(r"adam is 0\.90 points better .* than sgd; adam is 3\.95 .* than rprop", better)
    assert re.fullmatch(r"adam is equal, within ± 0.2 points, to nadam \(0\.06 \[-0\.06, 0\.18\]\)", equal)
    assert unknown == "lion or adam: unknown, the best lr is at an end of the range"
    assert answer("many").facts == [better, equal, unknown]  # no room for the test images


def test_scores_off_the_lr_stand_beside_the_setting() -> None:
    sgd, adam = answer("widened").rows
    assert re.fullmatch(r"half, double lr: 9\d\.\d, 9\d\.\d", sgd.tolerance)
    assert answer("diverging").rows[0].tolerance.endswith(", diverged")
    assert answer("different").rows[0].tolerance == ""
    assert (sgd.setting, adam.setting) == ("lr=0.3 momentum=0.9", "lr=0.01 momentum=0.9")


def test_a_setting_that_got_more_seeds_later_counts_once() -> None:
    storage = optuna.storages.InMemoryStorage()
    confirm(scored_study(storage, "sgd", hill), [*PICKS, *PICKS], hill, hill)
    studies = load_findings(storage, None)
    title = compose_answer(studies, compare_studies(studies)).title
    assert f"then {len(PICKS)} settings x " in title


def test_the_note_speaks_of_an_interval_where_one_is_shown() -> None:
    assert answer("widened").note.endswith("on fresh seeds, 95 % interval")
    assert answer("constant").note.endswith("on fresh seeds")


def test_only_the_configs_setting_is_called_its_own() -> None:
    storage = optuna.storages.InMemoryStorage()
    other = {"optimizer.lr": 0.001, "optimizer.momentum": 0.0}
    for option, default in (("sgd", PICKS[0]), ("adam", other)):
        scored_study(storage, option, hill, default=default)
    studies = load_findings(storage, None)
    sgd, adam = compose_answer(studies, compare_studies(studies)).rows
    assert "its config's own setting" in sgd.remarks
    assert "its config's own setting" not in adam.remarks


def test_the_title_adds_up_to_the_runs() -> None:
    settings, seeds, confirmed, fresh, diverged, runs = map(int, re.findall(r"\d+", answer("widened").title))
    assert settings * seeds + confirmed * fresh == runs
    assert diverged == 0


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1.0459, 1.04581, 1.04604), "1.04590 [1.04581, 1.04604]"),
        (Estimate(0.0242, 0.0236, 0.0248), "0.0242 [0.0236, 0.0248]"),
        (Estimate(0.104, 0.0048, 0.2032), "0.104 [0.005, 0.203]"),  # a limit that isn't 0 doesn't look like 0
        (Estimate(1.234, 0.8, 1.7), "1.2 [0.8, 1.7]"),
        (Estimate(1234.5, 1210.0, 1260.0), "1234 [1210, 1260]"),
        (Estimate(1.4518631e12, 1.2382047e12, 1.6655215e12), "1.5e+12 [1.2e+12, 1.7e+12]"),
        (Estimate(12345678.0, math.nan, math.nan), "1.235e+07"),
        (Estimate(1.23e-8, 1.1e-8, 1.4e-8), "1.23e-08 [1.10e-08, 1.40e-08]"),
        (Estimate(0.93456, math.nan, math.nan), "0.9346"),
        (Estimate(math.nan, math.nan, math.nan), ""),
    ],
)
def test_a_figure_has_the_decimals_that_its_interval_earns(estimate: Estimate, text: str) -> None:
    assert format_estimate(estimate) == text


def test_a_difference_whose_interval_holds_0_is_neither_better_nor_worse() -> None:
    findings = load("widened")[0][0]
    assert findings.tolerance
    falls = [Estimate(0.0, -0.5, 0.5), Estimate(0.01, -0.1, 0.12)]
    said = explain_study(replace(findings, tolerance=replace(findings.tolerance, falls=falls)))
    assert "Half the lr: not shown to differ from its own (0.0 [-0.5, 0.5])." in said
    assert "Double the lr: equal, within ± 0.2 points, to its own (-0.01 [-0.12, 0.10])." in said


def test_the_remarks_of_two_optimizers_take_turns() -> None:
    remarks = [line for line in answer_markdown(answer("widened")) if re.match("- (sgd|adam): ", line)]
    assert [line.split(":")[0] for line in remarks] == ["- sgd", "- adam", "- sgd"]


def test_only_percentages_have_points_and_two_decimals() -> None:
    percent, loss = Metric("accuracy", "%"), Metric("loss", direction=-1)
    assert format_score(percent, Estimate(93.521, 93.14, 93.9)) == "93.52 [93.14, 93.90]"
    assert format_gap(percent, Estimate(1.234, 0.8, 1.7)) == "1.2 points better [0.8, 1.7]"
    assert format_gap(percent, Estimate(-1.234, -1.7, -0.8)) == "1.2 points worse [0.8, 1.7]"
    assert format_gap(loss, Estimate(0.0242, 0.0236, 0.0248)) == "0.0242 lower [0.0236, 0.0248]"
    assert [format_difference(percent, value) for value in (1.0, 1.2)] == ["1 point", "1.2 points"]


@pytest.mark.parametrize(
    ("setting", "own", "words"),
    [
        ((0.9, 0.99), (0.9, 0.999), "lr=0.001 betas=0.9,0.999"),
        ((0.8, 0.99), (0.9, 0.99), "lr=0.001 betas=0.9,0.99"),
        ((0.9, 0.99), (0.9, 0.99), "lr=0.001"),
    ],
)
def test_the_config_is_told_apart_by_whole_lists(
    setting: tuple[float, float], own: tuple[float, float], words: str
) -> None:
    [findings, *_] = load("widened")[0]
    assert findings.recommended
    picks = {
        role: replace(pick, params=_with_betas(pick.params, own)) for role, pick in findings.picks.items()
    }
    params = _with_betas(findings.recommended.params, setting)
    changed = replace(findings, picks=picks, recommended=replace(findings.recommended, params=params))
    assert any(remark.endswith(f"than its config, {words}") for remark in list_remarks(changed))


def _with_betas(params: Params, betas: tuple[float, float]) -> Params:
    return {LR: params[LR], "optimizer.betas.0": betas[0], "optimizer.betas.1": betas[1]}


def test_elements_of_a_list_are_written_together() -> None:
    betas = {"optimizer.lr": 0.01, "optimizer.betas.0": 0.9, "optimizer.betas.1": 0.999}
    assert format_params(betas) == "lr=0.01 betas=0.9,0.999"
    assert format_params({"optimizer.betas.1": 0.999}) == "betas.1=0.999"
    assert format_params({"optimizer.betas.0": 0.9, "model.norm": "batch"}) == "betas.0=0.9 norm=batch"


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.19, -0.01, Metric("accuracy", "%").margin, "equivalent"),
        (0.01, 0.21, Metric("accuracy", "%").margin, "better"),
        (-0.01, 0.21, Metric("accuracy", "%").margin, "no difference"),
        (-0.19, -0.01, Metric("loss").margin, "better"),
    ],
)
def test_one_rule_judges_a_difference(low: float, high: float, margin: float, verdict: str) -> None:
    assert judge(Estimate((low + high) / 2, low, high), not low <= 0 <= high, margin) == verdict


def test_the_terminal_says_what_to_do_next(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = print_sweep("different", capsys, tmp_path / "outputs")
    assert f"Train one:    {train_command(*load('different'), tmp_path / 'outputs')}\n" in printed
    assert "--config-dir outputs +pick=adam" in printed
    assert "Report:       outputs/report.html" in printed
    assert "python -m sweeps.dashboard --storage sqlite:///outputs/sweeps.db" in printed


def test_the_report_holds_the_command_that_trains_what_is_recommended(tmp_path: Path) -> None:
    document = compose_document(*load("different"), tmp_path)
    assert document.command.endswith(f" --config-dir {tmp_path} +pick=adam")
    for page in (render_markdown(document), render_html(document)):
        assert "+pick=adam" in page


def test_a_study_of_another_program_has_no_command_to_train_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Train one" not in print_sweep("another program's", capsys)


def test_each_setting_is_in_the_printed_tables(capsys: pytest.CaptureFixture[str]) -> None:
    print_tables([settings_table(findings, is_narrow=True) for findings in load("equal")[0]])
    printed = capsys.readouterr().out
    assert printed.count("validation accuracy in %, mean over 3 runs") == 2


def test_without_a_report_no_file_of_it_is_named() -> None:
    assert list(conclude(load("equal")[0], None, "sqlite:///outputs/sweeps.db").steps) == ["Dashboard"]


def test_a_scope_names_what_differs_between_optimizers() -> None:
    assert (
        answer("different").scope == "Holds for mnist5k, 3 epochs; sgd with no scheduler, adam with Plateau"
    )
    assert answer("another program's").scope == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accumulate": None, "freeze": None, "lr_factors": None, "augment._target_": None}, ""),
        (
            {"loss._target_": "torch.nn.CrossEntropyLoss", "loss.reduction": "none", "loss.weight": None}
            | {"loss.label_smoothing": 0.0},
            "",
        ),
        (
            {"loss._target_": "torch.nn.CrossEntropyLoss", "loss.label_smoothing": 0.1}
            | {"loss.weight.0": 1, "loss.weight.1": 9},
            ", CrossEntropyLoss label_smoothing=0.1 weight=1,9",
        ),
        (
            {"clip_norm": 1, "clip_value": 0.5, "ema": 0.99, "patience": 3, "mixup": 0.2, "accumulate": 2},
            ", mixup=0.2, accumulate=2, clip_norm=1, clip_value=0.5, ema=0.99, patience=3",
        ),
        (
            {"augment._target_": "sweeps.data.FlipAndCrop", "augment.flip": True, "augment.padding": 0}
            | {"freeze.0": "conv1", "freeze.1": "layer1.*", "lr_factors.layer2.weight": 0.1}
            | {"lr_factors.*.bias": 2, "init_from": "outputs/first"},
            ", FlipAndCrop flip=True, init_from=outputs/first, freeze=conv1,layer1.*, "
            "lr_factors=layer2.weight:0.1,*.bias:2",
        ),
    ],
)
def test_a_scope_names_the_loss_and_the_options_of_training_that_are_set(
    options: dict[str, object], words: str
) -> None:
    sgd, adam = load("different")[0]
    other, common = "; sgd with no scheduler, adam with Plateau", "Holds for mnist5k, 3 epochs"
    both = [_with_config(findings, options) for findings in (sgd, adam)]
    assert describe_scope(both) == f"{common}{words}{other}"
    one = describe_scope([sgd, _with_config(adam, {"loss._target_": "torch.nn.MSELoss", "ema": 0.5})])
    differences = "; sgd with cross-entropy, adam with MSELoss; sgd with no ema, adam with ema=0.5"
    assert one == f"{common}{other}{differences}"


def _with_config(findings: Findings, options: dict[str, object]) -> Findings:
    config = {**findings.measurement.config, **options}
    return replace(findings, measurement=replace(findings.measurement, config=config))


@pytest.mark.parametrize(
    ("sweep", "advice"),
    [
        ("different", "Use adam with lr=0.01 momentum=0: better than sgd."),
        (
            "widened",
            "Use sgd with lr=0.3 momentum=0.9 or adam with lr=0.01 momentum=0.9: no difference found.",
        ),
        ("many", "Use adam, nadam or lion: which is better is unknown."),
        (
            "unfinished",
            "Use sgd with lr=0.01 momentum=0.9; only 4 of 6 settings ran to the end.",
        ),
        ("one learned nothing", "Use adam with lr=0.01 momentum=0.9."),
        ("not begun", "No setting is measured yet."),
        ("all diverged", "Every run diverged: search smaller learning rates."),
        ("learned nothing", "No run learned anything: check data, loss and model, or train longer."),
        ("nothing usable", "No optimizer has a setting to recommend."),
        (
            "diverging later",
            "What the tuning recommends diverges on every fresh seed: search smaller learning rates.",
        ),
        (
            "worse than its config",
            "Use sgd with lr=0.001 momentum=0.9.",
        ),
    ],
)
def test_the_advice_is_one_sentence_that_says_what_to_do(sweep: str, advice: str) -> None:
    assert answer(sweep).advice == advice


def test_one_optimizer_has_advice_and_no_verdict() -> None:
    storage = optuna.storages.InMemoryStorage()
    confirm(scored_study(storage, "sgd", hill), PICKS, hill, hill)
    studies = load_findings(storage, None)
    composed = compose_answer(studies, compare_studies(studies))
    assert composed.advice == "Use sgd with lr=0.01 momentum=0.9."
    assert composed.verdicts == []
