"""Adapted estimators behind frozen steps: they take raw rows and answer in the user's units."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import is_frame
from skmeta.base import AdaptedEstimators
from skmeta.steps._frozen_steps import FrozenSteps
from skmeta.steps._parts import Parts
from skmeta.tasks._tables import columns_in_order


class AdaptedBehindSteps(AdaptedEstimators):
    """Adapted estimators that take raw rows, around those that take what the steps make.

    Parameters
    ----------
    steps : FrozenSteps
        What rows pass; there may be none.
    parts : Parts
        The user's estimator, taken apart.
    columns : tuple of str or None
        Names of the columns behind the steps, in the order in which the model knows them.
    found : tuple of str or None
        The same names in the order of the rows that were fitted: that of rows without names.
    inner : AdaptedEstimators
        Of the model.
    """

    def __init__(
        self,
        steps: FrozenSteps,
        parts: Parts,
        columns: tuple[str, ...] | None,
        inner: AdaptedEstimators,
        found: tuple[str, ...] | None = None,
    ) -> None:
        self.steps = steps
        self.parts = parts
        self.columns = columns
        self.inner = inner
        self._order = None if columns is None or found in (None, columns) else [found.index(name) for name in columns]

    def with_inner(self, inner: AdaptedEstimators) -> AdaptedBehindSteps:
        """The same steps before other estimators of the model.

        Parameters
        ----------
        inner : AdaptedEstimators
            Which know the columns by the same names.

        Returns
        -------
        AdaptedBehindSteps
            A new one.
        """
        found = copy(self)
        found.inner = inner
        return found

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task, of the user's shape.

        Parameters
        ----------
        code : int
            The task, from 0; -1 is a task without rows.

        Returns
        -------
        estimator
            It takes raw rows.
        """
        return self.steps.assemble(self.parts, self.inner.estimator(code))

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        return self.inner.classes

    def labels_of(self, code: int) -> NDArray[Any]:
        """The labels that the rows of one task show, see `AdaptedEstimators.labels_of`."""
        return self.inner.labels_of(code)

    @property
    def coef_(self) -> NDArray[np.float64]:
        """Coefficients of all tasks, where the family has such."""
        coef: NDArray[np.float64] | None = getattr(self.inner, "coef_", None)
        if coef is None:
            raise AttributeError(
                f"coef_: wanted an estimator with coefficients in every task, found {type(self.parts.model).__name__}, not all "
                "of which have such; estimators_[id] is the plain estimator of one task, with what that has."
            )
        return coef

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Own rows that the prior was worth to each task."""
        return self.inner.borrowed

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        Z = self.steps.transform(X)
        Z = columns_in_order(Z, self.columns) if is_frame(Z) or self._order is None else Z[:, self._order]
        answer = getattr(self.inner, method)(Z, codes)
        return self.steps.inverse_target(answer) if method == "predict" else answer
