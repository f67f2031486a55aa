"""What a sweep found: every number once, whoever shows it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeps.report.findings import pick, series, space, study
from sweeps.report.findings.load import load_findings
from sweeps.report.write import write_report
from tests.support.studies import two_confirmed

# What costs time or might differ if it were computed twice, by the module that calls it.
COMPUTED = (
    (series, "smooth"),
    (series, "setting_intervals"),
    (series, "best_of_k"),
    (series, "expected_best_band"),
    (space, "variance_share_intervals"),
    (study, "pick_settings"),
    (study, "redraw_picks"),
    (study, "difference_error"),
)


def test_every_number_of_a_report_is_computed_once_a_study(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        function: Callable[..., Any] = getattr(module, name)

        def counting(*arguments: Any) -> Any:
            calls[name] += 1
            return function(*arguments)

        monkeypatch.setattr(module, name, counting)

    for module, name in COMPUTED:
        count(module, name)
    count(pick, "fresh_score")
    storage = optuna.storages.InMemoryStorage()
    two_confirmed(storage, gap=1.0)
    studies = load_findings(storage, None)
    write_report(storage, studies, tmp_path)
    picks = sum(len(findings.picks) for findings in studies)
    assert calls == {**dict.fromkeys((name for _, name in COMPUTED), 2), "fresh_score": picks}
