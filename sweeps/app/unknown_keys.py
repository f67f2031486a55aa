"""Keys of a config that nothing reads."""

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

# Groups whose keys are not those of files here.
LOOSE = ("hydra", "search_space", "spaces")


def check_keys(cfg: DictConfig) -> None:
    """Raise ValueError for a key at the root that is not the config's own, and that no value refers to."""
    own_keys = _own_keys()
    text = OmegaConf.to_yaml(cfg, resolve=False)
    references = {
        word.split(".")[0].strip("'\"[]")
        for reference in re.findall(r"\$\{([^}]*)\}", text)
        for word in re.split(r"[:,{$\s]+", reference)
    }
    for key in sorted(set(map(str, cfg)) - own_keys - references):
        matches = difflib.get_close_matches(key, own_keys, n=1)
        fix = f"write {matches[0]}, or leave it out" if matches else "leave it out"
        if key == "pick":
            fix = (
                "add --config-dir outputs/<study>, whose pick/ holds it; beside a --config-dir of your own, "
                "hydra.searchpath=[file://outputs/<study>]"
            )
        raise ValueError(f"{key}={cfg[key]} is read by nothing; {fix}")


@cache
def _own_keys() -> frozenset[str]:
    """Return the keys of config.yaml, and the groups that its defaults list names."""
    from sweeps.run import CONF

    config = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"), resolve=False)
    assert isinstance(config, dict)
    groups = [str(key) for default in config["defaults"] if isinstance(default, dict) for key in default]
    return frozenset({*map(str, config), *groups, "spaces"} - {"defaults"})


def check_keys_of(overrides: Sequence[Override], options: Sequence[Path], folders: Sequence[Path]) -> None:
    """Raise ValueError for a key that no file of the folders has, or that an option lacks which is chosen.

    Hydra would say only that its config lacks the key. One with a plus is new: `check_keys` looks at it.
    """
    texts = {path: path.read_text(errors="replace") for folder in folders for path in folder.rglob("*.yaml")}
    for override in overrides:
        group, *keys = re.split(r"[.\[\]]+", override.key_or_group)
        is_group = any((folder / override.key_or_group).is_dir() for folder in folders)
        if (
            override.type is not OverrideType.CHANGE
            or is_group
            or group.partition("/")[0] in LOOSE
            or "@" in group
        ):
            continue
        key = keys[0] if keys else group
        if not any(_has_key(text, key) for text in texts.values()):
            raise ValueError(_suggest(group, key, bool(keys), texts))
        if keys and (option := _option_without(group, key, options, texts)):
            raise ValueError(
                f"{override.input_line}: {group}={option} has no {key}; leave it out, or choose only "
                "options that have it"
            )


def _option_without(group: str, key: str, options: Sequence[Path], texts: Mapping[Path, str]) -> str | None:
    """Return a chosen option of the group that lacks the key, unless one of another group may give it."""
    other_options = [path for path in options if path.parent.name != group]
    if any(_has_key(texts[path], key) for path in other_options):
        return None
    group_options = [path for path in options if path.parent.name == group]
    return next((path.stem for path in group_options if not _may_have(texts[path], key)), None)


def _may_have(text: str, key: str) -> bool:
    """Return whether an option's file has a key, or builds on others, which may."""
    return _has_key(text, key) or "defaults:" in text


def _has_key(text: str, key: str) -> bool:
    return re.search(rf"(^|[{{,])\s*['\"]?{re.escape(key)}['\"]?\s*:", text, re.MULTILINE) is not None


def _suggest(group: str, key: str, is_nested: bool, texts: Mapping[Path, str]) -> str:
    """Return the message about a key that is not there, with the nearest that is."""
    candidates = [text for path, text in texts.items() if is_nested and path.parent.name == group]
    if not candidates:
        candidates = [text for path, text in texts.items() if path.name == "config.yaml"]
    words = (re.findall(r"^\s*([a-zA-Z]\w*):", text, re.MULTILINE) for text in candidates)
    keys = sorted(set(chain.from_iterable(words)))
    matches = difflib.get_close_matches(key, keys, n=1)
    prefix = f"{group}." if is_nested else ""
    fix = f"write {prefix}{matches[0]}" if matches else f"there are {', '.join(keys[:30])}"
    return f"{prefix}{key} is not a key of any option; {fix}, or +{prefix}{key} for a new one"
