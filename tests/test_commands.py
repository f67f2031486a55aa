"""`sweeps`, `python -m sweeps` and what `python -m sweeps.run` answers without training."""

import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest

import sweeps
from sweeps import run
from sweeps.__main__ import COMMANDS, main
from tests.conftest import finish, start


def test_help_lists_every_command() -> None:
    printed = finish(start("-W", "error", "-m", "sweeps", "--help"))
    for name, command in COMMANDS.items():
        assert f"  {name} " in printed
        assert command.summary in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_gets_the_arguments_after_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["unchanged"])
    with pytest.raises(SystemExit) as end:
        main([name, "--nonsense"])
    assert end.value.code == 2
    assert sys.argv[0] == f"sweeps {name}"
    assert "--nonsense" in sys.argv


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_a_command_that_does_not_exist_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_version_names_what_decides_a_sweep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    line = capsys.readouterr().out
    assert line == (
        f"optimizer-sweeps {sweeps.__version__} (Hydra {version('hydra-core')}, "
        f"Optuna {version('optuna')}, torch {version('torch')})\n"
    )
    # Hydra's own --version would name Hydra alone.
    monkeypatch.setattr(sys, "argv", ["sweeps.run", "--version"])
    run.start()
    assert capsys.readouterr().out == line


@pytest.mark.parametrize("arguments", [[], ["data=digits"], ["-m", "optimizer=sgd,adam", "data=digits"]])
def test_training_without_torch_says_what_to_install(
    arguments: list[str], refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    assert refusal(*arguments) == "Training needs torch: pip install 'optimizer-sweeps[train]'"
