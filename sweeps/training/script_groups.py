"""The lines of a script that choose which parameters train, and group them for the optimizer."""

from collections.abc import Iterator, Sequence

from sweeps.training.expressions import Expressions
from sweeps.training.run import Run

MATCHES = [
    "",
    "def matches(name, *patterns):",
    "    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)",
    "",
]
# Whatever of each group is to decay, then the rest of each.
DECAYED = [
    'decayed = [{**group, "params": [p for p in group["params"] if p.ndim >= 2]} for group in groups]',
    'spared = [{**group, "params": [p for p in group["params"] if p.ndim < 2]} for group in groups]',
    'groups = [*decayed, *({**group, "weight_decay": 0.0} for group in spared)]',
]


def optimizer_lines(run: Run, expressions: Expressions) -> list[str]:
    """Return the lines that build the run's optimizer, of the parameters that train."""
    lines = list(_freeze(run))
    if run.freeze or run.lr_factors:
        expressions.modules.add("fnmatch")
        lines = [*MATCHES, *lines]
    if run.lr_factors or (run.freeze and run.weight_decay_on == "weights"):
        return [*lines, *_grouped(run, expressions)]
    if run.freeze:
        trained = "[tensor for tensor in model.parameters() if tensor.requires_grad]"
        return [*lines, f"trained = {trained}", f"optimizer = {expressions.call(run.optimizer, 'trained')}"]
    if run.weight_decay_on == "all":
        return [f"optimizer = {expressions.call(run.optimizer, 'model.parameters()')}"]
    groups = '[{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]'
    return [
        "matrices = [tensor for tensor in model.parameters() if tensor.ndim >= 2]",
        "vectors = [tensor for tensor in model.parameters() if tensor.ndim < 2]",
        f"optimizer = {expressions.call(run.optimizer, groups)}",
    ]


def _freeze(run: Run) -> Iterator[str]:
    if run.freeze:
        yield "for name, tensor in model.named_parameters():"
        yield f"    if {_matches(run.freeze)}:"
        yield "        tensor.requires_grad_(False)"


def _grouped(run: Run, expressions: Expressions) -> Iterator[str]:
    """Yield the lines of an optimizer of groups, those of `lr_factors` with rates of their own."""
    yield "rest = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}"
    groups = ['{"params": rest.values()}']
    for number, (pattern, factor) in enumerate(run.lr_factors, 1):
        yield f"part_{number} = [rest.pop(name) for name in list(rest) if {_matches([pattern])}]"
        groups.append(f'{{"params": part_{number}, "lr_factor": {expressions.value(factor)}}}')
    yield f"groups = [{', '.join(groups)}]"
    if run.weight_decay_on == "weights":
        yield from DECAYED
    yield 'groups = [group for group in groups if group["params"]]'
    yield f"optimizer = {expressions.call(run.optimizer, 'groups')}"
    if run.lr_factors:
        yield "for group in optimizer.param_groups:"
        yield '    group["lr"] *= group.pop("lr_factor", 1)'


def _matches(patterns: Sequence[str]) -> str:
    """Return the condition on a name that `sweeps.parameters.matches` is: of a module, all that it holds."""
    globs: list[str] = []
    for pattern in patterns:
        globs.append(pattern)
        if not set(pattern) & set("*?["):
            globs.append(f"{pattern}.*")
    return f"matches(name, {', '.join(map(Expressions().value, globs))})"
