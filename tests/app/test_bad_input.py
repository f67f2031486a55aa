"""Bad input gets one message, with key, value and fix, before any training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from omegaconf import OmegaConf

from sweeps.app.unknown_keys import check_keys
from sweeps.fork_server.client import current_server

SWEEP = ("-m", "optimizer=sgd,adam")
ALONE = ("optimizer=adam",)

# arguments, what the message must hold
CASES = {
    "unknown option": ((*ALONE, "model=transformer"), ["model/transformer", "mlp"]),
    "unknown option in a sweep": (("-m", "optimizer=sgd,adan"), ["optimizer/adan", "adamw", "rmsprop"]),
    "unknown key": ((*ALONE, "epoch=3"), ["epoch"]),
    "added key that nothing reads": ((*ALONE, "+epoch=3"), ["epoch=3 is read by nothing", "write epochs"]),
    "swept key that nothing reads": ((*SWEEP, "+clip=1,5"), ["clip=1 is read by nothing", "write clip_norm"]),
    "neither true nor false": ((*SWEEP, "keep_best=maybe"), ["keep_best=maybe", "true or false"]),
    "infinite lr": ((*ALONE, "optimizer.lr=1e400"), ["optimizer.lr=inf", "must be a number", "0.01"]),
    "lr of zero": ((*ALONE, "optimizer.lr=0"), ["optimizer.lr=0", "greater than 0", "0.01"]),
    "negative lr in a sweep": ((*SWEEP, "optimizer.lr=0.1,-0.1"), ["optimizer.lr=-0.1", "greater than 0"]),
    "absent optimizer": (
        ("optimizer._target_=lyon.Lion",),
        ["optimizer", "'lyon.Lion'", "No module named 'lyon'", "install its package"],
    ),
    "warm-up of all epochs": ((*ALONE, "epochs=2", "warmup.epochs=2"), ["warmup.epochs=2", "epochs=2"]),
    "no epochs": ((*SWEEP, "epochs=0"), ["epochs=0", "at least 1"]),
    "epochs not a number": ((*ALONE, "epochs=many"), ["epochs=many", "whole number"]),
    "no batch": ((*ALONE, "batch_size=0"), ["batch_size=0", "at least 1"]),
    "batch too large": ((*SWEEP, "batch_size=3001"), ["batch_size=3001", "3000"]),
    "absent cuda": ((*ALONE, "device=cuda:7"), ["device=cuda:7", "device=cpu"]),
    "unknown device": ((*SWEEP, "device=gpu"), ["device=gpu", "auto, cpu, cuda"]),
    "unknown precision": ((*ALONE, "precision=fp8"), ["precision=fp8", "bf16"]),
    "absent data": ((*SWEEP, "data=mnist", "data.root=nowhere"), ["data.root=nowhere", "data.download=true"]),
    "refused search value": (
        ("-m", "optimizer=sgd", "optimizer.momentum=choice(0.9,-1)"),
        ["optimizer.momentum=-1", "at least 0", "sweeps/optimizer=sgd"],
    ),
    "refused model": ((*ALONE, "model.norm=group"), ["model.norm=group", "batch, layer, none"]),
    "unmeasured monitor": (
        (*ALONE, "scheduler=plateau", "scheduler.monitor=test_accuracy"),
        ["scheduler.monitor=test_accuracy", "validation_accuracy"],
    ),
    "loss of classes on values": (
        (*ALONE, "batch_size=50", "data._target_=tests.support.own_data.line"),
        ["CrossEntropyLoss", "loss=mse metric=rmse"],
    ),
    "metric of values on classes": ((*SWEEP, "metric=r2"), ["metric=r2", "classes", "metric=accuracy"]),
    "metric of classes on values": (
        (*ALONE, "batch_size=50", "data._target_=tests.support.own_data.line", "loss=mse"),
        ["metric=accuracy", "rmse"],
    ),
    "no metric": ((*ALONE, "metric=[]"), ["metric=[]", "metric=accuracy"]),
    "metric of no direction": (
        (*ALONE, "metric.accuracy.direction=up"),
        ["metric.accuracy.direction=up", "maximize or minimize"],
    ),
    "weights of another number of classes": (
        (*ALONE, "loss.weight=[1,2]"),
        ["loss.weight=[1, 2]", "a list of 10", "balanced"],
    ),
    "negative weight in a sweep": (
        (*SWEEP, "loss.weight=[1,1,1,1,1,1,1,1,1,-1]"),
        ["loss.weight=", "holds -1", "at least 0", "balanced"],
    ),
    "weights in words": ((*ALONE, "loss.weight=balance"), ["loss.weight=balance", "balanced"]),
    "smoothing above 1 in a sweep": (
        (*SWEEP, "loss.label_smoothing=0,1.5"),
        ["loss.label_smoothing=1.5", "less than 1"],
    ),
    "unknown key of a loss": (
        (*ALONE, "loss.smoothing=0.1"),
        ["loss.smoothing", "write loss.label_smoothing"],
    ),
    "argument that a loss lacks": (
        (*ALONE, "+loss.delta=2"),
        ["CrossEntropyLoss refuses", "delta=2", "unexpected keyword"],
    ),
    "loss of values for classes": ((*ALONE, "loss=huber"), ["HuberLoss", "10 classes", "loss=cross_entropy"]),
    "binary loss of ten classes": ((*ALONE, "loss=bce"), ["BCEWithLogitsLoss", "two classes", "have 10"]),
    "loss without rows": (
        (
            *ALONE,
            "loss._target_=torch.nn.functional.cosine_similarity",
            "~loss.reduction",
            "~loss.label_smoothing",
            "~loss.weight",
        ),
        ["cosine_similarity fails on outputs (2, 10)"],
    ),
    "clipped to nothing": (
        (*SWEEP, "clip_norm=0,1"),
        ["clip_norm=0 ", "greater than 0", "clip_norm=1", "null"],
    ),
    "frozen part that the model lacks": (
        (*ALONE, "freeze=[fc]"),
        ["freeze: fc fits no parameter", "*.bias", "parts are 1, 2, 5, 6, 9"],
    ),
    "half a row": ((*SWEEP, "extend=1.5"), ["extend=1.5", "could not be converted to Integer"]),
    "a seed twice": (
        (*SWEEP, "hydra.sweeper.replicates.seed=[0,0]"),
        ["replicates.seed=[0, 0] names 0 twice"],
    ),
    "no replicates": (
        (*SWEEP, "hydra.sweeper.replicates.seed=[]"),
        ["hydra.sweeper.replicates.seed=[]", "[0]"],
    ),
    "malformed storage": (
        (*SWEEP, "hydra.sweeper.storage=sweeps.db"),
        ["hydra.sweeper.storage=sweeps.db", "sqlite:///"],
    ),
    "unknown database": (
        (*SWEEP, "hydra.sweeper.storage=nosql://user:secret@host/name"),
        ["nosql://user:***@host/name", "sqlite:///"],
    ),
    "continuous grid": ((*SWEEP, "optimizer.lr=interval(0.001,0.1)"), ["optimizer.lr", "choice(...)"]),
    "unknown direction": ((*SWEEP, "hydra.sweeper.direction=up"), ["hydra.sweeper.direction=up", "maximize"]),
    "no workers": ((*SWEEP, "hydra.sweeper.n_jobs=0"), ["hydra.sweeper.n_jobs=0", "at least 1"]),
}


@pytest.fixture(scope="module", autouse=True)
def _one_server() -> Iterator[None]:
    """Let all sweeps be checked in one server, which imports torch once."""
    with current_server():
        yield


@pytest.mark.parametrize(("arguments", "words"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_refused_before_any_training(
    arguments: tuple[str, ...], words: list[str], refusal: Callable[..., str], tmp_path: Path
) -> None:
    message = refusal(*arguments, f"outputs={tmp_path}")
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert "secret" not in message
    assert not list(tmp_path.rglob("checkpoint.pt"))
    if (tmp_path / "sweeps.db").exists():
        assert optuna.get_all_study_names(f"sqlite:///{tmp_path}/sweeps.db") == []


@pytest.mark.parametrize("arguments", [SWEEP, ALONE], ids=["sweep", "single run"])
def test_an_outputs_folder_that_cannot_be_written_is_refused(
    arguments: tuple[str, ...], refusal: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    message = refusal(*arguments, f"outputs={tmp_path}/file")
    assert f"outputs={tmp_path}/file" in message
    assert "another folder" in message
    assert "Traceback" not in message


def test_data_whose_package_is_missing_is_refused(
    refusal: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "needy.py").write_text("def data(**_):\n    import mlexpand\n")
    message = refusal("data._target_=needy.data", f"outputs={tmp_path}")
    assert message.startswith("data: No module named 'mlexpand'; install its package")
    assert "Traceback" not in message


@pytest.mark.parametrize("lr", ["${base}", "${base.lr}", "${oc.select:base,0.1}", "${oc.decode:${base}}"])
def test_a_key_that_another_refers_to_is_read(lr: str) -> None:
    check_keys(OmegaConf.create({"base": 0.1, "optimizer": {"lr": lr}}))
    with pytest.raises(ValueError, match=r"base=0\.1 is read by nothing"):
        check_keys(OmegaConf.create({"base": 0.1, "optimizer": {"lr": "base"}}))
