"""The optimizers: which there are, with what defaults, their parameter groups, and which are refused."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import UNSAFE_DISABLE_EXECUTION_CHECKS, execution_whitelist, instantiate
from omegaconf import OmegaConf
from torch import nn
from torch.optim import SGD, Adafactor, AdamW, Muon, Optimizer
from torch.optim.optimizer import ParamsT

from sweeps import optimizers
from sweeps.optimizers import build_optimizer, set_mode
from sweeps.run import CONF
from sweeps.sweeper.overrides import format_setting
from sweeps.sweeper.search_space import boundary_values, grid_values, to_distribution, to_parameter
from sweeps.training.run_identity import identify_unbuilt_run
from sweeps.training.train import train
from tests.support.training_runs import CPU, RUN, SMALL_FEED, copy_state, same_bits

FILES = {path.stem: OmegaConf.load(path) for path in (CONF / "optimizer").glob("*.yaml")}
OPTIONS = {name: file.optimizer for name, file in FILES.items()}
PARSER = OverridesParser.create()
# What a sweep of a classifier can't use: a closure, sparse gradients.
UNUSABLE = {"Optimizer", "LBFGS", "SparseAdam"}
# What the options set otherwise than torch, and why: see the files.
CHOSEN = {("sgd", "lr"), ("sgd", "momentum"), ("muon", "adjust_lr_fn")}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))


def step(model: nn.Module, *steppers: Optimizer) -> None:
    generator = torch.Generator().manual_seed(0)
    loss = model(torch.randn(8, 6, generator=generator)).square().sum()
    for optimizer in steppers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in steppers:
        optimizer.step()


def test_every_first_order_optimizer_of_torch_is_an_option() -> None:
    classes = {name for name, part in vars(torch.optim).items() if inspect.isclass(part)}
    named = {option._target_.rpartition(".")[2] for option in OPTIONS.values()}
    assert classes - UNUSABLE <= named


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_options_arguments_are_the_optimizers_defaults(name: str) -> None:
    option: Any = OmegaConf.to_container(OPTIONS[name])
    module, _, target = option.pop("_target_").rpartition(".")
    optimizer = Muon if name == "muon" else getattr(pytest.importorskip(module), target)
    defaults = inspect.signature(optimizer).parameters
    for key, value in option.items():
        if key == "companion" or (name, key) in CHOSEN:
            continue
        default = defaults[key].default
        assert value == (list(default) if isinstance(default, tuple) else default), key


@pytest.mark.parametrize("space", ["grid", "half_decades", "wide"])
@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_optimizer_takes_every_value_at_the_ends_of_its_spaces(name: str, space: str) -> None:
    declared = [f"{key}={value}" for key, value in FILES[name].spaces[space].items()]
    sampled = {}
    for sweep in PARSER.parse_overrides(declared):
        sampled[to_parameter(sweep.key_or_group, sweep).name] = to_distribution(sweep)
    assert space == "wide" or all(grid_values(key, values) for key, values in sampled.items())
    for key, value in ((key, value) for key, values in sampled.items() for value in boundary_values(values)):
        config = OmegaConf.create({"optimizer": OPTIONS[name]})
        [fixed] = PARSER.parse_overrides(format_setting({key: value}))
        OmegaConf.update(config, fixed.key_or_group, fixed.value())
        with execution_whitelist(UNSAFE_DISABLE_EXECUTION_CHECKS, reset=True):
            instantiate(config.optimizer, network().parameters(), _convert_="all")


def test_weight_decay_on_weights_spares_biases_and_norms() -> None:
    model = network()
    before = deepcopy(model.state_dict())
    optimizer = build_optimizer(partial(SGD, lr=0.5, weight_decay=0.1), model, "weights")
    for tensor in model.parameters():
        tensor.grad = torch.zeros_like(tensor)
    optimizer.step()
    for name, tensor in model.named_parameters():
        left = 0.95 if name in ("1.weight", "3.weight") else 1  # 1 - lr * weight_decay
        torch.testing.assert_close(tensor.data, left * before[name])


def test_a_parameter_that_layers_share_is_in_one_group_and_decays_once() -> None:
    first, second = nn.Linear(5, 5), nn.Linear(5, 5)
    second.weight = first.weight
    model = nn.Sequential(first, second, first)
    decay = partial(SGD, lr=0.5, weight_decay=0.1)
    choices: list[dict[str, Any]] = [{"lr_factors": [("0", 0.1)]}, {"freeze": ["1.bias"]}, {}]
    for choice in choices:
        optimizer = build_optimizer(decay, model, "weights", **choice)
        members = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        assert len(members) == len(set(members))
    before = first.weight.detach().clone()
    first.weight.grad = torch.zeros_like(before)
    optimizer.step()
    torch.testing.assert_close(first.weight.data, 0.95 * before)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_optimizer_that_decays_steps_with_biases_spared(name: str) -> None:
    if "weight_decay" not in OPTIONS[name]:
        return
    model = network()
    with execution_whitelist(UNSAFE_DISABLE_EXECUTION_CHECKS, reset=True):
        build = instantiate({"optimizer": OPTIONS[name]}, _convert_="all", optimizer={"_partial_": True})
    optimizer = build_optimizer(build["optimizer"], model, "weights")
    set_mode(optimizer, training=True)
    step(model, optimizer)
    assert len({group["lr"] for group in optimizer.param_groups}) == 1


def test_a_rate_above_adafactors_limit_trains_as_the_limit_does() -> None:
    run = replace(RUN, feed=SMALL_FEED, epochs=1)
    runs = [replace(run, optimizer=partial(Adafactor, lr=lr)) for lr in (0.5, 1, 30)]
    half, limit, above = (copy_state(result) for result in train(runs, "cpu"))
    assert same_bits(limit, above)
    assert not same_bits(half, limit)
    assert list(FILES["adafactor"].lr_limits) == [0, 1]


def test_muon_takes_the_matrices_and_its_companion_the_rest_as_each_would_alone() -> None:
    together, apart = network(), network()
    arguments: dict[str, Any] = {"lr": 0.1, "momentum": 0.9}
    muon = optimizers.Muon(together.parameters(), partial(AdamW, lr=0.01), **arguments)
    alone = (
        Muon([part for part in apart.parameters() if part.ndim == 2], **arguments),
        AdamW([part for part in apart.parameters() if part.ndim == 1], lr=0.01),
    )
    for _ in range(3):
        step(together, muon)
        step(apart, *alone)
    for left, right in zip(together.parameters(), apart.parameters(), strict=True):
        assert torch.equal(left, right)


def test_muon_goes_on_from_its_state_and_heeds_a_changed_learning_rate() -> None:
    unbroken, broken = network(), network()
    build = partial(optimizers.Muon, companion=partial(AdamW, lr=0.01), lr=0.1)
    first, second = build(unbroken.parameters()), build(broken.parameters())
    for model, optimizer in ((unbroken, first), (broken, second)):
        step(model, optimizer)
        for group in optimizer.param_groups:
            group["lr"] /= 2
    resumed = build(broken.parameters())
    resumed.load_state_dict(second.state_dict())
    step(unbroken, first)
    step(broken, resumed)
    for left, right in zip(unbroken.parameters(), broken.parameters(), strict=True):
        assert torch.equal(left, right)
    for optimizer in (first, resumed):
        assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.005]
        assert all(len(state) > 0 for state in optimizer.state.values())


def test_muons_companion_takes_convolutions() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(3, 4))
    muon, companion = optimizers.Muon(model.parameters(), partial(AdamW, lr=0.01), lr=0.1).parts
    shapes = [[p.ndim for p in part.param_groups[0]["params"]] for part in (muon, companion)]
    assert shapes == [[2], [4, 1, 1]]


def test_muon_spares_biases_and_norms_when_asked() -> None:
    build = partial(optimizers.Muon, companion=partial(AdamW, weight_decay=0.2), weight_decay=0.1)
    optimizer = build_optimizer(build, network(), "weights")
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]


@pytest.mark.parametrize(
    ("build", "decay", "message"),
    [
        (torch.optim.LBFGS, "all", r"step\(\) needs a closure"),
        (torch.optim.SparseAdam, "all", "sparse gradients only"),
        (
            torch.optim.Rprop,
            "weights",
            "needs an optimizer with weight_decay, .* write weight_decay_on=all",
        ),
        (SGD, "biases", "weight_decay_on=biases is not known; write all or weights"),
    ],
)
def test_what_training_cannot_drive_is_refused(
    build: Callable[..., Optimizer], decay: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_optimizer(build, network(), decay)


def test_a_runs_identity_holds_its_parameter_groups_and_its_companions_settings() -> None:
    adamw = partial(AdamW, lr=0.1)
    muons = [partial(optimizers.Muon, companion=partial(AdamW, lr=lr), lr=0.1) for lr in (0.1, 0.2)]
    builds: list[tuple[Any, str]] = [(adamw, "all"), (adamw, "weights"), *((muon, "all") for muon in muons)]
    runs = [replace(RUN, optimizer=build, weight_decay_on=decay) for build, decay in builds]
    assert len({str(identify_unbuilt_run(run, CPU)) for run in runs}) == len(builds)


def test_what_an_optimizer_prints_when_it_is_built_goes_to_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def build(parameters: ParamsT) -> Optimizer:
        print("Using decoupled weight decay")  # as Prodigy does
        return torch.optim.SGD(parameters, lr=0.1)

    with caplog.at_level("DEBUG"):
        build_optimizer(build, nn.Linear(2, 2), "all")
    assert capsys.readouterr().out == ""
    assert "Using decoupled weight decay" in caplog.text
