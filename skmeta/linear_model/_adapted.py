"""Linear models of many tasks after adaptation, as arrays: plain estimators are made of them when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import TINY
from skmeta._inference.new_rows import variance_of_own_rows
from skmeta._inference.threads import blocks_of
from skmeta.base import AdaptedEstimators
from skmeta.linear_model._families import Adaptation
from skmeta.linear_model._integrated import Integrated
from skmeta.linear_model._plain import fresh
from skmeta.linear_model._unknown import Unknown
from skmeta.tasks import Tasks, index_tasks
from skmeta.tasks._numbers import check_complete, column_names, numeric_features

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_CELLS = 1 << 21  # coefficients gathered at once when rows are predicted


class LinearAdapted(AdaptedEstimators):
    """Linear models of some tasks, after adaptation from one prior or from a mixture of them.

    Parameters
    ----------
    priors : sequence of LinearPrior
        What they started from, in the order of the rows' columns.
    tasks : Tasks
        What they were adapted to.
    adaptation : Adaptation
        Their rows and the priors in the units of the engine.
    coefficients : ndarray of shape (n_tasks, n_outputs, n_features + 1)
        Their coefficients in units of the data, the intercept last; of classifiers those of the posterior mode.
    fitted : list of dict, default=None
        Further fitted attributes of each task's estimator.
    """

    def __init__(
        self,
        priors: Sequence[Any],
        tasks: Tasks,
        adaptation: Adaptation,
        coefficients: Array,
        fitted: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(priors[0], adaptation.estimator, tasks)
        self.priors = list(priors)
        self._coef = coefficients
        self._adaptation = adaptation
        self._fitted = fitted
        self._unknown = Unknown(adaptation)
        self._found_scales = np.full(len(tasks), np.nan)

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to, sorted; None for regressors."""
        return self._adaptation.data.classes

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task.

        Parameters
        ----------
        code : int
            The task, from 0; -1 is a task without rows.

        Returns
        -------
        estimator
            A fitted scikit-learn estimator that shares nothing with this object.
        """
        here = self._adaptation
        scale = float(self._scales(np.array([code]))[0])
        coef = here.start if code < 0 else scale * self._coef[code]
        plain, slopes = fresh(self.model), coef[:, :-1].copy()
        intercept = coef[:, -1] * here.rows.intercept
        here.family.fill(plain, slopes, intercept, one_target=here.data.n_targets is None, classes=self.classes)
        if self._fitted is not None and code >= 0:
            vars(plain).update(self._fitted[code])
        if here.family.moderated:
            plain.moderation_ = scale
        plain.n_features_in_ = slopes.shape[1]
        names = self.tasks.feature_names or self.prior.feature_names
        if names is not None:
            plain.feature_names_in_ = np.asarray(names, dtype=object)
        return plain

    @property
    def _integrated(self) -> Integrated:
        return Integrated(self._unknown, self._linear_predictor, self.tasks.codes)

    def _scales(self, codes: Codes) -> Array:
        """What the coefficients ``(n,)`` of tasks are multiplied by; without rows the prior's mean is the answer."""
        out, known, here = np.ones(len(codes)), self._found_scales, self._adaptation
        if not here.family.moderated:
            return out
        there = (codes >= 0) & np.r_[np.diff(here.rows.starts) > 0, False][codes]
        if there.any():
            seen = codes[there]
            new = np.unique(seen[np.isnan(known[seen])])
            if len(new):  # what was read from a file cannot be written to
                known = self._found_scales = known.copy()
                known[new] = self._integrated.scales(new, self.priors[0].units)
            out[there] = known[seen]
        return out

    @cached_property
    def coefficients(self) -> Array:
        """Coefficients ``(n_tasks, n_outputs, n_features + 1)`` of the plain estimators, the intercept last."""
        return self._coef * self._scales(np.arange(len(self._coef)))[:, None, None]

    @property
    def coef_(self) -> Array:
        """Coefficients without the intercept: ``(n_tasks, n_features)``, with outputs ``(n_tasks, n_outputs, n_features)``."""
        slopes = self.coefficients[:, :, :-1]
        return slopes[:, 0] if self._adaptation.data.n_targets is None and self.classes is None else slopes

    # -- predicting ---------------------------------------------------------------------------------

    def predict(self, X: Any, codes: Codes) -> NDArray[Any]:
        """Targets, or labels, of rows by the estimators of their tasks.

        Parameters
        ----------
        X : frame, sparse matrix or ndarray of shape (n_rows, n_features)
            Rows.
        codes : ndarray of shape (n_rows,)
            Task of each row; -1 is a task without rows.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Predictions.
        """
        eta = self._linear_predictor(self._read(X, codes), codes)
        if self.classes is None:
            return self._shaped(self._adaptation.mixture.likelihood.mean(eta))
        return self.classes[(eta[:, 0] > 0).astype(int) if eta.shape[1] == 1 else np.argmax(eta, axis=1)]

    def decision_function(self, X: Any, codes: Codes) -> Array:
        """Scores of the classes: the linear predictor of each row's own model.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_classes)
            One score of the second class, or one a class.
        """
        eta = self._linear_predictor(self._read(X, codes), codes) * self._scales(codes)[:, None]
        return eta[:, 0] if eta.shape[1] == 1 else eta

    def predict_proba(self, X: Any, codes: Codes) -> Array:
        """Probabilities of the classes, integrated over what is not known of each task's coefficients.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            In the order of ``classes``.
        """
        found = self._integrated.probabilities(self._read(X, codes), codes)
        return np.column_stack([1.0 - found, found]) if found.shape[1] == 1 else found

    def std(self, X: Any, codes: Codes) -> Array:
        """Standard deviation of a new observation: what is not known of the coefficients, and the noise.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            In the units of the target.
        """
        if self._adaptation.family.starts:
            raise TypeError(
                f"return_std: wanted an estimator that tells how uncertain it is, found {type(self.model).__name__}, whose "
                "steps only start at the prior; leave return_std out, or use Ridge."
            )
        X, likelihood = self._read(X, codes), self._adaptation.mixture.likelihood
        unseen = [[self.priors[0].noise_of(k) for k in range(self._coef.shape[1])]]
        noise, unknown = np.vstack([self.noise, unseen])[codes], self._unknown.variance(X, codes)
        if likelihood.quadratic:
            return self._shaped(np.sqrt(unknown + noise))
        mean = likelihood.mean(self._linear_predictor(X, codes))
        return self._shaped(np.sqrt(mean**2 * unknown + noise * likelihood.variance_function(mean)))

    @property
    def noise(self) -> Array:
        """Expected noise ``(n_tasks, n_outputs)`` in squared units of the target."""
        here = self._adaptation
        return here.posterior.expected_noise * np.array([unit.target_scale**2 for unit in here.units])

    def covariance_of(self, code: int) -> Array:
        """What is not known of one task's coefficients: their posterior covariance, of the first output.

        Parameters
        ----------
        code : int
            The task, from 0; -1 is a task without rows.

        Returns
        -------
        ndarray of shape (n_features + 1, n_features + 1)
            In units of the data, the intercept last.
        """
        return np.asarray(self._adaptation.units[0].covariance_to_data(self._unknown.covariance_of(code)))

    def _read(self, X: Any, codes: Codes) -> Any:
        """Rows as numbers; a column may be missing in all rows of a task, never in some of them."""
        names, Z = column_names(X), numeric_features(X)
        if not sparse.issparse(Z) and not np.isnan(Z.sum()):
            return Z
        known = np.flatnonzero(codes >= 0)
        index = index_tasks(codes[known])
        check_complete(Z[known], replace(index, ids=self.tasks.ids[index.ids]), names)
        return Z

    def _shaped(self, values: Array) -> Array:
        return values[:, 0] if self._adaptation.data.n_targets is None else values

    def _linear_predictor(self, X: Any, codes: Codes) -> Array:
        """``(n, K)``."""
        here = self._adaptation
        coef = np.concatenate([self._coef, here.start[None]])
        coef[-1, :, -1] *= here.rows.intercept
        eta = np.empty((X.shape[0], coef.shape[1]))
        if sparse.issparse(X):
            for code in np.unique(codes):
                rows = np.flatnonzero(codes == code)
                eta[rows] = X[rows] @ coef[code, :, :-1].T + coef[code, :, -1]
            return eta
        for block in blocks_of(len(X), max(_CELLS // coef[0].size, 1)):
            w, Z = coef[codes[block]], X[block]
            Z = np.where(np.isnan(Z), here.rows.centre, Z) if np.isnan(Z.sum()) else Z  # lacking columns: at the centre
            eta[block] = np.einsum("nd,nkd->nk", Z, w[..., :-1]) + w[..., -1]
        return eta

    # -- what was borrowed --------------------------------------------------------------------------

    @cached_property
    def borrowed(self) -> Array:
        r"""Own rows ``(n_tasks,)`` that the prior was worth: how many more an own fit would need to predict as well.

        At the task's own :math:`n` rows, least squares on :math:`m` rows like them errs by :math:`p \sigma^2 / m`, with
        :math:`p` the coefficients that these rows ask for; the posterior by the mean variance of its predictions; the
        :math:`m` that makes them equal, less :math:`n`, was borrowed, as far as the task is of a component that was learned.
        """
        here, n_rows = self._adaptation, self._adaptation.trusted_rows.n_rows
        asked = here.posterior.expected_noise * self._n_coefficients()[:, None]
        rows = n_rows[:, None] * (asked / np.maximum(self._total_error(), TINY) - 1.0)
        return (1.0 - self.unlike_past) * np.maximum(rows, 0.0).mean(axis=1)

    @property
    def unlike_past(self) -> Array:
        """Probability ``(n_tasks,)`` that a task is of a component that was not learned."""
        return self._adaptation.posterior.weights @ np.array([float(not prior.borrows) for prior in self.priors])

    def _n_coefficients(self) -> Array:
        """How many coefficients a task's own rows ask for ``(n_tasks,)``: of columns that are off their centre somewhere."""
        rows = self._adaptation.rows
        off = rows.X.astype(bool) if sparse.issparse(rows.X) else (rows.centre != rows.X) & ~np.isnan(rows.X)
        owner = sparse.csr_array((np.ones(len(rows.order)), rows.order, rows.starts), shape=(rows.n_tasks, len(rows.Y)))
        return np.asarray(((owner @ off.astype(float)) > 0).sum(axis=1)).ravel() + float(np.any(rows.intercept))

    def _total_error(self) -> Array:
        """Variance of the linear predictor, summed over each task's own rows ``(n_tasks, K)``, in the engine's units."""
        here = self._adaptation
        out = np.empty((here.rows.n_tasks, len(here.units)))
        if self._unknown.by_rows:
            strength = here.family.engine_strength(here.strength)
            parts = variance_of_own_rows(here.trusted_rows, here.mixture, strength, here.posterior)
            own = self._linear_predictor(here.data.X, self.tasks.codes)
            own = own if here.rows.offset is None else own + here.rows.offset
            curvature = here.mixture.likelihood.working_curvature(own, here.rows.Y)
            for batch, variance in parts:
                weight = batch.weight[..., None] * curvature[batch.index]
                out[batch.tasks] = (weight * variance).sum(axis=1)
            return out
        for k, moments in enumerate(self._unknown.moments):
            each = self._unknown.covariances(k, np.arange(len(out)))
            out[:, k] = [(V * gram).sum() for V, gram in zip(each, moments.gram, strict=True)]
        return out
