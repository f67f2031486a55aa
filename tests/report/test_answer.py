"""What the answer to sweeps of each kind says: advice, verdicts, remarks."""

import re
from collections.abc import Sequence
from dataclasses import replace

import optuna
import pytest

from sweeps.report.conclusion import Answer
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.load import load_findings
from sweeps.report.measure.settings import Params
from sweeps.report.outputs.markdown import answer_markdown
from sweeps.report.sentences.answer import compose_answer
from sweeps.report.sentences.remarks import list_remarks
from sweeps.study.record import CONSTRAINTS, LONG_VALUES
from tests.support.answers import answer, load
from tests.support.studies import PICKS, confirm, hill, scored_study
from tests.support.sweeps import LR


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


def exceed(study: optuna.Study, numbers: Sequence[int]) -> None:
    """Let trials of a study in memory end beyond a constraint."""
    for trial in study.get_trials(deepcopy=False):
        if trial.number in numbers:
            trial.system_attrs[f"{LONG_VALUES}seed=0/{CONSTRAINTS}"] = {"memory": 1.5}
            trial.system_attrs[CONSTRAINTS] = [1.5]


def test_settings_beyond_their_constraints_are_left_out_and_counted_and_never_advised() -> None:
    storage = optuna.storages.InMemoryStorage()
    study = scored_study(storage, "sgd", hill)

    def compose() -> Answer:
        studies = load_findings(storage, None)
        return compose_answer(studies, compare_studies(studies))

    assert compose().advice.startswith("Use sgd with lr=0.01 momentum=0.9;")
    exceed(study, [3])
    assert "lr=0.01 momentum=0.9" not in compose().advice
    assert compose().title.endswith("; 1 setting exceeds its constraints and is left out")
    exceed(study, range(6))
    assert compose().title.endswith("; 6 settings exceed their constraints and are left out")
    assert compose().advice == "Every setting that ran to the end exceeds its constraints."


def test_a_setting_that_exceeds_its_constraints_on_fresh_seeds_is_not_advised() -> None:
    storage = optuna.storages.InMemoryStorage()
    study = scored_study(storage, "sgd", hill)
    confirm(study, PICKS, hill, hill)
    confirmation = optuna.load_study(study_name=f"{study.study_name}/confirm", storage=storage)
    exceed(confirmation, range(len(PICKS)))
    studies = load_findings(storage, None)
    composed = compose_answer(studies, compare_studies(studies))
    assert composed.advice == "What the tuning recommends exceeds its constraints on fresh seeds."
    assert composed.rows[0].remarks[0] == "exceeds its constraints on fresh seeds"


def test_one_optimizer_has_advice_and_no_verdict() -> None:
    storage = optuna.storages.InMemoryStorage()
    confirm(scored_study(storage, "sgd", hill), PICKS, hill, hill)
    studies = load_findings(storage, None)
    composed = compose_answer(studies, compare_studies(studies))
    assert composed.advice == "Use sgd with lr=0.01 momentum=0.9."
    assert composed.verdicts == []


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


def test_the_remarks_of_two_optimizers_take_turns() -> None:
    remarks = [line for line in answer_markdown(answer("widened")) if re.match("- (sgd|adam): ", line)]
    assert [line.split(":")[0] for line in remarks] == ["- sgd", "- adam", "- sgd"]


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
