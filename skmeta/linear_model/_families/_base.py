"""What a family of linear estimators declares: its likelihood, its strength, and how it takes a Gaussian prior."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils.parallel import delayed

from skmeta._inference.likelihoods import GAUSSIAN, Likelihood
from skmeta._inference.mixture import Mixture, Posterior, posterior
from skmeta._inference.moments import Moments, Rows, collect_moments
from skmeta._inference.outliers import trust_rows, trusted
from skmeta._inference.units import Units
from skmeta.base._adaptation_progress import each_adapted
from skmeta.base._in_turn import in_turn
from skmeta.base._registry import add, lookup, register_linear
from skmeta.linear_model._data import LinearData
from skmeta.linear_model._families._refusals import why_not

Array = NDArray[np.float64]
Fitted = list[dict[str, Any]] | None  # further fitted attributes of every task, in units of the data

_WEAKEST = 1e-13  # guard: strength zero, with a thought for singular designs


@dataclass(frozen=True, eq=False)
class Adaptation:
    """One call of `adapt_tasks`: the estimator, the prior in the units of the engine, and the rows of the tasks.

    Robust estimators solve all ``rows`` themselves; what is known of a task is judged by the ``trusted_rows``.

    ``start (K, d + 1)`` are the coefficients of a task without rows, in units of the data.
    """

    family: Family
    estimator: Any
    mixture: Mixture
    units: list[Units]
    rows: Rows
    data: LinearData
    start: Array
    n_jobs: int | None = None

    @cached_property
    def strength(self) -> Array:
        """How many times as strong as learned the prior of each output is ``(K,)``."""
        return self.family.strengths(self.estimator, len(self.units))

    @cached_property
    def trusted_rows(self) -> Rows:
        """The rows, of robust estimators each weighing by the probability that it is no outlier."""
        share = self.family.share_of_outliers(self.estimator)
        if share == 0.0 or not len(self.rows.order):
            return self.rows
        return trusted(self.rows, trust_rows(self.rows, self.mixture, share, effective_n_jobs(self.n_jobs)).weight)

    @cached_property
    def posterior(self) -> Posterior:
        """What is known of the tasks after their own rows."""
        strength = self.family.engine_strength(self.strength)
        jobs = effective_n_jobs(self.n_jobs)
        return posterior(self.trusted_rows, self.mixture, strength, n_jobs=jobs, collect=self.moments)

    def moments(self, rows: Rows) -> Moments:
        """Statistics of the tasks; those that a prior was learned from are kept."""
        return self.data.moments(rows, self.units) if rows is self.rows else collect_moments(rows)

    def in_data_units(self, coef: Array) -> Array:
        """Coefficients ``(n_tasks, K, d + 1)`` of the engine in units of the data."""
        return np.stack([units.to_data(coef[:, k]) for k, units in enumerate(self.units)], axis=1)


def in_parallel(function: Callable[..., Any], jobs: list[tuple[Any, ...]], n_jobs: int | None) -> list[Any]:
    """``[function(*job) for job in jobs]``, each a task's; a single one does not pay for a pool."""
    if len(jobs) == 1:
        return [function(*jobs[0])]
    return each_adapted(in_turn([delayed(function)(*job) for job in jobs], n_jobs), len(jobs))


class Family(ABC):
    """How one class of estimators takes a Gaussian prior; its own file says what it minimises then.

    A strength of one, which every class has at its default, is the prior as learned; ten is ten times as strong.
    """

    kind: ClassVar[str] = "gaussian"  # of target, as priors name it
    classifies: ClassVar[bool] = False
    linear: ClassVar[bool] = True  # whether predictions are ``X @ coef_ + intercept_``
    many_targets: ClassVar[bool] = False
    moderated: ClassVar[bool] = False  # whether plain coefficients are scaled to predict best
    by_posterior: ClassVar[bool] = False  # whether coefficients are the posterior's, whatever prior each task has
    sums_suffice: ClassVar[bool] = False  # whether the answer depends on rows through sums of their products alone
    starts: ClassVar[bool] = False  # whether the prior is only where the class's own steps begin

    @abstractmethod
    def adapt(self, adaptation: Adaptation) -> tuple[Array, Fitted]:
        """Coefficients ``(n_tasks, K, d + 1)`` of every task in units of the data, and further fitted attributes."""

    def likelihood(self, estimator: Any, n_outputs: int = 1) -> Likelihood:
        """The likelihood of one row."""
        return GAUSSIAN

    def kind_of(self, estimator: Any, n_outputs: int) -> str:
        """The kind of target as priors name it."""
        return self.kind

    def strength(self, estimator: Any) -> Any:
        """How many times as strong as learned the prior is meant to be."""
        return estimator.alpha

    def strengths(self, estimator: Any, n_outputs: int) -> Array:
        """The strength of every output ``(K,)``."""
        strength = np.maximum(np.asarray(self.strength(estimator), dtype=float), _WEAKEST)
        if strength.ndim and strength.shape != (n_outputs,):
            raise ValueError(
                f"{type(estimator).__name__}(alpha=...): wanted one number or one for each of {n_outputs} target(s), found "
                f"shape {strength.shape}."
            )
        return np.broadcast_to(strength, (n_outputs,))

    def share_of_outliers(self, estimator: Any) -> float:
        """The share of rows that the class expects to be outliers: none, where its loss is not robust."""
        return 0.0

    def engine_strength(self, strength: Array) -> Array:
        """The strength at which posteriors are computed here."""
        return strength

    def check(self, estimator: Any) -> None:
        """Raise for settings under which the class takes no prior."""
        if getattr(estimator, "positive", False):
            raise ValueError(
                f"{type(estimator).__name__}(positive=True): wanted coefficients of any sign, which a Gaussian prior allows, "
                "found a bound at zero; use positive=False."
            )

    def check_target(self, Y: Array, estimator: Any) -> None:  # noqa: B027 - most likelihoods know all numbers
        """Raise for targets that the likelihood does not know."""

    def intercept_shift(self, estimator: Any, noise: float) -> float:
        """How far the expected intercept lies from that of the mean model, for a noise of this variance."""
        return 0.0

    def fill(self, plain: Any, slopes: Array, intercept: Array, *, one_target: bool, classes: Any) -> None:
        """Set the fitted attributes of an unfitted estimator from ``slopes (K, d)`` and ``intercept (K,)``."""
        if one_target:
            plain.coef_, plain.intercept_ = slopes[0], float(intercept[0])
        else:
            plain.coef_, plain.intercept_ = slopes, intercept


FAMILIES: dict[type, Any] = {}


def family(*estimator_classes: type) -> Callable[[type[Family]], type[Family]]:
    """Register a family for classes of estimators, and for their subclasses that keep the constructor's parameters."""

    def decorator(cls: type[Family]) -> type[Family]:
        for estimator_class in estimator_classes:
            add(FAMILIES, estimator_class, cls)
            if cls.linear:
                register_linear(estimator_class)
        return cls

    return decorator


def family_of(estimator: Any) -> Family:
    """The family of an estimator; TypeError for classes, ValueError for settings, that can take no prior."""
    found = None if isinstance(estimator, type) else lookup(FAMILIES, estimator)
    if found is None:
        raise TypeError(why_not(estimator, FAMILIES))
    made: Family = found()
    made.check(estimator)
    return made
