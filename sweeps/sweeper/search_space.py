"""Hydra's sweep grammar as Optuna's distributions."""

import logging
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import ceil, ulp
from typing import Any

from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
)
from optuna.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sweeps.study.large_grid import MOST_LISTED
from sweeps.study.parameter import Parameter
from sweeps.study.values import count_steps, format_literal, list_steps, to_stored
from sweeps.sweeper.overrides import parse_value, to_text

log = logging.getLogger(__name__)


def to_parameter(name: str, sweep: Override) -> Parameter:
    """Return the parameter of a sweep; one tagged `complement` is sampled by its distance from 1."""
    return Parameter(name, "complement" in getattr(sweep.value(), "tags", ()))


def to_distribution(override: Override) -> BaseDistribution:
    """Return what Optuna samples for a sweep, as hydra-optuna-sweeper does.

    Raises ValueError for a sweep that holds nothing to sample.
    """
    assert override.is_sweep_override()
    sweep = override.value()
    if isinstance(sweep, ChoiceSweep | RangeSweep):
        sweep.shuffle = False  # the order of trials is the sampler's; a study's choices keep theirs
    try:
        if override.is_choice_sweep():
            return CategoricalDistribution(list_choices(override))
        if isinstance(sweep, RangeSweep):
            return _from_range(override, sweep)
        if isinstance(sweep, IntervalSweep):
            return _from_interval(sweep)
        raise ValueError(f"{type(sweep).__name__} is unknown")
    except ValueError as error:
        raise ValueError(f"{override.input_line} can't be searched: {error}") from error


def list_choices(override: Override) -> list[CategoricalChoiceType]:
    """Return the values of a sweep as a study holds them, each once: 0.10 and 1e-1 are 0.1, too.

    Optuna takes true for 1, so that beside a 1 it is text.
    """
    values = [to_stored(parse_value(text)) for text in override.sweep_string_iterator()]
    numbers = {value for value in values if not isinstance(value, bool | str)}
    choices = []
    for value in values:
        is_hidden = isinstance(value, bool) and value in numbers
        choices.append(format_literal(value) if is_hidden else value)
    return list(dict.fromkeys(choices))


@cache
def _warn_of_repeats(sweep: str, choices: str) -> None:
    log.warning("%s is %s: a value that is named again runs once", sweep, choices)


def warn_of_repeats(override: Override) -> None:
    """Say once where a sweep's choices name a value again, which Hydra's basic sweeper would run again."""
    if override.is_choice_sweep():
        choices = list_choices(override)
        if len(list(override.sweep_string_iterator())) > len(choices):
            _warn_of_repeats(str(override.input_line), ", ".join(map(to_text, choices)))


def _from_range(override: Override, sweep: RangeSweep) -> BaseDistribution:
    """Return an integer or a float distribution; choices where floats don't hold the range's values."""
    if sweep.step == 0:
        raise ValueError("a range needs a step other than 0")
    if sweep.transformers:
        return CategoricalDistribution(list_choices(override))
    values = sweep.range()
    if isinstance(values, range):
        if not values:
            raise ValueError("a range must contain at least one value")
        low, high = sorted((values[0], values[-1]))
        return IntDistribution(low, high, step=abs(values.step))
    decimals = Decimal(values.start), Decimal(values.stop), Decimal(values.step)
    return _from_decimals(*decimals) or CategoricalDistribution(list_choices(override))


def _from_decimals(start: Decimal, stop: Decimal, step: Decimal) -> FloatDistribution | None:
    """Return the distribution of a range of decimals, or None where floats don't hold its values."""
    # As fractions: decimals would round the quotient.
    count = ceil((Fraction(stop) - Fraction(start)) / Fraction(step))
    if count <= 0:
        raise ValueError("a range must contain at least one value")
    # Hydra's stop is excluded, Optuna's upper bound is included.
    low, high = sorted((start, start + (count - 1) * step))
    is_exact = all(Decimal(str(float(value))) == value for value in (low, high, step))
    spacing = max(ulp(float(low)), ulp(float(high)))
    if not is_exact or (low != high and float(abs(step)) < spacing):
        return None
    return FloatDistribution(float(low), float(high), step=float(abs(step)))


def _from_interval(sweep: IntervalSweep) -> BaseDistribution:
    assert sweep.start is not None
    assert sweep.end is not None
    is_log = "log" in sweep.tags
    if isinstance(sweep.start, int) and isinstance(sweep.end, int):
        return IntDistribution(sweep.start, sweep.end, log=is_log)
    return FloatDistribution(sweep.start, sweep.end, log=is_log)


def grid_values(name: str, distribution: BaseDistribution) -> list[Any]:
    """Return every value of a finite distribution. Raises ValueError for a continuous one."""
    match distribution:
        case CategoricalDistribution():
            return list(distribution.choices)
        case IntDistribution(log=False) | FloatDistribution(step=float()) if (
            count_steps(distribution) > MOST_LISTED
        ):
            raise ValueError(
                f"{name} has {count_steps(distribution):,} values, too many for a grid: write fewer, "
                "or hydra/sweeper/sampler=tpe with hydra.sweeper.n_trials=<number>"
            )
        case IntDistribution(log=False):
            return list(range(distribution.low, distribution.high + 1, distribution.step))
        case FloatDistribution(step=float()):
            return list_steps(distribution)
    raise ValueError(
        f"{name} is continuous, which a grid can't walk: "
        f"write {name}=choice(...), or hydra/sweeper/sampler=tpe with hydra.sweeper.n_trials=<number>"
    )


def to_grammar(distribution: BaseDistribution) -> str:
    """Return a distribution in Hydra's sweep grammar, the same however it was spelled."""
    if isinstance(distribution, CategoricalDistribution):
        return f"choice({', '.join(str(choice) for choice in distribution.choices)})"
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    bounds = f"{distribution.low}, {distribution.high}"
    if distribution.log:
        return f"tag(log, interval({bounds}))"
    if distribution.step is None:
        return f"interval({bounds})"
    return f"range({bounds}, step={distribution.step})"


def boundary_values(distribution: BaseDistribution) -> list[Any]:
    """Return the values that show whether all are accepted: the choices, or the two ends."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]
