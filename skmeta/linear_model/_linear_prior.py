"""What all priors of linear models have in common: Gaussian components of their coefficients, in any units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import make_frame
from skmeta._inference.components import Component
from skmeta._inference.likelihoods import GAUSSIAN, Likelihood
from skmeta._inference.units import Units as EngineUnits
from skmeta.base import Prior
from skmeta.base._matching import check_names, not_for
from skmeta.base._pictures import Moments
from skmeta.base._plain import Reader, reader
from skmeta.base._registry import lookup
from skmeta.linear_model._adapt import adapt_mixture, log_evidence
from skmeta.linear_model._adapted import LinearAdapted
from skmeta.linear_model._data import checked_rows, weighs
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._families._refusals import is_called_linear
from skmeta.linear_model._likelihood_names import likelihood_named
from skmeta.linear_model._units import Units
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LinearPrior(Prior):
    """A prior of linear models: one Gaussian component of the coefficients, its noise known or not.

    A subclass says what the component is (`component`) and what a task without rows is expected to have (`expected`).
    """

    _nested: ClassVar[dict[str, Reader]] = {"units": reader(Units)}

    likelihood: str | None = None
    units: Units | None = None
    weight_unit: float | None = None

    overdispersion = 0.0  # of counts: see `GaussianPrior`
    borrows = True  # whether what it says was learned elsewhere: an estimator's own prior lends no rows

    def check_is_of(self, estimator: Any) -> None:
        """Raise for a model that is not linear, see `Prior.check_is_of`; adaptation says why a linear one takes no prior."""
        if lookup(FAMILIES, estimator) is None and not is_called_linear(estimator):
            raise not_for(self, "linear models such as Ridge or LogisticRegression", estimator)

    def needs_rows(self, estimator: Any) -> bool:
        """Whether adaptation asks for single rows, which squared errors do not, see `Prior.needs_rows`."""
        return not family_of(estimator).sums_suffice

    def check_rows(self, estimator: Any, tasks: Tasks) -> None:
        """Raise for rows that are not complete, finite, or can be squared, see `Prior.check_rows`."""
        checked_rows(tasks, estimator, family_of(estimator), self.classes)

    @property
    def n_features(self) -> int:
        """Number of columns the coefficients belong to."""
        raise NotImplementedError

    @property
    def n_outputs(self) -> int:
        """Number of outputs (classes, targets) with coefficients of their own."""
        raise NotImplementedError

    @property
    def one_target(self) -> bool:
        """Whether targets are one column."""
        return self.n_outputs == 1

    @property
    def engine_likelihood(self) -> Likelihood:
        """The kind of target, as the engine knows it."""
        return (self.likelihood and likelihood_named(self.likelihood)) or GAUSSIAN

    def component(self, k: int, units: EngineUnits, likelihood: Likelihood) -> Component:
        """The law of output ``k`` in these units."""
        raise NotImplementedError

    def component_beside(
        self, first: LinearPrior, its: Component, k: int, units: EngineUnits, likelihood: Likelihood
    ) -> Component:
        """The same where another prior, whose component is ``its``, stands first in a mixture: what both share is shared."""
        return self.component(k, units, likelihood)

    def expected(self) -> Array:
        """Coefficients ``(K, d + 1)`` of a task without rows, in units of the data."""
        raise NotImplementedError

    def noise_of(self, k: int) -> float:
        """Variance of the noise of output ``k``, in units of the data."""
        raise NotImplementedError

    def through_origin(self) -> Self:
        """The prior of models without an intercept: neither columns nor targets are centred."""
        raise NotImplementedError

    @property
    def working_units(self) -> Units:
        """The units that it is worked with in: the data's own where it has none."""
        return Units(np.zeros(self.n_features)) if self.units is None else self.units

    def engine_units(self, k: int, likelihood: Likelihood) -> EngineUnits:
        """Between the data and the engine; targets of other than squared error keep their own units."""
        found = self.working_units.of_output(k)
        return found if likelihood.quadratic else EngineUnits(found.centre, found.scale)

    def for_columns(self, names: Sequence[str] | None, n_features: int) -> Self:
        """The prior for rows with these columns; raises where it is about others."""
        if self.feature_names is not None and names is not None:
            check_names(self.feature_names, names)
            return self.aligned(names)  # type: ignore[return-value]
        if self.n_features != n_features:
            known = f" {list(self.feature_names)}" if self.feature_names else ""
            raise ValueError(
                f"X: X has {n_features} features, but the prior is expecting {self.n_features} "
                f"features{known} as input. Give it the columns it was learned from."
            )
        return self

    def known_of(self, tasks: Tasks) -> dict[str, Any]:
        """What makes a difference of what is known of tasks before their rows, by name."""
        return {}

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> LinearAdapted:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task; its strength parameter scales the prior: at its default, as learned.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs over tasks; the answer does not depend on it.

        Returns
        -------
        LinearAdapted
            One plain fitted estimator a task, and one for a task without rows.
        """
        return adapt_mixture([self], np.ones(1), estimator, tasks, n_jobs)

    @classmethod
    def adapt_mixture(cls, mixture: Any, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> Any:
        """Adapt under a mixture of priors in one call, if all of them are linear; else NotImplemented.

        Parameters
        ----------
        mixture : MixturePrior
            Its ``components`` and their ``weights``.
        estimator, tasks, n_jobs
            As in `adapt_tasks`.

        Returns
        -------
        LinearAdapted or NotImplemented
            What the mixture makes of the tasks.
        """
        components = mixture.components
        if not all(isinstance(each, LinearPrior) and _comparable(components[0], each) for each in components):
            return NotImplemented
        if any(each.known_of(tasks) for each in components):
            return NotImplemented
        if weighs(tasks, estimator) and len({each.weight_unit for each in components}) > 1:
            return NotImplemented
        return adapt_mixture(components, mixture.weights, estimator, tasks, n_jobs, mixture.weights_without_rows)

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        r"""Log density of each task's targets, coefficients and noise integrated.

        .. math:: \log p(y_t) = \log \int N(y_t | X_t \mu, X_t \Sigma X_t^\top + \sigma^2 I) \, p(\sigma^2) \, d\sigma^2

        Exact for squared errors; Laplace's approximation for other likelihoods, with a saddlepoint approximation of the
        densities of `TweedieRegressor` and its kin.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task; its strength does not matter.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the targets' own units, constants kept.
        """
        return log_evidence(self, estimator, tasks)

    def to_frame(self) -> Any:
        """Expected coefficients and how far tasks vary around them, a row a coefficient, the intercept last.

        Returns
        -------
        DataFrame
            Of pandas: ``feature``, ``mean`` and ``std``; of several outputs ``mean_0``, ``std_0`` and so on, of several
            classes ``mean_a``, ``std_a`` by their labels.
        """
        found = self.coefficient_moments
        columns: dict[str, Any] = {"feature": found.names}
        for output, mean, sd in zip(found.outputs, found.mean, found.sd, strict=True):
            end = output and f"_{output}"
            columns |= {f"mean{end}": mean, f"std{end}": sd}
        return make_frame(columns, "prior.to_frame()")

    @property
    def coefficient_moments(self) -> Moments:
        """Names, expected coefficients and how far tasks vary around them, for tables."""
        outputs = [str(each) for each in (range(self.n_outputs) if self.classes is None else self.classes.tolist())]
        return Moments(
            [*(self.feature_names or (f"x{i}" for i in range(self.n_features))), "intercept"],
            outputs[: self.n_outputs] if self.n_outputs > 1 else [""],
            self.expected(),
            np.sqrt([self.variance(k) for k in range(self.n_outputs)]),
            None if self.units is None else self.units.scale,
        )

    def variance(self, k: int = 0) -> Array:
        """Variances ``(d + 1,)`` of the coefficients of output ``k`` between tasks, in units of the data."""
        raise NotImplementedError

    def _with(self, **changes: Any) -> Self:
        """The prior with some fields changed, by arrays made of checked ones: they are not checked again."""
        made = object.__new__(type(self))
        made.__dict__.update({field.name: getattr(self, field.name) for field in fields(self)} | changes)
        made._freeze()
        return made


def _comparable(one: LinearPrior, other: LinearPrior) -> bool:
    """Whether two priors are about the same columns and outputs."""
    same_names = one.feature_names == other.feature_names or None in (one.feature_names, other.feature_names)
    shapes = (one.n_features, one.n_outputs) == (other.n_features, other.n_outputs)
    return same_names and shapes and np.array_equal(one.classes, other.classes)  # type: ignore[arg-type]
