"""Linear models of many tasks after adaptation, as arrays: plain estimators are made of them when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.components import Component
from skmeta._inference.glm import linearise
from skmeta._inference.integrated import integrated_probabilities
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import laplace_covariances, posterior_covariances, total_weight, work_by_rows
from skmeta._inference.moments import Moments, Rows, standardise, take_rows
from skmeta._inference.new_rows import NewRows, covariances_of_rows, variance_of_own_rows, variance_of_rows
from skmeta._inference.threads import blocks_of
from skmeta.base import AdaptedEstimators
from skmeta.linear_model._families import Adaptation
from skmeta.linear_model._plain import fresh
from skmeta.tasks import Tasks, index_tasks
from skmeta.tasks._numbers import check_complete, column_names, numeric_features

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_CELLS = 1 << 21  # coefficients gathered at once when rows are predicted
_TASKS = 1024  # tasks whose posterior covariances are held at once


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
        Their coefficients in units of the data, the intercept last.
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
        self.coefficients = coefficients
        self._adaptation = adaptation
        self._fitted = fitted

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
        coef = here.start if code < 0 else self.coefficients[code]
        plain, slopes = fresh(self.model), coef[:, :-1].copy()
        intercept = coef[:, -1] * here.rows.intercept
        here.family.fill(plain, slopes, intercept, one_target=here.data.n_targets is None, classes=self.classes)
        if self._fitted is not None and code >= 0:
            vars(plain).update(self._fitted[code])
        plain.n_features_in_ = slopes.shape[1]
        names = self.tasks.feature_names or self.prior.feature_names
        if names is not None:
            plain.feature_names_in_ = np.asarray(names, dtype=object)
        return plain

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
        eta = self._linear_predictor(self._read(X, codes), codes)
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
        found = self._integrated(self._read(X, codes), codes)
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
        unseen = [[self.priors[0].noise_of(k) for k in range(self.coefficients.shape[1])]]
        noise, unknown = np.vstack([self.noise, unseen])[codes], self._variance(X, codes)
        if likelihood.quadratic:
            return self._shaped(np.sqrt(unknown + noise))
        mean = likelihood.mean(self._linear_predictor(X, codes))
        return self._shaped(np.sqrt(mean**2 * unknown + noise * likelihood.variance_function(mean)))

    @property
    def noise(self) -> Array:
        """Expected noise ``(n_tasks, n_outputs)`` in squared units of the target."""
        here = self._adaptation
        return here.posterior.expected_noise * np.array([unit.target_scale**2 for unit in here.units])

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
        coef = np.concatenate([self.coefficients, here.start[None]])
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

    # -- what is not known --------------------------------------------------------------------------

    @cached_property
    def _by_rows(self) -> bool:
        return work_by_rows(self._adaptation.trusted_rows, self._adaptation.mixture)

    def _variance(self, X: Any, codes: Codes) -> Array:
        """``(n, K)`` variance of the linear predictor: what is not known of the coefficients."""
        here = self._adaptation
        scales = np.array([unit.target_scale**2 for unit in here.units])
        unseen, seen = np.flatnonzero(codes < 0), np.flatnonzero(codes >= 0)
        out = np.empty((X.shape[0], len(scales)))
        Z = self._standardised(X, unseen)
        for k, output in enumerate(here.mixture.components):
            out[unseen, k] = self._variance_without_rows(Z, output)
        if len(seen):
            out[seen] = self._variance_by_rows(X, codes, seen) if self._by_rows else self._by_columns(X, codes, seen)
        return out * scales

    def _variance_without_rows(self, Z: Any, components: Sequence[Component]) -> Array:
        """Of a task without rows: within the components that it may be of, and between their means."""
        weights, intercept = self._adaptation.mixture.unseen, self._adaptation.rows.intercept
        used = [(weights[c], components[c]) for c in np.flatnonzero(weights).tolist()]
        within = [w * (c.covariance.variance_at(Z) + c.extra * intercept) for w, c in used]
        means = np.stack([Z @ c.mean for _, c in used])
        off = means - np.average(means, axis=0, weights=[w for w, _ in used])
        return np.asarray(sum(within) + sum(w * each**2 for (w, _), each in zip(used, off, strict=True)))

    def _variance_by_rows(self, X: Any, codes: Codes, seen: Codes) -> Array:
        here = self._adaptation
        strength = here.family.engine_strength(here.strength)
        return variance_of_rows(
            here.trusted_rows, here.mixture, strength, here.posterior.weights, self._new(X, codes, seen)
        )

    def _new(self, X: Any, codes: Codes, seen: Codes) -> Rows:
        """Some rows to predict, as rows of the same tasks."""
        here, order = self._adaptation, np.argsort(codes[seen], kind="stable")
        starts = np.searchsorted(codes[seen][order], np.arange(here.rows.n_tasks + 1))
        own = X[seen]
        if sparse.issparse(here.rows.X) != sparse.issparse(own):
            own = own.toarray() if sparse.issparse(own) else sparse.csr_array(own)
        targets = np.zeros((len(seen), len(here.units)))
        return replace(here.rows, X=own, Y=targets, order=order, starts=starts, weight=None)

    def _by_columns(self, X: Any, codes: Codes, seen: Codes) -> Array:
        out = np.empty((len(seen), len(self._adaptation.units)))
        known, place = np.unique(codes[seen], return_inverse=True)
        for k in range(out.shape[1]):
            for i, V in enumerate(self._covariances(k, known)):
                rows = np.flatnonzero(place == i)
                Z = self._standardised(X, seen[rows])
                out[rows, k] = ((Z @ V) * Z).sum(axis=1)
        return out

    def _covariances(self, k: int, tasks: Codes) -> Iterator[Array]:
        """Posterior covariances of some tasks, one after the other."""
        here = self._adaptation
        strength = here.family.engine_strength(here.strength)[k]
        found = here.posterior
        if found.modes is None:
            yield from posterior_covariances(self._moments[k], here.mixture.stacks[k], strength, found.weights, tasks)
            return
        for block in blocks_of(len(tasks), _TASKS):
            some = tasks[block]
            expanded = [outputs[k].take(some) for outputs in self._expanded]
            at = found.modes[some, :, k], found.weights[some]
            yield from laplace_covariances(expanded, here.mixture.components[k], strength, *at)

    @cached_property
    def _expanded(self) -> list[list[Moments]]:
        """Working responses of every output around the modes under each component."""
        here, modes = self._adaptation, self._adaptation.posterior.modes
        assert modes is not None
        return [linearise(here.rows, modes[:, c], here.mixture.likelihood) for c in range(modes.shape[1])]

    @cached_property
    def _moments(self) -> list[Moments]:
        """Statistics of every output, of working responses where the likelihood is not quadratic."""
        here = self._adaptation
        if here.posterior.moments is not None:
            return here.posterior.moments
        if here.mixture.likelihood.quadratic:
            collected = here.moments(here.trusted_rows)
            return [collected.output(k) for k in range(len(here.units))]
        return linearise(here.rows, here.posterior.coef, here.mixture.likelihood)

    def _standardised(self, X: Any, rows: Codes) -> Any:
        """Some rows in the units of the engine, with intercept."""
        here = self._adaptation.rows
        intercept = np.full((len(rows), 1), float(here.intercept))
        if sparse.issparse(X) and not np.any(here.centre):
            return sparse.hstack(
                [sparse.csr_array(X[rows]) @ sparse.diags_array(1.0 / here.scale), intercept], format="csr"
            )
        return np.concatenate([standardise(take_rows(X, rows), here.centre, here.scale), intercept], axis=1)

    # -- probabilities ------------------------------------------------------------------------------

    def _integrated(self, X: Any, codes: Codes) -> Array:
        """Probabilities ``(n, K)``, of the second of two classes ``(n, 1)``."""
        here, centre = self._adaptation, self._linear_predictor(X, codes)
        own = self._linear_predictor(here.data.X, self.tasks.codes) if len(self.tasks) else centre[:0]
        weight = np.ones(len(own)) if here.rows.weight is None else here.rows.weight
        out = np.empty_like(centre)
        unseen = np.flatnonzero(codes < 0)
        if len(unseen):
            nothing, variance = np.empty((0, len(unseen), centre.shape[1])), self._variance(X[unseen], codes[unseen])
            out[unseen] = integrated_probabilities(own[:0], own[:0], weight[:0], centre[unseen], variance, nothing)
        seen = np.flatnonzero(codes >= 0)
        open_at = self._open_by_rows if self._by_rows else self._open_by_columns
        for part in open_at(X, codes, seen) if len(seen) else ():
            rows, new = part.own, seen[part.new]
            scores = own[rows], here.rows.Y[rows], weight[rows], centre[new]
            out[new] = integrated_probabilities(*scores, part.variance, part.covariance)
        return out

    def _open_by_rows(self, X: Any, codes: Codes, seen: Codes) -> Iterator[NewRows]:
        here = self._adaptation
        strength = float(here.family.engine_strength(here.strength)[0])
        return covariances_of_rows(here.rows, here.mixture, strength, here.posterior.weights, self._new(X, codes, seen))

    def _open_by_columns(self, X: Any, codes: Codes, seen: Codes) -> Iterator[NewRows]:
        rows, K = self._adaptation.rows, self.coefficients.shape[1]
        known, place = np.unique(codes[seen], return_inverse=True)
        covariances = zip(*(self._covariances(k, known) for k in range(K)), strict=True)
        for i, (task, V) in enumerate(zip(known.tolist(), covariances, strict=True)):
            new, own = np.flatnonzero(place == i), rows.order[rows.starts[task] : rows.starts[task + 1]]
            Z, mine = self._standardised(X, seen[new]), self._standardised(self._adaptation.data.X, own)
            moved = np.stack([Z @ each for each in V], axis=2)
            variance = np.maximum(np.einsum("qpk,qp->qk", moved, Z), 0.0)
            yield NewRows(task, own, new, variance, np.einsum("np,qpk->nqk", mine, moved))

    # -- what was borrowed --------------------------------------------------------------------------

    @cached_property
    def borrowed(self) -> Array:
        r"""Own rows ``(n_tasks,)`` that the prior was worth: how many more an own fit would need to predict as well.

        At the task's own :math:`n` rows, least squares on :math:`m` rows like them errs by :math:`p \sigma^2 / m`, the
        posterior by the mean variance of its predictions; the :math:`m` that makes them equal, less :math:`n`, was
        borrowed, as far as the task is of a component that was learned.
        """
        here, n_rows = self._adaptation, total_weight(self._adaptation.trusted_rows)
        noise, p = here.posterior.expected_noise, self.coefficients.shape[2]
        rows = n_rows[:, None] * (p * noise / np.maximum(self._total_error(), TINY) - 1.0)
        lent = here.posterior.weights @ np.array([float(prior.borrows) for prior in self.priors])
        return lent * np.maximum(rows, 0.0).mean(axis=1)

    def _total_error(self) -> Array:
        """Variance of the linear predictor, summed over each task's own rows ``(n_tasks, K)``, in the engine's units."""
        here = self._adaptation
        out = np.empty((here.rows.n_tasks, len(here.units)))
        if self._by_rows:
            strength = here.family.engine_strength(here.strength)
            parts = variance_of_own_rows(here.trusted_rows, here.mixture, strength, here.posterior.weights)
            own = self._linear_predictor(here.data.X, self.tasks.codes)
            curvature = here.mixture.likelihood.curvature(own, here.rows.Y)
            for batch, variance in parts:
                weight = batch.weight[..., None] * curvature[batch.index]
                out[batch.tasks] = (weight * variance).sum(axis=1)
            return out
        for k, moments in enumerate(self._moments):
            each = self._covariances(k, np.arange(len(out)))
            out[:, k] = [(V * gram).sum() for V, gram in zip(each, moments.gram, strict=True)]
        return out
