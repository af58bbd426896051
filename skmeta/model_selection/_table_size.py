"""How large the table is that models were scored on."""

from __future__ import annotations

from typing import NamedTuple


class TableSize(NamedTuple):
    """The column that names the tasks of a table, how many there are, and how many rows.

    Examples
    --------
    >>> from skmeta.model_selection._table_size import TableSize
    >>> TableSize("store", 60, 1200).in_words
    '60 tasks (store), 1,200 rows'
    """

    task: str
    n_tasks: int
    n_rows: int

    @property
    def in_words(self) -> str:
        """The size, for a title."""
        return f"{self.n_tasks:,} tasks ({self.task}), {self.n_rows:,} rows"
