"""An error about columns, which names them as the user does, wherever they were found to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmeta.tasks._words import listed, shown


class ColumnError(ValueError):
    """What is wrong with some columns of a table.

    Parameters
    ----------
    *parts : str, tuple of int, int or callable
        The message, in which positions of columns stand for what they are called. A single one stands for how a step before
        the model finds the column: by its name, or by its position among the features. A function makes text of ``labels``.
    labels : sequence, default=None
        What all columns are called; None where they are those of an array that was made of the user's table: who made it
        says it later.

    Examples
    --------
    >>> from skmeta.tasks._column_error import ColumnError
    >>> error = ColumnError("X: wanted finite numbers, found infinity in column(s) ", (1,), "; clip them.")
    >>> print(error)
    X: wanted finite numbers, found infinity in column(s) 1; clip them.
    >>> error.labels = ["size", "price"]
    >>> print(error)
    X: wanted finite numbers, found infinity in column(s) 'price'; clip them.
    """

    def __init__(
        self, *parts: str | tuple[int, ...] | int | Callable[[Any], str], labels: Sequence[Any] | None = None
    ) -> None:
        super().__init__(*parts)
        self.labels = labels

    def __str__(self) -> str:
        return "".join(map(self._in_words, self.args))

    def _in_words(self, part: Any) -> str:
        if callable(part):
            return str(part(self.labels))
        if isinstance(part, int):
            return shown(part if self.labels is None or not isinstance(self.labels[part], str) else self.labels[part])
        return part if isinstance(part, str) else column_list(self.labels, part)


def column_list(labels: Sequence[Any] | None, columns: ArrayLike) -> str:
    """Columns by what they are called, else by position."""
    return listed(int(column) if labels is None else labels[column] for column in np.unique(columns))
