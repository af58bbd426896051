"""From a file, or the embedded data, to a collection, with a word on all that was not plain."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
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
from skmeta.report._roles import Roles, check_column, places_of
from skmeta.report._text_table import read_text_table
from skmeta.report._useless import useless_columns
from skmeta.report._written_numbers import is_gap
from skmeta.tasks import index_rows, index_tasks
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
        places=data.data[:, -1],
        names=(task, data.target_names[0]),
        numbers=list(range(len(features))),
        categories=[],
        order=None if order is None else features.index(order),
        order_name=order,
    )


def read_file(
    path: str,
    *,
    task: str | Sequence[str],
    target: str,
    order: str | None = None,
    context: Sequence[str] = (),
    drift: bool = False,
) -> Collection:
    """Return the collection in a CSV or Parquet file.

    Rows without target, task or order are left out, and so are columns that cannot tell anything about other
    rows: constant ones, row numbers and names of single rows. The notes say which.

    Parameters
    ----------
    path : str
        A file that ends in .csv, .tsv, .txt (also compressed: .csv.gz) or .parquet.
    task : str or sequence of str
        Name of the task column, or those of nested tasks, outermost first.
    target : str
        Name of the target.
    order : str, default=None
        Name of a column of numbers or dates that orders the rows of a task.
    context : sequence of str, default=()
        Names of columns that describe tasks, and are no features of their rows.
    drift : bool, default=False
        Whether tasks drift along the ids of their own column, which are dates or numbers.

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
    roles = Roles((task,) if isinstance(task, str) else tuple(task), target, order, tuple(context), drift)
    return _of_frame(path, *read_frame(Path(path), roles.names), roles)


def read_table(
    frame: Any,
    *,
    task: str | Sequence[str],
    target: str,
    order: str | None = None,
    context: Sequence[str] = (),
    drift: bool = False,
    name: str = "table",
) -> Collection:
    """Return the collection in a pandas frame, read as a file would be.

    Parameters
    ----------
    frame : DataFrame
        One row per observation of a task.
    task, target, order, context, drift : object
        As for `read_file`.
    name : str, default="table"
        What the table is called.

    Returns
    -------
    Collection
        The table.

    Raises
    ------
    TypeError
        If it is no frame.
    ValueError
        If it has no such columns.

    Examples
    --------
    >>> from skmeta import report
    >>> from skmeta.datasets import load_parkinsons
    >>> table = report.read_table(load_parkinsons(as_frame=True).frame, task="patient", target="total_UPDRS")
    >>> len(table.counts), len(table.y)
    (42, 988)
    """
    if not _dataframe.is_frame(frame):
        raise TypeError(
            f"frame: wanted a table with names of columns, found {type(frame).__name__}; make a pandas.DataFrame of it, or "
            "read a file by report.read_file(path, task=..., target=...)."
        )
    roles = Roles((task,) if isinstance(task, str) else tuple(task), target, order, tuple(context), drift)
    return _of_frame(name, frame.reset_index(drop=True), "", [], roles)


def _of_frame(path: str, frame: Any, delimiter: str, notes: list[str], roles: Roles) -> Collection:
    """Return the rows of a frame that have what is needed, and a word on those that are left out."""
    target = roles.target
    roles.check(list(frame.columns))
    decimal = decimal_mark([frame[name] for name in frame.columns if name not in roles.task], delimiter)
    y, read = read_target(frame[target], decimal)
    ids = {name: without_blanks(frame[name]) for name in roles.task}
    known = frame.assign(**ids, **{target: y}).notna()[list(roles.needed)].all(axis=1)
    if not known.any():
        raise ValueError(f"{path}: wanted rows with a value in each of {', '.join(roles.needed)}, found none.")
    left_out = int((~known).sum())
    notes += [about_slips(target, read.slips, "their rows are left out")] if read.slips else []
    notes += [f"{left_out} rows without {' or '.join(roles.needed)} were left out."] if left_out else []
    notes += [note for name in roles.task for note in about_alike(name, frame[name][known].unique(), "tasks")]
    notes += about_alike(target, y[known].unique(), "classes") + about_styles({target: read})
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


def _collect(path: str, frame: Any, y: Any, roles: Roles, decimal: str, notes: list[str]) -> Collection:
    order, codes = roles.order, index_rows(frame[list(roles.task)], list(roles.task)).codes
    unused = [name for name in frame.columns if name not in roles.names and not _dataframe.is_flat(frame[name])]
    given = frame.drop(columns=[*roles.task, roles.target, *roles.context, *unused])
    columns = {name: read_column(given[name], decimal) for name in given.columns}
    if order is not None and columns[order].kind == "category":
        found = (*columns[order].words, given[order].tolist()[0])[0]
        raise ValueError(f"--order: wanted numbers or dates in {order}, found {shown(found)}.")
    notes += [f"Left out, as their cells hold several values: {', '.join(unused)}."] if unused else []
    useless = useless_columns({name: column for name, column in columns.items() if name != order}, codes)
    left_out = {name for names in useless.values() for name in names}
    used = {name: column for name, column in columns.items() if name not in left_out}
    of_tasks = roles.of_tasks(frame, codes, decimal)
    return Collection(
        name=path,
        X=given[[]].assign(**{name: column.values for name, column in used.items()}, **of_tasks).reset_index(drop=True),
        y=y.to_numpy(),
        task=roles.column,
        names=(roles.task[-1], roles.target),
        numbers=[name for name, column in used.items() if column.kind != "category"],
        categories=[name for name, column in used.items() if column.kind == "category"],
        order=order,
        order_name=order,
        notes=(*notes, *about_columns(columns, useless)),
        written=given.assign(**{name: own.written for name, own in used.items()}, **of_tasks).reset_index(drop=True),
        read={name: column for name, column in used.items() if column.reader is not None},
        context=list(roles.context),
        places=places_of(frame[roles.task[-1]], decimal),
        drift=roles.drift,
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
