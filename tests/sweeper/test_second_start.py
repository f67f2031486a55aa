"""A finished sweep started again: it prints the stored answer, unless something behind it has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.sweeper import outcome
from tests.conftest import Toy

ANSWER = "\nUse bowl with x=1"
OPTION = "# @package _global_\nsearch_space: {shape.x: 'choice(0, 1)'}\n"


Again = Callable[[], str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Return a finished sweep with an option in a folder of its own."""
    toy = Toy(tmp_path_factory.mktemp("sweep"))
    option(toy).parent.mkdir(parents=True)
    option(toy).write_text(OPTION)
    toy.run_here(*command(toy))
    return toy


@pytest.fixture
def again(toy: Toy, capfd: pytest.CaptureFixture[str]) -> Again:
    """Return a call that starts the sweep again; it returns what this prints."""

    def call() -> str:
        toy.run_here(*command(toy))
        return capfd.readouterr().out

    return call


def command(toy: Toy) -> list[str]:
    """Return the arguments of the sweep."""
    return [f"hydra.searchpath=[{toy.folder}/options]", "+experiment=points", "hydra.sweeper.report=true"]


def option(toy: Toy) -> Path:
    """Return the file of the sweep's own option."""
    return toy.folder / "options" / "experiment" / "points.yaml"


def files(folder: Path) -> dict[Path, bytes]:
    """Return what the files in a folder hold."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_start_prints_the_answer_alone_and_writes_nothing(toy: Toy, again: Again) -> None:
    before = files(toy.folder)
    assert again().startswith(ANSWER)
    assert files(toy.folder) == before
    assert toy.folder / "jobs" / "report.html" in before


def delete_the_page(toy: Toy) -> None:
    """Remove a file of the report."""
    (toy.folder / "jobs" / "report.html").unlink()


def edit_a_pick(toy: Toy) -> None:
    """Change a file of the report."""
    [pick] = (toy.folder / "jobs" / "pick").iterdir()
    pick.write_text("optimizer: none\n")


def change_the_storage(toy: Toy) -> None:
    """Write to the storage what the answer doesn't tell of."""
    study = toy.study("toy/shape=bowl")
    study.set_user_attr("remarks", study.user_attrs.get("remarks", 0) + 1)


@pytest.mark.parametrize("change", [delete_the_page, edit_a_pick, change_the_storage])
def test_after_a_change_the_report_is_written_again(
    change: Callable[[Toy], None], toy: Toy, again: Again
) -> None:
    before = files(toy.folder / "jobs")
    change(toy)
    printed = again()
    assert not printed.startswith(ANSWER)
    assert ANSWER in printed
    after = files(toy.folder / "jobs")
    answer_file = toy.folder / "jobs" / "answer.json"
    assert {**after, answer_file: b""} == {**before, answer_file: b""}
    assert again().startswith(ANSWER)


def test_an_option_that_has_changed_is_compared_with_the_storage(toy: Toy, again: Again) -> None:
    option(toy).write_text(f"{OPTION}pause: 0.001\n")
    with pytest.raises(SystemExit):
        again()
    option(toy).write_text(OPTION)
    assert again().startswith(ANSWER)


def test_a_trial_that_waits_is_run(toy: Toy, again: Again) -> None:
    toy.study("toy/shape=bowl").enqueue_trial({"shape.x": 0})
    assert not again().startswith(ANSWER)
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 3


def test_no_answer_is_kept_where_another_driver_has_gone_on_meanwhile(
    toy: Toy, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = outcome.write_sweep_results

    def write_slowly(*arguments: Any, **keywords: Any) -> Any:
        conclusion = write(*arguments, **keywords)
        toy.study("toy/shape=bowl").enqueue_trial({"shape.x": 1})
        return conclusion

    change_the_storage(toy)
    monkeypatch.setattr(outcome, "write_sweep_results", write_slowly)
    again()
    monkeypatch.undo()
    assert not again().startswith(ANSWER)
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 4
