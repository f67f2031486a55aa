"""A run while it trains: network, optimizer, scheduler, random numbers, and its measurements so far."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from sweeps.parameters import freeze_parameters
from sweeps.seeds import seed_for
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.run_identity import identify_run, reason_to_refuse

# A member has a generator for each.
PURPOSES = ("order", "augmentation", "dropout")


class Member:
    """One run of a stack. Its network's tensors may be rows of the stack's."""

    def __init__(self, index: int, run: Run, device: torch.device) -> None:
        # In the sequence of runs that train() was given.
        self.index = index
        self.run = run
        self.device = device
        self.feed = run.feed.to(device)
        self.training_rows, self.validation_rows = self.feed.split(run.seed)
        self.generators = {
            purpose: torch.Generator(device).manual_seed(seed_for(run.seed, purpose)) for purpose in PURPOSES
        }
        torch.manual_seed(seed_for(run.seed, "model"))
        self.model = run.model(run.feed.shape, run.outputs).to(device)
        if run.init_from:
            run.init_from.load(self.model)
        if run.freeze:
            freeze_parameters(self.model, run.freeze)
        self.optimizer = run.build_optimizer(self.model)
        self.scheduler = run.schedule.build(self.optimizer)
        # The average of its weights that epochs are evaluated with, by name, once a step began it.
        self.average: dict[str, Tensor] | None = None
        self.epochs: list[Epoch] = []
        # The loss of each of their steps: (steps,).
        self.losses = torch.empty(0)
        # What the training loss of a run that has not diverged is below: the loss before any update, and
        # some more for chance.
        self.loss_limit = math.inf
        self.is_finite = True
        self.identity = identify_run(run, device, self.model, self.optimizer, self.scheduler)
        self._random = self._copy_global_random()

    @property
    def has_epochs_left(self) -> bool:
        """Return whether there is an epoch to train."""
        return self.is_finite and len(self.epochs) < self.run.epochs and not self.is_out_of_patience

    @property
    def is_out_of_patience(self) -> bool:
        """Return whether patience ended the run: so many epochs in a row were no better than the best."""
        if self.run.patience is None or not self.epochs:
            return False
        scores = [self.score_of(epoch) for epoch in self.epochs]
        best = max(scores) if self.run.metrics[0].direction == "maximize" else min(scores)
        return len(scores) - 1 - scores.index(best) >= self.run.patience

    def score_of(self, epoch: Epoch) -> float:
        """Return the objective that an epoch measured."""
        return epoch.validation[self.run.metrics[0].key]

    def identify_draws(self) -> tuple[Any, ...]:
        """Return what decides the images and dropout masks to come: members of equal ones can share them."""
        states = [generator.get_state() for generator in self.generators.values()]
        return (
            self.feed,
            self.run.seed,
            id(self.run.augment),
            self.run.mixup,
            *(state.numpy().tobytes() for state in states),
        )

    def share_draws(self, other: "Member") -> None:
        """Set the generators to where those of a member are that drew for both."""
        for purpose, generator in self.generators.items():
            generator.set_state(other.generators[purpose].get_state())

    def draw_batches(self) -> Tensor:
        """Draw the rows of an epoch's batches anew: (batches, batch)."""
        size = self.run.batch_size
        rows = self.training_rows
        shuffled = torch.randperm(len(rows), generator=self.generators["order"], device=rows.device)
        used = len(rows) // self.run.step_rows * self.run.step_rows
        return rows[shuffled[:used]].view(-1, size)

    def end_step(self) -> None:
        """Note the learning rate of the step, and let a scheduler that goes by steps move on."""
        self.lr = self.optimizer.param_groups[0]["lr"]
        self.run.schedule.after_step(self.scheduler)

    def end_epoch(self, epoch: Epoch, losses: Tensor, loss_limit: float) -> None:
        """Keep an epoch's measurements and let the scheduler see them, unless they are not finite.

        loss_limit: how high the loss of the epoch's first step may be by chance.
        """
        if not self.epochs:
            self.loss_limit = loss_limit
        self.is_finite = math.isfinite(epoch.train["loss"]) and math.isfinite(self.score_of(epoch))
        if self.is_finite:
            self.epochs.append(epoch)
            self.losses = torch.cat([self.losses, losses])
            self.run.schedule.after_epoch(self.scheduler, epoch.to_values())

    @contextmanager
    def use_random_numbers(self) -> Iterator[None]:
        """Make torch's global random numbers those that the run was initialised with."""
        self._set_global_random(self._random)
        yield
        self._random = self._copy_global_random()

    def copy_state(self) -> State:
        """Copy all that decides how the run continues."""
        state = {
            "run": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "generators": {purpose: generator.get_state() for purpose, generator in self.generators.items()},
            "random": self._random,
            "epochs": len(self.epochs),
            "losses": self.losses,
            "loss_limit": self.loss_limit,
            "history": [epoch.to_values() for epoch in self.epochs],
            "finite": self.is_finite,
        }
        if self.average is not None:
            state["average"] = self.average
        if self.run.patience is not None:
            state["out_of_patience"] = self.is_out_of_patience
        copy: State = _copy_values(state)
        return copy

    def restore(self, state: State) -> None:
        """Continue from a state of the same run. Raises ValueError for another's."""
        if reason := reason_to_refuse(state, self.identity, self.run.epochs):
            raise ValueError(f"the run can't continue from this state: {reason}")
        state = _copy_values(state)  # an optimizer trains in place on the tensors that it loads
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        if "average" in state:
            self.average = {name: value.to(self.device) for name, value in state["average"].items()}
        for purpose, generator in self.generators.items():
            generator.set_state(state["generators"][purpose])
        self.epochs = [Epoch.from_values(epoch) for epoch in state["history"]]
        self.losses = state["losses"]
        self.loss_limit = state["loss_limit"]
        self.is_finite = state["finite"]
        self._random = state["random"]

    def result(self) -> Result:
        """Return the run as it stands now."""
        chance = self.run.chance
        diverged = not self.is_finite or self.epochs[-1].train["loss"] > self.loss_limit
        score = chance if diverged else self.score_of(self.epochs[-1])
        learned_nothing = not diverged and not self.run.metrics[0].is_better(score, chance)
        state = self.copy_state()
        if self.average is not None:
            self.model.load_state_dict(self.average, strict=False)
        return Result(
            score,
            diverged,
            learned_nothing,
            chance,
            self.is_out_of_patience and len(self.epochs) < self.run.epochs,
            self.epochs,
            self.losses,
            self.model,
            state,
        )

    def detach_average(self) -> None:
        """Make the average the member's own, rather than rows of a stack's."""
        if self.average is not None:
            self.average = {name: value.clone() for name, value in self.average.items()}

    def _copy_global_random(self) -> dict[str, Tensor]:
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        return random

    def _set_global_random(self, random: dict[str, Tensor]) -> None:
        torch.set_rng_state(random["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(random["cuda"], self.device)


def _copy_values(value: Any) -> Any:
    """Copy tensors and plain values; unlike deepcopy's, the copy of a row leaves the rest of its stack."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copy_values(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copy_values(part) for part in value)
    return value
