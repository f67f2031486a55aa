"""Tables of a user's own: what is scaled, filled, encoded and refused."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch

from sweeps import data
from sweeps.data.checks import check_feed


def write_frame(path: Path, rows: int = 100) -> pandas.DataFrame:
    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "width": random.normal(5, 3, rows),
            "colour": random.choice(["red", "green", "blue"], rows),
            "kind": random.choice(["cat", "dog"], rows),
        }
    )
    frame.loc[::7, "width"] = numpy.nan
    frame.loc[::9, "colour"] = None
    frame.to_csv(path, index=False)
    return frame


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_is_scaled_filled_and_encoded(name: str, tmp_path: Path) -> None:
    frame = write_frame(tmp_path / "t.csv")
    frame.to_parquet(tmp_path / "t.parquet")
    feed = check_feed(data.table(str(tmp_path / name), "kind"))
    assert (feed.training, feed.validation, len(feed.test_targets), feed.outputs) == (64, 16, 20, 2)
    assert (feed.shape, feed.classes) == ((4,), ("cat", "dog"))
    training, _ = feed.split(0)
    assert feed.images[training, 0].mean().item() == pytest.approx(0, abs=1e-6)
    assert feed.images[training, 0].std(correction=0).item() == pytest.approx(1, abs=1e-6)
    assert feed.images[:, 1:].sum(1).eq(1).all()


def test_a_column_of_flags_beside_whole_numbers_is_one_of_numbers(tmp_path: Path) -> None:
    count, flag = numpy.arange(40) % 7, numpy.arange(40) % 3 == 0
    pandas.DataFrame({"count": count, "flag": flag, "kind": flag}).to_parquet(tmp_path / "t.parquet")
    feed = check_feed(data.table(str(tmp_path / "t.parquet"), "kind", normalize=False))
    assert (feed.shape, feed.images.dtype) == ((2,), torch.float32)
    assert torch.equal(feed.images[:, 1].long(), feed.targets)
    assert set(feed.images[:, 0].tolist()) == set(range(7))


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_in_a_table_is_fitted_on_validation_or_test_rows(seed: int, tmp_path: Path) -> None:
    """The rows that no run trains on become wild: what the training rows are must stay."""
    rows = 100
    frame = pandas.DataFrame({"row": numpy.arange(rows) * 1.0, "x": numpy.arange(rows) % 13 * 1.0})
    frame["x"] = frame["x"].where(numpy.arange(rows) % 5 > 0)
    frame["y"] = numpy.arange(rows) % 2
    frame.to_csv(tmp_path / "t.csv", index=False)
    before = data.table(str(tmp_path / "t.csv"), "y", normalize=False)
    training, _ = before.split(seed)
    trained = before.images[training, 0].long().numpy()
    wild = frame.copy()
    wild.loc[~wild["row"].isin(trained), "x"] = 1e6
    wild.to_csv(tmp_path / "wild.csv", index=False)
    feeds = [data.table(str(tmp_path / name), "y") for name in ("t.csv", "wild.csv")]
    assert torch.equal(feeds[0].images[training], feeds[1].images[training])
    assert not torch.equal(feeds[0].test_images, feeds[1].test_images)


def test_a_table_of_floats_is_a_regression(tmp_path: Path) -> None:
    write_frame(tmp_path / "t.csv").dropna().to_csv(tmp_path / "t.csv", index=False)
    feed = check_feed(data.table(str(tmp_path / "t.csv"), "width", drop=["kind"]))
    assert (feed.is_regression, feed.outputs, feed.shape) == (True, 1, (3,))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "knd"}, r"data\.target=knd is not a column of .*; it has width, colour, kind"),
        ({"target": "width"}, r"data\.target=width is missing in 15 of 100 rows"),
        ({"target": None}, r"data\.target=None is not a column of .*; it has width, colour, kind"),
        ({"target": "kind", "drop": ["size"]}, r"data\.drop=size is not a column"),
        ({"target": "kind", "task": "ranking"}, r"data\.task=ranking"),
        ({"target": "kind", "task": "regression"}, r"data\.task=regression: kind is no column of numbers"),
        ({"target": "kind", "subset": 1000}, r"data\.subset=1000 must be between 2 and the 80"),
        ({"target": "kind", "test": 2000}, r"data\.test=2000 must leave"),
    ],
)
def test_a_table_that_can_not_be_read_as_asked_is_refused(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    write_frame(tmp_path / "t.csv")
    with pytest.raises(ValueError, match=message):
        data.table(str(tmp_path / "t.csv"), **arguments)
