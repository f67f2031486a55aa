"""The Hydra entry: `python -m sweeps.run` trains one run, with `-m` it sweeps.

The only reader of a DictConfig; everything below takes plain arguments.
"""

from __future__ import annotations

import logging
import pickle
import tempfile
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.experimental.callback import Callback
from hydra.utils import UNSAFE_DISABLE_EXECUTION_CHECKS, execution_whitelist, instantiate
from omegaconf import DictConfig, OmegaConf

from sweeps.trial import Job, current_trial

# torch is imported where something is trained or checked: --help answers without it.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from sweeps.runs import Epoch, Run, State
    from sweeps.together import Swept

CONF = Path(__file__).parent.parent / "conf"
log = logging.getLogger(__name__)


@hydra.main(config_path=str(CONF), config_name="config", execution_whitelist="sweeps.*")
def main(cfg: DictConfig) -> float:
    """Train what the config says; the return value is the objective: validation accuracy in percent."""
    alone = OmegaConf.is_missing(HydraConfig.get().job, "num")
    return _train_alone(cfg) if alone else _train_in_a_sweep(cfg)


def _train_in_a_sweep(cfg: DictConfig) -> float:
    [outcome] = train_stacked([Job(cfg, _folder(), current_trial())])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def train_stacked(jobs: Sequence[Job]) -> list[float | Exception]:
    """Train the jobs of a sweep together; what each returns, or the exception that ended it."""
    from sweeps.together import train_swept

    outcomes: dict[int, float | Exception] = {}
    alike: dict[tuple[str, str], dict[int, Swept]] = {}
    for place, job in enumerate(jobs):
        try:
            alike.setdefault((job.config.device, job.config.precision), {})[place] = _swept(job)
        except Exception as error:  # a job's own; the others train
            outcomes[place] = error
    for (device, precision), group in alike.items():
        scores = train_swept(list(group.values()), device, precision)
        outcomes.update(zip(group, map(_outcome, scores), strict=True))
    return [outcomes[place] for place in range(len(jobs))]


def stack_width(cfg: DictConfig) -> int:
    """How many runs like the config's one worker trains together."""
    from sweeps.stack.width import width

    return width(build(cfg), cfg.device)


def _swept(job: Job) -> Swept:
    from sweeps.job import left_or_anew
    from sweeps.together import Swept

    cfg, run = job.config, build(job.config)
    start = _start(cfg, run, left_or_anew(job.folder, run, cfg.device))
    return Swept(run, job.trial, job.folder, start, cfg.checkpoint_every, cfg.keep_best, cfg.read_test)


def _outcome(score: float | None) -> float | Exception:
    from optuna import TrialPruned

    return TrialPruned() if score is None else score


@contextmanager
def _how_to_resume() -> Iterator[None]:
    """Leave with one message where a run is interrupted or its disk is full, and say how it goes on."""
    from sweeps.keep import CHECKPOINT

    try:
        yield
    except (KeyboardInterrupt, OSError, RuntimeError) as error:
        from sweeps.study.outage import reason

        folder, full = _folder(), reason(error)
        if not (full or isinstance(error, KeyboardInterrupt)):
            raise
        what = f"Nothing more can be written to {folder}: {full}." if full else "Interrupted."
        how = (
            f"The same command with hydra.run.dir={folder} goes on from its last checkpoint."
            if (folder / CHECKPOINT).exists()
            else "It was before the first checkpoint; checkpoint_every=1 saves one every second, say."
        )
        raise SystemExit(f"{what} {how}") from None


@_how_to_resume()
def _train_alone(cfg: DictConfig) -> float:
    from sweeps import curves, job
    from sweeps.keep import Keeper
    from sweeps.screen import epochs_shown, show_result
    from sweeps.train import evaluate, train

    try:
        check(cfg)
        run = build(cfg)
        start = _start(cfg, run, job.left_in(_folder(), run, cfg.device))
    except ValueError as error:
        raise SystemExit(str(error)) from None
    keeper = Keeper(_folder(), cfg.checkpoint_every, cfg.keep_best)
    with epochs_shown(run.epochs) as show:

        def measured(_: int, epoch: Epoch) -> None:
            keeper.measured(epoch)
            show(epoch)

        [result] = train(
            [run],
            cfg.device,
            cfg.precision,
            on_epoch=measured,
            starts=[start],
            on_state=lambda _, state: keeper.keep(state),
        )
    accuracies = evaluate(run, result, cfg.device, cfg.precision)
    job.write(_folder(), result, accuracies)
    title = " ".join(HydraConfig.get().overrides.task)
    curves.write(_folder() / "curves.html", result.losses, result.epochs, title)
    show_result(result, accuracies, _folder())
    return result.score


def _folder() -> Path:
    return Path(HydraConfig.get().runtime.output_dir)


def _start(cfg: DictConfig, run: Run, left: State | None) -> State | None:
    """What the run goes on from: what it left itself before what `resume` names."""
    from sweeps import job

    start = job.resumed(cfg.resume, run, cfg.device) if left is None and cfg.resume is not None else left
    if start is not None:
        log.info("Going on after epoch %d of %d.", start["epochs"], run.epochs)
    return start


def build(cfg: DictConfig) -> Run:
    """The run that a config describes, its data loaded. Raises ValueError for what can't be built."""
    from sweeps import optimizers
    from sweeps.runs import Run
    from sweeps.schedule import Schedule

    feed = _instantiate("data", cfg.data)
    cfg = cast("DictConfig", OmegaConf.merge(cfg, {"steps_per_epoch": feed.training // cfg.batch_size}))
    return Run(
        feed=feed,
        model=_instantiate("model", cfg.model, _partial_=True),
        optimizer=partial(
            optimizers.built, _instantiate("optimizer", cfg.optimizer, _partial_=True), cfg.weight_decay_on
        ),
        schedule=Schedule(_scheduler(cfg), _interval(cfg), OmegaConf.select(cfg, "scheduler.monitor")),
        seed=cfg.seed,
        epochs=cfg.epochs,
        batch_size=cfg.batch_size,
    )


def _interval(cfg: DictConfig) -> str:
    interval: str = OmegaConf.select(cfg, "scheduler.interval", default="epoch")
    return interval


def _scheduler(cfg: DictConfig) -> Callable[[Optimizer], LRScheduler]:
    from sweeps.schedule import WarmUp

    arguments: Any = OmegaConf.to_container(cfg.scheduler, resolve=True)
    kept = {key: value for key, value in arguments.items() if key not in ("interval", "monitor")}
    scheduler = _instantiate("scheduler", kept, _partial_=True)
    steps = round(cfg.warmup.epochs * cfg.steps_per_epoch)
    return (
        partial(WarmUp, then=scheduler, steps=steps, start_factor=cfg.warmup.start_factor)
        if steps
        else scheduler
    )


def _instantiate(key: str, node: Any, **kwargs: Any) -> Any:
    """Build what a `_target_` names, once in a process: a study's runs share their data and most parts."""
    arguments = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    try:
        return _built(pickle.dumps((arguments, kwargs)))
    except InstantiationException as error:
        said, reason = str(error).replace("\n", ", "), _root(error)
        raise ValueError(
            f"{key}: {said} ({reason}); install its package, or add its file's folder to PYTHONPATH"
        ) from error


@cache
def _built(written: bytes) -> Any:
    """What a `_target_` names, whatever it is: the config is the user's own program."""
    node, kwargs = pickle.loads(written)
    with execution_whitelist(UNSAFE_DISABLE_EXECUTION_CHECKS, reset=True):
        return instantiate(node, _convert_="all", **kwargs)


def _root(error: BaseException) -> BaseException:
    return error if error.__cause__ is None else _root(error.__cause__)


def check(cfg: DictConfig) -> None:
    """Raise ValueError, with key, value and fix, for a config that can't train; nothing is trained."""
    from sweeps import device, job

    _whole(cfg, "epochs", at_least=1)
    _whole(cfg, "batch_size", at_least=1)
    _whole(cfg, "seed", at_least=0)
    _positive(cfg, "optimizer.lr")
    _warmup(cfg)
    _seconds(cfg, "checkpoint_every")
    _writable(cfg.outputs)
    with device.computing(device.resolve(cfg.device), cfg.precision):
        run = build(cfg)
        if run.batch_size > run.feed.training:
            raise ValueError(
                f"batch_size={run.batch_size} is larger than the training split of "
                f"{run.feed.training} images; write batch_size={run.feed.training} or less"
            )
        _build_parts(cfg, run)
        if cfg.resume is not None:
            job.resumed(cfg.resume, run, cfg.device)


def _build_parts(cfg: DictConfig, run: Run) -> None:
    """Let the model, the optimizer and the scheduler refuse their arguments, on tensors without memory."""
    import torch

    from sweeps.runs import Epoch

    group = "model"
    try:
        with torch.device("meta"):
            model = run.model(run.feed.shape, run.feed.classes)
            group = "optimizer"
            optimizer = run.optimizer(model)
            group = "scheduler"
            run.schedule.build(optimizer)
    except (TypeError, ValueError, RuntimeError) as error:
        arguments = ", ".join(f"{key}={value}" for key, value in cfg[group].items() if key != "_target_")
        raise ValueError(f"{group}: {cfg[group]._target_} refuses {arguments}: {error}") from error
    if (monitor := run.schedule.monitor) not in (None, *Epoch.__dataclass_fields__):
        metrics = ", ".join(name for name in Epoch.__dataclass_fields__ if name != "number")
        raise ValueError(f"scheduler.monitor={monitor} is not measured; write null or one of {metrics}")


def _whole(cfg: DictConfig, key: str, at_least: int) -> None:
    value = OmegaConf.select(cfg, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise ValueError(f"{key}={value} must be a whole number of at least {at_least}")


def _positive(cfg: DictConfig, key: str) -> None:
    value = OmegaConf.select(cfg, key)
    if value is not None and not (isinstance(value, int | float) and value > 0):
        raise ValueError(f"{key}={value} must be greater than 0; write {key}=0.01, say")


def _warmup(cfg: DictConfig) -> None:
    epochs, factor = cfg.warmup.epochs, cfg.warmup.start_factor
    if isinstance(epochs, bool) or not (isinstance(epochs, int | float) and 0 <= epochs < cfg.epochs):
        raise ValueError(
            f"warmup.epochs={epochs} must be a number of at least 0 and less than epochs={cfg.epochs}"
        )
    if not (isinstance(factor, int | float) and 0 < factor <= 1):
        raise ValueError(
            f"warmup.start_factor={factor} must be greater than 0 and at most 1; write 0.01, say"
        )


def _seconds(cfg: DictConfig, key: str) -> None:
    value = OmegaConf.select(cfg, key)
    if isinstance(value, bool) or not (isinstance(value, int | float) and value >= 0):
        raise ValueError(f"{key}={value} must be a number of seconds; 0 is after every epoch")


def _writable(outputs: str) -> None:
    try:
        Path(outputs).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=outputs).close()
    except OSError as error:
        reason = error.strerror
        raise ValueError(
            f"outputs={outputs} can't be written ({reason}); write outputs=<another folder>"
        ) from error


class WritableOutputs(Callback):
    """Says that `outputs` can't be written before Hydra trips over it. Set in conf/config.yaml."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002 -- Hydra's signature
        """Leave with the message, which Hydra would turn into a warning were it an Exception."""
        try:
            _writable(config.outputs)
        except ValueError as error:
            raise SystemExit(str(error)) from None

    on_multirun_start = on_run_start


def _workers(device: str) -> int:
    from sweeps.device import workers

    try:
        return workers(device)
    except ValueError:  # check() refuses the device with a message that no interpolation error surrounds
        return 1


OmegaConf.register_resolver("sweeps.workers", _workers, replace=True)
OmegaConf.register_resolver(
    "sweeps.shared_gpus", lambda device: None if ":" in device else "auto", replace=True
)


def _ticks(share: Any, *, _root_: DictConfig) -> int:
    """How often the scheduler steps in the first share of what a run has left after its warm-up."""
    warmup = _root_.warmup.epochs
    if _interval(_root_) == "epoch":
        ticks: float = share * (_root_.epochs - int(warmup))
    else:
        ticks = share * (_root_.epochs - warmup) * _root_.steps_per_epoch
    return max(1, round(ticks))


OmegaConf.register_resolver("sweeps.ticks", _ticks, replace=True)
OmegaConf.register_resolver("sweeps.add", lambda *terms: sum(terms), replace=True)

if __name__ == "__main__":
    # Worker processes import the task function by this module's name, which __main__ is not.
    from sweeps.run import main as entry

    entry()
