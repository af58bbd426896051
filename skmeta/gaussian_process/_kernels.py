"""Kernels as the estimators have them: scikit-learn's own objects, which can be learned, or names, which are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils import check_random_state

from skmeta.tasks import spread_rows

Array = NDArray[np.float64]

_NAMED = ("gamma", "degree", "coef0")  # what kernels that have names take
_LOOKED_AT = 60  # speed: rows by which it is measured how noisy they are to each other, a matter of their square


@dataclass(frozen=True)
class LearnableKernel:
    """The kernel of a `GaussianProcessRegressor`, within its bounds.

    Parameters
    ----------
    kernel : Kernel
        Of scikit-learn.
    estimator : estimator
        Whose optimizer, restarts and random state say how it is searched.
    """

    kernel: Any
    estimator: Any

    @property
    def bounds(self) -> Array:
        """Of the logarithms of the hyperparameters, ``(k, 2)``; none where the optimizer is None."""
        bounds = np.reshape(self.kernel.bounds, (-1, 2)) if self.is_learned else np.empty((0, 2))
        return np.asarray(bounds, dtype=float)

    @property
    def starts(self) -> list[Array]:
        """Where to search from: the hyperparameters as they are, and as many random ones as the estimator restarts."""
        if not self.is_learned:
            return [np.empty(0)]
        rng = check_random_state(self.estimator.random_state)
        random = [rng.uniform(*self.bounds.T) for _ in range(self.estimator.n_restarts_optimizer)]
        return [np.asarray(self.kernel.theta), *random]

    @property
    def optimizer(self) -> Any:
        """A function of the user's own, or None."""
        return self.estimator.optimizer if callable(self.estimator.optimizer) else None

    def at(self, theta: Array) -> Any:
        """The kernel with other hyperparameters."""
        return self.kernel.clone_with_theta(theta) if self.is_learned else self.kernel

    def gram(self, theta: Array, X: Array) -> tuple[Array, Array]:
        """``(n, n)``, and derivatives by the hyperparameters ``(n, n, k)``."""
        kernel = self.at(theta)
        if self.is_learned:
            return kernel(X, eval_gradient=True)
        return kernel(X), np.empty((len(X), len(X), 0))

    def noise_in(self, theta: Array, X: Array) -> float:
        """The part of the kernel that is noise: what a row has beyond its like, on average over some rows."""
        kernel, X = self.at(theta), X[spread_rows(X, _LOOKED_AT)]
        return float(np.mean(kernel.diag(X) - np.diag(kernel(X, X))))

    def features(self, theta: Array, n_components: int) -> Nystroem:
        """Unfitted; its columns have the kernel as their inner product."""
        return Nystroem(self.at(theta), n_components=n_components, random_state=0)

    @property
    def is_learned(self) -> bool:
        """Whether hyperparameters are searched."""
        return self.estimator.optimizer is not None and self.kernel.n_dims > 0


@dataclass(frozen=True)
class GivenKernel:
    """The kernel of a `KernelRidge`, with the parameters that it has.

    Parameters
    ----------
    estimator : KernelRidge
        Unfitted.
    """

    estimator: Any
    optimizer: Any = None
    is_learned: ClassVar[bool] = False

    @property
    def bounds(self) -> Array:
        """There is nothing to learn."""
        return np.empty((0, 2))

    @property
    def starts(self) -> list[Array]:
        """There is nothing to search."""
        return [np.empty(0)]

    def gram(self, theta: Array, X: Array) -> tuple[Array, Array]:
        """``(n, n)``, and no derivatives ``(n, n, 0)``."""
        options = {} if callable(self.estimator.kernel) else self._options
        K = pairwise_kernels(X, metric=self.estimator.kernel, filter_params=True, **options, **self._own_options)
        return K, np.empty((*K.shape, 0))

    def noise_in(self, theta: Array, X: Array) -> float:
        """Kernels with names have no noise."""
        return 0.0

    def features(self, theta: Array, n_components: int) -> Nystroem:
        """Unfitted; its columns have the kernel as their inner product."""
        options = {name: value for name, value in self._options.items() if value is not None}
        options = {} if callable(self.estimator.kernel) else options
        own = self._own_options or None
        return Nystroem(self.estimator.kernel, kernel_params=own, n_components=n_components, random_state=0, **options)

    @property
    def _options(self) -> dict[str, Any]:
        return {name: getattr(self.estimator, name) for name in _NAMED}

    @property
    def _own_options(self) -> dict[str, Any]:
        return dict(self.estimator.kernel_params or {}) if callable(self.estimator.kernel) else {}


def kernel_of(estimator: Any) -> LearnableKernel | GivenKernel:
    """The kernel of an estimator; ValueError for one that is no function of the columns."""
    if not hasattr(estimator, "optimizer"):
        if estimator.kernel == "precomputed":
            raise ValueError(
                "kernel: wanted a kernel of the columns, found 'precomputed', whose columns are other rows; give its name or "
                "a function."
            )
        return GivenKernel(estimator)
    if np.ndim(estimator.alpha):
        raise ValueError(
            f"alpha: wanted one number for tasks of any size, found an array of shape {np.shape(estimator.alpha)}; a "
            "WhiteKernel in the kernel is learned."
        )
    kernel = ConstantKernel() * RBF() if estimator.kernel is None else clone(estimator.kernel)
    if not kernel.requires_vector_input:
        raise ValueError(
            f"kernel: wanted a kernel of columns of numbers, found {kernel}; compute columns first, in a step of a Pipeline."
        )
    return LearnableKernel(kernel, estimator)


def with_noise(estimator: Any, X: Array) -> Any:
    """The estimator for rows of many tasks: a process gets noise in its kernel, which tasks are to each other, and a level."""
    kernel = kernel_of(estimator)
    if isinstance(kernel, GivenKernel):
        return estimator
    noisy = kernel.kernel
    if kernel.noise_in(np.asarray(noisy.theta), X) <= 0.0:
        noisy = noisy + WhiteKernel(0.1, (1e-8, 10.0))
    return clone(estimator).set_params(kernel=noisy, normalize_y=True)
