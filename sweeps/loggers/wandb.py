"""Weights & Biases."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweeps.loggers.logger import Identity, Logger, RunLog, measurements


class WandB(Logger):
    """Weights & Biases."""

    package = "wandb"

    def __init__(self, project: str, mode: str, folder: str) -> None:
        if mode not in ("online", "offline"):
            raise ValueError(f"logger.mode={mode} is not known; write online or offline")
        self._project, self._mode, self._folder = project, mode, folder

    def start(self, identity: Identity) -> RunLog:
        """Begin a run beside those that train with it, or online go on with an interrupted one."""
        import wandb

        key = f"{zlib.crc32(str(identity.folder).encode()):08x}"
        options: dict[str, Any] = {"id": key, "resume": "allow"} if self._mode == "online" else {}
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        options |= {"project": self._project, "group": identity.group, "name": identity.name}
        options |= {"config": dict(identity.settings), "dir": self._folder, "mode": self._mode}
        quiet = wandb.Settings(silent=True, console="off")
        return WandBLog(wandb.init(**options, reinit="create_new", settings=quiet))


class WandBLog(RunLog):
    """A run of Weights & Biases'."""

    def __init__(self, run: Any) -> None:
        super().__init__()
        self._run = run

    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        for epoch in epochs:
            self._run.log(measurements(epoch), step=int(epoch["number"]))

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        self._run.summary.update({"status": status, **summary})
        self._run.finish(exit_code=0 if status == "finished" else 1)
