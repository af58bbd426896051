"""The Gaussian prior on linear coefficients: what past tasks, or the user, say of the next task's model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmeta._inference.components import Component, KnownNoise
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.units import Effects, Law
from skmeta._inference.units import Units as EngineUnits
from skmeta.base._matching import check_names
from skmeta.base._plain import Reader, reader
from skmeta.linear_model._check import check_prior_arrays
from skmeta.linear_model._linear_prior import LinearPrior
from skmeta.linear_model._units import ContextualEffects, Units

Array = NDArray[np.float64]

_FLAT = 1e15  # variance of an intercept of which nothing is known: what shrinks it is below rounding


@dataclass(frozen=True, eq=False, repr=False)
class GaussianPrior(LinearPrior):
    r"""What is known of a linear model's coefficients before its own rows are seen.

    .. math:: w_t \sim N(\mu, \Sigma + F F^\top), \quad \sigma_t^2 \sim \text{scaled inverse } \chi^2_\nu(\sigma^2)

    for the coefficients of task :math:`t`, the intercept last, and its noise. `EmpiricalBayes` learns such priors; written
    by hand, ``GaussianPrior(mean=previous_coef, covariance=...)`` is a ridge towards previous coefficients, and taken at
    its word. It is a frozen value: `clone` shares it, and nothing can change it. Its strength is the estimator's own
    parameter.

    Parameters
    ----------
    mean : array-like of shape (n_features,), (n_features + 1,) or (n_outputs, n_features + 1)
        Expected coefficients in the units of the data, the intercept last. Without an entry for the intercept, nothing is
        known of it. Binary classifiers have one row, others one a class.
    covariance : array-like of shape (p, p), (p,), or those with a leading axis of n_outputs, or float
        How tasks vary around ``mean``, in squared units of the coefficients; one dimension is a diagonal. An infinite last
        variance says that nothing is known of the intercept.
    factor : array-like of shape (p, rank) or (n_outputs, p, rank), default=None
        Directions in which tasks vary together, added to ``covariance`` as ``factor @ factor.T``.
    noise : float or array-like of shape (n_outputs,), default=1.0
        Variance of the target around a task's own model (for Poisson and other log-link models, the dispersion).
    overdispersion : float, default=0.0
        Variance of counts beyond Poisson's, in squared means: ``noise * mean * (1 + overdispersion * mean)``.
    noise_dof : float or array-like of shape (n_outputs,), default=inf
        How alike the tasks' noises are, in degrees of freedom; ``inf``: the same.
    mean_covariance : array-like of the shapes of ``covariance``, default=None
        Uncertainty of ``mean`` itself (few tasks); a new task is expected with the sum of both covariances.
    contextual_effects : ContextualEffects, default=None
        How the expected intercept moves with the means of a task's columns. Only for squared errors.
    use : float, default=1.0
        Probability that the slopes are of any use for tasks that were not learned from, by held-out tasks; further learning
        starts from it. A prior written by hand is taken at its word.
    likelihood : {"gaussian", "binomial", "multinomial", "poisson", "gamma", "tweedie 1.5"}, default=None
        What kind of target the coefficients are for; None fits any. `TweedieRegressor` of another power than one and two
        has "tweedie" and that power.
        units : Units, default=None
        The units used in computations with the prior; they change answers by rounding alone.
    weight_unit : float, default=None
        What a row weighs whose noise has the variance ``noise``. Learned priors have the mean weight of their collection:
        ``sample_weight`` says how precise rows are, and a row counts once whatever it weighs. None, where the noise is
        known: a row of weight two is the row twice. Rows without weights weigh one unit.
    n_tasks, n_rows : float, default=0
        Number of tasks and rows behind the prior; further learning weighs it accordingly.
    feature_names : sequence of str, default=None
        Columns the coefficients belong to; new data are matched to them by name.
    classes : array-like of shape (n_classes,), default=None
        Class labels, sorted; coefficients of binary models belong to the second one.
    class_prior : array-like of shape (n_classes,), default=None
        How frequent ``classes`` are: what ``WarmStartClassifier(class_prior="past")`` takes for granted of a new task.
    class_weight : "balanced" or sequence of float, default=None
        As in `Prior`.

    Raises
    ------
    ValueError
        If an array has the wrong shape, is not finite, or a covariance is not symmetric positive semi-definite.

    References
    ----------
    D. V. Lindley and A. F. M. Smith (1972), Bayes estimates for the linear model, JRSS B 34, equation 11.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import GaussianPrior
    >>> prior = GaussianPrior(mean=[2.0, -1.0], covariance=np.eye(2))
    >>> prior
    GaussianPrior(n_features=2, written by hand)
    >>> X, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([2.8, -1.0])
    >>> prior.adapt(Ridge(alpha=1.0), X, y).coef_.round(2)
    array([ 2.2, -1.2])
    """

    _nested: ClassVar[dict[str, Reader]] = {"units": reader(Units), "contextual_effects": reader(ContextualEffects)}

    mean: Array
    covariance: Array
    factor: Array | None = None
    noise: Array | float = 1.0
    overdispersion: float = 0.0
    noise_dof: Array | float = np.inf
    mean_covariance: Array | None = None
    contextual_effects: ContextualEffects | None = None
    use: float = 1.0

    if TYPE_CHECKING:  # fields are arrays; what they are made of need not be

        def __init__(
            self,
            mean: ArrayLike,
            covariance: ArrayLike,
            factor: ArrayLike | None = None,
            noise: ArrayLike = 1.0,
            overdispersion: float = 0.0,
            noise_dof: ArrayLike = np.inf,
            mean_covariance: ArrayLike | None = None,
            contextual_effects: ContextualEffects | None = None,
            use: float = 1.0,
            **known: Any,
        ) -> None: ...

    def __post_init__(self) -> None:
        for name, value in check_prior_arrays(self).items():
            object.__setattr__(self, name, value)
        self._freeze()

    def __repr__(self) -> str:
        learned = f"n_tasks={self.n_tasks:.0f}" if self.n_tasks else "written by hand"
        return f"GaussianPrior(n_features={self.n_features}, {learned})"

    # -- what it says -------------------------------------------------------------------------------

    @property
    def n_features(self) -> int:
        """Number of columns the coefficients belong to."""
        return self.mean.shape[-1] - 1

    @property
    def n_outputs(self) -> int:
        """Number of outputs (classes, targets) with coefficients of their own."""
        return 1 if self.mean.ndim == 1 else self.mean.shape[0]

    @property
    def one_target(self) -> bool:
        """Whether targets are one column."""
        return self.mean.ndim == 1

    @property
    def is_dense(self) -> bool:
        """Whether ``covariance`` is a matrix (else a diagonal)."""
        return self.covariance.ndim > self.mean.ndim

    @property
    def knows_intercept(self) -> bool:
        """Whether anything is known of the intercept."""
        return bool(np.all(np.isfinite(self._intercept_variances)))

    @property
    def _intercept_variances(self) -> Array:
        """``(n_outputs,)``; infinite where nothing is known."""
        return np.atleast_1d(self.covariance[..., -1, -1] if self.is_dense else self.covariance[..., -1])

    def variance(self, k: int = 0) -> Array:
        """Variances ``(d + 1,)`` of the coefficients of output ``k`` between tasks."""
        part, factor = self._output("covariance", k), self._output("factor", k)
        own = np.diagonal(part) if self.is_dense else part
        return np.array(own if factor is None else own + (factor**2).sum(axis=-1))

    def dense_covariance(self, k: int = 0) -> Array:
        """Covariance between tasks as a matrix, the factor included.

        Parameters
        ----------
        k : int, default=0
            The output.

        Returns
        -------
        ndarray of shape (p, p)
            Of its coefficients.
        """
        part = self._output("covariance", k)
        part = part.copy() if self.is_dense else np.diag(part)
        factor = self._output("factor", k)
        return part if factor is None else part + factor @ factor.T

    def dense_doubt(self, k: int = 0) -> Array:
        """The uncertainty of the mean of output ``k`` as a matrix ``(p, p)``."""
        part, p = self._output("mean_covariance", k), self.n_features + 1
        return np.zeros((p, p)) if part is None else part if part.ndim == 2 else np.diag(part)

    def _output(self, name: str, k: int) -> Any:
        """A field of output ``k``; None where there is none."""
        value = getattr(self, name)
        return value if value is None or self.mean.ndim == 1 else value[k]

    def effects_of(self, k: int) -> Effects | None:
        """Contextual effects ``(coef, variance_ratio, centre)`` of output ``k``; None where there are none."""
        return None if self.contextual_effects is None else self.contextual_effects.of_output(k)

    def central_intercept_variance(self, k: int) -> float:
        """Variance of a new task's intercept at the centre of the columns, for output ``k`` in units of the data."""
        at = np.r_[self.working_units.centre, 1.0]
        parts = (self._output("covariance", k), self._output("mean_covariance", k))
        own = sum(float(at @ (part @ at if part.ndim == 2 else part * at)) for part in parts if part is not None)
        factor = self._output("factor", k)
        return own if factor is None else own + float(((at @ factor) ** 2).sum())

    # -- in the units of the engine -----------------------------------------------------------------

    def expected(self) -> Array:
        """Coefficients ``(K, d + 1)`` of a task without rows, in units of the data."""
        return self.mean.reshape(self.n_outputs, -1).copy()

    def noise_of(self, k: int) -> float:
        """Variance of the noise of output ``k``, in units of the data."""
        return float(np.broadcast_to(self.noise, (self.n_outputs,))[k])

    def component(self, k: int, units: EngineUnits, likelihood: Likelihood) -> Component:
        """The law of output ``k`` in these units."""
        flat = bool(np.isinf(self._intercept_variances[k]))
        covariance, factor = self._spread(k, units, flat)
        effects, dof = self.effects_of(k), self._noise_dof(k, likelihood)
        law = Law(self._output("mean", k), covariance, self.noise_of(k), factor=factor, effects=effects)
        return Component.of(units.law_to_engine(law), dof, extra=_FLAT if flat else 0.0, free_intercept=flat)

    def component_beside(
        self, first: LinearPrior, its: Component, k: int, units: EngineUnits, likelihood: Likelihood
    ) -> Component:
        """The same where another prior, whose component is ``its``, stands first in a mixture: what both share is shared."""
        if not (isinstance(first, GaussianPrior) and self._has_law_of(first)):
            return self.component(k, units, likelihood)
        noise = NoiseLaw(self.noise_of(k) / units.target_scale**2, self._noise_dof(k, likelihood))
        return replace(its, noise=KnownNoise.of(noise), extra=its.extra + self._excess(first, k, units))

    def _has_law_of(self, other: GaussianPrior) -> bool:
        """Whether two differ in noise and in the intercept's variance alone, which is not the smaller here."""
        if self.contextual_effects is not other.contextual_effects or self.covariance.shape != other.covariance.shape:
            return False
        ours, theirs = self.covariance.copy(), other.covariance.copy()
        corner = (..., -1, -1) if self.is_dense else (..., -1)
        if np.any(ours[corner] < theirs[corner]):
            return False
        ours[corner] = theirs[corner]
        pairs = [(ours, theirs)] + [
            (getattr(self, n), getattr(other, n)) for n in ("mean", "factor", "mean_covariance")
        ]
        return all(a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs)

    def _excess(self, other: GaussianPrior, k: int, units: EngineUnits) -> float:
        mine, theirs = self._intercept_variances[k], other._intercept_variances[k]
        if np.isinf(mine):
            return 0.0 if np.isinf(theirs) else _FLAT
        return float(mine - theirs) / units.target_scale**2

    def _spread(self, k: int, units: EngineUnits, flat: bool) -> tuple[Array, Array | None]:
        """Covariance and factor of a new task's coefficients; a diagonal stays one where columns are not centred."""
        own, extra = self._output("covariance", k).copy(), self._output("mean_covariance", k)
        factor = self._output("factor", k)
        if flat:
            own[(-1, -1) if own.ndim == 2 else -1] = units.target_scale**2
        if own.ndim == 1 and (extra is None or extra.ndim == 1) and not np.any(units.centre):
            return own if extra is None else own + extra, factor
        matrix = own if own.ndim == 2 else np.diag(own)
        if extra is not None:
            matrix = matrix + (extra if extra.ndim == 2 else np.diag(extra))
        return matrix if factor is None else matrix + factor @ factor.T, None

    def _noise_dof(self, k: int, likelihood: Likelihood) -> float:
        return float(np.broadcast_to(self.noise_dof, (self.n_outputs,))[k]) if likelihood.quadratic else np.inf

    # -- the same prior otherwise -------------------------------------------------------------------

    def aligned(self, feature_names: Sequence[str]) -> Self:
        """The prior with its columns in another order.

        Parameters
        ----------
        feature_names : sequence of str
            The names in ``feature_names``, in any order.

        Returns
        -------
        GaussianPrior
            Whose columns have that order.

        Raises
        ------
        ValueError
            If a name is missing or new.
        """
        if self.feature_names is None or tuple(feature_names) == self.feature_names:
            return self
        check_names(self.feature_names, feature_names)
        position = {name: i for i, name in enumerate(self.feature_names)}
        return self.reorder([position[name] for name in feature_names])

    def reorder(self, order: ArrayLike) -> Self:
        """The same prior with its columns in another order.

        Parameters
        ----------
        order : array-like of shape (n_features,)
            Position in this prior of each column of the new one.

        Returns
        -------
        GaussianPrior
            A new value.
        """
        order = np.asarray(order)
        if not np.array_equal(np.sort(order), np.arange(self.n_features)):
            raise ValueError(f"order: wanted each of 0 to {self.n_features - 1} once, found {order.tolist()}.")
        order = order.astype(np.intp)
        full = np.r_[order, self.n_features]

        def turned(value: Array) -> Array:
            return value[..., full[:, None], full] if value.ndim > self.mean.ndim else value[..., full]

        return self._with(
            mean=self.mean[..., full],
            covariance=turned(self.covariance),
            factor=None if self.factor is None else self.factor[..., full, :],
            mean_covariance=None if self.mean_covariance is None else turned(self.mean_covariance),
            contextual_effects=self.contextual_effects and self.contextual_effects.reordered(order),
            units=self.units and self.units.reordered(order),
            feature_names=None if self.feature_names is None else tuple(self.feature_names[i] for i in order),
        )

    def for_columns(self, names: Sequence[str] | None, n_features: int) -> Self:
        """The prior for rows with these columns; written by hand without names, its last entry may be the intercept."""
        nameless = self.feature_names is None and self.n_features == n_features + 1
        prior = self._with_last_as_intercept() if nameless and not self.knows_intercept else self
        return super(GaussianPrior, prior).for_columns(names, n_features)

    def _with_last_as_intercept(self) -> Self:
        def cut(value: Array) -> Array:
            return value[..., :-1, :-1] if value.ndim > self.mean.ndim else value[..., :-1]

        return self._with(
            mean=self.mean[..., :-1],
            covariance=cut(self.covariance),
            factor=None if self.factor is None else self.factor[..., :-1, :],
            mean_covariance=None if self.mean_covariance is None else cut(self.mean_covariance),
        )

    def with_mean_known(self) -> Self:
        """The prior without the uncertainty of its mean."""
        return self._with(mean_covariance=None)

    def through_origin(self) -> Self:
        """The prior of models without an intercept: neither columns nor targets are centred."""
        if self.units is None and not self.mean[..., -1].any():
            return self
        mean = self.mean.copy()
        mean[..., -1] = 0.0
        units = None if self.units is None else self.units.uncentred()
        return self._with(mean=mean, units=units, contextual_effects=None)
