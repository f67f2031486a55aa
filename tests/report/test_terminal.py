"""What the terminal shows after a sweep of each kind."""

from pathlib import Path

import pytest

from sweeps.report.outputs.conclude import conclude, train_command
from sweeps.report.outputs.document import compose_document
from sweeps.report.outputs.html import render_html
from sweeps.report.outputs.markdown import render_markdown
from sweeps.report.outputs.tables import settings_table
from sweeps.report.outputs.terminal import answer_lines, print_conclusion, print_tables
from tests.support.answers import answer, load
from tests.support.sweeps import SWEEPS

MOST_LINES = 15


def print_sweep(sweep: str, capsys: pytest.CaptureFixture[str], folder: Path = Path("/there")) -> str:
    """Return what the terminal shows of a sample sweep."""
    print_conclusion(conclude(load(sweep)[0], folder, "sqlite:///outputs/sweeps.db"))
    return capsys.readouterr().out


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
