"""Adapting where columns outnumber rows by far: the dual, a diagonal or factor covariance, sparse rows kept sparse."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skmeta._inference.wide import WidePrior, wide_posterior, wide_predict
from skmeta.linear_model._families import family_of

_WIDE = 128  # columns beyond which no (p, p) matrix is made, if no task has as many rows


def is_wide(n_features, tasks):
    """Whether a collection is learned in the dual."""
    return n_features > _WIDE and tasks.counts.max(initial=0) < n_features


def as_wide(prior):
    """The prior in the units of the engine, without any ``(p, p)`` matrix."""
    n_outputs, p = prior.n_outputs, prior.n_features + 1
    units = [prior.units(k) for k in range(n_outputs)]
    stacked = {
        "mean": [u.to_engine(prior.output("mean", k, 1)) for k, u in enumerate(units)],
        "variance": [u.covariance_to_engine(_variance(prior, k)) for k, u in enumerate(units)],
        "factor": [u.spread_to_engine(_factor(prior, k)) for k, u in enumerate(units)],
        "noise": [float(prior.output("noise", k, 0)) / u.target_scale**2 for k, u in enumerate(units)],
        "level": [0.0 if _linear(prior) else float(prior.output("target_centre", k, 0)) for k in range(n_outputs)],
    }
    arrays = {name: np.array(value, dtype=float) for name, value in stacked.items()}
    arrays["factor"] = arrays["factor"].reshape(n_outputs, p, -1)
    return WidePrior(**arrays, vague_weight=prior.vague_weight, n_tasks=prior.n_tasks, n_rows=prior.n_rows)


def from_wide(frame, wide, feature_names):
    """A `GaussianPrior` in the units of the data, with the units of ``frame``."""
    units = [frame.units(k) for k in range(len(wide.mean))]
    one = frame.mean.ndim == 1

    def stacked(values):
        return values[0] if one else np.stack(values)

    return replace(
        frame,
        mean=stacked([u.to_data(m) for u, m in zip(units, wide.mean, strict=True)]),
        covariance=stacked([u.covariance_to_data(v) for u, v in zip(units, wide.variance, strict=True)]),
        factor=stacked([u.spread_to_data(f) for u, f in zip(units, wide.factor, strict=True)])
        if wide.factor.shape[2]
        else None,
        noise=stacked([np.asarray(s * u.target_scale**2) for u, s in zip(units, wide.noise, strict=True)]),
        vague_weight=wide.vague_weight,
        n_tasks=wide.n_tasks,
        n_rows=wide.n_rows,
        feature_names=feature_names,
    )


def adapt_wide(prior, estimator, family, rows, strength):
    """``(coef (n_tasks, K, p) in the units of the data, noise, trust)`` of every task."""
    wide = as_wide(prior)
    taken = strength if family.how == "posterior" else 1.0
    found = wide_posterior(rows, wide, family.loss(estimator, prior.n_outputs), strength=taken)
    units = [prior.units(k) for k in range(prior.n_outputs)]
    coef = found.mean
    if family.how == "shift":
        coef = np.stack([_own_solver(estimator, family, strength, wide, rows, found, t) for t in range(rows.n_tasks)])
    coef = np.stack([u.to_data(coef[:, k]) for k, u in enumerate(units)], axis=1)
    noise = found.noise * np.array([u.target_scale**2 for u in units])
    return coef, noise, found.trust


def wide_worth(prior):
    """Own rows that would predict as well as the prior alone."""
    wide = as_wide(prior)
    error = wide.variance.sum(axis=1) + (wide.factor**2).sum(axis=(1, 2))
    return float(np.mean(wide.mean.shape[1] * wide.noise / np.maximum(error, 1e-300)))


def wide_variance(prior, estimator, rows, X, codes, strength):
    """``(n, K)`` variance of the linear predictor at rows ``X`` of the tasks ``codes``; -1 is a task never seen."""
    wide, n_outputs = as_wide(prior), prior.n_outputs
    units = np.array([prior.units(k).target_scale ** 2 for k in range(n_outputs)])
    out = np.empty((X.shape[0], n_outputs))
    unseen = np.flatnonzero(codes < 0)
    Z = sparse.csr_array(X[unseen]) @ sparse.diags_array(1.0 / rows.scale)
    for k in range(n_outputs):
        spread = Z.power(2) @ wide.variance[k, :-1] + wide.variance[k, -1]
        out[unseen, k] = spread + ((Z @ wide.factor[k, :-1] + wide.factor[k, -1]) ** 2).sum(axis=1)
    order = np.flatnonzero(codes >= 0)
    if len(order):
        order = order[np.argsort(codes[order], kind="stable")]
        starts = np.searchsorted(codes[order], np.arange(rows.n_tasks + 1))
        new = replace(rows, X=X, Y=np.zeros((X.shape[0], n_outputs)), order=order, starts=starts, weight=None)
        loss = family_of(estimator).loss(estimator, n_outputs)
        out[np.sort(order)] = wide_predict(rows, wide, loss, new, strength=strength).variance
    return out * units


def _own_solver(estimator, family, strength, wide, rows, found, t):
    """The class's own solver on ``Z diag(deviation)`` and ``Z factor``, averaged with its plain fit by the evidence."""
    own = rows.order[rows.starts[t] : rows.starts[t + 1]]
    Z = sparse.csr_array(rows.X[own]) @ sparse.diags_array(1.0 / rows.scale)
    Z = sparse.hstack([Z, np.full((len(own), 1), float(rows.intercept))], format="csr")
    weight = {} if rows.weight is None else {"sample_weight": rows.weight[own]}
    deviation, factor = np.sqrt(wide.variance[0]), wide.factor[0]
    design = sparse.hstack([Z @ sparse.diags_array(deviation), Z @ factor], format="csr")
    n_rows = weight["sample_weight"].sum() if weight else len(own)
    params = estimator.get_params(deep=False) | family.inner(estimator, strength, found.noise[t, 0], n_rows)
    inner = type(estimator)(**params | {"fit_intercept": False}).fit(
        design, rows.Y[own, 0] - Z @ wide.mean[0], **weight
    )
    v = np.ravel(inner.coef_)
    learned = wide.mean[0] + deviation * v[: len(deviation)] + factor @ v[len(deviation) :]
    plain = clone(estimator).fit(Z[:, :-1], rows.Y[own, 0], **weight)
    return (found.trust[t] * learned + (1.0 - found.trust[t]) * np.r_[np.ravel(plain.coef_), plain.intercept_])[None]


def _linear(prior):
    return prior.likelihood in (None, "gaussian")


def _variance(prior, k):
    return prior.output("covariance", k, 1)


def _factor(prior, k):
    return np.zeros((prior.n_features + 1, 0)) if prior.factor is None else prior.output("factor", k, 2)
