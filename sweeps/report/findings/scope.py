"""Read from a config of this project what was held fixed."""

from collections.abc import Mapping


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
