"""A picked setting as a config that the next run loads: `--config-dir <folder> +pick=<option>`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sweeps.report.findings.picks import Picks, picks_of
from sweeps.report.measure.axis import plain, short
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params

COMPLEMENT = "1 - "


def write_pick(measurement: Measurement, folder: Path) -> Path | None:
    """Leave the robust pick, or the peak where there is none, as pick/<option>.yaml."""
    picks = picks_of(measurement)
    role = next((role for role in ("robust", "peak") if role in picks.params), None)
    if role is None:
        return None
    name = re.sub(r"[^\w.=-]", "_", measurement.option)
    path = folder / "pick" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(measurement, picks, role))
    return path


def text(measurement: Measurement, picks: Picks, role: str) -> str:
    """The file: what it is, the options, the values."""
    params = picks.params[role]
    options = {**measurement.choices, **{key: params[key] for key in params if key in measurement.groups}}
    defaults = [_default(group, option) for group, option in options.items()]
    values = nested(_values(measurement, params))
    parts = [{"defaults": [*defaults, "_self_"]}, *([values] if values else [])]
    body = "\n".join(yaml.safe_dump(part, sort_keys=False, default_flow_style=False) for part in parts)
    return f"# @package _global_\n{_says(measurement, role, params)}\n{body}"


def _says(measurement: Measurement, role: str, params: Params) -> str:
    written = " ".join(f"{short(name)}={plain(value)}" for name, value in params.items())
    fresh = measurement.confirmation.scores(params)
    fresh = fresh[~np.isnan(fresh)]
    seeds = f"mean of {len(fresh)} fresh runs {fresh.mean():.2f}" if len(fresh) else "not confirmed"
    return f"# {measurement.study}, the {role} setting: {written}\n# {measurement.metric}: {seeds}"


def _default(group: str, option: str) -> dict[str, str]:
    """An entry of the defaults list; what was added with a plus is added, the rest overridden."""
    return {f"/{group[1:]}" if group.startswith("+") else f"override /{group}": option}


def _values(measurement: Measurement, params: Params) -> dict[str, Any]:
    """Values by dotted key: what was fixed and what was picked, lists of which an element is set in full."""
    named = [(name, value) for name, value in params.items() if name not in measurement.groups]
    picked = {
        name.removeprefix(COMPLEMENT).lstrip("+"): 1 - value if name.startswith(COMPLEMENT) else value
        for name, value in named
    }
    values = {**measurement.fixed, **picked}
    lists = {key.rpartition(".")[0] for key in values if key.rpartition(".")[2].isdigit()}
    rest = {
        key: value
        for key, value in measurement.config.items()
        if key.rpartition(".")[0] in lists and key not in values
    }
    return {**values, **rest}


def nested(values: Mapping[str, Any]) -> Any:
    """Dotted keys as dictionaries in one another, and as lists where all keys of one are numbers."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *parents, last = key.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return _listed(tree)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node, key=int)]
    return {key: _listed(value) for key, value in node.items()}
