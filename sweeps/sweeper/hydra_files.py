"""The files that Hydra writes to the folders of its jobs, for jobs that run within another's."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, Node, OmegaConf

from sweeps.sweeper.config_copy import copy_config
from sweeps.trial import Job


class HydraFiles:
    """Writes the files. Hydra's own part of a config is long; what a stack's jobs share becomes text once."""

    def __init__(self, hydra: DictConfig) -> None:
        self.output_subdir = hydra.output_subdir
        # hydra.yaml in parts: by key of its entries, a config of that entry alone and its text.
        self._parts = {str(key): _entry(hydra, str(key)) for key in hydra}
        self._texts = {key: _to_yaml(part) for key, part in self._parts.items()}

    def write(self, job: Job, overrides: Sequence[str], changes: Mapping[str, Any]) -> None:
        """Write a job's files. changes: the values of its own, by key below `hydra`."""
        if self.output_subdir is None:
            return
        texts = {
            "config": OmegaConf.to_yaml(job.config),
            "hydra": self._hydra_text(changes),
            "overrides": OmegaConf.to_yaml(OmegaConf.create(list(overrides))),
        }
        folder = job.folder / str(self.output_subdir)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def _hydra_text(self, changes: Mapping[str, Any]) -> str:
        changed_keys = set()
        for key, value in changes.items():
            changed_keys.add(entry := key.split(".")[0])
            OmegaConf.update(self._parts[entry], f"hydra.{key}", value)
        for key in changed_keys:
            self._texts[key] = _to_yaml(self._parts[key])
        return "hydra:\n" + "".join(self._texts.values())


def _entry(hydra: DictConfig, key: str) -> DictConfig:
    node = hydra._get_node(key)  # not the value, which an interpolation would give
    assert isinstance(node, Node)
    entry = copy_config(node)
    return OmegaConf.create({"hydra": {key: entry}}, flags={"no_deepcopy_set_nodes": True})


def _to_yaml(entry: DictConfig) -> str:
    """Return an entry's lines as they stand in the text of all."""
    return OmegaConf.to_yaml(entry).removeprefix("hydra:\n")
