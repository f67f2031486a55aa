"""A table of a user's own, from a .csv or .parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy
import torch
from torch import Tensor

from sweeps.data.arrays import to_targets
from sweeps.data.feed import Feed
from sweeps.data.files import file_at, require
from sweeps.data.prepare import Options, add_label_noise, check_options, count_held_out, hold_out
from sweeps.seeds import seed_for

if TYPE_CHECKING:
    from pandas import DataFrame

# A column of text with more values than this and more than half as many as rows is taken for a name.
MANY_CATEGORIES = 50


def table(
    file: str,
    target: str,
    drop: Sequence[str] = (),
    task: str | None = None,
    test: float | None = None,
    **options: Unpack[Options],
) -> Feed:
    """Read a table: numbers are scaled, categories encoded one-hot, missing values filled.

    target: the column to predict; drop: columns left out; task: as in `to_targets`.
    Every seed holds out the same rows, so that what is fitted is fitted on training rows alone.
    Raises ValueError for what can't be read or trained on.
    """
    check_options(options)
    frame = _read_frame(file, target, drop)
    column = frame.pop(target)
    targets, classes = _encode_target(column, target, task)
    development, test_rows = _split_test(targets, test, options)
    training, validation = _split_validation(targets, development, options)
    features = _fit_and_transform(frame, training, options.get("normalize", True))
    rows = torch.cat([training, validation])
    outputs = targets.shape[1] if targets.is_floating_point() else int(targets.max()) + 1
    return Feed(
        images=features[rows],
        targets=add_label_noise(targets[rows], options.get("label_noise", 0.0), outputs),
        test_images=features[test_rows],
        test_targets=targets[test_rows],
        validation=len(validation),
        outputs=outputs,
        stratify=options.get("stratify", True),
        validation_rows=torch.arange(len(training), len(rows)),
        classes=classes,
    )


def _read_frame(file: str, target: str, drop: Sequence[str]) -> DataFrame:
    path = file_at("data.file", file, (".csv", ".parquet"))
    require("pandas", f"data.file={file}")
    if path.suffix == ".parquet":
        require("pyarrow", f"data.file={file}")
    import pandas

    try:
        frame = pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    except (OSError, ValueError) as error:  # pandas' and pyarrow's own errors are ValueErrors
        raise ValueError(f"data.file={file} can't be read as a table ({error}); replace it") from error
    columns = ", ".join(map(str, frame.columns))
    for key, names in (("data.target", [target]), ("data.drop", drop)):
        for name in names:
            if name not in frame.columns:
                raise ValueError(f"{key}={name} is not a column of {file}; it has {columns}")
    if target in drop or len(frame.columns) - len(set(drop)) < 2:
        raise ValueError(f"data.drop={list(drop)} leaves no column to predict {target} from; drop fewer")
    return frame.drop(columns=list(drop))


def _encode_target(column: Any, name: str, task: str | None) -> tuple[Tensor, tuple[str, ...]]:
    """Return the targets, and the names of the classes that they number."""
    from pandas.api.types import is_numeric_dtype

    missing = int(column.isna().sum())
    if missing:
        raise ValueError(
            f"data.target={name} is missing in {missing} of {len(column)} rows; remove those rows"
        )
    if not len(column):
        raise ValueError(f"data.target={name}: the table has no rows")
    is_number = is_numeric_dtype(column) and column.dtype != bool
    if task == "regression" or (task is None and is_number and column.dtype.kind == "f"):
        if not is_number:
            raise ValueError(f"data.task=regression: {name} is no column of numbers; write data.task=null")
        return to_targets(column.to_numpy(), "regression"), ()
    classes, labels = numpy.unique(
        column.to_numpy().astype(str if not is_number else None), return_inverse=True
    )
    if len(classes) > len(column) // 2:
        raise ValueError(
            f"data.target={name} has {len(classes)} classes in {len(column)} rows; "
            "write data.task=regression, or name another column"
        )
    return to_targets(labels, "classification" if task is None else task), tuple(map(str, classes))


def _split_test(targets: Tensor, test: float | None, options: Options) -> tuple[Tensor, Tensor]:
    size = count_held_out(0.2 if test is None else test, len(targets), "test")
    development, test_rows = hold_out(targets, size, 0, options)
    if (subset := options.get("subset")) is not None:
        if not 1 < subset <= len(development):
            raise ValueError(
                f"data.subset={subset} must be between 2 and the {len(development)} development rows"
            )
        _, subset_rows = hold_out(targets[development], subset, seed_for(0, "subset"), options)
        development = development[subset_rows]
    return development, test_rows


def _split_validation(targets: Tensor, rows: Tensor, options: Options) -> tuple[Tensor, Tensor]:
    share = options.get("validation")
    size = count_held_out(0.2 if share is None else share, len(rows))
    training, validation = hold_out(targets[rows], size, seed_for(0, "split"), options)
    return rows[training], rows[validation]


def _fit_and_transform(frame: DataFrame, training: Tensor, normalize: bool) -> Tensor:
    """Return all rows as numbers, (rows, columns), by what the training rows alone teach."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, categories = _sort_columns(frame)
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    frequent = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    transformer = ColumnTransformer(
        [
            ("numbers", make_pipeline(fill, StandardScaler()) if normalize else fill, numbers),
            ("categories", make_pipeline(frequent, encode), categories),
        ]
    )
    values = frame.copy()
    values[numbers] = values[numbers].astype(float)
    values[categories] = values[categories].astype(object).where(values[categories].notna(), numpy.nan)
    values[categories] = values[categories].map(lambda value: value if value != value else str(value))
    try:
        transformer.fit(values.iloc[training.numpy()])
        features = transformer.transform(values)
    except ValueError as error:
        raise ValueError(
            f"data: the table can't be encoded ({error}); mend it or data.drop=[column]"
        ) from error
    return torch.from_numpy(numpy.asarray(features, dtype=numpy.float32))


def _sort_columns(frame: DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns of numbers and those of categories. Raises ValueError for others."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    numbers, categories = [], []
    for name, column in frame.items():
        if is_datetime64_any_dtype(column):
            raise ValueError(f"data: column {name} is a date; turn it into numbers, or data.drop=[{name}]")
        if is_numeric_dtype(column):
            numbers.append(name)
            continue
        count = column.nunique()
        if count > MANY_CATEGORIES and 2 * count > len(column):
            raise ValueError(
                f"data: column {name} has {count} categories in {len(column)} rows; write data.drop=[{name}]"
            )
        categories.append(name)
    return numbers, categories
