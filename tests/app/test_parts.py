"""A run's parts are built and tried on real rows before any training."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import nn

from sweeps.app import apart, check_parts
from sweeps.app.build import build, build_augment
from sweeps.app.check_arguments import check_values
from sweeps.app.check_objective import check_objective
from sweeps.app.run_folder import load_resumed_state
from sweeps.app.startup import avoid_importing_dynamo
from sweeps.data import digits
from sweeps.metrics import EpochMetric
from sweeps.run import CONF
from sweeps.schedulers import Schedule, one_cycle
from sweeps.training.run import Run
from sweeps.training.run_identity import identify_unbuilt_run
from tests.support import own_parts

avoid_importing_dynamo()  # as a build does
ADAM: Any = torch.optim.Adam
GROUPS = ("model", "optimizer", "scheduler")
SGD = partial(torch.optim.SGD, lr=0.1)
RUN = Run(digits(), own_parts.linear, SGD, seed=0, epochs=1, batch_size=100)
CONFIG = OmegaConf.create({group: {"_target_": f"own.{group}"} for group in GROUPS})


def check(**change: Any) -> None:
    check_parts.check_parts(CONFIG, replace(RUN, **change))


def of(change: str) -> dict[str, Any]:
    return {"model": partial(own_parts.changed, change=change)}


# what is wrong, what the message must hold
PARTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "tuple": (of("tuple"), ["model: own.model returned a tuple", "(4, 10)"]),
    "dictionary": (of("dict"), ["returned a dict", "(4, 10)"]),
    "array": (of("numpy"), ["returned a ndarray"]),
    "outputs without gradient": (of("detached"), ["model: own.model has no gradient", ".detach()"]),
    "nine outputs of ten": (of("narrow"), ["gives 9 outputs", "(4, 10)"]),
    "one number": (of("scalar"), ["a tensor float32 ()", "(4, 10)"]),
    "classes": (of("classes"), ["a tensor int64 (4,)"]),
    "whole numbers": (of("whole"), ["int64 (4, 10)", "before any argmax"]),
    "NaN": (of("nan"), ["NaN or infinity", "before any step"]),
    "key error": (
        of("key"),
        ["fails on images of shape (4, 1, 8, 8)", "KeyError: 'logits'", "own_parts.py, line"],
    ),
    "no model": ({"model": own_parts.nothing}, ["model: own.model returned None", "torch.nn.Module"]),
    "class in place of a model": ({"model": partial(lambda *_: nn.Linear)}, ["returned a type"]),
    "lazy layers": ({"model": own_parts.lazy}, ["lazy layers (1.weight)", "torch.zeros(2, *shape)"]),
    "half precision": ({"model": own_parts.half}, ["its weights are float16"]),
    "frozen": ({"model": own_parts.frozen}, ["no parameter that trains", "of 2"]),
    "no parameters": ({"model": own_parts.empty}, ["no parameter that trains", "of 0"]),
    "no memory": ({"model": own_parts.memoryless}, ["no memory for 1.weight"]),
    "too large": ({"model": own_parts.huge}, ["its weights take", "GB"]),
    "a vast layer": ({"model": own_parts.vast}, ["a tensor of 400000000000000 bytes", "GB"]),
    "unused parameters": ({"model": own_parts.unused}, ["no parameter of own.model", "takes part"]),
    "no optimizer": (
        {"optimizer": own_parts.nothing},
        ["own.optimizer", "NoneType", "torch.optim.Optimizer"],
    ),
    "object in place of an optimizer": (
        {"optimizer": own_parts.plain},
        ["own.optimizer", "torch.optim.Optimizer"],
    ),
    "no lr": ({"optimizer": own_parts.WithoutLr}, ["parameter groups without lr"]),
    "step that fails": (
        {"optimizer": partial(own_parts.Failing, lr=0.1)},
        ["fails in its first step", "KeyError: 'first'", "own_parts.py, line"],
    ),
    "one beta": (
        {"optimizer": partial(ADAM, betas=[0.9])},
        ["optimizer.betas=[0.9] must be 2 numbers", "[0.9,0.999]"],
    ),
    "a word for a flag": (
        {"optimizer": partial(ADAM, amsgrad="maybe")},
        ["amsgrad=maybe", "true"],
    ),
    "a word for a number": (
        {"optimizer": partial(ADAM, lr=None)},
        ["lr=null must be a number"],
    ),
    "no scheduler": ({"schedule": Schedule(own_parts.nothing)}, ["own.scheduler returned None", "step()"]),
    "object in place of a scheduler": ({"schedule": Schedule(own_parts.plain)}, ["a object without step()"]),
    "a metric that is watched by none": (
        {"schedule": Schedule(monitor="validation_loss")},
        ["scheduler.monitor=validation_loss", "watches no metric", "scheduler.monitor=null"],
    ),
    "no metric to watch": (
        {"schedule": Schedule(torch.optim.lr_scheduler.ReduceLROnPlateau)},
        ["scheduler.monitor=null", "needs a metric"],
    ),
    "a cycle that ends before the run": (
        {"schedule": Schedule(partial(one_cycle, total_steps=5), "step")},
        ["scheduler.total_steps=5", "11 steps", "write scheduler.total_steps=11"],
    ),
    "augmentation that returns nothing": ({"augment": own_parts.nothing}, ["augment returned None"]),
    "augmentation of another shape": ({"augment": lambda images, _: images[:, :, 1:]}, ["augment returned"]),
    "loss without gradient": (
        {"loss": lambda outputs, targets: (outputs.argmax(1) != targets).float()},
        ["loss has no gradient", "argmax"],
    ),
    "loss of NaN": ({"loss": lambda outputs, _: outputs.sum(1) * torch.nan}, ["loss: it is [nan"]),
}


@pytest.mark.parametrize(("change", "words"), PARTS.values(), ids=PARTS.keys())
def test_a_part_that_can_not_train_is_refused(change: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        check(**change)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_model_that_reads_its_own_values_is_built_for_real() -> None:
    check(model=own_parts.reading)
    run = replace(RUN, model=own_parts.reading)
    assert identify_unbuilt_run(run, torch.device("cpu"))["model.0.1.weight"] == [10, 64]


def test_the_checks_leave_random_numbers_alone() -> None:
    before = torch.get_rng_state()
    check(model=partial(own_parts.linear), optimizer=partial(torch.optim.Adam))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_process_that_must_stay_forkable_checks_in_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_parts, "must_stay_forkable", lambda: True)
    built: list[int] = []

    def build(shape: torch.Size, outputs: int, width: int) -> nn.Module:
        built.append(width)
        return own_parts.linear(shape, outputs + width)

    check(model=partial(build, width=0))
    with pytest.raises(ValueError, match="gives 11 outputs"):
        check(model=partial(build, width=1))
    with pytest.raises(ValueError, match="ended with status -9"):
        check(model=lambda *_: os.kill(os.getpid(), 9))  # as where memory ran out
    assert not built
    monkeypatch.setenv("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert apart.must_stay_forkable()


# the config of a part, what the message must hold
VALUES = {
    "nothing to build": ({"optimizer": {"lr": 0.1}}, ["optimizer has no _target_"]),
    "a value that is missing": (
        {"model": {"_target_": "x", "width": "???"}},
        ["model.width=??? has no value"],
    ),
    "momentum": (
        {"optimizer": {"_target_": "torch.optim.SGD", "momentum": 1.5}},
        ["optimizer.momentum=1.5 must be at least 0 and less than 1"],
    ),
    "steps": (
        {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 0}},
        ["scheduler.step_size=0 must be at least 1"],
    ),
    "half a step": (
        {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 2.5}},
        ["scheduler.step_size=2.5 must be a whole number"],
    ),
    "milestones": (
        {"scheduler": {"_target_": "torch.optim.lr_scheduler.MultiStepLR", "milestones": ["a"]}},
        ["scheduler.milestones=['a']", "whole numbers"],
    ),
    "no such space": (
        {"space": "foo", "spaces": {"grid": {}, "wide": {}}},
        ["space=foo is not declared", "grid, wide"],
    ),
    "no warm-up": ({"warmup": None}, ["warmup=null must hold keys"]),
    "factor": (
        {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR", "gamma": -1}},
        ["scheduler.gamma=-1 must be greater than 0"],
    ),
}


@pytest.mark.parametrize(("change", "words"), VALUES.values(), ids=VALUES.keys())
def test_a_value_that_no_class_checks_is_refused(change: dict[str, Any], words: list[str]) -> None:
    parts = {group: {"_target_": "x"} for group in ("data", "model", "optimizer", "scheduler", "loss")}
    check_values(OmegaConf.create(parts))
    with pytest.raises(ValueError, match=r"\w") as error:
        check_values(OmegaConf.create({**parts, **change}))
    assert all(word in str(error.value) for word in words)


def test_a_refused_run_leaves_no_folder(refusal: Callable[..., str], tmp_path: Path) -> None:
    assert "optimizer.lr=0" in refusal("optimizer.lr=0", f"outputs={tmp_path}")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def one_metric(function: Callable[..., Any], **description: Any) -> Run:
    return replace(RUN, metrics=(EpochMetric("own", function, **{"name": "own", **description}),))


# a metric, what the message must hold
METRICS = {
    "text": (one_metric(lambda *_: "good"), ["metric own fails", "(287, 10)", "mend it"]),
    "nothing": (one_metric(lambda *_: None), ["metric own fails"]),
    "a number a row": (
        one_metric(lambda _, targets: targets.double()),
        ["shape (287,)", "return one number"],
    ),
    "one number for rows": (
        one_metric(lambda _, targets: targets.double().mean(), per_row=True),
        ["returned shape ()", "per_row: false"],
    ),
    "NaN": (one_metric(lambda *_: torch.nan), ["metric own gives nan"]),
    "error": (one_metric(lambda *_: {"f2": 1}["f1"]), ["KeyError: 'f1'", "test_parts.py, line"]),
    "a flag in words": (
        one_metric(lambda *_: 1, per_row="maybe"),
        ["metric.own.per_row=maybe", "true or false"],
    ),
    "a unit in numbers": (one_metric(lambda *_: 1, unit=5), ["metric.own.unit=5 must be text"]),
    "another task": (one_metric(lambda *_: 1, task="ranking"), ["metric.own.task=ranking", "regression"]),
}


@pytest.mark.parametrize(("run", "words"), METRICS.values(), ids=METRICS.keys())
def test_a_metric_that_gives_no_number_is_refused(run: Run, words: list[str]) -> None:
    loss = {"_target_": "torch.nn.CrossEntropyLoss"}
    check_objective(OmegaConf.create({"loss": loss}), RUN)
    with pytest.raises(ValueError, match="metric") as error:
        check_objective(OmegaConf.create({"loss": loss}), run)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_parts_are_called_without_hydra() -> None:
    with initialize_config_dir(str(CONF)):
        run = build(compose("config"))
    parts = (run.model, run.optimizer, run.schedule.build, run.metrics[0].function)
    assert [type(part) for part in parts] == [partial] * len(parts)


def test_a_key_of_no_augmentation_is_refused() -> None:
    assert build_augment(OmegaConf.create({"augment": {"_target_": None}})) is None
    with pytest.raises(ValueError, match=r"augment\.foo=1 is read by nothing"):
        build_augment(OmegaConf.create({"augment": {"_target_": None, "foo": 1}}))
    with pytest.raises(ValueError, match=r"resume=5 names no run"):
        load_resumed_state(5, RUN, "cpu")  # type: ignore[arg-type]
