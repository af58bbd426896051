"""From a file, or the embedded data, to a collection: features, target, and which task a row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skmeta import _dataframe
from skmeta.datasets import load_parkinsons
from skmeta.report._columns import is_constant, is_identifier, read_column
from skmeta.tasks import index_tasks, read_task_ids
from skmeta.tasks._words import shown


@dataclass(frozen=True, eq=False)
class Collection:
    """A table of tasks, ready for models.

    Parameters
    ----------
    name : str
        What the table is called.
    X : frame or ndarray of shape (n_rows, n_features + 1)
        The features, then the task column, whose ids are replaced by 0, 1, ...
    y : ndarray of shape (n_rows,)
        The target.
    task : str or int
        The task column of `X`.
    names : tuple of str
        Names of task column and target.
    numbers, categories : list of str or int
        The features of `X`, by kind.
    order : str or int, default=None
        The column of `X` that says which rows of a task come first.
    order_name : str, default=None
        Its name.
    notes : tuple of str
        What a reader should know of how the table was read.
    """

    name: str
    X: Any
    y: NDArray[Any]
    task: str | int
    names: tuple[str, str]
    numbers: list[Any]
    categories: list[Any]
    order: str | int | None = None
    order_name: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task."""
        return index_tasks(read_task_ids(self.X, self.task)).counts


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
    frame = read_frame(Path(path))
    roles = {"--task": task, "--target": target} | ({} if order is None else {"--order": order})
    for option, name in roles.items():
        check_column(name, option, list(frame.columns))
    if task == target or order in (task, target):
        raise ValueError(f"--task, --target, --order: wanted different columns, found {', '.join(roles.values())}.")
    complete = frame.dropna(subset=list(roles.values()))
    if complete.empty:
        raise ValueError(f"{path}: wanted rows with a value in each of {', '.join(roles.values())}, found none.")
    codes = index_tasks(read_task_ids(complete, task)).codes
    dropped = len(frame) - len(complete)
    notes = [f"{dropped} rows without {' or '.join(roles.values())} were left out."] if dropped else []
    return _collect(path, complete, codes, roles, notes)


def _collect(path: str, frame: Any, codes: NDArray[np.intp], roles: dict[str, str], notes: list[str]) -> Collection:
    task, target, order = roles["--task"], roles["--target"], roles.get("--order")
    given = frame.drop(columns=[task, target])
    columns = {name: read_column(given[name]) for name in given.columns}
    if order is not None and columns[order][0] == "category":
        raise ValueError(f"--order: wanted numbers or dates in {order}, found {shown(given[order].tolist()[0])}.")
    useless = _useless_columns({name: column for name, column in columns.items() if name != order}, codes)
    left_out = {name for names in useless.values() for name in names}
    kinds = {name: kind for name, (kind, _) in columns.items() if name not in left_out}
    dates = {"Dates, counted in days since 1970-01-01: ": [n for n, kind in kinds.items() if kind == "date"]}
    notes_of_columns = [f"{what}{', '.join(names)}." for what, names in (useless | dates).items() if names]
    values = {name: columns[name][1] for name in kinds}
    return Collection(
        name=path,
        X=given[[]].assign(**values, **{task: codes}).reset_index(drop=True),
        y=frame[target].to_numpy(),
        task=task,
        names=(task, target),
        numbers=[name for name, kind in kinds.items() if kind != "category"],
        categories=[name for name, kind in kinds.items() if kind == "category"],
        order=order,
        order_name=order,
        notes=(*notes, *notes_of_columns),
    )


def _useless_columns(columns: dict[str, tuple[str, Any]], codes: NDArray[np.intp]) -> dict[str, list[str]]:
    """Return reason to the names of columns that can tell nothing about rows and tasks to come."""
    constant = [name for name, (_, values) in columns.items() if is_constant(values)]
    names_only = [n for n, column in columns.items() if n not in constant and is_identifier(*column, codes)]
    return {
        "Left out, as they never change: ": constant,
        "Left out, as they only name rows or tasks: ": names_only,
    }


def read_frame(path: Path) -> Any:
    """Return a CSV or Parquet file as a pandas frame."""
    kinds = set(map(str.lower, path.suffixes))
    if not kinds & {".csv", ".tsv", ".txt", ".parquet", ".pq"}:
        raise ValueError(
            f"{path}: wanted a CSV (.csv, .tsv, .txt) or Parquet (.parquet) file, found {path.suffix or 'no ending'}."
        )
    if not path.exists():
        raise FileNotFoundError(f"{path}: wanted a file, found none of that name.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: wanted a table, found an empty file.")
    read = _dataframe.read_parquet if kinds & {".parquet", ".pq"} else _dataframe.read_csv
    try:
        return read(path, needed_by=str(path))
    except ImportError as error:
        raise ImportError(f"{path}: wanted pandas and pyarrow to read it; pip install 'skmeta[frames]'.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: wanted text in UTF-8, found {error}.") from error
    except ValueError as error:
        raise ValueError(f"{path}: wanted a table, found what cannot be read as one: {error}") from error


def check_column(name: str, option: str, columns: list[str]) -> None:
    """Raise unless `name`, given as `option`, is one of the columns; names that are close are shown."""
    if name in columns:
        return
    close = get_close_matches(name, columns)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(columns[:20])}."
    raise ValueError(f"{option}: wanted the name of a column, found {name}. {hint}")
