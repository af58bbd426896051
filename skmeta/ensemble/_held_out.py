"""How many new trees, and how strong, past tasks ask for by their held-out rows, at each number of rows to grow them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.utils.parallel import Parallel, delayed

from skmeta.base._parts_of_work import each_told
from skmeta.ensemble._boosters import boosters, grown
from skmeta.fallback import SharedModelPrior
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]

_SHOTS = (10, 20, 40, 80, 160)  # speed: rows of past tasks on which trees are tried; larger tasks are taken as the last
_LOOKED_AT = 24  # speed: past tasks that grow trees; a dozen are too few for the test, one past in five
_LEVEL = 0.05  # of the test that trees are of use: the usual one
_ENOUGH = 4  # guard: of fewer tasks no mean difference has an error that is known
_ROUNDING = 1e-12  # guard: trees of less than this share of the residuals' mean square are constants


@dataclass(frozen=True)
class Growth:
    """New trees that past tasks gain from.

    Parameters
    ----------
    booster : estimator
        Unfitted; grows the trees.
    n_shots : ndarray of shape (n_sizes,)
        Rows of a task from which on they are grown, ascending.
    strength : ndarray of shape (n_sizes,)
        What the trees are multiplied by.
    error_ratio : ndarray of shape (n_sizes,)
        Squared error of held-out rows with the trees over that without.
    """

    booster: Any
    n_shots: Array
    strength: Array
    error_ratio: Array


@dataclass(frozen=True)
class _Trial:
    """What trees grown on some rows of past tasks say of the others: arrays ``(n_boosters, n_tasks)``."""

    product: Array  # mean over the held-out rows of trees times residual
    square: Array  # of trees squared
    error: Array  # of residuals squared, (n_tasks,)

    def is_gain(self, best: int) -> bool:
        """Whether the gain of the ``best`` booster is none by chance: a one-sided t-test, Bonferroni over the boosters."""
        gain, n = self.gain[best], len(self.error)
        bound = stats.t.isf(_LEVEL / len(self.gain), n - 1) * gain.std(ddof=1) / np.sqrt(n)
        return bool(gain.mean() > bound)

    @property
    def strength(self) -> Array:
        """Least squares of residuals on trees ``(n_boosters,)``, tasks alike, zero at least."""
        return _ratio(self.product.sum(axis=1), self.square.sum(axis=1))

    @property
    def gain(self) -> Array:
        r"""Squared error that each task is spared, :math:`2 s_{-t} \langle r, g \rangle - s_{-t}^2 \langle g, g \rangle`.

        The strength :math:`s_{-t}` is that of the other tasks.
        """
        others = [part.sum(axis=1, keepdims=True) - part for part in (self.product, self.square)]
        strength = _ratio(*others)
        return 2.0 * strength * self.product - strength**2 * self.square

    @property
    def spared(self) -> Array:
        """Share of the error that each booster spares ``(n_boosters,)``; none where nothing is left to spare."""
        error = self.error.mean()
        return np.asarray(self.gain.mean(axis=1) / (error if error > 0.0 else 1.0))


def _ratio(product: Array, square: Array) -> Array:
    return np.maximum(product, 0.0) / np.where(square > 0.0, square, 1.0)


def learned_growth(
    prior: SharedModelPrior,
    estimator: Any,
    tasks: Tasks,
    Z: Array,
    n_trees: Sequence[int],
    n_jobs: int | None,
    progress: Any = None,
) -> Growth | None:
    """The booster that past tasks gain most from, and its strength by rows; None where they do not gain.

    More rows tell more of a task: at fewer rows trees are grown only if past tasks gain there and at all larger sizes.

    Parameters
    ----------
    prior : SharedModelPrior
        What corrects the shared model.
    estimator : estimator
        The booster.
    tasks : Tasks
        The past.
    Z : ndarray of shape (n_rows, n_columns)
        What the correction reads of each row, of models that had not seen its task.
    n_trees : sequence of int
        How many are tried.
    n_jobs : int or None
        Parallel jobs over tasks.
    progress : callable, default=None
        Called as ``progress(done, total)`` after each number of rows.

    Returns
    -------
    Growth or None
        What to grow for a new task.
    """
    candidates = boosters(estimator, n_trees)
    sizes = [n for n in _SHOTS if np.count_nonzero(tasks.counts >= 2 * n) >= _ENOUGH]
    if not sizes:
        return None
    trials = each_told((_trial(prior, candidates, tasks, Z, n, n_jobs) for n in sizes), len(sizes), progress)
    best = int(np.argmax(sum(each.spared for each in trials)))
    asked = [each.is_gain(best) for each in trials]
    first = len(asked) - next((i for i, gain in enumerate(reversed(asked)) if not gain), len(asked))
    if first == len(sizes):
        return None
    return Growth(
        candidates[best],
        np.array(sizes[first:]),
        np.array([each.strength[best] for each in trials[first:]]),
        np.array([1.0 - each.spared[best] for each in trials[first:]]),
    )


def _trial(
    prior: SharedModelPrior, candidates: list[Any], tasks: Tasks, Z: Array, n_shots: int, n_jobs: int | None
) -> _Trial:
    """Every booster on some rows of some tasks that have as many more to be predicted."""
    large = np.flatnonzero(tasks.counts >= 2 * n_shots)
    places = tasks.with_rows(np.arange(tasks.n_rows)[:, None], tasks.y).take(large)
    looked_at = places.some(_LOOKED_AT)
    is_shot = tasks.take(large[looked_at]).are_shots(n_shots)  # by what rows hold, not by where they stand
    shots, query = (places.take(looked_at).where(kept) for kept in (is_shot, ~is_shot))
    adapted = prior.correction.adapt_tasks(prior.linear_model, shots.with_rows(Z[shots.X[:, 0]], shots.y))
    residuals = [part.y - adapted.predict(Z[part.X[:, 0]], part.codes) for part in (shots, query)]
    found = Parallel(n_jobs=n_jobs)(
        delayed(_of_task)(candidates, tasks, code, (shots, query), residuals) for code in range(len(shots))
    )
    product, square, error = (np.array(part) for part in zip(*found, strict=True))
    there = (square.mean(axis=0) > _ROUNDING * error.mean())[:, None]
    return _Trial(product.T * there, square.T * there, error)


def _of_task(
    candidates: list[Any], tasks: Tasks, code: int, parts: tuple[Tasks, Tasks], residuals: list[Array]
) -> tuple[Array, Array, float]:
    """Mean product, mean square of the trees of each booster, and mean squared residual, of one task's query rows."""
    own, held_out = (part.rows_of(code) for part in parts)
    shots, query = (part.X[rows, 0] for part, rows in zip(parts, (own, held_out), strict=True))
    X, new = take_rows(tasks.X, shots), take_rows(tasks.X, query)
    weight = None if tasks.sample_weight is None else tasks.sample_weight[shots]
    trees = np.array([grown(each, X, residuals[0][own], weight).predict(new) for each in candidates], dtype=float)
    rest = residuals[1][held_out]
    return (trees * rest).mean(axis=1), (trees**2).mean(axis=1), float(np.mean(rest**2))
