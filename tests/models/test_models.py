"""The models: what they compute, and what they draw."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn

from sweeps.models import NORMS, cnn, mlp, resnet18

SHAPE = torch.Size([1, 6, 5])
CNN = partial(cnn, channels=[4, 6], dropout=0, norm="batch")


def build(
    norm: str = "batch", dropout: tuple[float, ...] = (0.5, 0.3), widths: tuple[int, ...] = (7, 4)
) -> nn.Module:
    torch.manual_seed(0)
    return mlp(SHAPE, 10, widths=widths, dropout=dropout, norm=norm)


def linears(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def normalized(norm: str, values: torch.Tensor) -> torch.Tensor:
    """A norm before it has learned anything, in the mode that trains."""
    if norm == "batch":
        return nn.functional.batch_norm(values, None, None, training=True)
    return nn.functional.layer_norm(values, values.shape[1:]) if norm == "layer" else values


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("widths", [(), (7,), (7, 4)])
def test_a_hidden_layer_is_linear_norm_relu_and_the_last_is_linear(
    norm: str, widths: tuple[int, ...]
) -> None:
    model = build(norm, dropout=(0.0,) * len(widths), widths=widths)
    images = torch.randn(16, *SHAPE)
    *hidden, last = linears(model)
    values = images.flatten(1)
    for layer in hidden:
        values = normalized(norm, layer(values)).relu()
    torch.testing.assert_close(model(images), last(values))
    assert model(images).shape == (16, 10)
    learned = 2 * sum(widths) if norm != "none" else 0
    weights = sum(inputs * outputs + outputs for inputs, outputs in pairwise((30, *widths, 10)))
    assert sum(parameter.numel() for parameter in model.parameters()) == weights + learned


def test_the_same_seed_draws_the_same_weights_whatever_the_norm_and_dropout() -> None:
    first, *others = (build(norm, dropout) for norm in NORMS for dropout in ((0, 0), (0.5, 0.3)))
    for other in others:
        for left, right in zip(linears(first), linears(other), strict=True):
            assert torch.equal(left.weight, right.weight)
            assert torch.equal(left.bias, right.bias)


def test_each_hidden_layer_drops_out_with_its_own_probability_and_only_in_training() -> None:
    model = build("none", dropout=(0, 1))
    images = torch.randn(16, *SHAPE)
    bias = linears(model)[-1].bias.expand(16, 10)
    assert torch.equal(model(images), bias)
    assert not torch.equal(model.eval()(images), bias)
    torch.testing.assert_close(model(images), build("none", dropout=(0, 0))(images))
    wide = build("none", dropout=(0.3,), widths=(100_000,))
    reached = torch.autograd.grad(wide(torch.ones(1, *SHAPE)).sum(), linears(wide)[-1].weight)[0][0] != 0
    alive = torch.autograd.grad(wide.eval()(torch.ones(1, *SHAPE)).sum(), linears(wide)[-1].weight)[0][0] != 0
    # About 50,000 units are alive; 0.01 is five standard deviations of the share that stays of them.
    assert reached.sum() / alive.sum() == pytest.approx(0.7, abs=0.01)


def test_one_width_and_one_dropout_serve_all_layers() -> None:
    shared, listed = (
        mlp(SHAPE, 10, widths=widths, dropout=dropout, depth=depth, norm="batch")
        for widths, dropout, depth in ((8, 0.1, 3), ([8, 8, 8], [0.1, 0.1, 0.1], None))
    )
    assert repr(shared) == repr(listed)
    assert repr(mlp(SHAPE, 10, widths=8, dropout=0.1, norm="batch")).count("Linear") == 2


@pytest.mark.parametrize("name", ["Tanh", "GELU"])
def test_an_activation_is_a_layer_of_torch(name: str) -> None:
    model = mlp(SHAPE, 10, widths=[7], dropout=[0], norm="none", activation=name)
    images = torch.randn(4, *SHAPE)
    first, last = linears(model)
    torch.testing.assert_close(model(images), last(getattr(nn, name)()(first(images.flatten(1)))))


@pytest.mark.parametrize("model", [partial(mlp, widths=[7], dropout=[0], norm="batch"), CNN])
def test_an_init_draws_the_weights_and_zeroes_the_biases(model: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    drawn = model(SHAPE, 10, init="orthogonal")
    for layer in [part for part in drawn.modules() if isinstance(part, nn.Linear | nn.Conv2d)]:
        rows = layer.weight.flatten(1)
        rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
        torch.testing.assert_close(rows @ rows.T, torch.eye(len(rows)), rtol=0, atol=1e-5)
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 9, 15)])
def test_a_cnn_halves_images_of_any_size(shape: tuple[int, int, int]) -> None:
    images = torch.randn(2, *shape)
    model = cnn(torch.Size(shape), 7, channels=[4, 6], dropout=0, norm="batch")
    assert model(images).shape == (2, 7)
    assert linears(model)[0].in_features == 6 * (shape[1] // 4) * (shape[2] // 4)


def test_resnet18_keeps_small_images_whole_until_its_blocks_halve_them() -> None:
    model = resnet18(torch.Size([3, 32, 32]), 10)
    values = torch.randn(2, 3, 32, 32)
    for name in ("conv1", "bn1", "relu", "maxpool"):
        values = model.get_submodule(name)(values)
    assert values.shape == (2, 64, 32, 32)
    for name in ("layer1", "layer2", "layer3", "layer4"):
        values = model.get_submodule(name)(values)
    assert values.shape == (2, 512, 4, 4)
    # The network of the CIFAR recipes: 11,173,962 weights.
    assert sum(parameter.numel() for parameter in model.parameters()) == 11_173_962


def test_arguments_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"model\.norm=group is not known; .* batch, layer, none"):
        build("group")
    with pytest.raises(ValueError, match=r"model\.dropout=\[0\.5\] .* each of the 2 layers of model\.widths"):
        build(dropout=(0.5,))
    with pytest.raises(ValueError, match=r"model\.depth=3 contradicts model\.widths=\[7, 4\]"):
        mlp(SHAPE, 10, widths=[7, 4], dropout=0.1, norm="batch", depth=3)
    with pytest.raises(ValueError, match=r"model\.activation=Sigmoidal is no layer of torch\.nn"):
        mlp(SHAPE, 10, widths=[7], dropout=0.1, norm="batch", activation="Sigmoidal")
    with pytest.raises(ValueError, match=r"model\.init=best is no function of torch\.nn\.init"):
        mlp(SHAPE, 10, widths=[7], dropout=0.1, norm="batch", init="best")
    with pytest.raises(ValueError, match=r"model\.channels=\[4, 4, 4\] halve images of 6 x 5"):
        cnn(SHAPE, 10, channels=[4, 4, 4], dropout=0, norm="batch")
