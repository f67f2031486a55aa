"""A run while it trains: network, optimizer, scheduler, random numbers, and what was measured so far."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from sweeps.optimizers import build_optimizer
from sweeps.seeds import stream
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.run_identity import identity, objection

# What a member's own generators decide.
PURPOSES = ("order", "augmentation", "dropout")


class Member:
    """One run of a stack. Its network's tensors may be rows of the stack's."""

    def __init__(self, place: int, run: Run, device: torch.device) -> None:
        self.place = place
        self.run = run
        self.device = device
        self.feed = run.feed.to(device)
        self.rows, self.validation_rows = self.feed.split(run.seed)
        self.generators = {
            purpose: torch.Generator(device).manual_seed(stream(run.seed, purpose)) for purpose in PURPOSES
        }
        torch.manual_seed(stream(run.seed, "model"))
        self.model = run.model(run.feed.shape, run.feed.classes).to(device)
        self.optimizer = build_optimizer(run.optimizer, self.model, run.weight_decay_on)
        self.scheduler = run.schedule.build(self.optimizer)
        self.epochs: list[Epoch] = []
        self.losses = torch.empty(0)
        self.finite = True
        self.identity = identity(run, device, self.model, self.optimizer, self.scheduler)
        self._random = self._global_random()

    @property
    def unfinished(self) -> bool:
        """Whether there is an epoch left to train."""
        return self.finite and len(self.epochs) < self.run.epochs

    def batches(self) -> Tensor:
        """Rows of an epoch's batches, drawn anew: (steps, batch)."""
        size = self.run.batch_size
        order = self.generators["order"]
        shuffled = torch.randperm(len(self.rows), generator=order, device=self.rows.device)
        full = len(self.rows) // size
        return self.rows[shuffled[: full * size]].view(full, size)

    def after_step(self) -> None:
        """Note the learning rate of the step, and let a scheduler that goes by steps move on."""
        self.lr = self.optimizer.param_groups[0]["lr"]
        self.run.schedule.after_step(self.scheduler)

    def finish(self, epoch: Epoch, losses: Tensor) -> None:
        """Keep an epoch's measurements and let the scheduler see them, unless the loss is not finite."""
        self.finite = math.isfinite(epoch.train_loss)
        if self.finite:
            self.epochs.append(epoch)
            self.losses = torch.cat([self.losses, losses])
            self.run.schedule.after_epoch(self.scheduler, epoch)

    @contextmanager
    def random_numbers(self) -> Iterator[None]:
        """Make torch's global random numbers those that the run was initialised with."""
        self._set_global_random(self._random)
        yield
        self._random = self._global_random()

    def state(self) -> State:
        """A copy of all that decides how the run goes on."""
        state = {
            "run": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "generators": {purpose: drawn.get_state() for purpose, drawn in self.generators.items()},
            "random": self._random,
            "epochs": len(self.epochs),
            "losses": self.losses,
            "history": [asdict(epoch) for epoch in self.epochs],
            "finite": self.finite,
        }
        copied: State = _copied(state)
        return copied

    def restore(self, state: State) -> None:
        """Go on from a state of the same run. Raises ValueError for another's."""
        if reason := objection(state, self.identity, self.run.epochs):
            raise ValueError(f"the run can't go on from this state: {reason}")
        state = _copied(state)  # an optimizer trains in place on the tensors that it loads
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        for purpose, generator in self.generators.items():
            generator.set_state(state["generators"][purpose])
        self.epochs = [Epoch(**epoch) for epoch in state["history"]]
        self.losses = state["losses"]
        self.finite = state["finite"]
        self._random = state["random"]

    def result(self) -> Result:
        """The run as it stands now."""
        diverged = not self.finite or self.epochs[-1].train_loss >= math.log(self.run.feed.classes)
        score = self.feed.chance if diverged else self.epochs[-1].validation_accuracy
        return Result(score, diverged, self.epochs, self.losses, self.model, self.state())

    def _global_random(self) -> dict[str, Tensor]:
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        return random

    def _set_global_random(self, random: dict[str, Tensor]) -> None:
        torch.set_rng_state(random["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(random["cuda"], self.device)


def _copied(value: Any) -> Any:
    """A copy of tensors and plain values; unlike deepcopy's, that of a row leaves the rest of its stack."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(part) for part in value)
    return value
