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
from sweeps.training.initial import Weights
from sweeps.training.run import Run
from sweeps.training.script_groups import optimizer_lines

# The settings of a run that its lines or their comment tell. A comment names any other that is set.
TOLD = {"feed", "model", "optimizer", "seed", "epochs", "batch_size"}
TOLD |= {"schedule", "weight_decay_on", "loss", "metrics", "clip_norm", "clip_value"}
TOLD |= {"accumulate", "ema", "freeze", "lr_factors"}


def write_script(run: Run) -> list[str]:
    """Return the lines that build a run's loss, optimizer and scheduler, and the loop that uses them.

    `model`, `batches` and what a scheduler watches are the reader's; a comment says so.
    """
    model = Expressions().call(run.model)
    expressions = Expressions()
    parts = [*_loss(run, expressions), *optimizer_lines(run, expressions), *_scheduler(run, expressions)]
    parts += _average(run)
    comment = list(_comment(run, model))
    if expressions.has_gap:
        comment.append("# Fill in each `...`: an object of your own, which has no text.")
    imports = [f"import {module}" for module in sorted(expressions.modules)]
    return [*imports, "", *comment, f"epochs = {run.epochs}", "", *parts, "", *_loop(run)]


def _comment(run: Run, model: str) -> Iterator[str]:
    """Yield what the reader's script brings along, and the settings of the run that have no line."""
    inputs, targets = (run.batch_size, *run.feed.shape), (run.batch_size, *run.feed.targets.shape[1:])
    batches = run.feed.training // run.step_rows * run.accumulate
    yield f"# Your script has model and batches. The sweep had {batches} batches"
    yield f"# an epoch, drawn anew: inputs {inputs}, targets {targets}. Its model:"
    yield from (f"# {line}" for line in model.split("\n"))
    for field in fields(run):
        value = getattr(run, field.name)
        if field.name not in TOLD and value != field.default:
            text = value.path if isinstance(value, Weights) else value
            yield f"# The run had {field.name}={text} too."


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


def _scheduler(run: Run, expressions: Expressions) -> list[str]:
    return [f"scheduler = {expressions.call(run.schedule.build, 'optimizer')}"] if _moves_lr(run) else []


def _moves_lr(run: Run) -> bool:
    """Return whether there is a scheduler that does anything."""
    build = run.schedule.build
    if isinstance(build, partial):
        return build.func is not ConstantLR or build.keywords["factor"] != 1
    return build is not constant


def _average(run: Run) -> list[str]:
    """Return the lines that build the average of the weights, which the run was evaluated with."""
    if run.ema is None:
        return []
    return [
        f"averaging = torch.optim.swa_utils.get_ema_multi_avg_fn({run.ema})",
        "average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=averaging, use_buffers=True)",
    ]


def _loop(run: Run) -> list[str]:
    """Return the loop over epochs and batches."""
    return [
        "for epoch in range(epochs):",
        *_indent(_switch(run, "train"), 1),
        *_indent(_batches(run), 1),
        *_indent([*_switch(run, "eval"), *_after_epoch(run)], 1),
    ]


def _batches(run: Run) -> list[str]:
    """Return the loop over an epoch's batches."""
    loss = _batch_loss(run)
    step = [*_clip(run), "optimizer.step()", *_after_step(run)]
    count = run.accumulate
    if count == 1:
        lines = ["optimizer.zero_grad()", f"{loss}.backward()", *step]
        return ["for inputs, targets in batches:", *_indent(lines, 1)]
    return [
        "for number, (inputs, targets) in enumerate(batches):",
        f"    if number % {count} == 0:",
        "        optimizer.zero_grad()",
        f"    ({loss} / {count}).backward()",
        f"    if number % {count} == {count - 1}:",
        *_indent(step, 2),
    ]


def _batch_loss(run: Run) -> str:
    is_binary_class = is_binary(run.loss) and not run.feed.is_regression
    targets = "targets.float().unsqueeze(1)" if is_binary_class else "targets"
    mean = "" if _averages(run.loss) else ".mean()"
    return f"criterion(model(inputs), {targets}){mean}"


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
    if run.ema is not None and mode == "eval":
        lines.append("average.eval()")
    return lines


def _after_step(run: Run) -> list[str]:
    lines = []
    if getattr(run.schedule.build, "func", None) is WarmUp:
        lines.append("scheduler.warm()")
    if _moves_lr(run) and run.schedule.interval == "step":
        lines.append("scheduler.step()")
    if run.ema is not None:
        lines.append("average.update_parameters(model)")
    return lines


def _after_epoch(run: Run) -> list[str]:
    watched = run.schedule.monitor or ""
    if not _moves_lr(run) or run.schedule.interval == "step":
        return []
    step = f"scheduler.step({watched})"
    network = "model" if run.ema is None else "average"
    return [f"{watched} = measure({network})  # a function of yours", step] if watched else [step]


def _indent(lines: list[str], depth: int) -> list[str]:
    return [4 * depth * " " + line for line in lines]
