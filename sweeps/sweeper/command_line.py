"""The overrides that a sweep is asked for: one for each key, whichever way the key is written."""

import re
from collections.abc import Iterator, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from sweeps.sweeper.compose import Composer
from sweeps.sweeper.overrides import to_dotted, to_text
from sweeps.sweeper.search_space import boundary_values, to_distribution

# The key of a list's element that is counted from the list's end.
_FROM_END = re.compile(r"([^=]+?)\[-(\d+)\]")


def parse_overrides(overrides: Sequence[str], composer: Composer) -> dict[str, Override]:
    """Return overrides by key, with dots alone and `+` included; of two for one key the later counts."""
    parser = OverridesParser.create(config_loader=composer.hydra_context.config_loader)
    latest: dict[str, tuple[str, Override]] = {}
    for override in parser.parse_overrides(list(overrides)):
        name = to_dotted(override.get_key_element())
        latest[name.lstrip("+")] = name, override
    return dict(latest.values())


def assign_each(name: str, sweep: Override) -> list[str]:
    """Return an override for each choice of a sweep, or for the two ends of an interval."""
    return [f"{name}={to_text(value)}" for value in boundary_values(to_distribution(sweep))]


def assign(name: str, override: Override) -> str:
    """Return the override of a value that isn't swept, as it is written."""
    line = str(override.input_line)
    return line if override.is_delete() else name + line.removeprefix(override.get_key_element())


def count_from_start(overrides: Sequence[str], composer: Composer) -> list[str]:
    """Return overrides in which models.widths[-1] is models.widths[1], say.

    Raises ValueError where it is another element under each of the swept options.
    """
    ends = [text for text in overrides if _FROM_END.match(text)]
    if not ends:
        return list(overrides)
    others = parse_overrides([text for text in overrides if text not in ends], composer)
    configs = list(_compose_each(others, composer))
    counted = []
    for text in overrides:
        while end := _FROM_END.match(text):
            text = f"{end[1]}[{_index(end, configs)}]{text[end.end() :]}"
        counted.append(text)
    return counted


def _compose_each(overrides: dict[str, Override], composer: Composer) -> Iterator[DictConfig]:
    """Yield the configs of the swept options, each with the first of all other sweeps."""
    swept = {name: override for name, override in overrides.items() if override.is_sweep_override()}
    fixed = [assign(name, override) for name, override in overrides.items() if name not in swept]
    sweeps = {name: assign_each(name, override) for name, override in swept.items()}
    yield composer.compose([*fixed, *(options[0] for options in sweeps.values())])
    for name, options in sweeps.items():
        rest = [others[0] for other, others in sweeps.items() if other != name]
        if composer.is_group(overrides[name].key_or_group):
            yield from (composer.compose([*fixed, option, *rest]) for option in options[1:])


def _index(end: re.Match[str], configs: Sequence[DictConfig]) -> int:
    key, number = end[1].lstrip("+~"), int(end[2])
    lists = [OmegaConf.select(config, key) for config in configs]
    lengths = {len(each) if OmegaConf.is_list(each) else 0 for each in lists}
    if len(lengths) > 1 or min(lengths) < number:
        raise ValueError(
            f"{end[0]} is no element that all jobs have: {key} has {' or '.join(map(str, sorted(lengths)))}; "
            f"write {key}[<its place from 0 on>]"
        )
    return min(lengths) - number
