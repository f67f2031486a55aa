"""The models: what they compute, and what they draw."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from sweeps.models import NORMS, mlp

SHAPE = torch.Size([1, 6, 5])


def build(norm: str = "batch", dropout: tuple[float, ...] = (0.5, 0.3), widths: tuple[int, ...] = (7, 4)):
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
def test_a_hidden_layer_is_linear_norm_relu_and_the_last_is_linear(norm, widths):
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


def test_the_same_seed_draws_the_same_weights_whatever_the_norm_and_dropout():
    first, *others = (build(norm, dropout) for norm in NORMS for dropout in ((0, 0), (0.5, 0.3)))
    for other in others:
        for left, right in zip(linears(first), linears(other), strict=True):
            assert torch.equal(left.weight, right.weight)
            assert torch.equal(left.bias, right.bias)


def test_each_hidden_layer_drops_out_with_its_own_probability_and_only_in_training():
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


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"model\.norm=group is not known; .* batch, layer, none"):
        build("group")
    with pytest.raises(ValueError, match=r"model\.dropout=\[0\.5\] .* model\.widths=\[7, 4\]"):
        build(dropout=(0.5,))
