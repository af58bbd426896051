"""Made-up collections: tasks drawn from a prior, which is handed out with them.

All share one layout: rows sorted by task, the task id 0, 1, ... in the last column (``task=-1``), and in the
truth the intercept as the last coefficient. The prior is drawn first: one `random_state` gives one prior,
however many tasks.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch, check_random_state, check_scalar

SHAPES = ("spherical", "diagonal", "factor", "power", "full")


def make_related_regression(
    n_tasks: int = 200,
    n_samples: int | ArrayLike = 20,
    n_features: int = 20,
    *,
    covariance: str | ArrayLike = "factor",
    rank: int = 3,
    noise: float = 1.0,
    random_state: Any = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], Bunch]:
    r"""Draw regression tasks whose coefficients come from one normal distribution.

    .. math::

        y_t = X_t w_t + b_t + e, \quad (w_t, b_t) \sim N(\mu, \Sigma), \quad e \sim N(0, \mathrm{noise}^2),

    with standard normal features.

    Parameters
    ----------
    n_tasks : int, default=200
        Number of tasks.
    n_samples : int or array-like of shape (n_tasks,), default=20
        Rows of every task, or of each.
    n_features : int, default=20
        Features besides the task column.
    covariance : {"factor", "spherical", "diagonal", "power", "full"} or array-like, default="factor"
        Shape of :math:`\Sigma`, scaled to a mean variance of 1: `rank` shared directions and a little
        variance of its own for each coefficient, the identity, unequal variances, eigenvalues falling by a
        power law in random directions, a random matrix. An array of shape (n_features + 1, n_features + 1) is
        taken as it is.
    rank : int, default=3
        Number of shared directions of "factor".
    noise : float, default=1.0
        Standard deviation of the noise, in units of `y`.
    random_state : int, RandomState instance or None, default=None
        Seed of all draws.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features + 1)
        Features, then the task id.
    y : ndarray of shape (n_rows,)
        Targets.
    truth : Bunch
        ``mean`` of shape (n_features + 1,) and ``covariance`` of shape (n_features + 1, n_features + 1), the
        intercept last; ``noise``, a variance; ``coef`` of shape (n_tasks, n_features + 1), what each task
        drew.

    Raises
    ------
    ValueError
        If a size is not positive, or `covariance` no name of a shape and no covariance matrix of the right
        size.

    Examples
    --------
    >>> from skmeta.datasets import make_related_regression
    >>> X, y, truth = make_related_regression(n_tasks=3, n_samples=4, n_features=2, random_state=0)
    >>> X.shape, truth.coef.shape
    ((12, 3), (3, 3))
    """
    check_scalar(noise, "noise", Real, min_val=0)
    rng = check_random_state(random_state)
    mean, sigma = _draw_prior(rng, (n_features + 1,), covariance, rank)
    rows = _task_of_rows(n_tasks, n_samples)
    coef = mean + _draw_normal(rng, n_tasks, sigma)
    features = rng.standard_normal((len(rows), n_features))
    y = _scores(features, coef[rows]) + noise * rng.standard_normal(len(rows))
    truth = Bunch(mean=mean, covariance=sigma, noise=float(noise) ** 2, coef=coef)
    return np.column_stack([features, rows]), y, truth


def make_related_classification(
    n_tasks: int = 200,
    n_samples: int | ArrayLike = 20,
    n_features: int = 10,
    *,
    n_classes: int = 2,
    covariance: str | ArrayLike = "factor",
    rank: int = 3,
    random_state: Any = None,
) -> tuple[NDArray[np.float64], NDArray[np.intp], Bunch]:
    r"""Draw logistic classification tasks whose coefficients come from one normal distribution.

    .. math:: p(y = k \mid x) \propto \exp(x w_{tk} + b_{tk}), \quad (w_{tk}, b_{tk}) \sim N(\mu_k, \Sigma),

    with standard normal features. Of two classes the first has the score 0, as in `LogisticRegression`. A
    task need not hold every class.

    Parameters
    ----------
    n_tasks : int, default=200
        Number of tasks.
    n_samples : int or array-like of shape (n_tasks,), default=20
        Rows of every task, or of each.
    n_features : int, default=10
        Features besides the task column.
    n_classes : int, default=2
        Number of classes.
    covariance : {"factor", "spherical", "diagonal", "power", "full"} or array-like, default="factor"
        Shape of :math:`\Sigma`, see `make_related_regression`, here scaled to a mean variance of 1/2 (and
        :math:`\mu` with it): classes overlap, two of them at a log-loss of about 0.3 at the best.
    rank : int, default=3
        Number of shared directions of "factor".
    random_state : int, RandomState instance or None, default=None
        Seed of all draws.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features + 1)
        Features, then the task id.
    y : ndarray of shape (n_rows,), dtype int
        Classes 0 to ``n_classes - 1``.
    truth : Bunch
        ``mean`` of shape (n_features + 1,), ``covariance`` of shape (n_features + 1, n_features + 1), the
        intercept last, and ``coef`` of shape (n_tasks, n_features + 1). With more than two classes ``mean``
        is of shape (n_classes, n_features + 1) and ``coef`` of shape (n_tasks, n_classes, n_features + 1).

    Raises
    ------
    ValueError
        If a size is not positive, or `covariance` no name of a shape and no covariance matrix of the right
        size.

    Examples
    --------
    >>> from skmeta.datasets import make_related_classification
    >>> X, y, truth = make_related_classification(n_tasks=3, n_samples=4, random_state=0)
    >>> X.shape, sorted(set(y.tolist()))
    ((12, 11), [0, 1])
    """
    check_scalar(n_classes, "n_classes", Integral, min_val=2)
    rng = check_random_state(random_state)
    n_scores = 1 if n_classes == 2 else n_classes
    mean, sigma = _draw_prior(rng, (n_scores, n_features + 1), covariance, rank, variance=0.5)
    rows = _task_of_rows(n_tasks, n_samples)
    coef = mean + _draw_normal(rng, n_tasks * n_scores, sigma).reshape(n_tasks, n_scores, -1)
    features = rng.standard_normal((len(rows), n_features))
    scores = np.column_stack([_scores(features, coef[rows, k]) for k in range(n_scores)])
    if n_classes == 2:
        scores = np.column_stack([np.zeros(len(rows)), scores])
        mean, coef = mean[0], coef[:, 0]
    # The largest of scores plus Gumbel noise is a draw from their softmax.
    y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    return np.column_stack([features, rows]), y, Bunch(mean=mean, covariance=sigma, coef=coef)


def make_sinusoids(
    n_tasks: int = 200, n_samples: int | ArrayLike = 20, *, noise: float = 0.0, random_state: Any = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], Bunch]:
    r"""Draw sine waves of different amplitude and phase, a common test of learning to learn.

    .. math::

        y = a_t \sin(x - \varphi_t) + e, \quad
        a_t \sim U(0.1, 5), \; \varphi_t \sim U(0, \pi), \; x \sim U(-5, 5).

    Parameters
    ----------
    n_tasks : int, default=200
        Number of tasks.
    n_samples : int or array-like of shape (n_tasks,), default=20
        Rows of every task, or of each.
    noise : float, default=0.0
        Standard deviation of the noise, in units of `y`.
    random_state : int, RandomState instance or None, default=None
        Seed of all draws.

    Returns
    -------
    X : ndarray of shape (n_rows, 2)
        The position on the wave, then the task id.
    y : ndarray of shape (n_rows,)
        Targets.
    truth : Bunch
        ``amplitude`` and ``phase`` of shape (n_tasks,), ``noise``, a variance.

    Raises
    ------
    ValueError
        If a size is not positive or `noise` negative.

    References
    ----------
    C. Finn, P. Abbeel, S. Levine (2017). Model-agnostic meta-learning for fast adaptation of deep networks.
    ICML, section 5.1.

    Examples
    --------
    >>> from skmeta.datasets import make_sinusoids
    >>> X, y, truth = make_sinusoids(n_tasks=3, n_samples=10, random_state=0)
    >>> X.shape, truth.phase.shape
    ((30, 2), (3,))
    """
    check_scalar(noise, "noise", Real, min_val=0)
    rng = check_random_state(random_state)
    rows = _task_of_rows(n_tasks, n_samples)
    amplitude, phase = rng.uniform(0.1, 5.0, n_tasks), rng.uniform(0.0, np.pi, n_tasks)
    x = rng.uniform(-5.0, 5.0, len(rows))
    y = amplitude[rows] * np.sin(x - phase[rows]) + noise * rng.standard_normal(len(rows))
    return np.column_stack([x, rows]), y, Bunch(amplitude=amplitude, phase=phase, noise=float(noise) ** 2)


def _task_of_rows(n_tasks: int, n_samples: int | ArrayLike) -> NDArray[np.intp]:
    check_scalar(n_tasks, "n_tasks", Integral, min_val=1)
    counts = np.asarray(n_samples)
    if counts.dtype.kind not in "iu" or counts.shape not in ((), (n_tasks,)) or np.any(counts < 1):
        raise ValueError(
            f"n_samples: wanted a positive integer, or one for each of {n_tasks} tasks, found {n_samples!r}; 20, say."
        )
    return np.repeat(np.arange(n_tasks), counts)


def _scores(features: NDArray[np.float64], coef: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return every row's linear score under its own coefficients, both of one length."""
    return np.einsum("ij,ij->i", features, coef[:, :-1]) + coef[:, -1]


def _draw_normal(rng: Any, n: int, covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows of N(0, covariance): standard normals times the symmetric root.

    That root is unique. Eigenvectors are not (signs, and any rotation where eigenvalues repeat): draws made by them
    alone differ from one LAPACK to the next. Eigenvalues that are zero to rounding are zero: their roots would not be.
    """
    values, vectors = np.linalg.eigh(covariance)
    rounding = np.finfo(float).eps * len(values) * values[-1]
    root = (vectors * np.sqrt(np.where(values > rounding, values, 0.0))) @ vectors.T
    return rng.standard_normal((n, len(root))) @ root


def _draw_prior(
    rng: Any, shape: tuple[int, ...], covariance: str | ArrayLike, rank: int, variance: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a mean of `shape`, intercepts last, and a covariance; `variance` scales both."""
    size = shape[-1]
    check_scalar(size - 1, "n_features", Integral, min_val=1)
    check_scalar(rank, "rank", Integral, min_val=1)
    mean = np.sqrt(variance) * rng.standard_normal(shape)
    if not isinstance(covariance, str):
        return mean, _check_covariance(covariance, size)
    if covariance not in SHAPES:
        raise ValueError(f"covariance: wanted one of {list(SHAPES)} or a matrix, found {covariance!r}.")
    sigma = _draw_covariance(rng, size, covariance, rank)
    return mean, sigma * (variance * size / np.trace(sigma))


def _draw_covariance(rng: Any, size: int, shape: str, rank: int) -> NDArray[np.float64]:
    if shape == "spherical":
        return np.eye(size)
    if shape == "diagonal":
        return np.diag(np.exp(rng.standard_normal(size)))
    if shape == "factor":
        loadings = rng.standard_normal((size, rank))
        return loadings @ loadings.T / rank + 0.1 * np.eye(size)
    if shape == "power":
        axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
        return (axes / np.arange(1, size + 1) ** 1.5) @ axes.T
    root = rng.standard_normal((size, 2 * size))
    return root @ root.T


def _check_covariance(covariance: ArrayLike, size: int) -> NDArray[np.float64]:
    sigma = np.array(covariance, dtype=np.float64)
    if sigma.shape != (size, size):
        raise ValueError(
            f"covariance: wanted shape {(size, size)}, a row for each feature and one for the intercept, found {sigma.shape}; "
            "the intercept is last."
        )
    if not np.allclose(sigma, sigma.T):
        raise ValueError(
            "covariance: wanted a symmetric matrix, found one that differs from its transpose; take (C + C.T) / 2."
        )
    least = np.linalg.eigvalsh(sigma)[0]
    if least < -1e-10 * np.abs(sigma).max():
        raise ValueError(
            f"covariance: wanted a positive semi-definite matrix, found the eigenvalue {least:.3g}; A @ A.T is one."
        )
    return sigma
