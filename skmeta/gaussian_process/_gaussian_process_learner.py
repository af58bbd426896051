"""The learner of Gaussian processes and kernel ridge: a process of all tasks, and the kernel of a task's deviations."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.utils import check_scalar

from skmeta.base import register
from skmeta.base._registry import check_registered
from skmeta.fallback import SharedModel
from skmeta.fallback._columns import Candidate, Candidates
from skmeta.fallback._out_of_fold import Fold, Target, fitted
from skmeta.gaussian_process._columns import Limits, kernel_columns
from skmeta.gaussian_process._gaussian_process_prior import GaussianProcessPrior
from skmeta.gaussian_process._kernels import kernel_of, with_noise
from skmeta.linear_model import EmpiricalBayes
from skmeta.tasks import Tasks, spread_rows
from skmeta.tasks._numbers import numeric_features

Array = NDArray[np.float64]


@register(GaussianProcessRegressor, KernelRidge)
class GaussianProcessLearner(SharedModel):
    r"""Learn a function that all tasks share, and the covariance between tasks of what they deviate from it.

    .. math:: y_{ti} = f(x_{ti}) + d_t(x_{ti}) + e_{ti}, \qquad d_t \sim GP(m, \varphi(x)^\top \Sigma\, \varphi(x'))

    The estimator, fitted to rows of all tasks, is :math:`f`. The kernel :math:`k_\theta` of the deviations is the
    estimator's, its hyperparameters learned within their bounds from the marginal likelihood of what each task has beyond an
    :math:`f` that had not seen it, summed over the tasks. In columns :math:`\varphi` with :math:`\varphi(x)^\top \varphi(x')
    \approx k_\theta(x, x')` the deviations are linear, and :math:`m`, :math:`\Sigma` and the noise are learned by
    `EmpiricalBayes`: :math:`\Sigma \propto I` is the process of kernel :math:`k_\theta` itself, any other what tasks have
    shown. Function and deviations are fitted in turn, as `SharedModel` does. Held-out tasks choose between the columns of
    `SharedModel`, those of the kernel with :math:`\Sigma \propto I`, and those with any :math:`\Sigma`: a later one has to gain
    more than one standard error.

    Parameters
    ----------
    correction : "auto", None or transformer, default="auto"
        "auto" as said; else as in `SharedModel`, without columns of the kernel.
    max_rounds : int, default=4
        How often the shared function may be fitted anew.
    cv : int, default=5
        Folds of whole tasks for outputs of functions that have not seen a task.
    max_rows : int, default=2000
        Rows of all tasks that the kernel of the deviations is learned from, and that the shared function is fitted to; a
        quarter of them for the latter where hyperparameters are searched. Like the next two it bounds the time: that of an
        equation rises with the third power of the rows.
    max_task_rows : int, default=50
        Rows of each task that the kernel of the deviations is learned from.
    max_columns : int, default=60
        Columns of the kernel, at most.

    Attributes
    ----------
    out_of_fold_, n_rounds_, scores_
        As in `SharedModel`.

    Notes
    -----
    A kernel without noise gets a `WhiteKernel` where it is fitted to rows of several tasks: to each other they are noisy.
    ``alpha`` is that of the shared function and of a task's own model; ``normalize_y`` that of the latter alone, as a process
    of all tasks always has a level (``normalize_y=True``). The noise and the level of a task are learned.

    References
    ----------
    J. Hensman, N. D. Lawrence and M. Rattray (2013), Hierarchical Bayesian modelling of gene expression time series across
    irregularly sampled replicates and clusters, BMC Bioinformatics 14:252, equations 1, 2.

    Examples
    --------
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from sklearn.gaussian_process.kernels import RBF
    >>> from skmeta import WarmStartRegressor
    >>> from skmeta.datasets import make_sinusoids
    >>> X, y, _ = make_sinusoids(n_tasks=12, n_samples=10, noise=0.1, random_state=0)
    >>> process = GaussianProcessRegressor(RBF(1.5), alpha=0.01, optimizer=None)
    >>> model = WarmStartRegressor(process, task=-1).fit(X, y)
    >>> plain = model.adapt(X[:5, :1], y[:5])
    >>> mean, std = plain.predict(X[5:10, :1], return_std=True)
    >>> bool(abs(mean - y[5:10]).max() < 0.5)
    True
    """

    _prior_class = GaussianProcessPrior
    _averages = False  # a mean of processes is none

    def __init__(
        self,
        correction: Any = "auto",
        *,
        max_rounds: int = 4,
        cv: int = 5,
        max_rows: int = 2000,
        max_task_rows: int = 50,
        max_columns: int = 60,
    ) -> None:
        super().__init__(correction, max_rounds=max_rounds, cv=cv)
        self.max_rows = max_rows
        self.max_task_rows = max_task_rows
        self.max_columns = max_columns

    check_takes = check_registered

    def _candidates(self, estimator: Any, tasks: Tasks) -> Callable[[Array], Candidates]:
        simpler = super()._candidates(estimator, tasks)
        if not isinstance(self.correction, str):
            return simpler
        kernel, X = kernel_of(estimator), numeric_features(tasks.X)
        limits = Limits(self.max_columns, self.max_rows, self.max_task_rows)
        y = np.reshape(np.asarray(tasks.y, dtype=float), (len(X), -1))

        def with_kernel(outputs: Array) -> Candidates:
            # Of several outputs the first principal deviation says which kernel they have.
            deviations = y - outputs.reshape(y.shape)
            first = np.linalg.svd(deviations, full_matrices=False)[2][0] if y.shape[1] > 1 else np.ones(1)
            columns = kernel_columns(kernel, X, deviations @ first, tasks, limits)
            if columns is None:
                return simpler(outputs)
            return simpler(outputs) | {
                "output, kernel": Candidate(columns, EmpiricalBayes("spherical")),
                "output, kernel, covariance": Candidate(columns),
            }

        return with_kernel

    def _folds(self, estimator: Any, tasks: Tasks) -> list[Fold]:
        X, n = numeric_features(tasks.X), self._rows_for(estimator)
        return [(train[spread_rows(X[train], n)], test) for train, test in super()._folds(estimator, tasks)]

    def _shared(self, estimator: Any, tasks: Tasks) -> Any:
        return with_noise(estimator, numeric_features(tasks.X))

    def _fitted(self, estimator: Any, tasks: Tasks, target: Target) -> Any:
        X = numeric_features(tasks.X)
        return fitted(estimator, tasks, target, spread_rows(X, self._rows_for(estimator)))

    def _rows_for(self, estimator: Any) -> int:
        """Rows that the shared function is fitted to: a search solves its equation many times."""
        for name in ("max_rows", "max_task_rows", "max_columns"):
            check_scalar(getattr(self, name), name, Integral, min_val=1)
        return max(self.max_rows // 4, 1) if kernel_of(estimator).is_learned else self.max_rows
