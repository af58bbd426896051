"""Many tasks after adaptation, as arrays: plain estimators are made from it when asked for."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from skmeta._inference.integrated import bell_probabilities, integrated_probabilities
from skmeta._inference.mixture import posterior
from skmeta._inference.moments import standardise, take_rows
from skmeta._inference.threads import blocks_of
from skmeta.base import AdaptedEstimators
from skmeta.linear_model._families import family_of
from skmeta.linear_model._plain import plain_estimator
from skmeta.linear_model._wide import wide_variance, wide_worth
from skmeta.tasks import index_tasks
from skmeta.tasks._numbers import check_complete, column_names, numeric_features

_CELLS = 1 << 21  # coefficients gathered at once when rows are predicted
_TASKS = 1024  # tasks whose posterior covariances are held at once


@dataclass(frozen=True, eq=False)
class Adapted(AdaptedEstimators):
    """What `adapt_tasks` found for ``n_tasks`` tasks.

    ``coef (n_tasks, K, d + 1)`` in the units of the data, ``unseen (K, d + 1)`` those of a task without rows; ``noise
    (n_tasks, K)`` in squared units of the target; ``trust (n_tasks,)`` is the evidence for the learned prior, taken at
    ``strength (K,)``; ``fitted`` further attributes a task, or None; ``evidence`` is what posterior covariances are made
    from when asked for: `Moments` an output, or a wide task's `Rows`. The evidence is None, and noise and trust may be,
    where only plain estimators were wanted. ``rows`` are a classifier's, from which its probabilities are integrated.
    """

    prior: Any
    model: Any
    coef: np.ndarray
    unseen: np.ndarray
    noise: Any
    trust: Any
    n_targets: int | None
    labels: np.ndarray | None
    feature_names: tuple | None
    fitted: list | None = None
    evidence: Any = None
    strength: Any = 1.0
    intercept: bool = True
    rows: Any = None
    ids: Any = None

    @property
    def classes(self):
        """Labels that columns of probabilities belong to."""
        return self.labels

    def estimator(self, code):
        """The plain fitted estimator of one task; -1 is one without rows."""
        return plain_estimator(
            self.model,
            self.coef[code] if code >= 0 else self.unseen,
            n_targets=self.n_targets,
            classes=self.labels,
            feature_names=self.feature_names,
            fitted=None if self.fitted is None or code < 0 else self.fitted[code],
        )

    @property
    def coef_(self):
        """Slopes of every task."""
        slopes = self.coef[:, :, :-1]
        return slopes[:, 0] if self.n_targets is None and self.classes is None else slopes

    def predict(self, X, codes):
        """Targets or labels."""
        eta = self._predictor_of(X, codes)
        if self.classes is None:
            return self._shape(family_of(self.model).loss(self.model).mean(eta))
        return self.classes[(eta[:, 0] > 0).astype(int) if eta.shape[1] == 1 else np.argmax(eta, axis=1)]

    def decision_function(self, X, codes):
        """Linear predictors of the classes."""
        eta = self._predictor_of(X, codes)
        return eta[:, 0] if eta.shape[1] == 1 else eta

    def predict_proba(self, X, codes):
        """Probabilities, integrated over what is not known of the coefficients."""
        found = self.probabilities(self._read(X, codes), codes)
        return np.column_stack([1.0 - found, found]) if found.shape[1] == 1 else found

    def std(self, X, codes):
        """Standard deviation of a new observation."""
        Z = self._read(X, codes)
        loss, eta = family_of(self.model).loss(self.model), self.linear_predictor(Z, codes)
        noise = np.vstack([self.noise, np.reshape(self.prior.noise, (1, -1)) + np.zeros_like(eta[:1])])[codes]
        unknown = self.variance(Z, codes)
        if loss.name == "gaussian":
            return self._shape(np.sqrt(unknown + noise))
        mean = loss.mean(eta)
        return self._shape(np.sqrt(mean**2 * unknown + noise * mean**loss.power))

    def _shape(self, values):
        return values[:, 0] if self.n_targets is None else values

    def _predictor_of(self, X, codes):
        return self.linear_predictor(self._read(X, codes), codes)

    def _read(self, X, codes):
        names, Z = column_names(X), numeric_features(X)
        known = np.flatnonzero(codes >= 0)
        index = index_tasks(codes[known])
        check_complete(Z[known], replace(index, ids=self.ids[index.ids]), names)
        return Z

    def linear_predictor(self, X, codes):
        """``(n, K)`` linear predictor of rows of the tasks ``codes``; -1 is a task never seen."""
        coef = np.concatenate([self.coef, self.unseen[None]])
        eta = np.empty((X.shape[0], coef.shape[1]))
        if sparse.issparse(X):
            for code in np.unique(codes):
                rows = np.flatnonzero(codes == code)
                eta[rows] = X[rows] @ coef[code, :, :-1].T + coef[code, :, -1]
            return eta
        for rows in blocks_of(len(X), max(_CELLS // coef[0].size, 1)):
            w = coef[codes[rows]]
            eta[rows] = np.einsum("nd,nkd->nk", present(X[rows], self.prior), w[..., :-1]) + w[..., -1]
        return eta

    def variance(self, X, codes):
        """``(n, K)`` variance of the linear predictor: what is not known of the coefficients."""
        if self.prior.is_wide:
            return wide_variance(self.prior, self.model, self.evidence, X, codes, float(self.strength[0]))
        out = np.empty((X.shape[0], self.coef.shape[1]))
        known, order = np.unique(codes, return_inverse=True)
        for k in range(out.shape[1]):
            units = self.prior.units(k)
            for code, V in zip(range(len(known)), self._covariances(k, known), strict=True):
                rows = np.flatnonzero(order == code)
                Z = self._standardised(X, rows)
                out[rows, k] = ((Z @ V) * Z).sum(axis=1) * units.target_scale**2
        return out

    def probabilities(self, X, codes):
        """``(n, K)`` probabilities of the classes, integrated over what is not known of the coefficients.

        ``(n, 1)`` of the second of two.
        """
        if self.prior.is_wide:
            return bell_probabilities(self.linear_predictor(X, codes), self.variance(X, codes))
        coef = np.concatenate([self.coef, self.unseen[None]])
        modes = np.stack([self.prior.units(k).to_engine(coef[:, k]) for k in range(coef.shape[1])], axis=1)
        known, order = np.unique(codes, return_inverse=True)
        covariances = zip(*(self._covariances(k, known) for k in range(coef.shape[1])), strict=True)
        out = np.empty((X.shape[0], coef.shape[1]))
        for i, (code, V) in enumerate(zip(known, covariances, strict=True)):
            some = np.flatnonzero(order == i)
            Z, own = self._standardised(X, some), self.rows.batch(np.array([max(code, 0)]))
            Y, weight = own[1][0], own[2][0] * (code >= 0)
            out[some] = integrated_probabilities(own[0][0], Y, weight, modes[code], V, Z)
        return out

    def _standardised(self, X, rows):
        """Some rows in the units of the engine, with intercept."""
        units = self.prior.units(0)
        Z = np.full((len(rows), X.shape[1] + 1), float(self.intercept))
        Z[:, :-1] = standardise(take_rows(X, rows), units.centre, units.scale)
        return Z

    @cached_property
    def borrowed(self):
        """Rows ``(n_tasks,)`` that the prior was worth: how many more an own fit would need to predict as well.

        At the task's own rows, least squares on ``m`` like them errs by ``p noise / m``, the posterior by ``trace(V
        gram) / n``; the ``m`` that makes them equal, less the ``n`` rows there were, was borrowed.
        """
        if self.prior.is_wide:
            return self.trust * wide_worth(self.prior)
        outputs = [self._borrowed(k) for k in range(self.coef.shape[1])]
        return self.trust * np.mean(outputs, axis=0)

    def _borrowed(self, k):
        moments, p = self.evidence[k], self.coef.shape[2]
        V = self._covariances(k, np.arange(len(self.coef)))
        error = np.array([(one * gram).sum() for one, gram in zip(V, moments.gram, strict=True)])
        noise = self.noise[:, k] / self.prior.units(k).target_scale ** 2
        return np.maximum(moments.n_rows * (p * noise / np.maximum(error, 1e-300) - 1.0), 0.0)

    def _covariances(self, k, codes):
        """Posterior covariances of some tasks, one after the other, made by the block; -1 has the prior's."""
        believed = self.prior.believed[k]
        if len(codes) and codes[0] < 0:
            yield believed.covariance
            codes = codes[1:]
        for block in blocks_of(len(codes), _TASKS):
            some = self.evidence[k].take(codes[block])
            yield from posterior(some, believed, strength=self.strength[k], with_covariance=True).covariance


def present(X, prior):
    """Missing values (a column its task lacks) sit at the collection's centre."""
    if not np.isnan(X.sum()):
        return X
    centre = np.zeros(X.shape[1]) if prior.centre is None else prior.centre
    return np.where(np.isnan(X), centre, X)
