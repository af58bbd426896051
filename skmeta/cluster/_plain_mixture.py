"""Plain fitted Gaussian mixtures around means, covariances and weights that were found elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

Array = NDArray[np.float64]


def filled(model: Any, weights: Array, means: Array, covariances: Array, feature_names: tuple[str, ...] | None) -> Any:
    """A clone with these parameters, ``covariances (K, p, p)`` written as its ``covariance_type`` has them."""
    fitted = clone(model)
    fitted.weights_, fitted.means_ = weights, means
    fitted.n_features_in_ = means.shape[1]
    if feature_names is not None:
        fitted.feature_names_in_ = np.array(feature_names, dtype=object)
    write_covariances(fitted, covariances)
    return fitted


def write_covariances(fitted: Any, covariances: Array) -> None:
    """Covariances, precisions and their roots; the root ``P`` of a precision is upper triangular, ``P P'``."""
    kind = fitted.covariance_type
    if kind in ("full", "tied"):
        root = np.linalg.solve(np.linalg.cholesky(covariances), np.eye(covariances.shape[-1])).transpose(0, 2, 1)
        found = covariances, root @ root.transpose(0, 2, 1), root
        fitted.covariances_, fitted.precisions_, fitted.precisions_cholesky_ = (
            each[0] if kind == "tied" else each for each in found
        )
        return
    variances = np.diagonal(covariances, axis1=1, axis2=2).copy()
    variances = variances[:, 0] if kind == "spherical" else variances
    fitted.covariances_, fitted.precisions_ = variances, 1.0 / variances
    fitted.precisions_cholesky_ = 1.0 / np.sqrt(variances)


def write_posterior(fitted: Any, concentration: Array, mean_precision: Array, dof: Array) -> None:
    """What is still unknown of a task's parameters, where the class keeps that: a BayesianGaussianMixture.

    A Dirichlet prior breaks a stick: the share of component ``k`` in what the ones before it left is a beta variable whose
    second parameter is the sum of the later concentrations; the last takes all that is left.
    """
    later = np.cumsum(concentration[::-1])[::-1] - concentration
    is_process = fitted.weight_concentration_prior_type == "dirichlet_process"
    stick = concentration, np.maximum(later, np.finfo(float).eps)
    fitted.weight_concentration_ = stick if is_process else concentration
    fitted.mean_precision_ = mean_precision
    fitted.degrees_of_freedom_ = float(dof.mean()) if fitted.covariance_type == "tied" else dof


def relabel(fitted: Any, permutation: NDArray[np.intp]) -> None:
    """Put the components of a fitted mixture in another order; a stick is broken anew."""
    names = ["weights_", "means_"]
    if fitted.covariance_type != "tied":
        names += ["covariances_", "precisions_", "precisions_cholesky_"]
    if hasattr(fitted, "mean_precision_"):
        names += ["mean_precision_"] + (["degrees_of_freedom_"] if fitted.covariance_type != "tied" else [])
        stick = fitted.weight_concentration_
        total = np.sum(stick[0]) if isinstance(stick, tuple) else np.sum(stick)
        write_posterior(
            fitted, total * fitted.weights_[permutation], fitted.mean_precision_, np.asarray(fitted.degrees_of_freedom_)
        )
    for name in names:
        setattr(fitted, name, getattr(fitted, name)[permutation])
