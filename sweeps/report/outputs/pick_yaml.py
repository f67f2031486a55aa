"""Write a picked setting as a config that the next run loads: `--config-dir <folder> +pick=<option>`."""

import re
from pathlib import Path
from typing import Any

import yaml

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.sentences.remarks import is_usable, list_remarks
from sweeps.report.sentences.wording import format_params, format_score
from sweeps.study.dotted_keys import nest
from sweeps.study.parameter import Parameter


def pick_name(measurement: Measurement) -> str:
    """Return what a study's pick is called: its option, as Hydra and a file system take it."""
    return re.sub(r"[^\w.=-]", "_", measurement.option)


def write_pick(findings: Findings, folder: Path) -> Path | None:
    """Write what is recommended as pick/<option>.yaml; remove an earlier file where nothing is."""
    path = folder / "pick" / f"{pick_name(findings.measurement)}.yaml"
    pick = usable_pick(findings)
    if pick is None:
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_render(findings, pick))
    return path


def usable_pick(findings: Findings) -> Pick | None:
    """Return what is recommended, if it can be used as it is."""
    return findings.recommended_pick if is_usable(findings) else None


def _render(findings: Findings, pick: Pick) -> str:
    """Return the file: a comment on what it is, the options, the values."""
    measurement = findings.measurement
    options = dict(measurement.choices)
    groups = [key for key in measurement.groups if key in pick.params]
    options |= {key: _job_value(measurement, pick.params[key]) for key in groups}
    defaults = [_defaults_entry(group, option) for group, option in options.items()]
    defaults.sort(
        key=lambda entry: any(key.startswith("override") for key in entry)
    )  # Hydra wants these last
    parts: list[dict[str, Any]] = [{"defaults": [*defaults, "_self_"]}]
    if values := nest(_values(measurement, pick.params)):
        parts.append(values)
    body = "\n".join(yaml.safe_dump(part, sort_keys=False, default_flow_style=False) for part in parts)
    comment = "\n".join(f"# {line}" for line in describe_pick(findings, pick))
    return f"# @package _global_\n{comment}\n{body}"


def describe_pick(findings: Findings, pick: Pick) -> list[str]:
    """Return the setting, its score and what to know of it, a line each."""
    measurement = findings.measurement
    lines = [f"{measurement.study}: {format_params(pick.params)}"]
    if pick.fresh:
        score = format_score(findings.fresh_metric, pick.fresh.score)
        lines.append(f"{findings.fresh_metric.label}: {score} on fresh seeds, 95 % interval")
    return [*lines, *list_remarks(findings)]


def _defaults_entry(group: str, option: str | list[str]) -> dict[str, str | list[str]]:
    """Return an entry of the defaults list: what a plus added is added again, the rest overridden."""
    return {f"/{group[1:]}" if group.startswith("+") else f"override /{group}": option}


def _job_value(measurement: Measurement, value: Any) -> Any:
    """Return the value that a job gets for one of a setting."""
    return measurement.literals.get(value, value) if isinstance(value, str) else value


def _values(measurement: Measurement, params: Params) -> dict[str, Any]:
    """Return the fixed and the picked values by dotted key; a list of which they set a part is whole."""
    values = dict(measurement.fixed)
    for name, value in params.items():
        if name not in measurement.groups:
            parameter = Parameter.from_name(name)
            values[parameter.key] = parameter.to_override_value(_job_value(measurement, value))
    lists = {key.rpartition(".")[0] for key in values if key.rpartition(".")[2].isdigit()}
    for key, value in measurement.config.items():
        if key.rpartition(".")[0] in lists:
            values.setdefault(key, value)
    return values
