"""Any linear regressor under a Gaussian prior, by a change of variables: its own solver, where the prior is a unit ball.

With ``Sigma = L L'``, fit the class on ``Z L`` and ``y - Z mean`` without intercept; then ``coef = mean + L v``. For
ridge this is the posterior mean; for l1 penalties, what shrinks to zero are the task's deviations from the prior.
"""

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import BayesianRidge, QuantileRegressor

from skmeta._numerics.linalg import square_root

_NEGLIGIBLE = 1e-3  # a component with less evidence than this is not worth a call of the solver


def solve_shifted(estimator, family, strength, prior, Z, y, weight, trust, weights):
    """``(coef (p,), fitted)`` of one task in the units of the engine.

    ``trust`` is the evidence of the learned prior and ``weights`` those of the vague components; the learned solution
    and that of the likeliest vague one are averaged accordingly.
    """
    learned = prior.mean, square_root(prior.covariance), prior.flat_intercept
    if not len(weights) or trust > 1.0 - _NEGLIGIBLE:
        return _solve(estimator, family, strength, prior, learned, Z, y, weight)
    unit = 1.0 if prior.noise_known else np.sqrt(prior.level)
    vague = prior.stranger_mean, unit * np.diag(prior.strangers[0][int(np.argmax(weights))]), True
    stranger, fitted = _solve(estimator, family, strength, prior, vague, Z, y, weight)
    if trust < _NEGLIGIBLE:
        return stranger, fitted
    coef, fitted = _solve(estimator, family, strength, prior, learned, Z, y, weight)
    return trust * coef + (1.0 - trust) * stranger, fitted


def _solve(estimator, family, strength, prior, law, Z, y, weight):
    mean, root, flat = law
    flat, mean = flat and estimator.fit_intercept, mean.copy()
    if isinstance(estimator, QuantileRegressor):
        mean[-1] += np.sqrt(prior.level) * norm.ppf(estimator.quantile)
    if flat:  # nothing is known of the intercept: the class's own, unpenalised, finds it
        root = np.vstack([root[:-1, :-1], np.zeros(len(root) - 1)])
    n_rows = len(y) if weight is None else weight.sum()
    params = estimator.get_params(deep=False) | family.inner(estimator, strength, prior.level, n_rows)
    inner = type(estimator)(**params | {"fit_intercept": flat})
    inner.fit(Z @ root, y - Z @ mean, **({} if weight is None else {"sample_weight": weight}))
    coef = mean + root @ inner.coef_
    coef[-1] += inner.intercept_ if flat else 0.0
    return coef, _fitted(inner, root)


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
