"""Write a picked setting as a config that the next run loads: `--config-dir <folder> +pick=<option>`."""

import re
from pathlib import Path
from typing import Any

import yaml

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.sentences.wording import format_params
from sweeps.study.dotted_keys import nest
from sweeps.study.parameter import Parameter


def write_pick(findings: Findings, folder: Path) -> Path | None:
    """Write what is recommended as pick/<option>.yaml; nothing without picks."""
    pick = findings.recommended_pick
    if pick is None:
        return None
    name = re.sub(r"[^\w.=-]", "_", findings.measurement.option)
    path = folder / "pick" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_render(findings.measurement, pick))
    return path


def _render(measurement: Measurement, pick: Pick) -> str:
    """Return the file: a comment on what it is, the options, the values."""
    options = dict(measurement.choices)
    options |= {key: value for key, value in pick.params.items() if key in measurement.groups}
    defaults = [_defaults_entry(group, option) for group, option in options.items()]
    parts: list[dict[str, Any]] = [{"defaults": [*defaults, "_self_"]}]
    if values := nest(_values(measurement, pick.params)):
        parts.append(values)
    body = "\n".join(yaml.safe_dump(part, sort_keys=False, default_flow_style=False) for part in parts)
    return f"# @package _global_\n{_comment(measurement, pick)}\n{body}"


def _comment(measurement: Measurement, pick: Pick) -> str:
    setting = f"{measurement.study}, the {pick.role} setting: {format_params(pick.params)}"
    score = "not confirmed"
    if pick.fresh:
        count = pick.fresh.runs - pick.fresh.diverged_count
        score = f"mean of {count} fresh runs {pick.fresh.objective.value:.2f}"
        if pick.fresh.diverged_count:
            score += f", {pick.fresh.diverged_count} more diverged"
    return f"# {setting}\n# {measurement.metric.label}: {score}"


def _defaults_entry(group: str, option: str) -> dict[str, str]:
    """Return an entry of the defaults list: what a plus added is added again, the rest overridden."""
    return {f"/{group[1:]}" if group.startswith("+") else f"override /{group}": option}


def _values(measurement: Measurement, params: Params) -> dict[str, Any]:
    """Return the fixed and the picked values by dotted key; a list of which they set a part is whole."""
    values = dict(measurement.fixed)
    for name, value in params.items():
        if name not in measurement.groups:
            parameter = Parameter.from_name(name)
            values[parameter.key] = parameter.to_override_value(value)
    lists = {key.rpartition(".")[0] for key in values if key.rpartition(".")[2].isdigit()}
    for key, value in measurement.config.items():
        if key.rpartition(".")[0] in lists:
            values.setdefault(key, value)
    return values
