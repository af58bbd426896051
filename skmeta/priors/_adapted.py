"""Many tasks after adaptation, as arrays: plain estimators are made from it when asked for."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from skmeta._numerics.mixture import posterior
from skmeta._numerics.moments import standardise, take_rows
from skmeta.priors._plain import plain_estimator

_BLOCK = 65536  # rows predicted at once


@dataclass(frozen=True, eq=False)
class Adapted:
    """What `adapt_tasks` found for ``n_tasks`` tasks.

    ``coef (n_tasks, K, d + 1)`` in the units of the data; ``noise (n_tasks, K)`` in squared units of the target;
    ``borrowed (n_tasks,)`` rows that the prior was worth; ``fitted`` further attributes a task, or None; ``moments``
    an output, from which posterior covariances are made when asked for.
    """

    prior: object
    estimator: object
    coef: np.ndarray
    noise: np.ndarray
    borrowed: np.ndarray
    n_targets: int | None
    classes: np.ndarray | None
    feature_names: tuple | None
    fitted: list | None = None
    moments: list | None = None
    intercept: bool = True

    def plain(self, code):
        """The plain fitted estimator of one task."""
        return plain_estimator(
            self.estimator,
            self.coef[code],
            n_targets=self.n_targets,
            classes=self.classes,
            feature_names=self.feature_names,
            fitted=None if self.fitted is None else self.fitted[code],
        )

    def linear_predictor(self, X, codes):
        """``(n, K)`` linear predictor of rows of the tasks ``codes``; -1 is a task never seen: the prior's mean."""
        coef = np.concatenate([self.coef, self.prior.mean.reshape(1, *self.coef.shape[1:])])
        eta = np.empty((X.shape[0], coef.shape[1]))
        for rows in _row_blocks(X):
            part = _present(take_rows(X, rows), self.prior)
            w = coef[codes[rows]]
            eta[rows] = np.einsum("nd,nkd->nk", part, w[..., :-1]) + w[..., -1]
        return eta

    def variance(self, X, codes):
        """``(n, K)`` variance of the linear predictor: what is not known of the coefficients."""
        out = np.empty((X.shape[0], self.coef.shape[1]))
        for k in range(out.shape[1]):
            units, believed = self.prior.units(k), self.prior.believed[k]
            for code in np.unique(codes):
                rows = np.flatnonzero(codes == code)
                V = believed.covariance if code < 0 else self._posterior_covariance(k, code)
                Z = np.ones((len(rows), len(units.centre) + 1))
                Z[:, :-1] = standardise(take_rows(X, rows), units.centre, units.scale)
                Z[:, -1] = float(self.intercept)
                out[rows, k] = np.einsum("np,pq,nq->n", Z, V, Z, optimize=True) * units.target_scale**2
        return out

    def _posterior_covariance(self, k, code):
        found = posterior(self.moments[k].take([code]), self.prior.believed[k], with_covariance=True)
        return found.covariance[0]


def _row_blocks(X):
    return [slice(s, min(s + _BLOCK, X.shape[0])) for s in range(0, X.shape[0], _BLOCK)]


def _present(X, prior):
    """Missing values (a column its task lacks) sit at the collection's centre."""
    if sparse.issparse(X) or not np.isnan(X.sum()):
        return X
    centre = np.zeros(X.shape[1]) if prior.centre is None else prior.centre
    return np.where(np.isnan(X), centre, X)
