"""The search space that a config declares at its root: overrides with values in Hydra's sweep grammar."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from sweeps.sweeper.command_line import parse_overrides
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.overrides import format_sweeps, parse_override, to_dotted


def read_space(config: DictConfig, root: str) -> dict[str, str]:
    """Return what a job's config declares at its key `root` as searched.

    Raises ValueError where it refers to nothing, or holds anything but a sweep for each key.
    """
    try:
        space = config.get(root) or {}
        if not isinstance(space, Mapping | DictConfig):
            raise ValueError(
                f"{root}={space} must map keys to values; write {root}: with lines such as "
                f'"optimizer.lr: choice(0.1, 0.01)". {_name_taken(root)}'
            )
        sweeps = {str(key): sweep for key, sweep in space.items()}
    except OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{root} can't be read: {reason}. {_name_taken(root)}") from error
    for key, sweep in sweeps.items():
        _check_sweep(root, key, sweep)
    return {to_dotted(key): str(sweep) for key, sweep in sweeps.items()}


def parse_space(sweeps: Sequence[str], root: str, composer: Composer) -> dict[str, Override]:
    """Return declared sweeps as overrides by key. Raises ValueError for one value, which is no sweep."""
    overrides = parse_overrides(sweeps, composer)
    for override in overrides.values():
        if not override.is_sweep_override():
            raise ValueError(
                f"{override.input_line} is one value, which can't be searched; "
                f"write {override.key_or_group}: choice(...), or fix it in the config. {_name_taken(root)}"
            )
    return overrides


def declares_space(config: DictConfig, root: str, group: str) -> bool:
    """Return whether the space holds a key of a config group, or of the package that its option is put at."""
    prefix = (group.partition("@")[2] or group.replace("/", ".")) + "."
    return any(key.startswith(prefix) for key in read_space(config, root))


def _check_sweep(root: str, key: str, sweep: Any) -> None:
    if isinstance(sweep, Mapping | DictConfig):
        inner = next(iter(sweep), "lr")
        raise ValueError(
            f"{root}.{key} is a group of keys; write {key}.{inner}=choice(...) instead, "
            f'or "{key}.{inner}" in one line of {root}. {_name_taken(root)}'
        )
    try:
        parse_override(*format_sweeps({key: str(sweep)}))
    except HydraException as error:
        raise ValueError(
            f"{root}.{key}={sweep} can't be read; close its brackets, as in choice(0.1, 0.01). "
            f"{_name_taken(root)}"
        ) from error


def _name_taken(root: str) -> str:
    return f"If {root} is a key of the application's own, write hydra.sweeper.space_key=<another name>."
