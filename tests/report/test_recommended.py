"""What is recommended of a study, and what is said where nothing can be."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import create_trial

from sweeps.report.findings.load import load_findings
from sweeps.report.findings.study import Findings, analyze
from sweeps.report.measure.from_storage import read_measurement
from sweeps.report.statistics.arrays import Flags, Floats
from tests.support.studies import confirm
from tests.support.worked_tables import LRS, MOMENTA, sgd_runs

WIDENED = [*LRS, 0.3, 1.0]
SEEDS = [0, 1, 2]
Runs = tuple[Floats, Flags]


def params_of(lr: float, momentum: float) -> dict[str, float]:
    """Return a setting of SGD."""
    return {"optimizer.lr": lr, "optimizer.momentum": momentum}


def grid_of(
    storage: BaseStorage,
    lrs: Sequence[float],
    runs: Runs,
    extend: int = 0,
    momenta: Sequence[float] = MOMENTA,
) -> optuna.Study:
    """Return a study whose grid of numbers was declared from 0.001 to 0.1 and may have been widened."""
    study = optuna.create_study(study_name="made/optimizer=sgd", storage=storage, direction="maximize")
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        study.set_metric_names(["validation accuracy in %"])
    attributes: dict[str, Any] = {
        "replicates": {"seed": SEEDS},
        "ways": ["grid"],
        "seed_key": "seed",
        "studied": {"optimizer": "sgd"},
        "grid": {"optimizer.lr": [lr for lr in LRS if lr in lrs], "optimizer.momentum": list(momenta)},
        "default": params_of(0.1, 0.9),
        "confirm_seeds": 6,
    }
    if extend:
        rows = [{"end": "high", "lr": lr} for lr in lrs if lr not in LRS]
        attributes |= {"extend": extend, "widening": {"rows": rows, "stopped": "inside"}}
    for key, value in attributes.items():
        study.set_user_attr(key, value)
    space: dict[str, BaseDistribution] = {
        "optimizer.lr": FloatDistribution(0.001, 10, log=True),
        "optimizer.momentum": FloatDistribution(0, 0.99),
    }
    for i, j in product(range(len(lrs)), range(len(momenta))):
        records = {}
        for seed in SEEDS:
            score, diverged = float(runs[0][i, j, seed]), bool(runs[1][i, j, seed])
            records[f"seed={seed}"] = {
                "value": score,
                "diverged": diverged,
                "learned_nothing": score <= 10 and not diverged,
                "chance": 10.0,
            }
        study.add_trial(
            create_trial(
                params=params_of(lrs[i], momenta[j]),
                distributions=space,
                value=float(runs[0][i, j].mean()),
                user_attrs=records,
            )
        )
    return study


def findings_of(
    lrs: Sequence[float], runs: Runs, extend: int = 0, momenta: Sequence[float] = MOMENTA
) -> Findings:
    """Return what such a study found."""
    storage = InMemoryStorage()
    grid_of(storage, lrs, runs, extend, momenta)
    return load_findings(storage, None)[0]


def confirmed(offset: Callable[[Mapping[str, Any]], float], extend: int = 4) -> Findings:
    """Return what SGD's widened study found, and its picks on fresh seeds score so much above 90."""
    storage = InMemoryStorage()
    study = grid_of(storage, WIDENED, sgd_runs(WIDENED), extend)
    [tuned] = load_findings(storage, None)

    def score(params: Mapping[str, Any], seed: int) -> float:
        noise = np.random.default_rng([seed, *(int(1000 * value) for value in params.values())])
        # What scores 10 on fresh seeds diverged.
        return max(10.0, float(90 + offset(params) + noise.normal(0, 0.1)))

    confirm(study, [pick.params for pick in tuned.picks.values()], score, score)
    return load_findings(storage, None)[0]


def recommended(findings: Findings) -> tuple[str, float, float, str]:
    """Return the recommended pick's role and values, and what is to know of it."""
    assert findings.recommended
    params = findings.recommended.params
    values = params["optimizer.lr"], params["optimizer.momentum"]
    return findings.recommended.role, *values, findings.recommended.caveat


def test_of_widened_sgd_the_robust_setting_is_recommended_and_compared_with_the_one_before() -> None:
    findings = findings_of(WIDENED, sgd_runs(WIDENED), extend=4)
    assert recommended(findings) == ("robust", 0.3, 0.9, "")
    picks = {role: tuple(pick.params.values()) for role, pick in findings.picks.items()}
    assert picks == {"robust": (0.3, 0.9), "peak": (1.0, 0.0), "inside": (0.01, 0.99), "default": (0.1, 0.9)}
    assert findings.picks["robust"].tuned is not None
    assert findings.picks["robust"].tuned.frequency == pytest.approx(1)
    assert findings.unsettled == []
    assert findings.verdicts == {}  # without a fresh seed
    assert findings.selection.sd == pytest.approx(0, abs=1e-9)


def test_what_widening_brought_nothing_to_is_compared_with_no_setting_before() -> None:
    scores, diverged = sgd_runs(WIDENED)
    scores[2, 4] += 4
    findings = findings_of(WIDENED, (scores, diverged), extend=4)
    assert recommended(findings) == ("robust", 0.01, 0.99, "")
    assert "inside" not in findings.picks


def test_of_a_range_that_is_not_widened_the_peak_at_its_end_is_recommended_and_marked() -> None:
    assert recommended(findings_of(LRS, sgd_runs(LRS))) == ("peak", 0.1, 0.95, "high end")
    # Where widening may go on, it decides.
    findings = findings_of(LRS, sgd_runs(LRS), extend=4)
    assert recommended(findings) == ("robust", 0.01, 0.99, "")
    limited = replace(findings.measurement.widening, stopped="limits")
    findings = analyze(replace(findings.measurement, widening=limited))
    assert recommended(findings) == ("peak", 0.1, 0.95, "high end")
    # So no ranking follows either.
    assert findings.open_end == "high"
    scores, diverged = sgd_runs(LRS)
    assert recommended(findings_of(LRS, (scores[::-1], diverged))) == ("peak", 0.001, 0.95, "low end")


def test_of_points_too_the_peak_close_to_an_end_is_recommended_and_marked() -> None:
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.set_user_attr("ways", ["qmc"])
    for _ in range(32):
        trial = study.ask({"lr": FloatDistribution(1e-4, 1, log=True)})
        study.tell(trial, np.log10(trial.params["lr"]))
    findings = analyze(read_measurement(study))
    assert findings.recommended
    assert 0.6 < findings.recommended.params["lr"] < 1
    assert (findings.recommended.role, findings.recommended.caveat) == ("peak", "high end")


def test_where_diverged_runs_lie_beside_every_setting_the_peak_is_recommended_and_marked() -> None:
    scores, diverged = sgd_runs(LRS)
    scores[2, 1] = 99.0
    diverged[1:3, :, 0] = True
    assert recommended(findings_of(LRS, (scores, diverged))) == ("peak", 0.01, 0.5, "unsound")


def test_what_fresh_seeds_show_to_be_worse_than_the_config_is_not_recommended() -> None:
    peak = params_of(1.0, 0.0)
    equal = confirmed(lambda _: 0)
    assert recommended(equal) == ("robust", 0.3, 0.9, "")
    stepped = confirmed(lambda params: float(params in (peak, params_of(0.1, 0.9))))
    assert recommended(stepped) == ("peak", 1.0, 0.0, "")
    assert stepped.recommended_minus["robust"].low > 0
    assert stepped.verdicts["robust"] == "better"
    # Draws of the tuning seeds that pick another peak, not those that pick the robust setting 0.2 below it.
    assert stepped.selection.sd < 0.15
    own = confirmed(lambda params: float(params == params_of(0.1, 0.9)))
    assert recommended(own) == ("default", 0.1, 0.9, "config")
    assert own.selection.sd == 0
    assert own.recommended_pick is own.picks["default"]
    assert recommended(confirmed(lambda params: -90.0 * (params != params_of(0.1, 0.9))))[0] == "default"


def test_a_study_without_anything_to_pick_from_says_which() -> None:
    scores, calm = sgd_runs(LRS)
    everything = ~calm
    chance = np.linspace(9, 10, 20).reshape(4, 5, 1) + np.array([-0.02, -0.01, 0.0])
    findings = findings_of(LRS, (chance, everything))
    assert findings.outcome == "all diverged"
    assert (findings.picks, findings.recommended, findings.shares, findings.importance) == ({}, None, {}, {})
    assert np.isnan(findings.series.low).all()
    partly = everything.copy()
    partly[0] = False
    idle = findings_of(LRS, (chance, partly))
    assert (idle.outcome, idle.picks, idle.recommended) == ("learned nothing", {}, None)
    assert (idle.shares, idle.importance) == ({}, {})
    assert np.isnan(idle.series.low).all()
    storage = InMemoryStorage()
    grid_of(storage, [], (scores, calm))
    assert load_findings(storage, None)[0].outcome == "nothing measured"
    assert findings_of(LRS, (scores, partly)).outcome == "measured"


def test_a_value_that_other_draws_of_the_seeds_would_not_recommend_is_not_settled() -> None:
    scores = np.full((4, 4, 3), 90.0)
    scores[2, 0] = 96.4
    scores[2, 1:] = 96 + np.eye(3)  # the best of one seed each, by their means a little worse
    findings = findings_of(LRS, (scores, np.zeros(scores.shape, dtype=bool)), momenta=MOMENTA[:4])
    assert recommended(findings) == ("robust", 0.01, 0.0, "")
    assert findings.picks["robust"].tuned is not None
    assert findings.picks["robust"].tuned.frequency == 0
    assert findings.unsettled == ["momentum"]
    # All draws pick one of the others, whose means are 0.4 - 1/3 lower.
    assert findings.selection.sd == pytest.approx(0.4 - 1 / 3)


def test_equal_scores_one_learning_rate_and_one_setting_have_picks_too() -> None:
    scores, calm = np.full((4, 5, 3), 90.0), np.zeros((4, 5, 3), dtype=bool)
    equal = findings_of(LRS, (scores, calm))
    assert recommended(equal) == ("robust", 0.01, 0.0, "")
    assert equal.selection.sd == 0
    one = findings_of(LRS[-1:], sgd_runs(LRS[-1:]))
    assert recommended(one) == ("robust", 0.1, 0.95, "")
    single = findings_of(LRS[-1:], (scores[:1, :1], calm[:1, :1]), momenta=MOMENTA[:1])
    assert recommended(single) == ("robust", 0.1, 0.0, "")
    assert single.unsettled == []
