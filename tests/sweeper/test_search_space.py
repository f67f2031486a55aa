"""Sweeps become the distributions that hydra-optuna-sweeper makes of them."""

from collections.abc import Iterator

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep
from hydra_plugins.hydra_optuna_sweeper._impl import create_optuna_distribution_from_override
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution

from sweeps.run import CONF
from sweeps.sweeper.search_space import to_distribution

GRAMMAR = [
    "choice(1,2.5,text,'a b')",
    "choice(text,true)",
    "1,2,3",
    "sort(3,1,2)",
    "shuffle(choice(1,2,3))",
    "int(choice(1.5,2.5))",
    "range(0,4)",
    "range(4)",
    "range(4,0,-1)",
    "range(0,10,3)",
    "range(10,0,-3)",
    "range(0,1,0.25)",
    "range(0,1,0.3)",
    "range(1,0,-0.25)",
    "range(0.1,0.9,0.1)",
    "range(1e-3,1e-2,1e-3)",
    "range(0,1.0000001,0.1)",
    "range(0.1,0.2,0.1)",
    "range(0.12345678901234567891,1,0.5)",
    "choice([1,2],[3])",
    "choice({a:1},{a:2})",
    "range(10000000000000000.0,10000000000000004.0,0.5)",
    "shuffle(range(0,4))",
    "sort(range(0,4))",
    "sort(range(0,1,0.25),reverse=true)",
    "int(range(0,4))",
    "float(range(0,4))",
    "interval(0,4)",
    "interval(0,4.5)",
    "interval(1e-4,1)",
    "float(interval(0,4))",
    "int(interval(0.5,4.5))",
    "tag(log,interval(1,8))",
    "tag(log,interval(1e-4,1))",
    "tag(log,complement,interval(0.005,1))",
]
REFUSED = ["range(4,0)", "range(0,4,0)", "range(1,0,0.5)", "range(1e17,1e17,1)", "interval(4,0)"]


def spaces() -> Iterator[str]:
    """Every sweep that an option declares."""
    for path in sorted((CONF / "optimizer").glob("*.yaml")):
        for space in OmegaConf.load(path).spaces.values():
            yield from (f"{key}={sweep}" for key, sweep in space.items())


def parse(text: str) -> Override:
    override = OverridesParser.create().parse_override(text)
    if isinstance(sweep := override.value(), ChoiceSweep | RangeSweep):
        sweep.shuffle = False  # a shuffled range would become choices there
    return override


@pytest.mark.parametrize("text", [*(f"key={sweep}" for sweep in GRAMMAR), *spaces()])
def test_a_sweep_has_the_distribution_of_hydra_optuna_sweeper(text: str) -> None:
    distribution, reference = (
        to_distribution(parse(text)),
        create_optuna_distribution_from_override(parse(text)),
    )
    if isinstance(reference, CategoricalDistribution):
        reference = CategoricalDistribution(list(dict.fromkeys(reference.choices)))
    assert distribution == reference
    assert repr(distribution) == repr(reference)  # 1 equals True and 1.0, but isn't the same choice


@pytest.mark.parametrize("sweep", REFUSED)
def test_a_sweep_that_hydra_optuna_sweeper_refuses_is_refused_by_name(sweep: str) -> None:
    with pytest.raises((AssertionError, ValueError, NotImplementedError)):
        create_optuna_distribution_from_override(parse(f"key={sweep}"))
    with pytest.raises(ValueError, match=r"key=.* can't be searched: .+"):
        to_distribution(parse(f"key={sweep}"))
