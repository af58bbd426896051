"""From a file, or the embedded data, to a collection, with a word on all that was not plain."""

from __future__ import annotations

import csv
from dataclasses import replace
from difflib import get_close_matches
from lzma import LZMAError
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from sklearn.utils import Bunch

from skmeta import _dataframe
from skmeta.datasets import load_parkinsons
from skmeta.report._collection import Collection
from skmeta.report._columns import Column, decimal_mark, read_column
from skmeta.report._estimators import holds_classes
from skmeta.report._notes import about_alike, about_columns, about_slips, about_styles
from skmeta.report._text_table import read_text_table
from skmeta.report._useless import useless_columns
from skmeta.report._written_numbers import is_gap
from skmeta.tasks import index_tasks, read_task_ids
from skmeta.tasks._words import shown


def read_embedded(order: str | None = None) -> Collection:
    """Return the embedded collection, Parkinson's telemonitoring, which needs no extras.

    Parameters
    ----------
    order : str, default=None
        Name of the column that orders the rows of a patient.

    Returns
    -------
    Collection
        Patients and their clinical scores.
    """
    data: Bunch = load_parkinsons()
    *features, task = data.feature_names
    if order is not None:
        check_column(order, "--order", features)
    return Collection(
        name="Parkinson's telemonitoring (embedded)",
        X=np.column_stack([data.data[:, :-1], index_tasks(data.data[:, -1]).codes]),
        y=data.target,
        task=len(features),
        names=(task, data.target_names[0]),
        numbers=list(range(len(features))),
        categories=[],
        order=None if order is None else features.index(order),
        order_name=order,
    )


def read_file(path: str, *, task: str, target: str, order: str | None = None) -> Collection:
    """Return the collection in a CSV or Parquet file.

    Rows without target, task or order are left out, and so are columns that cannot tell anything about other
    rows: constant ones, row numbers and names of single rows. The notes say which.

    Parameters
    ----------
    path : str
        A file that ends in .csv, .tsv, .txt (also compressed: .csv.gz) or .parquet.
    task, target : str
        Names of the task column and of the target.
    order : str, default=None
        Name of a column of numbers or dates that orders the rows of a task.

    Returns
    -------
    Collection
        The table.

    Raises
    ------
    ImportError
        If pandas is not installed.
    OSError
        If the file cannot be read.
    ValueError
        If it is no table, or has no such columns.
    """
    roles = {"--task": task, "--target": target} | ({} if order is None else {"--order": order})
    frame, delimiter, notes = read_frame(Path(path), tuple(roles.values()))
    for option, name in roles.items():
        check_column(name, option, list(frame.columns))
    if task == target or order in (task, target):
        raise ValueError(f"--task, --target, --order: wanted different columns, found {', '.join(roles.values())}.")
    decimal = decimal_mark([frame[name] for name in frame.columns if name != task], delimiter)
    y, read = read_target(frame[target], decimal)
    known = frame.assign(**{target: y, task: without_blanks(frame[task])}).notna()[list(roles.values())].all(axis=1)
    if not known.any():
        raise ValueError(f"{path}: wanted rows with a value in each of {', '.join(roles.values())}, found none.")
    left_out = int((~known).sum())
    notes += [about_slips(target, read.slips, "their rows are left out")] if read.slips else []
    notes += [f"{left_out} rows without {' or '.join(roles.values())} were left out."] if left_out else []
    notes += about_alike(task, frame[task][known].unique(), "tasks") + about_alike(target, y[known].unique(), "classes")
    notes += about_styles({target: read})
    return replace(_collect(path, frame[known], y[known], roles, decimal, notes), unit=read.unit)


def without_blanks(ids: Any) -> Any:
    """Return ids as they are written; a cell of blanks holds none."""
    return ids.where(ids.astype(str).str.strip() != "") if _dataframe.is_text(ids) else ids


def read_target(series: Any, decimal: str) -> tuple[Any, Column]:
    """Return a target as numbers if nearly all of its cells are, else as it is written; and what the column holds.

    Cells such as NA hold no label, but None is one.
    """
    column = read_column(series, decimal)
    if column.kind == "number":
        whole = column.values.notna().all() and (column.values % 1 == 0).all()
        return column.values.astype("int64") if whole else column.values, column
    if column.most and not holds_classes(column.most.values.dropna().to_numpy()):
        raise ValueError(
            f"{series.name}: wanted numbers or labels, found {column.most.kind}s and {len(column.words)} of "
            f"{series.notna().sum()} cells that are none, such as {shown(column.words[0])}; empty those that hold no value."
        )
    return series.where(~series.map(_is_no_label).astype(bool)), column


def _is_no_label(cell: Any) -> bool:
    """Whether a cell says that there is no label; None and missing may be some."""
    return is_gap(cell) and cell.strip().lower() not in ("none", "missing")


def _collect(path: str, frame: Any, y: Any, roles: dict[str, str], decimal: str, notes: list[str]) -> Collection:
    task, target, order = roles["--task"], roles["--target"], roles.get("--order")
    codes = index_tasks(read_task_ids(frame, task)).codes
    nested = [name for name in frame.columns if name not in roles.values() and not _dataframe.is_flat(frame[name])]
    given = frame.drop(columns=[task, target, *nested])
    columns = {name: read_column(given[name], decimal) for name in given.columns}
    if order is not None and columns[order].kind == "category":
        found = (*columns[order].words, given[order].tolist()[0])[0]
        raise ValueError(f"--order: wanted numbers or dates in {order}, found {shown(found)}.")
    notes += [f"Left out, as their cells hold several values: {', '.join(nested)}."] if nested else []
    useless = useless_columns({name: column for name, column in columns.items() if name != order}, codes)
    left_out = {name for names in useless.values() for name in names}
    used = {name: column for name, column in columns.items() if name not in left_out}
    values = {name: column.values for name, column in used.items()}
    written = {name: column.written for name, column in used.items()}
    return Collection(
        name=path,
        X=given[[]].assign(**values, **{task: codes}).reset_index(drop=True),
        y=y.to_numpy(),
        task=task,
        names=(task, target),
        numbers=[name for name, column in used.items() if column.kind != "category"],
        categories=[name for name, column in used.items() if column.kind == "category"],
        order=order,
        order_name=order,
        notes=(*notes, *about_columns(columns, useless)),
        written=given.assign(**written, **{task: codes}).reset_index(drop=True),
        read={name: column for name, column in used.items() if column.reader is not None},
    )


def read_frame(path: Path, wanted: tuple[str, ...]) -> tuple[Any, str, list[str]]:
    """Return a CSV or Parquet file as a frame, whose header has the wanted names; what divides its cells; and notes."""
    kinds = set(map(str.lower, path.suffixes))
    if not kinds & {".csv", ".tsv", ".txt", ".parquet", ".pq"}:
        raise ValueError(
            f"{path}: wanted a CSV (.csv, .tsv, .txt) or Parquet (.parquet) file, found {path.suffix or 'no ending'}."
        )
    if not path.exists():
        raise FileNotFoundError(f"{path}: wanted a file, found none of that name.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: wanted a table, found an empty file.")
    try:
        if kinds & {".parquet", ".pq"}:
            return _dataframe.read_parquet(path, needed_by=str(path)), "", []
        return read_text_table(path, wanted, needed_by=str(path))
    except ImportError as error:
        raise ImportError(f"{path}: wanted pandas and pyarrow to read it; pip install 'skmeta[frames]'.") from error
    except (ValueError, csv.Error, EOFError, BadZipFile, LZMAError) as error:
        raise ValueError(f"{path}: wanted a table, found what cannot be read as one: {error}") from error


def check_column(name: str, option: str, columns: list[str]) -> None:
    """Raise unless `name`, given as `option`, is one of the columns; names that are close are shown."""
    if name in columns:
        return
    close = get_close_matches(name, columns)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(columns[:20])}."
    raise ValueError(f"{option}: wanted the name of a column, found {name}. {hint}")
