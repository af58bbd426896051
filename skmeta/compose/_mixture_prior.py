"""A prior that is one of several, with a probability each: a task's own rows say which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._class_weight import common_class_weight
from skmeta.base._prior import check_reads, given_what_is_known
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.compose._check_mixture import check_components, check_weights, normalised
from skmeta.compose._stored_components import read_back, stored
from skmeta.tasks import Tasks

SET_ASIDE = 0.01  # weight below which a component is said to be set aside: it changes no answer


@dataclass(frozen=True, eq=False, repr=False)
class MixturePrior(Prior):
    r"""A mixture of priors: the next task is of one kind or another, and its rows say of which.

    With mixture weights :math:`\pi_c` and the evidence :math:`p_c(y)` that component :math:`c` gives a task's rows, the
    task is of that kind with probability

    .. math:: p(c \mid y) = \pi_c\, p_c(y) / \sum_k \pi_k\, p_k(y),

    and the answer is the mean of the components' answers, so weighted. A component that the rows contradict fades without
    a threshold. Attributes that are not those of every prior (``mean``, ``covariance``) are those of the first component.

    Parameters
    ----------
    components : sequence of Prior
        Of one family or of several, about the same columns.
    weights : array-like of shape (n_components,), default=None
        Probabilities before any rows, or numbers in their ratio; None for equal ones.
    names : sequence of str, default=None
        What each component stands for; None numbers them.
    weights_without_rows : array-like of shape (n_components,), default=None
        Probabilities for a task without any rows, where components are only there in case rows ask for them; None for
        ``weights``.

    Raises
    ------
    ValueError
        If there are no components, weights are negative or all zero, or the components are about different columns or were
        learned with different ``class_weight``.

    References
    ----------
    H. Schmidli et al. (2014), Robust meta-analytic-predictive priors in clinical trials, Biometrics 70, equation 3.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import GaussianPrior
    >>> from skmeta.compose import MixturePrior
    >>> two = MixturePrior([GaussianPrior([1.0], 0.1), GaussianPrior([-1.0], 0.1)], names=["rising", "falling"])
    >>> two
    MixturePrior(rising 0.5, falling 0.5)
    >>> bool(two.adapt(Ridge(), [[0.0], [2.0], [4.0]], [0.0, -2.0, -4.0]).coef_[0] < 0)
    True
    """

    components: Sequence[Prior]
    weights: Any = None
    names: Any = None
    weights_without_rows: Any = None

    _optional: ClassVar[tuple[str, ...]] = ("weights_without_rows",)  # fields that are stored where they are not None

    def __post_init__(self) -> None:
        if isinstance(self.components, Prior):
            raise TypeError(f"components: wanted a list of priors, found one, {self.components!r}; write [prior].")
        components = tuple(self.components)
        check_components(components)
        first = components[0]
        n = len(components)
        weights = np.full(n, 1.0 / n) if self.weights is None else np.array(self.weights, dtype=float)
        names = tuple(f"component {c}" for c in range(n)) if self.names is None else tuple(map(str, self.names))
        check_weights(weights, names, n)
        checked = {"components": components, "weights": normalised(weights), "names": names}
        if self.weights_without_rows is not None:
            unseen = np.array(self.weights_without_rows, dtype=float)
            check_weights(unseen, names, n)
            checked["weights_without_rows"] = normalised(unseen)
        shared = {name: getattr(first, name) for name in ("n_tasks", "n_rows", "feature_names", "classes")}
        shared["class_weight"] = common_class_weight(components)
        known = all(component.class_prior is not None for component in components)
        shared["class_prior"] = first.class_prior if known else None
        for name, value in (checked | shared).items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {field.name for field in fields(self)}:
            raise AttributeError(name)  # not yet there, as while it is read from a file
        return getattr(self.components[0], name)

    def __repr__(self) -> str:
        weights = ", ".join(f"{name} {weight:.2g}" for name, weight in self.named_weights.items())
        return f"MixturePrior({weights}{f'; {self.names[0]} is set aside' if self.set_aside else ''})"

    @property
    def unseen_weights(self) -> NDArray[np.float64]:
        """Probabilities of the components for a task without rows."""
        found: NDArray[np.float64] = self.weights if self.weights_without_rows is None else self.weights_without_rows
        return found

    @property
    def named_weights(self) -> dict[str, float]:
        """Mixture weights by name."""
        return dict(zip(self.names, self.weights.tolist(), strict=True))

    @property
    def in_words(self) -> tuple[str, ...]:
        """What the first component, which was learned, says of how tasks belong together."""
        return self.components[0].in_words

    @property
    def set_aside(self) -> bool:
        """Whether the first component, which has more of the weight without rows, has less than a hundredth with them."""
        return bool(self.weights[0] < min(SET_ASIDE, self.unseen_weights[0]))

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that the first component, which was learned, is about."""
        found: int | None = self.components[0].n_features_in
        return found

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator that the first component, which was learned, is not for, see `Prior.check_is_of`."""
        self.components[0].check_is_of(estimator)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks, under every component.

        A family whose priors define ``adapt_mixture(components, weights, estimator, tasks, *, n_jobs)`` does all of its own
        in one go.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedEstimators
            Means over the components, by their probabilities.
        """
        together = getattr(type(self.components[0]), "adapt_mixture", None)
        if together is not None:
            found = together(self, estimator, tasks, n_jobs=n_jobs)
            if found is not NotImplemented:
                return found
        adapted = [component.adapt_tasks(estimator, tasks, n_jobs=n_jobs) for component in self.components]
        return AdaptedMixture(self, estimator, tasks, adapted, self.responsibilities(estimator, tasks))

    def responsibilities(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        """Probability of each component after a task's rows.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks, n_components)
            Rows sum to one.
        """
        found = softmax(self._joint(estimator, tasks), axis=1)
        return np.where(tasks.counts[:, None] > 0, found, self.unseen_weights)

    def needs_rows(self, estimator: Any) -> bool:
        """Whether any component asks for the single rows of a task, see `Prior.needs_rows`."""
        return any(each.needs_rows(estimator) for each in self.components)

    def check_rows(self, estimator: Any, tasks: Tasks) -> None:
        """Raise for rows that some component has no use for, see `Prior.check_rows`."""
        for component in self.components:
            component.check_rows(estimator, tasks)

    def log_evidence(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        """Log density of each task's targets under the mixture, see `Prior.log_evidence`.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the targets' own units.
        """
        return logsumexp(self._joint(estimator, tasks), axis=1)

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads of any of the components."""
        return tuple(dict.fromkeys(name for component in self.components for name in component.context_names))

    def given(self, **context: Any) -> Prior:
        """The mixture of what the components say of a task of which ``context`` is known.

        Parameters
        ----------
        **context : dict
            What is known of the task, by column name.

        Returns
        -------
        MixturePrior
            The prior of such a task.

        Raises
        ------
        TypeError
            If some component reads something, and none reads such a name.
        """
        if self.context_names:
            check_reads(self, context)
        return replace(self, components=[given_what_is_known(component, context) for component in self.components])

    def aligned(self, feature_names: Sequence[str]) -> Prior:
        """The same mixture for columns in another order; itself unless all components can follow it.

        Parameters
        ----------
        feature_names : sequence of str
            The names in the order wanted.

        Returns
        -------
        MixturePrior
            Its ``feature_names`` say which order it has.
        """
        components = [component.aligned(feature_names) for component in self.components]
        orders = {component.feature_names for component in components}
        return self if len(orders) > 1 else replace(self, components=components)

    def split(self) -> tuple[Any, Prior]:
        """The steps that all components were learned behind, and the mixture of what they say behind these.

        Returns
        -------
        steps : FrozenSteps or None
            None where components have no steps, or steps of their own each.
        prior : MixturePrior
            Behind the steps.
        """
        steps, inner = zip(*(component.split() for component in self.components), strict=True)
        if steps[0] is None or not all(each is not None and steps[0].same_as(each) for each in steps):
            return None, self
        return steps[0], replace(self, components=inner)

    def with_inner(self, prior: Prior) -> Prior:
        """The steps that all components share with another prior behind them.

        Parameters
        ----------
        prior : Prior
            About the columns that the steps make.

        Returns
        -------
        Prior
            Of raw rows.
        """
        return self.components[0].with_inner(prior)

    def adapt(self, estimator: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit ``estimator`` to one new task, starting from this prior.

        Parameters
        ----------
        estimator : estimator
            The model; where all components were learned behind the same steps, with these or without.
        X, y, sample_weight
            As in `Prior.adapt`.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        steps, inner = self.split()
        if steps is None:
            return super().adapt(estimator, X, y, sample_weight)
        return self.with_inner(inner).adapt(estimator, X, y, sample_weight)

    def zero_shot(self, estimator: Any) -> Any:
        """The plain fitted ``estimator`` of a task without rows.

        Parameters
        ----------
        estimator : estimator
            As in `adapt`.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        steps, inner = self.split()
        return super().zero_shot(estimator) if steps is None else self.with_inner(inner).zero_shot(estimator)

    def to_dict(self) -> dict[str, Any]:
        """Plain arrays, numbers and texts that `from_dict` reads.

        Returns
        -------
        dict
            ``weights`` and ``names``, and the entries of each component's own ``to_dict`` after its position: "0.class",
            "0.mean"; `numpy.savez` can write them.
        """
        own = {
            "weights": self.weights,
            "names": np.array(self.names),
        } | {name: getattr(self, name) for name in self._optional}
        return stored(own, self.components)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make a mixture from what `to_dict` gave.

        Parameters
        ----------
        state : mapping
            Names and values; what `numpy.load` gives will do. Components are of the subclasses of `Prior` that they name.

        Returns
        -------
        MixturePrior
            The same mixture.

        Raises
        ------
        TypeError
            If ``state`` is no mapping.
        ValueError
            If a name is missing or unknown, or no subclass of `Prior` has the name of a component's class.
        """
        return cls(**read_back(state, ("weights", "names"), cls._optional))

    def to_frame(self) -> Any:
        """That of the first component.

        Returns
        -------
        DataFrame
            See `Prior.to_frame`.
        """
        return self.components[0].to_frame()

    def _joint(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        evidence = [component.log_evidence(estimator, tasks) for component in self.components]
        with np.errstate(divide="ignore"):  # a component of weight zero is none
            return np.column_stack(evidence) + np.log(self.weights)
