"""Sums over tasks that tell how rows scatter within classes, and how class means do around what they start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import row_norms

from skmeta._inference.group_sums import group_means
from skmeta.base import FrozenValue
from skmeta.base._matching import check_classes
from skmeta.tasks import Tasks

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False, repr=False)
class ClassSums(FrozenValue):
    r"""Sums over the classes of tasks; those of two collections add up.

    With the mean :math:`m_{tc}` of the :math:`n_{tc}` rows of class :math:`c` in task :math:`t`, and the mean
    :math:`\mu` of all :math:`m_{tc}` that start from one mean: those of a task where each has labels of its own, else those
    of a label. A row of weight :math:`w_i` has the covariance :math:`W / w_i` around the mean of its class, as in weighted
    least squares: :math:`m_{tc}` are weighted means, and :math:`n_{tc}` is the weight of their rows.

    Parameters
    ----------
    within, between, total : ndarray of shape (n_features, n_features) or (1, 1)
        Of :math:`x - m_{tc}`, of :math:`m_{tc} - \mu`, and of rows around the mean of their task; or their traces.
    within_dof, between_dof, total_dof : float
        Degrees of freedom.
    noise : float
        How many times the covariance within classes is in ``between``, as class means are means of few rows.
    n_features : int
        Number of columns.
    means : ndarray of shape (n_classes, n_features), default=None
        The :math:`\mu` of labels; None where tasks have labels of their own.
    n_means, inverse_rows : ndarray of shape (n_classes,), default=None
        Number of class means in each, and sum of :math:`1 / n_{tc}`.
    centre : ndarray of shape (n_features,), default=None
        Mean of all rows.
    weight : float, default=0.0
        Sum of their weights.
    """

    within: Array
    between: Array
    total: Array
    within_dof: float
    between_dof: float
    total_dof: float
    noise: float
    n_features: int
    means: Any = None
    n_means: Any = None
    inverse_rows: Any = None
    centre: Any = None
    weight: float = 0.0

    @property
    def is_full(self) -> bool:
        """Whether there are matrices, not their traces alone."""
        return len(self.within) == self.n_features

    @property
    def known_means(self) -> Array:
        """The means of labels; of those that no task has shown, the mean of the others."""
        seen = self.n_means > 0.0
        return np.where(seen[:, None], self.means, self.means[seen].mean(axis=0))

    def __add__(self, other: ClassSums) -> ClassSums:
        names = ("within", "between", "total", "within_dof", "between_dof", "total_dof", "noise")
        found = {name: getattr(self, name) + getattr(other, name) for name in names}
        found |= {"n_features": self.n_features, "weight": self.weight + other.weight}
        total = self.weight * self.centre + other.weight * other.centre
        found["centre"] = total / max(found["weight"], np.finfo(float).tiny)
        if self.means is None:
            return ClassSums(**found)
        n = self.n_means + other.n_means
        apart = other.means - self.means
        found["between"] = found["between"] + scatter(
            apart, self.n_means * other.n_means / np.maximum(n, 1), self.is_full
        )
        inverse = self.inverse_rows + other.inverse_rows
        means = self.means + (other.n_means / np.maximum(n, 1))[:, None] * apart
        return ClassSums(**(found | _freedom(n, inverse)), **_of_labels(means, n, inverse))


def scatter(D: Array, weight: Array, full: bool) -> Array:
    """Sum of ``d d'`` over rows of deviations, or its trace as a matrix of one number."""
    weighed = D * weight[:, None]
    return np.asarray(weighed.T @ D if full else np.full((1, 1), np.vdot(weighed, D)))


def class_sums(X: Any, tasks: Tasks, classes: NDArray[Any] | None, *, full: bool) -> ClassSums:
    """The sums of a collection of labelled rows.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_features)
        The rows of ``tasks`` as numbers.
    tasks : Tasks
        Their labels, which task each is of, and weights above zero; a task of ``task_weight`` 2 is two tasks.
    classes : ndarray of shape (n_classes,) or None
        The labels of all tasks, sorted; None where each task has labels of its own.
    full : bool
        Whether matrices are wanted, or traces alone.

    Returns
    -------
    ClassSums
        Of all tasks.

    Raises
    ------
    ValueError
        If a label is not among ``classes``.
    """
    label, labels = _numbers_of(np.asarray(tasks.y), classes)
    often = tasks.task_weights
    w = tasks.row_weights
    pairs, group = np.unique(tasks.codes * len(labels) + label, return_inverse=True)
    task, own = np.divmod(pairs, len(labels))
    size, of_task = np.bincount(group, w, minlength=len(pairs)), np.bincount(tasks.codes, w, minlength=len(tasks))
    means, centres = group_means(X, group, size, w), group_means(X, tasks.codes, of_task, w)
    weight, row_weight = often[task], often[tasks.codes]
    # A task that counts twice is two tasks, each with a mean of its own; two class means of a label start from one.
    start, count, repeats = (
        (own, weight, np.ones(len(labels))) if classes is not None else (task, np.ones_like(weight), often)
    )
    starts, n, inverse = _starts(means, start, count, 1.0 / size, len(repeats))
    of_labels = {} if classes is None else _of_labels(starts, n, inverse)
    return ClassSums(
        within=_around(X, means, group, row_weight * w, full),
        between=scatter(means - starts[start], weight, full),
        total=_around(X, centres, tasks.codes, row_weight * w, full),
        within_dof=float(row_weight.sum() - weight.sum()),
        total_dof=float(row_weight.sum() - often[of_task > 0.0].sum()),
        n_features=X.shape[1],
        centre=np.asarray((row_weight * w) @ X).ravel() / max(float(row_weight @ w), np.finfo(float).tiny),
        weight=float(row_weight @ w),
        **_freedom(n, inverse, repeats),
        **of_labels,
    )


def _numbers_of(y: NDArray[Any], classes: NDArray[Any] | None) -> tuple[Indices, NDArray[Any]]:
    """The number of each row's label, and the labels; ValueError for one that is not among those given."""
    if classes is not None:
        check_classes(classes, y)
        return np.searchsorted(classes, y), classes
    labels, label = np.unique(y, return_inverse=True)
    return label, labels


def places_in_classes(X: Any, label: NDArray[Any]) -> tuple[Indices, Indices]:
    """Place of each row in its class, whatever order rows came in, by the distance to the mean of all; and the class's size.

    To that of the class two rows are as near as each other.
    """
    group = np.unique(label, return_inverse=True)[1]
    size, mean = np.bincount(group), np.asarray(X.mean(axis=0)).ravel()
    order = np.lexsort((row_norms(X, squared=True) - 2.0 * (X @ mean), group))
    place = np.empty(len(group), dtype=np.intp)
    place[order] = np.arange(len(group)) - (np.cumsum(size) - size)[group[order]]
    return place, size[group]


def _around(X: Any, means: Array, group: Indices, weight: Array, full: bool) -> Array:
    """Scatter of rows around the means of their groups; of sparse rows its trace."""
    if full:
        return scatter(X - means[group], weight, full)
    square = float(weight @ row_norms(X, squared=True))
    n = np.bincount(group, weight, minlength=len(means))
    return np.full((1, 1), max(square - float(n @ row_norms(means, squared=True)), 0.0))


def _starts(means: Array, start: Indices, weight: Array, inverse: Array, n_starts: int) -> tuple[Array, Array, Array]:
    """What class means start from, how many there are of each, and the sum of one over their rows."""
    n: Array = np.bincount(start, weight, minlength=n_starts).astype(float)
    inverse_rows: Array = np.bincount(start, weight * inverse, minlength=n_starts).astype(float)
    return group_means(means, start, n, weight), n, inverse_rows


def _freedom(n: Array, inverse: Array, repeats: Any = 1.0) -> dict[str, Any]:
    """Degrees of freedom of class means around what they start from, and how often these have the noise of their rows."""
    left = np.maximum(n - 1.0, 0.0) * repeats
    return {"between_dof": float(left.sum()), "noise": float(np.sum(left / np.where(n > 0.0, n, 1.0) * inverse))}


def _of_labels(means: Array, n: Array, inverse: Array) -> dict[str, Any]:
    return {"means": means, "n_means": n, "inverse_rows": inverse}
