"""Keys of a config that nothing reads."""

import difflib
import re
from functools import cache

from omegaconf import DictConfig, OmegaConf


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
            fix = "add --config-dir outputs/<study>, whose pick/ holds it"
        raise ValueError(f"{key}={cfg[key]} is read by nothing; {fix}")


@cache
def _own_keys() -> frozenset[str]:
    """Return the keys of config.yaml, and the groups that its defaults list names."""
    from sweeps.run import CONF

    config = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"), resolve=False)
    assert isinstance(config, dict)
    groups = [str(key) for default in config["defaults"] if isinstance(default, dict) for key in default]
    return frozenset({*map(str, config), *groups, "spaces"} - {"defaults"})
