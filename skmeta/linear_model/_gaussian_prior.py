"""The Gaussian prior on linear coefficients: what past tasks, or the user, say of the next task's model."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from skmeta._inference.believed import Believed
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.units import Units
from skmeta.base import Prior
from skmeta.linear_model._check import check_prior_arrays

_WIDE = 128  # columns beyond which no (p, p) matrix is made of a diagonal
_FLAT = 1e12  # variance of an intercept of which nothing is known: it stands still to twelve digits


@dataclass(frozen=True, eq=False, repr=False)
class GaussianPrior(Prior):
    r"""What is known of a linear model's coefficients before its own rows are seen.

    Task :math:`t` has coefficients :math:`w_t \sim N(\mu, \Sigma + F F^\top)`, the intercept last, and noise
    :math:`\sigma_t^2`, unless it is odd: the weights below say how probable that is, a task's own rows whether
    it is so. `EmpiricalBayes` learns such priors; written by hand, ``GaussianPrior(mean=previous_coef,
    covariance=...)`` is a ridge towards previous coefficients. It is a frozen value: `clone` shares it, and
    nothing can change it. Its strength is the estimator's own parameter.

    Parameters
    ----------
    mean : array-like of shape (n_features,), (n_features + 1,) or (n_outputs, n_features + 1)
        Expected coefficients in the units of the data, the intercept last. Without an entry for the
        intercept, nothing is known of it. Binary classifiers have one row, others one a class.
    covariance : array-like of shape (p, p), (p,), or those with a leading axis of n_outputs, or float
        How tasks vary around ``mean``, in squared units of the coefficients; one dimension is a diagonal. An
        infinite last variance says that nothing is known of the intercept.
    feature_names : sequence of str, default=None
        Columns the coefficients belong to; new data are matched to them by name.
    noise : float or array-like of shape (n_outputs,), default=1.0
        Variance of the target around a task's own model (for Poisson and other log-link models, the
        dispersion).
    noise_dof : float or array-like of shape (n_outputs,), default=inf
        How alike the tasks' noises are, in degrees of freedom of a scaled inverse chi-squared law; ``inf``:
        the same.
    factor : array-like of shape (p, rank) or (n_outputs, p, rank), default=None
        Directions in which tasks vary together, added to ``covariance`` as ``factor @ factor.T``.
    mean_covariance : array-like of shape (p, p) or (n_outputs, p, p), default=None
        Uncertainty of ``mean`` itself (few tasks); a new task is expected with the sum of both covariances.
    n_tasks, n_rows : float, default=0
        Experience behind the prior; learning on from it weighs it accordingly.
    vague_weight : float in [0, 1), default=0.0
        Probability that a new task is a stranger, for whom the plain estimator's own penalty stands, with any
        level and any noise. Zero, here and below, takes the prior at its word.
    level_weight, noise_weight : float in [0, 1), default=0.0
        Probabilities that only its level is unlike the past ones', or that only its noise is larger (one to
        four spreads of the noises' logarithms). Only for squared-error models; the second only where the tasks'
        noises differ.
    centre, scale : array-like of shape (n_features,), default=None
        Mean and standard deviation of the columns over the collection: the units in which the prior is
        worked with.
    target_centre, target_scale : float or array-like of shape (n_outputs,), default=0.0 and 1.0
        Level and spread of the linear predictor over the collection.
    likelihood : {"gaussian", "binomial", "multinomial", "poisson", "gamma", "tweedie"}, default=None
        What kind of target the coefficients were learned for; None fits any.
    classes : array-like of shape (n_classes,), default=None
        Class labels, sorted; coefficients of binary models belong to the second one.
    between, between_ratio : array-like of shape (n_features,) or (n_outputs, n_features), default=None
        Effects between tasks: how the expected intercept moves with the mean of a task's columns around
        ``centre``, and the columns' within-task over between-task variance, which says how well few rows tell
        that mean.

    Raises
    ------
    ValueError
        If an array has the wrong shape, is not finite, or a covariance is not symmetric positive
        semi-definite.

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

    mean: np.ndarray
    covariance: np.ndarray
    noise: np.ndarray | float = 1.0
    noise_dof: np.ndarray | float = np.inf
    factor: np.ndarray | None = None
    mean_covariance: np.ndarray | None = None
    vague_weight: float = 0.0
    level_weight: float = 0.0
    noise_weight: float = 0.0
    centre: np.ndarray | None = None
    scale: np.ndarray | None = None
    target_centre: np.ndarray | float = 0.0
    target_scale: np.ndarray | float = 1.0
    likelihood: str | None = None
    between: np.ndarray | None = None
    between_ratio: np.ndarray | None = None

    def __post_init__(self):
        for name, value in check_prior_arrays(self).items():
            object.__setattr__(self, name, value)
        self._freeze()

    def __repr__(self):
        learned = f"n_tasks={self.n_tasks:.0f}" if self.n_tasks else "written by hand"
        return f"GaussianPrior(n_features={self.n_features}, {learned})"

    @property
    def n_features(self):
        """Number of columns the coefficients belong to."""
        return self.mean.shape[-1] - 1

    @property
    def n_outputs(self):
        """Number of outputs (classes, targets) with coefficients of their own."""
        return 1 if self.mean.ndim == 1 else self.mean.shape[0]

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : linear estimator
            Its strength parameter scales the prior: at its default, as learned.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        Adapted
            One plain fitted estimator a task.
        """
        from skmeta.linear_model._adapt import adapt_collection

        return adapt_collection(self, estimator, tasks, n_jobs=n_jobs)

    def aligned(self, feature_names):
        """The same prior with its columns in the order of ``feature_names``.

        Parameters
        ----------
        feature_names : sequence of str
            All of its own names, in any order.

        Returns
        -------
        GaussianPrior
            A new value.
        """
        position = {name: i for i, name in enumerate(self.feature_names)}
        return self.reorder([position[name] for name in feature_names])

    def to_dict(self):
        """Plain arrays, numbers and strings that `from_dict` reads.

        Returns
        -------
        dict
            Field names and values, those that are None left out; `numpy.savez` can write them.
        """
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in state.items() if value is not None}

    @classmethod
    def from_dict(cls, state):
        """Make a prior from what `to_dict` gave.

        Parameters
        ----------
        state : mapping
            Field names and values; what `numpy.load` gives will do.

        Returns
        -------
        GaussianPrior
            The same prior.

        Raises
        ------
        TypeError
            If ``state`` is no mapping.
        ValueError
            If ``mean`` or ``covariance`` is missing, or a name is unknown.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"from_dict: wanted a mapping such as to_dict gives, found {type(state).__name__}.")
        missing = sorted({"mean", "covariance"} - set(state))
        if missing:
            raise ValueError(f"from_dict: wanted at least mean and covariance, found no {' and no '.join(missing)}.")
        unknown = sorted(set(state) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"from_dict: unknown names {unknown}; was this written by a newer skmeta?")
        return cls(**{name: _unpacked(value) for name, value in state.items()})

    def reorder(self, order):
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
        if np.array_equal(order, np.arange(self.n_features)):
            return self
        order = order.astype(np.intp)
        full = np.r_[order, self.n_features]
        cov = self.covariance
        dense = cov.ndim - self.mean.ndim == 1
        return replace(
            self,
            mean=self.mean[..., full],
            covariance=cov[..., full[:, None], full] if dense else cov[..., full],
            factor=None if self.factor is None else self.factor[..., full, :],
            mean_covariance=None if self.mean_covariance is None else self.mean_covariance[..., full[:, None], full],
            centre=None if self.centre is None else self.centre[order],
            between=None if self.between is None else self.between[..., order],
            between_ratio=None if self.between_ratio is None else self.between_ratio[..., order],
            scale=None if self.scale is None else self.scale[order],
            feature_names=None if self.feature_names is None else tuple(self.feature_names[i] for i in order),
        )

    def with_last_as_intercept(self):
        """A prior by hand with one coefficient more than there are columns: the last is the intercept."""
        d = self.n_features - 1
        return replace(
            self,
            mean=self.mean[..., :-1],
            covariance=self.covariance[..., :-1, :-1] if self.is_dense else self.covariance[..., :-1],
            factor=None if self.factor is None else self.factor[..., :-1, :],
            mean_covariance=None if self.mean_covariance is None else self.mean_covariance[..., :-1, :-1],
            centre=np.zeros(d),
        )

    def through_origin(self):
        """The prior of models without an intercept: neither columns nor targets are centred."""
        if self.centre is None and not self.mean[..., -1].any():
            return self
        mean = self.mean.copy()
        mean[..., -1] = 0.0
        return replace(
            self,
            mean=mean,
            centre=np.zeros(self.n_features),
            target_centre=0.0 * self.target_centre,
            between=None,
        )

    def dense_covariance(self, k=0):
        """``(p, p)`` covariance between tasks of output ``k``, the factor included."""
        part = self.output("covariance", k, 2 if self.is_dense else 1)
        part = part.copy() if self.is_dense else np.diag(part)
        if self.factor is None:
            return part
        factor = self.output("factor", k, 2)
        return part + factor @ factor.T

    @property
    def is_dense(self):
        """Whether ``covariance`` is a matrix (else a diagonal)."""
        return self.covariance.ndim - self.mean.ndim == 1

    @property
    def is_wide(self):
        """Whether there are so many columns that only the dual can work with them."""
        return not self.is_dense and self.n_features > _WIDE

    @property
    def knows_intercept(self):
        """Whether anything is known of the intercept."""
        return bool(np.all(np.isfinite(self._intercept_variance)))

    @property
    def _intercept_variance(self):
        """``(n_outputs,)``; infinite where nothing is known."""
        return np.atleast_1d(self.covariance[..., -1, -1] if self.is_dense else self.covariance[..., -1])

    def output(self, name, k, ndim):
        """Field ``name`` of output ``k``, where it has ``ndim`` dimensions for one output."""
        value = np.asarray(getattr(self, name))
        return value if value.ndim == ndim else value[k]

    def units(self, k=0):
        """Between the data and the engine: `Units` of output ``k``."""
        d = self.n_features
        centre = np.zeros(d) if self.centre is None else self.centre
        scale = np.ones(d) if self.scale is None else self.scale
        if self.likelihood not in (None, "gaussian"):
            return Units(centre, scale)
        return Units(centre, scale, float(self.output("target_centre", k, 0)), float(self.output("target_scale", k, 0)))

    @cached_property
    def believed(self):
        """In the units of the engine, one `Believed` an output, with the mean's own uncertainty added."""
        return [self._believed(k) for k in range(self.n_outputs)]

    def _believed(self, k):
        units = self.units(k)
        mean = units.to_engine(self.output("mean", k, 1))
        gaussian = self.likelihood in (None, "gaussian")
        stranger = np.zeros_like(mean)
        if not gaussian:
            stranger[-1] = self.output("target_centre", k, 0)
        between, ratio = self.engine_between(units, k)
        if between is not None:  # the engine's mean is the one within tasks, the public one that of a task without rows
            mean = mean - np.r_[between / (1.0 + ratio), 0.0]
        level = float(self.output("noise", k, 0))
        odd = self.level_weight + self.noise_weight + self.vague_weight
        return Believed(
            mean=mean,
            root=cholesky_root(self._engine_covariance(units, k)),
            noise=NoiseLaw(level / units.target_scale**2, float(self.output("noise_dof", k, 0))),
            kinds=np.array([1.0 - odd, self.level_weight, self.noise_weight, self.vague_weight]),
            stranger_mean=stranger,
            noise_known=self.likelihood in ("binomial", "multinomial"),
            flat_intercept=bool(np.isinf(self._intercept_variance[k])),
            free_level=gaussian,
            between=between,
            ratio=ratio,
            scale=units.scale,
        )

    def engine_between(self, units, k):
        """Effects between tasks of output ``k`` in units of the engine, and the columns' variance ratios."""
        if self.between is None:
            return None, None
        between = self.output("between", k, 1) * units.scale / units.target_scale
        return between, self.output("between_ratio", k, 1)

    def _engine_covariance(self, units, k):
        covariance = self.dense_covariance(k)
        if np.isinf(self._intercept_variance[k]):
            covariance[-1, -1] = _FLAT * units.target_scale**2
        if self.mean_covariance is not None:
            covariance = covariance + self.output("mean_covariance", k, 2)
        return units.covariance_to_engine(covariance)

    def worth(self):
        """Own rows that would predict as well as the prior alone, for rows spread like the collection's.

        Returns
        -------
        float
            ``p noise / trace(covariance)`` in the collection's units, the mean over outputs; nan where
            nothing is known of the intercept.
        """
        if not self.knows_intercept:
            return float("nan")
        if self.is_wide:
            from skmeta.linear_model._wide import wide_worth

            return wide_worth(self)
        return float(np.mean([len(b.mean) * b.level / np.trace(b.covariance) for b in self.believed]))


def _unpacked(value):
    """A scalar that was stored as an array without dimensions."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
