"""Which names of a header the cells of rows belong to, where these are longer than it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skmeta import _dataframe
from skmeta.report._row_lengths import RowLengths
from skmeta.report._row_names import UNNAMED, is_row_name


def named_cells(frame: Any, names: list[str], lengths: RowLengths, wanted: Sequence[str]) -> tuple[Any, list[str]]:
    """Return a frame of the cells of rows with its columns named, and a note where they could have had other names.

    Where all rows are one cell longer than the header, either all end with a delimiter, or all begin with the name of a row,
    as R writes them; the last column may be empty then too. Names of rows are all different. Ids of tasks tell the rest:
    they stand in several rows each, and are rather text than whole numbers, and these rather than fractions. If they do not,
    first cells that count the rows without being called so are names. Before whole numbers as ids, names are numbers too.

    Parameters
    ----------
    frame : DataFrame
        Cells of text, as many as the longest row has.
    names : list of str
        Of the columns.
    lengths : RowLengths
        How long rows are.
    wanted : sequence of str
        Names of columns that have values, that of the tasks first; may be empty.

    Returns
    -------
    frame : DataFrame
        With names, and one more in front if rows have names.
    notes : list of str
        How it was read.
    """
    by_end = frame.iloc[:, : len(names)].set_axis(names, axis=1)
    if not lengths.all_longer:
        return by_end, []
    by_row = frame.iloc[:, : len(names) + 1].set_axis([_new_name(names), *names], axis=1)
    if lengths.filled:
        return by_row, []
    first = by_row.iloc[:, 0]
    if first.isna().any() or first.duplicated().any():
        return by_end, []
    likely = [_ids_are_likely(cells, wanted) for cells in (by_end, by_row)]
    counted = _counts_rows(first.tolist()) and not is_row_name(names[0]) and names[-1] not in wanted
    surer = likely[1] > likely[0] and (likely[1] == 2 or _dataframe.plain_numbers(first) is not None)
    if surer or (likely[0] == likely[1] and counted):
        way = "Rows begin with a name, as R writes them: the first name is that of their second cell"
        return by_row, [f"{way}, and {names[-1]} is empty."]
    return by_end, ["Rows end with a delimiter: the first name is that of their first cell."]


def _new_name(names: Sequence[str]) -> str:
    return next(name for name in (f"{UNNAMED}{k}" for k in range(len(names) + 1)) if name not in names)


def _ids_are_likely(cells: Any, wanted: Sequence[str]) -> int:
    """How likely the cells of the task column are ids: 2 for text, 1 for whole numbers, 0 for what none repeats or is none."""
    ids = cells[wanted[0]].dropna() if wanted and wanted[0] in cells else cells.iloc[:0, 0]
    if not ids.duplicated().any():
        return 0
    numbers = _dataframe.plain_numbers(ids)
    return 2 if numbers is None else int((numbers % 1 == 0).all())


def _counts_rows(cells: list[str]) -> bool:
    return any(cells == [str(start + k) for k in range(len(cells))] for start in (0, 1))
