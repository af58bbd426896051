"""Parts of a collection that hold their rows themselves: what they agree on, and how they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.moments import Moments
from skmeta._inference.units import Units, standardised
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.tasks._words import shown

Array = NDArray[np.float64]
Part = Callable[[Mapping[str, Any] | None], SufficientStatistics]


class Parts:
    """Some parts as one; ``first`` are the sums of the targets themselves, ``classes`` the labels all parts know."""

    def __init__(self, parts: Any) -> None:
        if not isinstance(parts, Iterable):
            nothing = ", which sum([]) is" if isinstance(parts, int) and parts == 0 else ""
            raise TypeError(
                "statistics: wanted SufficientStatistics, or a list of parts such as WorkingStatistics, found "
                f"{shown(parts)[:60]}{nothing}; SufficientStatistics.from_table makes some of a table."
            )
        self.parts = list(parts)
        if any(isinstance(part, SufficientStatistics) for part in self.parts):
            raise TypeError(
                "statistics: wanted one SufficientStatistics, found a list that holds some; add them up: sum(parts)."
            )
        if not self.parts or not all(callable(part) for part in self.parts):
            found = type(parts).__name__ if hasattr(parts, "shape") else shown(parts)[:60]
            raise TypeError(
                "statistics: wanted SufficientStatistics, or a list of parts such as WorkingStatistics, found "
                f"{found}; SufficientStatistics.from_table makes some of a table."
            )
        self.classes = _common_classes(self.parts)
        self.first = self._sum(None)

    def _sum(self, coefficients: Mapping[str, Any] | None) -> SufficientStatistics:
        found: Any = sum(part(coefficients) for part in self.parts)
        return found

    def asking(self, units: Units, unit: float, *, intercept: bool) -> Callable[[Array], tuple[Moments, Array]]:
        """`newton.Ask`: coefficients of the engine go out, sums of working responses come back, of weights in a ``unit``."""
        first, names = self.first, self.first.feature_names

        def ask(coef: Array, excess: float = 0.0, deviance: bool = False) -> tuple[Moments, Array]:
            intercepts = coef[:, -1] * intercept
            request: dict[str, Any] = {"ids": first.ids, "coef": coef[:, :-1] / units.scale, "intercept": intercepts}
            request |= {"centre": units.centre, "overdispersion": excess, "deviance": deviance}
            request |= {} if names is None else {"feature_names": np.array(names)}
            found = self._sum(request)
            found = found if names is None else found.aligned(names)
            moments = standardised(found.sums().in_unit(unit), [units], intercept=intercept).output(0)
            assert found.log_likelihood is not None, "part: wanted log_likelihood with working responses, found None."
            # Counts are those of the rows, not of their working weights; contexts have no effects here.
            return replace(
                moments, n_rows=first.count, context=np.zeros_like(moments.context)
            ), found.log_likelihood / unit

        return ask


def _common_classes(parts: Sequence[Any]) -> NDArray[Any] | None:
    """The labels of all parts; ValueError where they differ."""
    each = [getattr(part, "classes", None) for part in parts]
    for other in each:
        if not np.array_equal(np.asarray(other), np.asarray(each[0])):
            raise ValueError(
                f"classes: wanted the same labels in all parts, found {shown(each[0])} and {shown(other)}; give all of them "
                "to each: WorkingStatistics(..., classes=...)."
            )
    return each[0]
