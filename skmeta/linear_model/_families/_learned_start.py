"""Families that keep their own objective and steps, which start at the prior's mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import config_context

from skmeta.linear_model._data import LinearData
from skmeta.linear_model._families._base import Adaptation, Array, Family, Fitted, in_parallel
from skmeta.linear_model._plain import fresh


class LearnedStart(Family):
    """A start changes the steps that are needed, and through their number the answer; it is no penalty.

    Where a prior is a mixture, the steps start at the mean of its first component. Rows that were drawn by their class are
    weighed so that they stand for all; the scores of a class that has none among them stay where they start.
    """

    starts = True

    def strength(self, estimator: Any) -> float:
        """As learned: there is none to choose."""
        return 1.0

    def adapt(self, adaptation: Adaptation) -> tuple[Array, Fitted]:
        """Coefficients and fitted attributes of every task, by the class's own steps."""
        rows, data, start = adaptation.rows, adaptation.data, adaptation.start
        labels = data.Y[:, 0] if data.classes is None else data.labels()
        X = data.X if sparse.issparse(data.X) else _present(data.X, rows.centre)
        jobs, there = [], np.flatnonzero(np.diff(rows.starts)).tolist()  # the tasks that have rows
        for t in there:
            own = rows.order[rows.starts[t] : rows.starts[t + 1]]
            each = [part[own] for part in (data.given_weight, data.stands_for) if part is not None]
            weight = np.prod(each, axis=0) if each else None  # the class knows class_weight
            jobs.append((adaptation.estimator, start, X[own], labels[own], weight, data.classes))
        models = in_parallel(self.steps, jobs, adaptation.n_jobs)
        coef = np.tile(start, (rows.n_tasks, 1, 1))
        fitted: list[dict[str, Any]] = [{} for _ in range(rows.n_tasks)]
        for t, model in zip(there, models, strict=True):
            told = _told(data, rows.order[rows.starts[t] : rows.starts[t + 1]])
            coef[t, told, :-1], coef[t, told, -1] = np.atleast_2d(model.coef_)[told], np.ravel(model.intercept_)[told]
            fitted[t] = _other_attributes(model)
        return coef, fitted

    def steps(self, estimator: Any, start: Array, X: Any, y: Array, weight: Array | None, classes: Any) -> Any:
        """A fitted clone whose steps began at ``start (K, d + 1)``, in units of the data."""
        with config_context(assume_finite=True, skip_parameter_validation=True):  # both were checked as they came in
            return fresh(estimator).fit(X, y, sample_weight=weight, **initial(start))


def _told(data: LinearData, own: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Of which outputs ``(K,)`` some rows tell: where they were drawn by their class, of classes that they have."""
    Y = data.Y[own]
    if data.offset is None:
        return np.ones(Y.shape[1], dtype=bool)
    found = np.asarray((Y > 0.5).any(axis=0))
    return found if len(found) > 1 else found & np.asarray((Y < 0.5).any(axis=0))


def initial(start: Array) -> dict[str, Array]:
    """The start as ``fit`` takes it."""
    slopes, intercept = start[:, :-1].copy(), start[:, -1].copy()
    return {"coef_init": slopes[0] if len(start) == 1 else slopes, "intercept_init": intercept}


def _present(X: Array, centre: Array) -> Array:
    """Missing values (a column its task lacks) sit at the collection's centre."""
    return np.where(np.isnan(X), centre, X) if np.isnan(X.sum()) else X


def _other_attributes(model: Any) -> dict[str, Any]:
    return {name: v for name, v in vars(model).items() if name.endswith("_") and name not in ("coef_", "intercept_")}
