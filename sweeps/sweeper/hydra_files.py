"""The files that Hydra writes to the folders of its jobs, for jobs that run within another's."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml
from omegaconf import DictConfig, Node, OmegaConf
from omegaconf._utils import get_omega_conf_dumper

from sweeps.sweeper.config_copy import copy_config

# The entries of Hydra's part of a config that have values of a job's own.
OWN_ENTRIES = ("job", "overrides", "runtime", "sweep")


class HydraFiles:
    """Writes the files. Hydra's own part of a config is long; what a stack's jobs share becomes text once."""

    def __init__(self, hydra: DictConfig) -> None:
        self.output_subdir = hydra.output_subdir
        # The lines of hydra.yaml by key below `hydra`, in their order.
        self._lines = {"": "hydra:\n"}
        for key in map(str, hydra):
            self._lines.update(_lines_by_key(hydra, key))

    def write(self, folder: Path, config: str, overrides: Sequence[str], values: Mapping[str, Any]) -> None:
        """Write a job's files.

        folder: the job's. config: the text of its config. values: its own in Hydra's part, by key below it.
        """
        if self.output_subdir is None:
            return
        assert values.keys() <= self._lines.keys()
        own_lines = {key: _to_lines(key, value) for key, value in values.items()}
        texts = {
            "config": config,
            "hydra": "".join((self._lines | own_lines).values()),
            "overrides": _dump(list(overrides)),
        }
        output = folder / str(self.output_subdir)
        output.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (output / f"{name}.yaml").write_text(text, encoding="utf-8")


def entry_to_yaml(config: DictConfig, key: Any) -> str:
    """Return the lines that one entry of a config has in the YAML of all."""
    node = config._get_node(key)  # not the value, which an interpolation would give
    assert isinstance(node, Node)
    return OmegaConf.to_yaml(
        OmegaConf.create({key: copy_config(node)}, flags={"no_deepcopy_set_nodes": True})
    )


def _lines_by_key(hydra: DictConfig, key: str) -> Iterator[tuple[str, str]]:
    """Yield an entry's lines; where jobs have values of their own in it, those of each value."""
    if key not in OWN_ENTRIES:
        yield key, indent(entry_to_yaml(hydra, key), "  ")
        return
    yield key, f"  {key}:\n"
    for entry in hydra[key]:
        yield f"{key}.{entry}", indent(entry_to_yaml(hydra[key], entry), "    ")


def _to_lines(key: str, value: Any) -> str:
    return indent(_dump({key.split(".")[1]: value}), "    ")


def _dump(value: Any) -> str:
    """Return what `OmegaConf.to_yaml` writes for plain values, from which it would make a config first."""
    text: str = yaml.dump(
        value, Dumper=get_omega_conf_dumper(), default_flow_style=False, allow_unicode=True, sort_keys=False
    )
    return text
