"""A Gaussian prior that says more of a task of which something is known before its first row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta.base._never_seen import telling_once
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._adapted import AdaptedInPlaces
from skmeta.tasks import Tasks, index_tasks

Array = NDArray[np.float64]
Change = Callable[[Array], Array]


@dataclass(frozen=True, eq=False, repr=False)
class StructuredPrior(GaussianPrior):
    """A Gaussian prior that says more of a task of which something is known before its first row.

    Its own mean and covariance are those of a task of which nothing is known. A subclass adds what it knows of places among
    the tasks as fields with defaults, says which words it reads (``context_names``), what is known of a place (`given`), and
    how its fields change with the coefficients' order (`_changed`).
    """

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names that `given` reads."""
        raise NotImplementedError

    @property
    def telling_names(self) -> tuple[str, ...]:
        """Those of them that make a difference."""
        return self.context_names

    def given(self, **context: Any) -> GaussianPrior:
        """The Gaussian prior of a task of which ``context`` is known; TypeError for names that it does not read."""
        raise NotImplementedError

    def given_each(self, context: Mapping[str, NDArray[Any]]) -> list[GaussianPrior]:
        """What `given` says of ``n`` tasks, of which ``context`` has ``n`` values a name."""
        n = len(next(iter(context.values())))
        return [self.given(**{name: values[i] for name, values in context.items()}) for i in range(n)]

    def known_of(self, tasks: Tasks) -> dict[str, NDArray[Any]]:
        """What makes a difference of what is known of tasks before their rows, by name."""
        told = {**tasks.levels, **tasks.context} if len(tasks) else {}
        return {name: own for name, own in told.items() if name in self.telling_names}

    def in_places(self, tasks: Tasks) -> list[tuple[NDArray[np.intp], GaussianPrior]]:
        """Tasks of which the same is known, and their prior; the same of all where nothing is."""
        known = self.known_of(tasks)
        if not known:
            return [(np.arange(len(tasks)), self.plain())]
        codes = np.column_stack([index_tasks(values).codes for values in known.values()])
        _, first, place = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        with telling_once():
            priors = self.given_each({name: values[first] for name, values in known.items()})
        return [(np.flatnonzero(place.ravel() == k), prior) for k, prior in enumerate(priors)]

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> Any:
        """Adapt ``estimator`` to each of some tasks, from the prior of its place.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task.
        tasks : Tasks
            The tasks; their ``levels`` and ``context`` say where they are.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedEstimators
            A group of tasks a place.
        """
        if not self.known_of(tasks):
            return super().adapt_tasks(estimator, tasks, n_jobs=n_jobs)
        return AdaptedInPlaces.of_priors(self, estimator, tasks, self.in_places(tasks), n_jobs)

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log density of each task's targets under the prior of its place, see `LinearPrior.log_evidence`.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task.
        tasks : Tasks
            The tasks; their ``levels`` and ``context`` say where they are.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the targets' own units.
        """
        found = np.empty(len(tasks))
        for codes, prior in self.in_places(tasks):
            found[codes] = prior.log_evidence(estimator, tasks.take(codes))
        return found

    def _changed(self, vector: Change, matrix: Change) -> dict[str, Any]:
        """The subclass' own fields after a change of coefficients ``(..., p)`` and of covariances ``(..., p, p)``."""
        raise NotImplementedError

    def _shares_of(self, covariances: Mapping[str, Array]) -> dict[str, float]:
        """The share of each in the variance of predictions, by name."""
        spread = {name: self._variance_of_predictions(own) for name, own in covariances.items()}
        total = sum(spread.values())
        return {name: own / total if total > 0.0 else 0.0 for name, own in spread.items()}

    def _variance_of_predictions(self, covariance: Array) -> float:
        """Of all outputs together, each in units of its own spread."""
        each = covariance[None] if self.one_target else covariance
        units = [self.working_units.of_output(k) for k in range(self.n_outputs)]
        return float(sum(np.trace(own.covariance_to_engine(one)) for own, one in zip(units, each, strict=True)))

    @classmethod
    def beyond(cls, plain: GaussianPrior, **own: Any) -> Self:
        """The prior of that mean and covariance, with the subclass' ``own`` fields."""
        return cls(**{field.name: getattr(plain, field.name) for field in fields(GaussianPrior)}, **own)

    def plain(self, **changes: Any) -> GaussianPrior:
        """The prior without its structure, some fields changed by arrays made of checked ones."""
        made = object.__new__(GaussianPrior)
        made.__dict__.update({field.name: getattr(self, field.name) for field in fields(GaussianPrior)} | changes)
        made._freeze()
        return made

    def reorder(self, order: Any) -> Self:
        """The same prior with its columns in another order, see `GaussianPrior.reorder`."""
        full = np.r_[np.asarray(order, dtype=np.intp), self.n_features]
        own = self._changed(lambda v: v[..., full], lambda m: m[..., full[:, None], full])
        return super(StructuredPrior, self._with(**own)).reorder(order)

    def through_origin(self) -> Any:
        """The prior of models without an intercept: that of a task of which nothing is known, see `plain`.

        What is known of places includes their intercepts, so that nobody can learn on from the result.
        """
        return self.plain().through_origin()
