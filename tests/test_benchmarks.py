"""What the benchmarks share: sides that take turns, and their ratios."""

from functools import partial

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from benchmarks.pairs import HERE, ProcessCost, alternate, compare
from benchmarks.peers.record import RunRecord
from benchmarks.peers.sides import Measurement
from sweeps.models import mlp


def test_sides_take_turns_in_an_order_that_turns_around() -> None:
    calls: list[str] = []
    alternate({side: partial(calls.append, side) for side in ("before", "now")}, pairs=3)
    assert calls == ["before", "now", "now", "before", "before", "now"]


def test_a_ratio_is_taken_within_each_pair() -> None:
    line = compare("wall, s", {"before": [1.0, 10.0, 100.0], "now": [1.0, 5.0, 25.0]})
    assert line == (
        "wall, s: before 10.0 [1.00, 100]; now 5.00 [1.00, 25.0]; before / now 2.00 [1.00, 4.00]; n = 3"
    )


def test_a_part_of_a_sweep_is_extrapolated_without_its_start() -> None:
    cost = ProcessCost(wall=70.0, processor=120.0, memory=500.0, output="")
    runs = [RunRecord(lr=0.1, momentum=0.9, seed=seed, score=80.0, begin=0.0) for seed in range(6)]
    assert Measurement(cost, start=10.0, runs=runs).extrapolate(60) == 610.0


def test_lightning_trains_the_lecture_s_network() -> None:
    config = OmegaConf.load(HERE / "benchmarks/peers/lightning_template/conf/train.yaml")
    model = instantiate(config.module.net, _execution_whitelist_=["sweeps.models.*", "torch.*"])
    lecture = mlp(torch.Size((1, 28, 28)), 10, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
    assert str(model) == str(lecture)
