"""Plain fitted classifiers whose class means are given: what fits rows would have made of such means and one variance."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid

from skmeta.base._registry import lookup
from skmeta.tasks._warn_caller import warn_caller

Array = NDArray[np.float64]


class KnownClasses(NamedTuple):
    """Labels ``(n_classes,)``, their means ``(n_classes, n_columns)``, one variance, shares and numbers of rows."""

    labels: NDArray[Any]
    means: Array
    variance: float
    shares: Array
    n_rows: Array


def check_honours(estimator: Any) -> None:
    """Raise for a parameter that a Gaussian with given class means has no place for."""
    for name, (wanted, way_out) in (lookup(_WANTED, estimator) or {}).items():
        found = getattr(estimator, name)
        if found != wanted:
            raise ValueError(
                f"estimator: wanted {type(estimator).__name__} with {name}={wanted!r}, as past tasks say how far class means "
                f"are shrunk and under which metric, found {found!r}; {way_out}."
            )


def warn_of_what_is_given(estimator: Any) -> None:
    """Say which parameters are without effect, as they are about the estimation of what past tasks say."""
    for name in lookup(_WITHOUT_EFFECT, estimator) or ():
        found = getattr(estimator, name)
        if found is not None:
            warn_caller(
                f"estimator: wanted {type(estimator).__name__} with {name}=None, as past tasks say what the covariance within "
                f"classes is, found {found!r}, which is without effect; leave it out, or use learner=SharedModel()."
            )


def filled(estimator: Any, known: KnownClasses) -> Any | None:
    """A fitted clone of a classifier with these class means; None of one that has none."""
    fill = lookup(_FILLS, estimator)
    if fill is None:
        return None
    if isinstance(estimator.priors, Sized) and not isinstance(estimator.priors, str):
        _check_priors(estimator.priors, len(known.labels))
    return fill(estimator, known)


def _check_priors(priors: Sized, n_classes: int) -> None:
    if len(priors) != n_classes:
        raise ValueError(
            f"priors: wanted one for each class of a task, here {n_classes}, found {len(priors)}; leave priors out where tasks "
            "have unlike numbers of classes."
        )


def takes_means(estimator: Any) -> bool:
    """Whether a classifier can have given class means."""
    return lookup(_FILLS, estimator) is not None


def discriminant(known: KnownClasses) -> Any:
    """The linear discriminant of such classes, which stands in where a classifier cannot be fitted to a task's rows."""
    return _linear_discriminant(LinearDiscriminantAnalysis(), known)


def _fitted(estimator: Any, known: KnownClasses, deviation: float) -> Any:
    """A clone fitted to two rows a class, around its mean."""
    rows = np.concatenate([known.means - deviation, known.means + deviation])
    return clone(estimator).fit(rows, np.tile(known.labels, 2))


def _nearest_centroid(estimator: Any, known: KnownClasses) -> Any:
    """Two rows a class at the square root of half the variance have that variance, by their degrees of freedom."""
    fitted = _fitted(estimator, known, np.sqrt(known.variance / 2.0))
    if isinstance(estimator.priors, str) and estimator.priors == "empirical":
        fitted.class_prior_ = known.shares
    return fitted


def _gaussian_naive_bayes(estimator: Any, known: KnownClasses) -> Any:
    fitted = _fitted(estimator, known, np.sqrt(known.variance))
    fitted.class_count_ = known.n_rows
    if estimator.priors is None:
        fitted.class_prior_ = known.shares
    return fitted


def _linear_discriminant(estimator: Any, known: KnownClasses) -> Any:
    """The covariance is known: all solvers find the same, and nothing is left to shrink."""
    plain = clone(estimator).set_params(solver="svd", shrinkage=None, covariance_estimator=None)
    with np.errstate(invalid="ignore"):  # class means that are all the same: what is fitted then is set below
        fitted = _fitted(plain, known, np.sqrt(known.variance))
    fitted.set_params(**estimator.get_params(deep=False))
    if estimator.priors is None:
        fitted.priors_ = known.shares
    fitted.means_, fitted.xbar_ = known.means, fitted.priors_ @ known.means
    with np.errstate(divide="ignore"):  # a class that is ruled out
        intercept = np.log(fitted.priors_) - 0.5 * np.sum(known.means**2, axis=1) / known.variance
    coef = known.means / known.variance
    if len(known.labels) == 2:
        coef, intercept = coef[[1]] - coef[[0]], intercept[[1]] - intercept[[0]]
    fitted.coef_, fitted.intercept_ = coef, intercept
    if hasattr(fitted, "covariance_") or estimator.solver != "svd":
        fitted.covariance_ = known.variance * np.eye(known.means.shape[1])
    _set_projection(fitted, known)
    return fitted


def _set_projection(fitted: Any, known: KnownClasses) -> None:
    """The directions in which class means differ, by their shares: those of `transform`."""
    apart = np.sqrt(fitted.priors_)[:, None] * (known.means - fitted.xbar_) / np.sqrt(known.variance)
    _, values, directions = svd(apart, full_matrices=False)
    rank = max(int(np.sum(values > fitted.tol * values[0])), 1)
    fitted.scalings_ = directions[:rank].T / np.sqrt(known.variance)
    ratio = values**2 / max(float(np.sum(values**2)), np.finfo(float).tiny)
    n_asked = min(len(known.labels) - 1, known.means.shape[1]) if fitted.n_components is None else fitted.n_components
    fitted.explained_variance_ratio_ = ratio[:n_asked]


_FILLS: dict[type, Callable[[Any, KnownClasses], Any]] = {
    NearestCentroid: _nearest_centroid,
    GaussianNB: _gaussian_naive_bayes,
    LinearDiscriminantAnalysis: _linear_discriminant,
}
_WANTED: dict[type, dict[str, tuple[Any, str]]] = {
    NearestCentroid: {
        "shrink_threshold": (None, "leave it out, or, where all tasks have the same labels, use learner=SharedModel()"),
        "metric": ("euclidean", "leave it out, or use KNeighborsClassifier, which has metrics of all kinds"),
    }
}
_WITHOUT_EFFECT: dict[type, tuple[str, ...]] = {LinearDiscriminantAnalysis: ("shrinkage", "covariance_estimator")}
