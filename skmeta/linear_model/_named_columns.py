"""Where a column stands that a parameter of the learner names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np

from skmeta.tasks._column_error import ColumnError
from skmeta.tasks._words import listed, shown

SHOWN = 20  # columns told at once


def are_columns(columns: Any) -> bool:
    """Whether it is a list of names or of positions."""
    is_list = isinstance(columns, Sequence | np.ndarray) and not isinstance(columns, str)
    return is_list and all(isinstance(column, str | Integral) for column in columns)


@dataclass(frozen=True)
class NamedColumns:
    """The ``n_features`` columns of a model: their ``names``, if they have any, and positions by what steps call them."""

    n_features: int
    names: Sequence[str] | None
    behind: Callable[[], Mapping[str, int]] | None = None

    def position(self, column: Any, parameter: str) -> int:
        """Position of a column; errors name the ``parameter``."""
        if isinstance(column, str):
            return self._position_of_name(column, parameter)
        if not 0 <= column < self.n_features:
            raise ValueError(
                f"EmpiricalBayes({parameter}=...): wanted positions from 0 to {self.n_features - 1}, "
                f"{self._counted}, found {column}."
            )
        return int(column)

    @property
    def _counted(self) -> str:
        return (
            "the task column not counted" if self.behind is None else "of the columns behind the steps before the model"
        )

    def _position_of_name(self, column: str, parameter: str) -> int:
        names = () if self.names is None else tuple(self.names)
        if column in names:
            return names.index(column)
        behind = {} if self.behind is None else self.behind()
        if column in behind:
            return behind[column]
        wanted = f"EmpiricalBayes({parameter}=...): wanted columns of the model, found {column!r} and columns "
        if names or behind:
            raise ValueError(f"{wanted}{listed(names or behind)}{self._way_out}.")
        raise ColumnError(f"{wanted}without names; give positions", partial(_positions, self.n_features), ".")

    @property
    def _way_out(self) -> str:
        if self.behind is None:
            return ""
        return (
            ", as the steps before the model call them; give these names, which their get_feature_names_out() or frames of "
            "set_output(transform='pandas') have, or positions"
        )


def _positions(n_features: int, labels: Sequence[Any] | None) -> str:
    """The positions to give: of columns that the user's table has names for, which is of which."""
    if labels is None or not any(isinstance(label, str) for label in labels):
        return f" from 0 to {n_features - 1}"
    more = ", ..." if n_features > SHOWN else ""
    return "".join(f", {k} for {shown(labels[k])}" for k in range(min(n_features, SHOWN))) + more
