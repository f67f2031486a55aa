"""Read from a config of this project what was held fixed."""

from collections.abc import Mapping
from typing import Any

# Options of training that are off by default.
OPTIONS = (
    *("augment", "mixup", "accumulate", "clip_norm", "clip_value", "ema", "patience"),
    *("init_from", "freeze", "lr_factors"),
)
# Values that leave an option off, and keys of a loss or an augmentation that set nothing.
OFF: tuple[Any, ...] = (None, {}, [], "")
SILENT = ("_target_", "_partial_", "reduction")
DEFAULT_LOSS = "CrossEntropyLoss"


def scope(config: Mapping[str, object]) -> dict[str, str]:
    """Return the data, model, scheduler, epochs, batch size and precision, as far as the config has them."""
    values = {
        "data": config.get("data.name", config.get("data._target_", "")),
        "model": config.get("model._target_", ""),
        "scheduler": config.get("scheduler._target_", ""),
    }
    names = {key: str(value).rsplit(".", 1)[-1] for key, value in values.items()}
    names |= {key: str(config.get(key, "")) for key in ("epochs", "batch_size", "precision")}
    return {key: name for key, name in names.items() if name}


def training_options(config: Mapping[str, object]) -> dict[str, str]:
    """Return the loss and the options of training by key, as text, where they aren't at their defaults."""
    options = {}
    loss = _name_object(_select(config, "loss"))
    if loss not in ("", DEFAULT_LOSS):
        options["loss"] = loss
    for key in OPTIONS:
        values = _select(config, key)
        text = _name_object(values) if "_target_" in values else _join(key, values)
        if text:
            options[key] = text
    return options


def _select(config: Mapping[str, object], key: str) -> dict[str, object]:
    """Return what is set at or below a key, by the rest of its dotted key."""
    values = {name[len(key) + 1 :]: value for name, value in config.items() if _is_below(name, key)}
    return {name: value for name, value in values.items() if value not in OFF}


def _is_below(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")


def _name_object(values: Mapping[str, object]) -> str:
    """Return a class's name with the arguments that switch something on: HuberLoss delta=2.0."""
    name = str(values.get("_target_", "")).rsplit(".", 1)[-1]
    arguments: dict[str, list[str]] = {}
    for key, value in values.items():
        if key not in SILENT and value:
            arguments.setdefault(key.partition(".")[0], []).append(str(value))
    return " ".join([name, *(f"{key}={','.join(texts)}" for key, texts in arguments.items())]).strip()


def _join(key: str, values: Mapping[str, object]) -> str:
    """Return what is set with its key: ema=0.5, of a list its elements, of a mapping its items."""
    texts = [f"{name}:{value}" if key == "lr_factors" else str(value) for name, value in values.items()]
    return f"{key}={','.join(texts)}" if texts else ""
