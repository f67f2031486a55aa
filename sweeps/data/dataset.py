"""A map-style dataset of torch's, a user's own or torchvision's, transforms and all."""

from typing import Any, Unpack

import numpy
import torch
from torch import Tensor

from sweeps.data.arrays import to_targets
from sweeps.data.feed import Feed
from sweeps.data.prepare import (
    Options,
    add_label_noise,
    check_options,
    count_held_out,
    count_outputs,
    hold_out,
    take_rows_of_subset,
)
from sweeps.data.samples import Samples, random_numbers, to_image

# Where datasets keep their targets, by which they need not be loaded.
TARGETS = ("targets", "labels")


def dataset(
    train: Any,
    test: Any = None,
    evaluation: Any = None,
    task: str | None = None,
    workers: int = 0,
    **options: Unpack[Options],
) -> Feed:
    """Take a torch.utils.data.Dataset, whose samples are (image, target), as it loads and transforms them.

    test: another dataset, or what is held out for the test: a number or a share; None: 0.2.
    evaluation: the same samples as `train`, transformed as they are evaluated; None: as they are trained on.
    task: as in `to_targets`; workers: processes that load ahead.
    Raises ValueError for what is no such dataset.
    """
    check_options(options)
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        raise ValueError(
            f"data.workers={workers} must be a whole number of at least 0; 0 loads in this process"
        )
    samples, targets = _open("train", train, evaluation, task, workers)
    if _is_dataset(test):
        test_samples, test_targets = _open("test", test, None, task, workers)
    else:
        size = count_held_out(0.2 if test is None else test, len(targets), "test")
        development, rows = hold_out(targets, size, 0, options)
        test_samples, test_targets = samples.select(rows), targets[rows]
        samples, targets = samples.select(development), targets[development]
    rows = take_rows_of_subset(targets, options)
    samples, targets = samples.select(rows), targets[rows]
    share, outputs = options.get("validation"), max(map(count_outputs, (targets, test_targets)))
    images: Any = samples
    test_images: Any = test_samples
    return Feed(
        images,
        add_label_noise(targets, options.get("label_noise", 0.0), outputs),
        test_images,
        test_targets,
        count_held_out(0.2 if share is None else share, len(targets)),
        outputs,
        stratify=options.get("stratify", True),
        classes=_read_classes(train, outputs),
    )


def _open(key: str, train: Any, evaluation: Any, task: str | None, workers: int) -> tuple[Samples, Tensor]:
    """Return the samples of a dataset and all their targets."""
    for name, part in ((key, train), ("evaluation", train if evaluation is None else evaluation)):
        if not _is_dataset(part):
            raise ValueError(
                f"data.{name} is a {type(part).__name__}, but must be a dataset with a length and samples by "
                f"number; write data.{name}._target_=<module>.<class>, with its arguments below it"
            )
        if len(part) != len(train) or not len(part):
            raise ValueError(
                f"data.{name} holds {len(part)} samples; give it as many as data.train, at least one"
            )
    with random_numbers(0):  # transforms may draw
        sample = _first_sample(key, train)
        targets = to_targets(_read_targets(train, sample[1]), task)
    samples = Samples(
        train,
        train if evaluation is None else evaluation,
        torch.arange(len(targets)),
        to_image(sample[0]).shape,
        workers,
    )
    return samples, targets


def _is_dataset(value: Any) -> bool:
    is_indexed = hasattr(value, "__getitem__") and hasattr(value, "__len__")
    return is_indexed and not isinstance(value, str | dict | list)


def _first_sample(key: str, dataset: Any) -> Any:
    sample = dataset[0]
    if not isinstance(sample, tuple | list) or len(sample) < 2:
        raise ValueError(
            f"data.{key}: its sample is a {type(sample).__name__}, but must be (image, target); "
            "return the two from __getitem__"
        )
    try:
        to_image(sample[0])
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"data.{key}: its image is a {type(sample[0]).__name__}, which is no tensor ({error}); "
            "give it a transform that returns one"
        ) from error
    return sample


def _read_classes(dataset: Any, count: int) -> tuple[str, ...]:
    """Return the names of the classes that torchvision's datasets keep, if they are so many."""
    classes = getattr(dataset, "classes", None)
    if not isinstance(classes, list | tuple) or len(classes) != count:
        return ()
    return tuple(map(str, classes))


def _read_targets(dataset: Any, first: Any) -> Any:
    """Return all targets: those that the dataset keeps, if its samples' are the same, else the samples'."""
    lists = [getattr(dataset, name, None) for name in TARGETS]
    if tensors := getattr(dataset, "tensors", None):
        lists.append(tensors[-1])
    for values in lists:
        if values is not None and len(values) == len(dataset) and numpy.array_equal(values[0], first):
            return numpy.asarray(values)
    return numpy.asarray([numpy.asarray(dataset[number][1]) for number in range(len(dataset))])
