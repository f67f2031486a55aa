"""A run as lines of plain torch, for a training script of the user's own."""

import inspect
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from typing import Any

from torch import nn
from torch.optim.lr_scheduler import ConstantLR

from sweeps.losses import describe_loss, is_binary
from sweeps.schedulers import WarmUp, constant
from sweeps.training.expressions import Expressions
from sweeps.training.run import Run

# The settings of a run that its lines or their comment tell. A comment names any other that is set.
TOLD = {"feed", "model", "optimizer", "seed", "epochs", "batch_size"}
TOLD |= {"schedule", "weight_decay_on", "loss", "metrics", "clip_norm", "clip_value"}


def write_script(run: Run) -> list[str]:
    """Return the lines that build a run's loss, optimizer and scheduler, and the loop that uses them.

    `model`, `batches` and what a scheduler watches are the reader's; a comment says so.
    """
    model = Expressions().call(run.model)
    expressions = Expressions()
    parts = [*_loss(run, expressions), *_optimizer(run, expressions), *_scheduler(run, expressions)]
    comment = list(_comment(run, model))
    if expressions.has_gap:
        comment.append("# Fill in each `...`: an object of your own, which has no text.")
    imports = [f"import {module}" for module in sorted(expressions.modules)]
    return [*imports, "", *comment, f"epochs = {run.epochs}", "", *parts, "", *_loop(run)]


def _comment(run: Run, model: str) -> Iterator[str]:
    """Yield what the reader's script brings along, and the settings of the run that have no line."""
    inputs, targets = (run.batch_size, *run.feed.shape), (run.batch_size, *run.feed.targets.shape[1:])
    yield f"# Your script has model and batches. The sweep had {run.feed.training // run.batch_size} batches"
    yield f"# an epoch, drawn anew: inputs {inputs}, targets {targets}. Its model:"
    yield from (f"# {line}" for line in model.split("\n"))
    for field in fields(run):
        value = getattr(run, field.name)
        if field.name not in TOLD and value != field.default:
            yield f"# The run had {field.name}={value} too."


def _loss(run: Run, expressions: Expressions) -> list[str]:
    loss: Any = run.loss
    if not isinstance(loss, nn.Module):
        return [f"criterion = {expressions.value(loss)}"]
    settings = {key.removeprefix("loss."): value for key, value in describe_loss(loss).items()}
    settings |= dict(loss.named_buffers())  # tensors, where the description has lists
    if _averages(loss):
        settings.pop("reduction")
    parameters = inspect.signature(type(loss)).parameters.values()
    arguments = {}
    for parameter in parameters:
        if parameter.name in settings and settings[parameter.name] is not parameter.default:
            arguments[parameter.name] = settings[parameter.name]
    return [f"criterion = {expressions.call(partial(type(loss), **arguments))}"]


def _averages(loss: Any) -> bool:
    """Return whether torch's class has the run's loss as its mean.

    With weights a class it divides by the weights, where a run divides by the rows.
    """
    return type(loss).__module__.startswith("torch.nn.") and getattr(loss, "weight", None) is None


def _optimizer(run: Run, expressions: Expressions) -> list[str]:
    if run.weight_decay_on == "all":
        return [f"optimizer = {expressions.call(run.optimizer, 'model.parameters()')}"]
    groups = '[{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]'
    return [
        "matrices = [tensor for tensor in model.parameters() if tensor.ndim >= 2]",
        "vectors = [tensor for tensor in model.parameters() if tensor.ndim < 2]",
        f"optimizer = {expressions.call(run.optimizer, groups)}",
    ]


def _scheduler(run: Run, expressions: Expressions) -> list[str]:
    return [f"scheduler = {expressions.call(run.schedule.build, 'optimizer')}"] if _moves_lr(run) else []


def _moves_lr(run: Run) -> bool:
    """Return whether there is a scheduler that does anything."""
    build = run.schedule.build
    if isinstance(build, partial):
        return build.func is not ConstantLR or build.keywords["factor"] != 1
    return build is not constant


def _loop(run: Run) -> list[str]:
    """Return the loop over epochs and batches."""
    is_binary_class = is_binary(run.loss) and not run.feed.is_regression
    targets = "targets.float().unsqueeze(1)" if is_binary_class else "targets"
    mean = "" if _averages(run.loss) else ".mean()"
    return [
        "for epoch in range(epochs):",
        *_indent(_switch(run, "train"), 1),
        *_indent(["for inputs, targets in batches:"], 1),
        *_indent(["optimizer.zero_grad()"], 2),
        *_indent([f"criterion(model(inputs), {targets}){mean}.backward()", *_clip(run)], 2),
        *_indent(["optimizer.step()", *_after_step(run)], 2),
        *_indent([*_switch(run, "eval"), *_after_epoch(run)], 1),
    ]


def _clip(run: Run) -> list[str]:
    limits = {"clip_grad_value_": run.clip_value, "clip_grad_norm_": run.clip_norm}
    return [
        f"torch.nn.utils.{function}(model.parameters(), {limit})"
        for function, limit in limits.items()
        if limit is not None
    ]


def _switch(run: Run, mode: str) -> list[str]:
    """Return the lines that switch the network to a mode, and an optimizer that trains other weights."""
    lines = [f"model.{mode}()"]
    if hasattr(getattr(run.optimizer, "func", run.optimizer), mode):
        lines.append(f"optimizer.{mode}()")
    return lines


def _after_step(run: Run) -> list[str]:
    lines = []
    if getattr(run.schedule.build, "func", None) is WarmUp:
        lines.append("scheduler.warm()")
    if _moves_lr(run) and run.schedule.interval == "step":
        lines.append("scheduler.step()")
    return lines


def _after_epoch(run: Run) -> list[str]:
    watched = run.schedule.monitor or ""
    if not _moves_lr(run) or run.schedule.interval == "step":
        return []
    step = f"scheduler.step({watched})"
    return [f"{watched} = measure(model)  # a function of yours", step] if watched else [step]


def _indent(lines: list[str], depth: int) -> list[str]:
    return [4 * depth * " " + line for line in lines]
