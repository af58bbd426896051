"""Columns that can tell nothing about rows and tasks to come: constants, row numbers and names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from skmeta.report._columns import Column
from skmeta.report._row_names import is_row_name


def useless_columns(columns: Mapping[str, Column], codes: NDArray[np.intp]) -> dict[str, list[str]]:
    """Return reason to the names of columns that can tell nothing about rows and tasks to come.

    Parameters
    ----------
    columns : mapping of str to Column
        The columns.
    codes : ndarray of shape (n_rows,)
        The task of each row.

    Returns
    -------
    dict of str to list of str
        The beginning of a note, and whom it concerns.
    """
    constant = [name for name, column in columns.items() if column.values.nunique(dropna=False) < 2]
    called = {name: is_row_name(name) or (name == "X" and "Y" not in columns) for name in columns}  # X is R's Unnamed
    names_only = [n for n, each in columns.items() if n not in constant and is_identifier(each, codes, called[n])]
    return {
        "Left out, as they never change: ": constant,
        "Left out, as they only name rows or tasks: ": [name for name in names_only if not columns[name].most],
        "Left out, as they hold neither numbers nor a few categories: ": [
            name for name in names_only if columns[name].most
        ],
    }


def is_identifier(column: Column, codes: NDArray[np.intp], called_so: bool) -> bool:
    """Whether a column only names rows or tasks, so that nothing in it can be true of others.

    Text does if most values occur once, or each value in one task and each task has one value. Numbers do if they are all
    different whole numbers (some may be missing), and either count the rows, or the column is called as names of rows are
    (``called_so``).
    """
    values = column.values
    known = values[values.notna()]
    n_unique = known.nunique()
    if column.kind == "category":
        pairs = len(set(zip(known.tolist(), codes[values.notna()].tolist(), strict=True)))
        return n_unique > len(known) / 2 or n_unique == pairs == len(np.unique(codes))
    if column.kind == "date" or n_unique < len(known) or (known % 1 != 0).any():
        return False
    counts_rows = known.max() - known.min() < 2 * len(known)
    return bool(counts_rows or called_so)
