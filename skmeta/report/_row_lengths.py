"""How long the rows of a text table are, beside its header."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from io import StringIO


@dataclass(frozen=True)
class RowLengths:
    """How many cells the rows of a text table have.

    Parameters
    ----------
    longest : int
        Cells of the longest row, empty ones at its end too.
    all_longer : bool
        Whether all rows have a cell more than the header has names, at least.
    filled : bool
        Whether a cell is filled to which no name belongs, if the first cell belongs to the first name.
    notes : tuple of str
        On rows that lack cells.
    """

    longest: int
    all_longer: bool
    filled: bool
    notes: tuple[str, ...] = ()


def row_lengths(rows: StringIO, delimiter: str, n_names: int, n_lines: int) -> RowLengths:
    r"""Return how long the rows below a header are.

    Parameters
    ----------
    rows : StringIO
        At the first row, and there again afterwards.
    delimiter : str
        What divides cells.
    n_names : int
        Names in the header.
    n_lines : int
        Lines of the file above the first row.

    Returns
    -------
    RowLengths
        What there is to know of them.

    Raises
    ------
    ValueError
        If some rows alone have filled cells to which no name belongs, or a cell holds rows.

    Examples
    --------
    >>> from io import StringIO
    >>> from skmeta.report._row_lengths import row_lengths
    >>> row_lengths(StringIO("a,1\nb\n"), ",", n_names=2, n_lines=1).notes
    ('1 rows have fewer cells than the header, such as line 3 (1 of 2): what they lack is empty.',)
    """
    start, reader = rows.tell(), csv.reader(rows, delimiter=delimiter)
    try:
        lengths = Counter(map(len, reader))
    except csv.Error as error:  # of a cell without end
        raise ValueError(f"up to line {n_lines + reader.line_num}, {error}; see that quotes are meant") from error
    rows.seek(start)
    if reader.line_num > lengths.total():
        _check_quotes(rows, delimiter, n_names, n_lines)
        rows.seek(start)
    if set(lengths) <= {0, n_names}:  # as most often, and told in a third of the time
        return RowLengths(n_names, all_longer=False, filled=False)
    reader = csv.reader(rows, delimiter=delimiter)
    short, over = _Lines(), _Lines()
    shortest, longest, used = n_names + 1, n_names, n_names
    for cells in filter(None, reader):
        shortest, longest, used = min(shortest, len(cells)), max(longest, len(cells)), max(used, n_used(cells))
        if len(cells) < n_names:
            short.add(n_lines + reader.line_num, len(cells))
        elif n_used(cells) > n_names:
            over.add(n_lines + reader.line_num, len(cells))
    rows.seek(start)
    all_longer = longest > n_names and shortest > n_names
    if over.count and (not all_longer or used > n_names + 1):
        raise ValueError(
            f"{over.count} rows of {over.length} cells under a header of {n_names}, such as line {over.line}; see that they fit"
        )
    lack = (
        f"{short.count} rows have fewer cells than the header, such as line {short.line} ({short.length} of {n_names}): what "
        "they lack is empty."
    )
    return RowLengths(longest, all_longer, bool(over.count), (lack,) if short.count else ())


def _check_quotes(rows: StringIO, delimiter: str, n_names: int, n_lines: int) -> None:
    """Raise if a cell holds rows, as it does from a stray quote on to the next one."""
    reader, before = csv.reader(rows, delimiter=delimiter), 0
    for cells in reader:
        for cell in cells:
            inside = list(csv.reader(cell.splitlines()[1:-1], delimiter=delimiter))
            if len(inside) > 1 and all(len(line) == n_names for line in inside):
                raise ValueError(
                    f"a cell from line {n_lines + before + 1} to line {n_lines + reader.line_num} that holds what look like "
                    f"{len(inside)} rows; see that its quotes are meant"
                )
        before = reader.line_num


@dataclass
class _Lines:
    """Some lines, and the first of them."""

    count: int = 0
    line: int = 0
    length: int = 0

    def add(self, line: int, length: int) -> None:
        if not self.count:
            self.line, self.length = line, length
        self.count += 1


def n_used(cells: list[str]) -> int:
    """Cells up to the last that is not blank."""
    return next((k for k in range(len(cells), 0, -1) if cells[k - 1].strip()), 0)
