"""Checkpoints: what they hold, and that they are never half written."""

import os
import resource
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

from sweeps import checkpoint
from sweeps.data import mnist5k
from sweeps.models import mlp
from sweeps.schedule import Schedule
from sweeps.train import Run, Training, train

CPU = torch.device("cpu")
OPTIMIZERS = {
    "SGD with momentum and plateau": (
        partial(SGD, lr=0.1, momentum=0.9),
        Schedule(partial(ReduceLROnPlateau, mode="max", patience=0), monitor="validation_accuracy"),
    ),
    "Adam with cosine": (partial(Adam, lr=0.005), Schedule(partial(CosineAnnealingLR, T_max=4))),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small work is done sooner by one thread, above all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def a_run(optimizer, schedule, epochs: int, dropout: float = 0.0) -> Run:
    model = partial(mlp, widths=[20], dropout=[dropout], norm="batch")
    return Run(mnist5k(True), model, optimizer, schedule, seed=0, epochs=epochs, batch_size=100)


@pytest.mark.parametrize(("optimizer", "schedule"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path, optimizer, schedule):
    run = a_run(optimizer, schedule, epochs=1, dropout=0.5)
    [result] = train([run], "cpu")
    checkpoint.save(tmp_path / "checkpoint.pt", result.state)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    model = run.model(run.feed.shape, run.feed.classes).eval()
    model.load_state_dict(state["model"])
    assert torch.equal(model(run.feed.test_images), result.model.eval()(run.feed.test_images))


@pytest.mark.parametrize(("optimizer", "schedule"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_goes_on_from_a_checkpoint_as_if_never_stopped(tmp_path, optimizer, schedule):
    [unbroken] = train([a_run(optimizer, schedule, epochs=4)], "cpu")
    [half] = train([a_run(optimizer, schedule, epochs=2)], "cpu")
    checkpoint.save(tmp_path / "checkpoint.pt", half.state)

    state = checkpoint.load(tmp_path / "checkpoint.pt")
    training = Training(a_run(optimizer, schedule, epochs=4), CPU)
    training.model.load_state_dict(state["model"])
    training.optimizer.load_state_dict(state["optimizer"])
    training.scheduler.load_state_dict(state["scheduler"])
    training.order.set_state(state["order"])
    for _ in range(state["epochs"], 4):
        training.finish(training.epoch())

    for name, value in unbroken.state["model"].items():
        assert torch.equal(training.model.state_dict()[name], value), name
    assert training.scheduler.state_dict() == unbroken.state["scheduler"]


OLD, NEW = {"weight": torch.zeros(8)}, {"weight": torch.ones(100_000)}


def assert_only_the_old_file_lies_in(folder: Path) -> None:
    assert [file.name for file in folder.iterdir()] == ["checkpoint.pt"]
    assert torch.equal(checkpoint.load(folder / "checkpoint.pt")["weight"], OLD["weight"])


@pytest.fixture
def saved(tmp_path) -> Path:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, OLD)
    return path


def test_a_reader_finds_the_old_checkpoint_until_the_new_one_is_on_the_disk(saved, monkeypatch):
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


def test_a_file_that_cannot_be_written_to_its_end_leaves_the_old_checkpoint_alone(saved):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the new one takes 400,000 bytes
    try:
        with pytest.raises((OSError, RuntimeError)):
            checkpoint.save(saved, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_only_the_old_file_lies_in(saved.parent)


def test_a_state_that_cannot_be_saved_leaves_the_old_checkpoint_alone(saved):
    with pytest.raises(AttributeError, match="lambda"):
        checkpoint.save(saved, NEW | {"epoch": lambda: 3})
    assert_only_the_old_file_lies_in(saved.parent)


def test_a_file_that_cannot_be_renamed_leaves_the_old_checkpoint_alone(saved, monkeypatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(f"{self} can't become {target}")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="can't become"):
        checkpoint.save(saved, NEW)
    assert_only_the_old_file_lies_in(saved.parent)


def test_loading_runs_no_code_of_the_file(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save({"model": Schedule(partial(CosineAnnealingLR, T_max=4))}, path)
    with pytest.raises(Exception, match="Weights only load failed"):
        checkpoint.load(path)
