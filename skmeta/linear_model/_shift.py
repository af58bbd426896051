"""Any linear regressor under a Gaussian prior, by a change of variables: its own solver, where the prior is a unit ball.

With ``Sigma = L L'``, fit the class on ``Z L`` and ``y - Z mean`` without intercept; then ``coef = mean + L v``. For
ridge this is the posterior mean; for l1 penalties, what shrinks to zero are the task's deviations from the prior.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm
from sklearn import config_context
from sklearn.linear_model import BayesianRidge, ElasticNet, QuantileRegressor, enet_path

from skmeta._inference.believed import FELLOW, ODD_LEVEL, ODD_NOISE, STRANGER
from skmeta._inference.between import level_of_tasks, told_by_new_row
from skmeta._inference.linalg import square_root
from skmeta.linear_model._plain import fresh

_NEGLIGIBLE = 0.05  # a law with less evidence than this is not worth a call of the solver
_FIRM = 1e8  # rows that the noise counts for, where a class would find its own


@dataclass(frozen=True, eq=False)
class ShiftedTask:
    """One task of one output in the units of the engine: its rows, and what they say under Gaussian noise.

    ``Z (n, p)``, ``y (n,)``, ``weight (n,)`` or None; ``n_rows (1,)`` and ``context (1, p - 1)`` as in `Moments`;
    ``kinds (4,)`` is the evidence of every kind that the task may be of (see `believed`).
    """

    Z: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    n_rows: np.ndarray
    context: np.ndarray
    noise: float
    kinds: np.ndarray


def solve_shifted(estimator, family, strength, prior, task):
    """``(coef (p,), fitted)`` of one task in the units of the engine.

    Solutions under the laws that matter are averaged by their evidence; ``fitted`` is of the likeliest.
    """
    kinds = task.kinds
    weights = np.array([kinds[FELLOW] + kinds[ODD_NOISE], kinds[ODD_LEVEL], kinds[STRANGER]])
    weights = np.where(weights < _NEGLIGIBLE, 0.0, weights)
    solve = _under_the_learned, _at_an_odd_level, _as_a_stranger
    solved = {c: solve[c](estimator, family, strength, prior, task) for c in range(len(solve)) if weights[c]}
    coef = sum(weights[c] * coef for c, (coef, _) in solved.items()) / weights.sum()
    return coef, solved[int(np.argmax(weights))][1]


def _as_a_stranger(estimator, family, strength, prior, task):
    unit = 1.0 if prior.noise_known else np.sqrt(task.noise)
    law = prior.stranger_mean, unit * prior.stranger_root, True
    return _solve(estimator, family, strength, law, task)[:2]


def _at_an_odd_level(estimator, family, strength, prior, task):
    return _under_the_learned(estimator, family, strength, prior, task, prior.odd_level)


def _under_the_learned(estimator, family, strength, prior, task, wider=0.0):
    """The learned law, its level by a variance ``wider``; rows are trusted no more than tasks' mean noise allows."""
    task = replace(task, noise=max(task.noise, prior.noise.mean))
    mean, covariance = prior.mean.copy(), prior.covariance.copy()
    effects = prior.between, prior.ratio, task.n_rows, task.context
    if prior.between is not None:
        shift, unknown = level_of_tasks(*effects)
        mean[-1] += shift[0]
        wider = wider + unknown[0]
    covariance[-1, -1] += wider
    root = square_root(covariance)
    coef, fitted, design = _solve(estimator, family, strength, (mean, root, prior.flat_intercept), task)
    if prior.between is None:
        return coef, fitted
    left = 0.0 if prior.flat_intercept else _left(design, root[-1], strength, task)
    return coef + told_by_new_row(*effects, np.full(1, left))[0], fitted


def _left(design, intercept, strength, task):
    """Share of the intercept's variance that Gaussian rows leave; ``intercept`` is its row of the root."""
    weight = 1.0 if task.weight is None else task.weight[:, None]
    _, values, vectors = np.linalg.svd(design * np.sqrt(weight / task.noise), full_matrices=False)
    return 1.0 - (values**2 / (values**2 + strength)) @ (vectors @ intercept) ** 2 / (intercept @ intercept)


def _solve(estimator, family, strength, law, task):
    """``(coef (p,), fitted, design)`` under one law ``(mean, root, flat)``."""
    mean, root, flat = law
    flat, mean = flat and estimator.fit_intercept, mean.copy()
    if isinstance(estimator, QuantileRegressor):
        mean[-1] += np.sqrt(task.noise) * norm.ppf(estimator.quantile)
    if flat:  # nothing is known of the intercept: the class's own, unpenalised, finds it
        root = np.vstack([square_root(root[:-1] @ root[:-1].T), np.zeros(len(root) - 1)])
    params = family.inner(estimator, strength, task.noise, task.n_rows[0]) | {"fit_intercept": flat}
    if isinstance(estimator, BayesianRidge):  # of a few rows its own evidence believes that they have no noise at all
        params |= {"alpha_init": 1.0 / task.noise, "alpha_1": _FIRM / 2.0, "alpha_2": _FIRM / 2.0 * task.noise}
    if isinstance(estimator, ElasticNet):
        params["precompute"] = False  # a Gram matrix that the class was given is that of other coordinates
    inner = fresh(estimator, **params)
    design, residual = task.Z @ root, task.y - task.Z @ mean
    with config_context(assume_finite=True, skip_parameter_validation=True):  # both were checked as they came in
        fit = _descend if isinstance(estimator, ElasticNet) and not flat else _fit
        fit(inner, design, residual, task.weight)
    coef = mean + root @ inner.coef_
    coef[-1] += inner.intercept_ if flat else 0.0
    return coef, _fitted(inner, root), design


def _fit(inner, design, residual, weight):
    inner.fit(design, residual, **({} if weight is None else {"sample_weight": weight}))


def _descend(inner, design, residual, weight):
    """Coordinate descent as the class's ``fit`` has it without intercept; its checks would cost five times as much."""
    if weight is not None:
        root = np.sqrt(weight * (len(weight) / weight.sum()))
        design, residual = design * root[:, None], residual * root
    params = {name: getattr(inner, name) for name in ("max_iter", "tol", "selection", "random_state")}
    _, coef, gap, n_iter = enet_path(
        np.asfortranarray(design),
        residual,
        l1_ratio=inner.l1_ratio,
        alphas=[inner.alpha],
        precompute=False,
        return_n_iter=True,
        check_input=False,
        **params,
    )
    inner.coef_, inner.dual_gap_, inner.n_iter_ = coef[:, 0], gap[0], n_iter[0]


def _fitted(inner, root):
    """What the solver says beside coefficients, in the units of the engine."""
    found = {
        name: getattr(inner, name) for name in ("n_iter_", "dual_gap_", "scale_", "outliers_") if hasattr(inner, name)
    }
    if isinstance(inner, BayesianRidge):
        slopes = root[:-1]
        found |= {"alpha_": inner.alpha_, "lambda_": inner.lambda_, "sigma_": slopes @ inner.sigma_ @ slopes.T}
    return found


def fitted_in_data_units(fitted, units):
    """Scale what the solver reported to the units of the data."""
    found = dict(fitted)
    if "scale_" in found:
        found["scale_"] = found["scale_"] * units.target_scale
    if "sigma_" in found:
        ratio = units.target_scale / units.scale
        found["sigma_"] = found["sigma_"] * np.outer(ratio, ratio)
        found["alpha_"] = found["alpha_"] / units.target_scale**2
        found["X_offset_"], found["X_scale_"] = np.zeros(len(ratio)), np.ones(len(ratio))
    return found
