"""How many runs are stacked: by their operations and by the memory that is free."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sweeps.models import cnn, mlp
from sweeps.training.stack import width as module
from sweeps.training.stack.width import WIDEST, choose_width
from tests.support.training_runs import MLP, RUN

GIB = 2**30


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the memory that one worker finds free."""
    monkeypatch.setattr(module, "count_cores", lambda: 1)
    return lambda size: monkeypatch.setattr(module, "measure_free_memory", lambda device: size)  # noqa: ARG005


@pytest.mark.parametrize(
    ("widths", "expected"), [([75, 45], 62), ([400, 200], 10), ([4, 4], WIDEST), ([6000, 6000], 1)]
)
def test_small_networks_train_in_wide_stacks_and_large_ones_alone(
    widths: list[int], expected: int, free: Any
) -> None:
    free(64 * GIB)
    model = partial(mlp, widths=widths, dropout=[0.5, 0.3], norm="batch")
    assert choose_width(replace(RUN, model=model), "cpu") == expected


def test_the_first_layer_s_operations_are_told_apart_as_it_computes_no_gradient_of_the_images() -> None:
    cost = module.count_cost(replace(RUN, model=partial(mlp, widths=[75], dropout=0.5, norm="batch")))
    first, last = (2 * RUN.batch_size * size for size in (784 * 75, 75 * 10))
    assert (cost.first, cost.operations) == (first, first + last)


def test_networks_whose_values_fill_the_caches_train_alone_on_the_cpu(free: Any) -> None:
    free(64 * GIB)
    model = partial(cnn, channels=[8, 16], dropout=0.2, norm="batch")
    assert choose_width(replace(RUN, model=model), "cpu") == 1
    assert choose_width(replace(RUN, model=model, batch_size=16), "cpu") > 10


def test_a_stack_takes_no_more_than_its_share_of_the_memory(free: Any) -> None:
    free(64 * GIB)
    member = module.count_cost(replace(RUN, model=MLP)).memory
    for size, expected in ((10 * member, 5), (member, 1), (0, 1)):
        free(size)
        assert choose_width(RUN, "cpu") == expected
