"""Checkpoints: what they hold, and that they are never half written."""

import os
import resource
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.optim import Adam

from sweeps.models import mlp
from sweeps.schedulers import Schedule
from sweeps.training import checkpoint
from sweeps.training.run import Run
from sweeps.training.train import train
from tests.support.training_runs import FEED

MODEL = partial(mlp, widths=[20], dropout=[0.5], norm="batch")
RUN = Run(FEED, MODEL, partial(Adam, lr=0.005), seed=0, epochs=1, batch_size=100)


def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path: Path) -> None:
    [result] = train([RUN], "cpu")
    checkpoint.save(tmp_path / "checkpoint.pt", result.state)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    model = RUN.model(RUN.feed.shape, RUN.feed.outputs).eval()
    model.load_state_dict(state["model"])
    assert torch.equal(model(RUN.feed.test_images), result.model.eval()(RUN.feed.test_images))


OLD, NEW = {"weight": torch.zeros(8)}, {"weight": torch.ones(100_000)}


def assert_only_the_old_file_lies_in(folder: Path) -> None:
    assert [file.name for file in folder.iterdir()] == ["checkpoint.pt"]
    assert torch.equal(checkpoint.load(folder / "checkpoint.pt")["weight"], OLD["weight"])


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, OLD)
    return path


def test_a_reader_finds_the_old_checkpoint_until_the_new_one_is_on_the_disk(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def synchronize(file: int) -> None:
        seen.append(checkpoint.load(saved)["weight"])
        real(file)

    real = os.fsync
    monkeypatch.setattr(os, "fsync", synchronize)
    checkpoint.save(saved, NEW)
    assert torch.equal(seen[0], OLD["weight"])
    assert torch.equal(checkpoint.load(saved)["weight"], NEW["weight"])
    assert [file.name for file in saved.parent.iterdir()] == ["checkpoint.pt"]


def test_a_file_that_cannot_be_written_to_its_end_leaves_the_old_checkpoint_alone(saved: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the new one takes 400,000 bytes
    try:
        with pytest.raises((OSError, RuntimeError)):
            checkpoint.save(saved, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_only_the_old_file_lies_in(saved.parent)


def test_a_state_that_cannot_be_saved_leaves_the_old_checkpoint_alone(saved: Path) -> None:
    with pytest.raises(AttributeError, match="lambda"):
        checkpoint.save(saved, NEW | {"epoch": lambda: 3})
    assert_only_the_old_file_lies_in(saved.parent)


def test_a_file_that_cannot_be_renamed_leaves_the_old_checkpoint_alone(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(f"{self} can't become {target}")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="can't become"):
        checkpoint.save(saved, NEW)
    assert_only_the_old_file_lies_in(saved.parent)


def test_loading_runs_no_code_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"model": Schedule()}, path)
    with pytest.raises(Exception, match="Weights only load failed"):
        checkpoint.load(path)
