"""What the rows of adapted tasks leave open of their coefficients, at rows to predict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.components import Component
from skmeta._inference.glm import linearise
from skmeta._inference.mixture import component_covariances, laplace_covariances, posterior_covariances, work_by_rows
from skmeta._inference.moments import Moments, Rows, standardise, take_rows
from skmeta._inference.new_rows import NewRows, components_of_rows, variance_of_rows
from skmeta._inference.threads import blocks_of
from skmeta.linear_model._families import Adaptation

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_TASKS = 1024  # speed: tasks whose posterior covariances are held at once


@dataclass(frozen=True, eq=False)
class Unknown:
    """What is not known of the coefficients after an `Adaptation`, in units of the engine unless said otherwise."""

    here: Adaptation

    @cached_property
    def by_rows(self) -> bool:
        """Whether it is computed by matrices of the rows."""
        return work_by_rows(self.here.trusted_rows, self.here.mixture)

    def variance(self, X: Any, codes: Codes) -> Array:
        """``(n, K)`` variance of the linear predictor, in units of the data: what is not known of the coefficients."""
        here = self.here
        scales = np.array([unit.target_scale**2 for unit in here.units])
        unseen, seen = np.flatnonzero(codes < 0), np.flatnonzero(codes >= 0)
        out = np.empty((X.shape[0], len(scales)))
        for k, output in enumerate(here.mixture.components if len(unseen) else ()):
            out[unseen, k] = self._variance_without_rows(self.standardised(X, unseen), output)
        if len(seen):
            out[seen] = self._variance_by_rows(X, codes, seen) if self.by_rows else self._by_columns(X, codes, seen)
        return out * scales

    def _variance_without_rows(self, Z: Any, components: Sequence[Component]) -> Array:
        """Of a task without rows: within the components that it may be of, and between their means."""
        weights, intercept = self.here.mixture.unseen, self.here.rows.intercept
        used = [(weights[c], components[c]) for c in np.flatnonzero(weights).tolist()]
        within = [w * (c.covariance.variance_at(Z) + c.extra * intercept) for w, c in used]
        means = np.stack([Z @ c.mean for _, c in used])
        off = means - np.average(means, axis=0, weights=[w for w, _ in used])
        return np.asarray(sum(within) + sum(w * each**2 for (w, _), each in zip(used, off, strict=True)))

    def _variance_by_rows(self, X: Any, codes: Codes, seen: Codes) -> Array:
        here = self.here
        strength = here.family.engine_strength(here.strength)
        return variance_of_rows(here.trusted_rows, here.mixture, strength, here.posterior, self.as_rows(X, codes, seen))

    def as_rows(self, X: Any, codes: Codes, seen: Codes) -> Rows:
        """Some rows to predict, as rows of the same tasks."""
        here, order = self.here, np.argsort(codes[seen], kind="stable")
        starts = np.searchsorted(codes[seen][order], np.arange(here.rows.n_tasks + 1))
        own = X[seen]
        if sparse.issparse(here.rows.X) != sparse.issparse(own):
            own = own.toarray() if sparse.issparse(own) else sparse.csr_array(own)
        targets = np.zeros((len(seen), len(here.units)))
        nothing: dict[str, Any] = {"weight": None, "count": None, "offset": None}
        return replace(here.rows, X=own, Y=targets, order=order, starts=starts, **nothing)

    def _by_columns(self, X: Any, codes: Codes, seen: Codes) -> Array:
        out = np.empty((len(seen), len(self.here.units)))
        known, place = np.unique(codes[seen], return_inverse=True)
        for k in range(out.shape[1]):
            for i, V in enumerate(self.covariances(k, known)):
                rows = np.flatnonzero(place == i)
                Z = self.standardised(X, seen[rows])
                out[rows, k] = ((Z @ V) * Z).sum(axis=1)
        return out

    def covariances(self, k: int, tasks: Codes) -> Iterator[Array]:
        """Posterior covariances of some tasks, one after the other."""
        here = self.here
        strength = here.family.engine_strength(here.strength)[k]
        found = here.posterior
        if found.modes is None:
            yield from posterior_covariances(self.moments[k], here.mixture.stacks[k], strength, found.weights, tasks)
            return
        for block in blocks_of(len(tasks), _TASKS):
            some = tasks[block]
            expanded = [outputs[k].take(some) for outputs in self._expanded]
            at = found.modes[some, :, k], found.weights[some]
            yield from laplace_covariances(expanded, here.mixture.components[k], strength, *at)

    def covariance_of(self, code: int) -> Array:
        """Covariance ``(p, p)`` of the first output's coefficients in one task; -1 is a task without rows."""
        if code >= 0:
            return next(iter(self.covariances(0, np.array([code]))))
        components, weights = self.here.mixture.components[0], self.here.mixture.unseen
        means = np.stack([each.mean for each in components])
        off = (means - weights @ means) * np.sqrt(weights)[:, None]
        found: Array = off.T @ off
        for weight, each in zip(weights, components, strict=True):
            found += weight * each.covariance.root @ each.covariance.root.T
            found[-1, -1] += weight * each.extra * self.here.rows.intercept
        return found

    def components(self, X: Any, codes: Codes) -> Iterator[NewRows]:
        """`NewRows` of every task and component, for other likelihoods than squared error's; -1 are no rows of a task."""
        if len(unseen := np.flatnonzero(codes < 0)):
            yield from self._components_without_rows(X, unseen)
        if len(seen := np.flatnonzero(codes >= 0)):
            yield from self._components_by_rows(X, codes, seen) if self.by_rows else self._components(X, codes, seen)

    def _components_without_rows(self, X: Any, unseen: Codes) -> Iterator[NewRows]:
        mixture, rows = self.here.mixture, self.here.rows
        Z, K, nobody = self.standardised(X, unseen), mixture.shape[1], np.empty(0, dtype=np.intp)
        for c in np.flatnonzero(mixture.unseen).tolist():
            own = [output[c] for output in mixture.components]
            centre = np.stack([Z @ each.mean for each in own], axis=1)
            variance = [each.covariance.variance_at(Z) + each.extra * rows.intercept for each in own]
            nothing = np.empty((0, K)), np.empty((0, len(unseen), K))
            yield NewRows(-1, c, nobody, unseen, nothing[0], centre, np.stack(variance, axis=1), nothing[1])

    def _components_by_rows(self, X: Any, codes: Codes, seen: Codes) -> Iterator[NewRows]:
        here = self.here
        strength = float(here.family.engine_strength(here.strength)[0])
        for part in components_of_rows(here.rows, here.mixture, strength, here.posterior, self.as_rows(X, codes, seen)):
            yield replace(part, new=seen[part.new])

    def _components(self, X: Any, codes: Codes, seen: Codes) -> Iterator[NewRows]:
        here, rows = self.here, self.here.rows
        modes, (known, place) = here.posterior.modes, np.unique(codes[seen], return_inverse=True)
        assert modes is not None
        each = zip(*(self._component_covariances(c, known) for c in range(modes.shape[1])), strict=True)
        for i, (task, laws) in enumerate(zip(known.tolist(), each, strict=True)):
            new, own = seen[place == i], rows.order[rows.starts[task] : rows.starts[task + 1]]
            Z, mine = self.standardised(X, new), self.standardised(here.data.X, own)
            for c, V in enumerate(laws):
                moved = Z @ V
                variance, covariance = np.maximum((moved * Z).sum(axis=2), 0.0).T, mine @ np.swapaxes(moved, 1, 2)
                offset = 0.0 if rows.offset is None else rows.offset[own]
                scores = mine @ modes[task, c].T + offset, Z @ modes[task, c].T
                yield NewRows(task, c, own, new, *scores, variance, np.moveaxis(covariance, 0, 2))

    def _component_covariances(self, c: int, tasks: Codes) -> Iterator[Array]:
        """Covariances ``(K, p, p)`` of some tasks under one component, one after the other."""
        here = self.here
        strength = float(here.family.engine_strength(here.strength)[0])
        for block in blocks_of(len(tasks), _TASKS):
            moments, laws = [each.take(tasks[block]) for each in self._expanded[c]], here.mixture.components
            yield from component_covariances(moments, [own[c] for own in laws], strength)

    @cached_property
    def _expanded(self) -> list[list[Moments]]:
        """Working responses of every output around the modes under each component."""
        here, modes = self.here, self.here.posterior.modes
        assert modes is not None
        return [linearise(here.rows, modes[:, c], here.mixture.likelihood) for c in range(modes.shape[1])]

    @cached_property
    def moments(self) -> list[Moments]:
        """Statistics of every output, of working responses where the likelihood is not quadratic."""
        here = self.here
        if here.posterior.moments is not None:
            return here.posterior.moments
        if here.mixture.likelihood.quadratic:
            collected = here.moments(here.trusted_rows)
            return [collected.output(k) for k in range(len(here.units))]
        return linearise(here.rows, here.posterior.coef, here.mixture.likelihood)

    def standardised(self, X: Any, rows: Codes) -> Any:
        """Some rows in the units of the engine, with intercept."""
        here = self.here.rows
        intercept = np.full((len(rows), 1), float(here.intercept))
        if sparse.issparse(X) and not np.any(here.centre):
            return sparse.hstack(
                [sparse.csr_array(X[rows]) @ sparse.diags_array(1.0 / here.scale), intercept], format="csr"
            )
        return np.concatenate([standardise(take_rows(X, rows), here.centre, here.scale), intercept], axis=1)
