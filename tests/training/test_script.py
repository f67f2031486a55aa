"""A run as lines of plain torch, executed as its user would, beside what the run itself builds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sweeps.app.build import build
from sweeps.data.augment import FlipAndCrop
from sweeps.losses import row_losses
from sweeps.parameters import freeze_parameters
from sweeps.run import CONF
from sweeps.training.initial import Weights
from sweeps.training.run import Run
from sweeps.training.script import write_script
from tests.support.training_runs import RUN

OPTIMIZERS, SCHEDULERS, LOSSES = (
    sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    for group in ("optimizer", "scheduler", "loss")
)
SCORES = [50.0, 60.0, 55.0, 54.0, 53.0, 52.0]  # of six epochs: a plateau drops the learning rate
STEPS, ROWS = 11, 8


def network(outputs: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, outputs))


@pytest.fixture(scope="module")
def batches() -> list[tuple[Tensor, Tensor]]:
    rows = torch.arange(STEPS * ROWS).view(STEPS, ROWS)
    return [(RUN.feed.images[part], RUN.feed.targets[part]) for part in rows]


@pytest.fixture(scope="module")
def runs() -> Callable[..., Run]:
    """Builds the run of some options and values; composing each anew would take most of the time."""
    with initialize_config_dir(str(CONF)):
        base = compose("config", ["epochs=6", "optimizer=sgd", "scheduler=none"])

    def build_run(options: Mapping[str, str], **values: Any) -> Run:
        cfg = base.copy()
        for group, option in options.items():
            file: Any = OmegaConf.load(CONF / group / f"{option}.yaml")
            cfg[group] = file.get(group, file)
        for key, value in values.items():
            OmegaConf.update(cfg, key.replace("__", "."), value, merge=False)
        return build(cfg)

    return build_run


class Batches(list[tuple[Tensor, Tensor]]):
    """The batches of a script, which writes down the learning rate before each one's step."""

    def __init__(self, batches: list[tuple[Tensor, Tensor]], script: dict[str, Any]) -> None:
        super().__init__(batches)
        self.script = script
        self.lrs: list[list[float]] = []

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in super().__iter__():
            self.lrs.append([group["lr"] for group in self.script["optimizer"].param_groups])
            yield batch


def execute(run: Run, batches: list[tuple[Tensor, Tensor]]) -> dict[str, Any]:
    """Return the names that a script leaves, and `lrs`, the learning rates of its steps."""
    scores = iter(SCORES)
    script: dict[str, Any] = {"model": network(run.outputs), "measure": lambda _: next(scores)}
    script["batches"] = Batches(batches, script)
    exec("\n".join(write_script(run)), script)
    return {**script, "lrs": script["batches"].lrs}


def train_plainly(run: Run, batches: list[tuple[Tensor, Tensor]]) -> dict[str, Any]:
    """Do with the run's own parts what a script is to do."""
    model = network(run.outputs)
    freeze_parameters(model, run.freeze)
    optimizer = run.build_optimizer(model)
    scheduler = run.schedule.build(optimizer)
    averaging = get_ema_multi_avg_fn(run.ema or 0.0)
    average = AveragedModel(model, multi_avg_fn=averaging, use_buffers=True)
    switches = [getattr(optimizer, mode, lambda: None) for mode in ("train", "eval")]
    lrs = []
    for score in SCORES:
        switches[0]()
        for number, (images, targets) in enumerate(batches, 1):
            lrs.append([group["lr"] for group in optimizer.param_groups])
            loss = row_losses(run.loss, model(images), targets).mean()
            (loss / run.accumulate).backward()
            if number % run.accumulate == 0:
                _step(run, model, optimizer, scheduler)
                average.update_parameters(model)
        optimizer.zero_grad()  # of batches that fill no step
        switches[1]()
        run.schedule.after_epoch(scheduler, {run.schedule.monitor or "": score})
    return {"model": model, "optimizer": optimizer, "scheduler": scheduler, "lrs": lrs, "average": average}


def _step(run: Run, model: nn.Module, optimizer: Optimizer, scheduler: Any) -> None:
    if run.clip_value is not None:
        nn.utils.clip_grad_value_(model.parameters(), run.clip_value)
    if run.clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), run.clip_norm)
    optimizer.step()
    optimizer.zero_grad()
    run.schedule.after_step(scheduler)


def settings_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return the settings of each parameter group; a scheduler notes the first learning rate there."""
    groups = [{**group, "params": len(group["params"])} for group in optimizer.param_groups]
    for group in groups:
        group.pop("initial_lr", None)
    return groups


def assert_same(script: dict[str, Any], plain: dict[str, Any]) -> None:
    assert script["lrs"] == plain["lrs"]
    assert type(script["optimizer"]) is type(plain["optimizer"])
    assert settings_of(script["optimizer"]) == settings_of(plain["optimizer"])
    for name, value in plain["model"].state_dict().items():
        assert torch.equal(script["model"].state_dict()[name], value)
    if "average" in script:
        assert not script["average"].training
        for name, value in plain["average"].state_dict().items():
            assert torch.equal(script["average"].state_dict()[name], value)
    if "scheduler" in script:
        assert type(script["scheduler"]) is type(plain["scheduler"])
        assert script["scheduler"].state_dict() == plain["scheduler"].state_dict()
    else:
        assert len({tuple(lrs) for lrs in plain["lrs"]}) == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_script_trains_as_every_optimizer_does(optimizer: str, runs: Any, batches: Any) -> None:
    run = runs({"optimizer": optimizer})
    assert_same(execute(run, batches), train_plainly(run, batches))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("warmup", [0, 1.5])
def test_a_script_moves_the_learning_rate_as_every_scheduler_does(
    scheduler: str, warmup: float, runs: Any, batches: Any
) -> None:
    run = runs({"scheduler": scheduler}, warmup__epochs=warmup)
    assert_same(execute(run, batches), train_plainly(run, batches))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_script_has_every_loss_as_the_run_takes_it(loss: str, runs: Any, batches: Any) -> None:
    options: dict[str, dict[str, Any]] = {"bce": {"loss__pos_weight": [3]}}
    options["cross_entropy"] = {"loss__label_smoothing": 0.1}
    run = runs({"loss": loss}, **options.get(loss, {}))
    if loss == "bce":  # of two classes, by one output
        batches = [(images, targets % 2) for images, targets in batches]
    elif loss != "cross_entropy":
        batches = [(images, torch.randn(ROWS, 10)) for images, _ in batches]
        run = replace(run, feed=replace(run.feed, targets=torch.randn(len(run.feed.targets), 10)))
    assert_same(execute(run, batches), train_plainly(run, batches))


def test_a_script_divides_weighted_losses_by_the_rows_as_a_run_does(runs: Any, batches: Any) -> None:
    run = runs({}, loss__weight=[1, 9, 1, 1, 1, 1, 1, 1, 1, 0.5])
    assert_same(execute(run, batches), train_plainly(run, batches))


def test_a_script_spares_biases_where_the_run_does(runs: Any, batches: Any) -> None:
    run = runs({"optimizer": "adamw"}, weight_decay_on="weights")
    assert_same(execute(run, batches), train_plainly(run, batches))


def test_a_script_clips_gradients_as_the_run_does(runs: Any, batches: Any) -> None:
    run = runs({}, clip_value=0.01, clip_norm=0.02)
    assert_same(execute(run, batches), train_plainly(run, batches))


@pytest.mark.parametrize("weight_decay_on", ["all", "weights"])
@pytest.mark.parametrize(
    "options",
    [
        {"freeze": ("1",)},
        {"freeze": ("*.bias", "3.w?ight")},
        {"lr_factors": (("1", 0.1), ("*.weight", 3.0))},
        {"lr_factors": (("3.bias", 2.0), ("*", 0.5)), "freeze": ("1.weight",)},
    ],
)
def test_a_script_trains_the_parameters_and_at_the_learning_rates_that_the_run_does(
    options: dict[str, Any], weight_decay_on: str, runs: Any, batches: Any
) -> None:
    run = replace(runs({"optimizer": "adamw"}, weight_decay_on=weight_decay_on), **options)
    assert_same(execute(run, batches), train_plainly(run, batches))


@pytest.mark.parametrize("scheduler", ["none", "plateau", "cosine"])
def test_a_script_accumulates_batches_and_averages_weights_as_the_run_does(
    scheduler: str, runs: Any, batches: Any
) -> None:
    run = runs({"scheduler": scheduler}, clip_norm=0.5, warmup__epochs=0)
    for options in ({"accumulate": 3}, {"ema": 0.8}, {"accumulate": 2, "ema": 0.5}):
        changed = replace(run, **options)
        script = execute(changed, batches)
        assert_same(script, train_plainly(changed, batches))
        assert ("average" in script) == ("ema" in options)


def test_a_script_names_the_options_that_it_has_no_lines_for() -> None:
    begun = Weights("outputs/first", {})
    lines = write_script(replace(RUN, patience=3, mixup=0.2, augment=FlipAndCrop(padding=2), init_from=begun))
    for words in ("patience=3", "mixup=0.2", "init_from=outputs/first", "augment=FlipAndCrop"):
        assert any(line.startswith(f"# The run had {words}") for line in lines), words


def test_a_script_says_what_of_a_run_it_cannot_write_out() -> None:
    run = replace(RUN, optimizer=lambda parameters: SGD(parameters, lr=0.1))
    lines = write_script(run)
    assert "optimizer = ...(model.parameters())" in lines
    assert any("Fill in each `...`" in line for line in lines)
    assert not any("Fill in" in line for line in write_script(RUN))
