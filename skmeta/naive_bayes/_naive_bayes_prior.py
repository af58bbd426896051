"""What all priors of naive Bayes models share: a prior of the classes' shares, and how tasks are adapted."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import clone

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._evidence import leave_one_out_scores
from skmeta.base._matching import not_for
from skmeta.naive_bayes._dirichlet import log_evidence
from skmeta.naive_bayes._memberships import Memberships, labelled_rows, memberships, row_weights
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._words import shown

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_EM_STEPS = 100  # guard: over rows without labels
_EM_TOLERANCE = 1e-4  # guard: largest change of a row's shares
_ONE_BLOCK = np.zeros(1, np.intp)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NaiveBayesPrior(Prior):
    r"""A prior of a task's classes: of their shares, and, in the subclasses, of each column in each class.

    .. math:: \pi_t \sim \mathrm{Dirichlet}(a), \qquad p(y = k, x) = \pi_{tk} \prod_j p(x_j \mid \theta_{tkj})

    A class that a task has no rows of has the parameters that the prior expects. Where rows were drawn by their class
    (``tasks.class_rates``) they say nothing of the shares: :math:`\pi_t` is ``class_prior``.

    Parameters
    ----------
    class_counts : ndarray of shape (n_classes,)
        :math:`a`: what is known of the shares, as rows of each class.
    class_tasks : ndarray of shape (n_classes,)
        Tasks that had rows of each class.
    weight_unit : float, default=1
        Mean weight of the rows learned from; weights of other rows are read in this unit.
    unlabelled_weight : float, default=1
        How much a row without label counts, beside one with a label.
    """

    fits: ClassVar[type]  # the class of estimators

    class_counts: Array
    class_tasks: Array
    weight_unit: float = 1.0
    unlabelled_weight: float = 1.0

    # -- what a family gives ------------------------------------------------------------------------

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Number of columns of rows."""

    @staticmethod
    @abstractmethod
    def read(estimator: Any, X: Any) -> Any:
        """Rows as the likelihood takes them, checked: dense, or sparse where it can be."""

    @abstractmethod
    def statistics(self, values: Any, groups: Memberships) -> Any:
        """Sufficient statistics ``(n_tasks, n_classes, ...)`` of rows in groups."""

    @abstractmethod
    def estimates(self, estimator: Any, statistics: Any) -> Any:
        """The parameters of each task: they have ``log_density(values, codes)`` and ``fill(estimator, code, counts)``."""

    @abstractmethod
    def evidence(self, statistics: Any) -> Array:
        """Log density ``(n_tasks,)`` of the columns, parameters integrated."""

    @abstractmethod
    def vague(self) -> Self:
        """A prior that knows nothing of the classes: it stands for the plain estimator, and takes tasks that lack a class."""

    @abstractmethod
    def rows_known(self, estimator: Any, statistics: Any, totals: Array) -> Array:
        """Rows that the prior is worth to each task, ``(n_tasks,)``, as far as the estimator trusts it."""

    # -- what follows -------------------------------------------------------------------------------

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it is about."""
        return self.n_features

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another class, see `Prior.check_is_of`."""
        if not isinstance(estimator, self.fits):
            raise not_for(self, self.fits.__name__, estimator)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Posterior parameters of each of some tasks, all in one batch; rows without labels are used too.

        Parameters
        ----------
        estimator : estimator
            Of the class that the prior is for.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Not used.

        Returns
        -------
        AdaptedNaiveBayes
            Plain fitted estimators.

        Raises
        ------
        TypeError
            If ``estimator`` is of another class.
        """
        self.check_is_of(estimator)
        return AdaptedNaiveBayes(self, estimator, tasks)

    def log_marginal_likelihood(self, estimator: Any, tasks: Tasks) -> Array:
        r"""Log density of each task's labelled rows and their labels, all parameters integrated: in closed form.

        It compares priors of one class. Those of different families are compared by `log_evidence`, which is about the
        labels alone.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            With all constants; counts of words as words in their order. Where rows were drawn by their class, given these.
        """
        if not tasks.n_rows:
            return np.zeros(len(tasks))
        groups = memberships(tasks, self._labels, row_weights(tasks, self.weight_unit))
        found = self.evidence(self.statistics(self.read(estimator, tasks.X), groups))
        if tasks.class_rates:
            return np.asarray(found)[:-1]
        return np.asarray(found + log_evidence(groups.totals, self.class_counts, _ONE_BLOCK)[:, 0])[:-1]

    @property
    def _labels(self) -> NDArray[Any]:
        assert self.classes is not None  # a prior of classes has them
        return self.classes


class AdaptedNaiveBayes(AdaptedEstimators):
    """Posterior parameters of some tasks and, last, of a task without rows."""

    def __init__(self, prior: Any, model: Any, tasks: Tasks) -> None:
        super().__init__(prior, model, tasks)
        weight = row_weights(tasks, prior.weight_unit)
        labelled = memberships(tasks, prior.classes, weight)
        values = prior.read(model, tasks.X) if tasks.n_rows else np.empty((0, prior.n_features), dtype=np.intp)
        self._set(values, labelled)
        rows = np.setdiff1d(np.arange(tasks.n_rows), labelled_rows(tasks))
        if len(rows) and prior.unlabelled_weight > 0.0:
            self._read_unlabelled(values, labelled, rows, weight[rows] * prior.unlabelled_weight)

    def _set(self, values: Any, groups: Memberships) -> None:
        self._statistics = self.prior.statistics(values, groups)
        self._totals = groups.totals
        self._counts = self.prior.class_counts + groups.totals
        drawn = self.prior.class_prior if self.tasks.class_rates else None
        self._log_shares = _log_shares(self.model, self._counts, drawn)
        self._estimates = self.prior.estimates(self.model, self._statistics)

    def _read_unlabelled(self, values: Any, labelled: Memberships, rows: Index, weight: Array) -> None:
        """EM: rows belong to classes by their probabilities under the parameters that follow from this (Nigam 2000)."""
        codes, unlabelled = self.tasks.codes[rows], take_rows(values, rows)
        before = np.zeros((len(rows), labelled.shape[1]))
        for _ in range(_EM_STEPS):
            shares = softmax(self._joint(unlabelled, codes), axis=1)
            self._set(values, labelled.with_shares(rows, codes, weight[:, None] * shares))
            if np.abs(shares - before).max() < _EM_TOLERANCE:
                break
            before = shares

    def _joint(self, values: Any, codes: Index) -> Array:
        with np.errstate(invalid="ignore"):
            return np.asarray(self._log_shares[codes] + self._estimates.log_density(values, codes))

    def estimator(self, code: int) -> Any:
        """A clone of the model, fitted, whose parameters are the task's."""
        labels, names = self.prior.classes, self.prior.feature_names
        with np.errstate(divide="ignore", invalid="ignore"):  # what it makes of these rows is replaced
            plain = clone(self.model).fit(np.zeros((len(labels), self.prior.n_features)), labels)
        if names is not None:
            plain.feature_names_in_ = np.array(names, dtype=object)
        self._estimates.fill(plain, code, self._counts[code], self._log_shares[code])
        return plain

    @property
    def borrowed(self) -> Array:
        """Own rows that the prior was worth to each task."""
        return np.asarray(self.prior.rows_known(self.model, self._statistics, self._totals)[:-1])

    @property
    def unlike_past(self) -> Array:
        """Probability that a vague prior is right, not the learned one, if both were as probable before."""
        return np.asarray(expit(self.vague_gain))

    @cached_property
    def vague_gain(self) -> Array:
        """Log odds of a vague prior over the learned one: by what the rows are, or by how labels are predicted."""
        vague, codes = self.prior.vague(), np.arange(len(self.tasks))
        labels = leave_one_out_scores(vague, self.model, self.tasks) - self.leave_one_out_scores(codes)
        labels = labels / self.prior.weight_unit
        rows = [each.log_marginal_likelihood(self.model, self.tasks) for each in (vague, self.prior)]
        return np.asarray(np.maximum(labels, rows[0] - rows[1]))

    def _by_task(self, method: str, X: Any, codes: Index) -> NDArray[Any]:
        if method not in ("predict", "predict_proba"):
            return super()._by_task(method, X, codes)
        joint = self._joint(self.prior.read(self.model, X), codes)
        if method == "predict_proba":
            return np.asarray(softmax(joint, axis=1))
        return np.asarray(self.prior.classes)[joint.argmax(axis=1)]


class SharesAlone:
    """A prior of the classes' shares without columns: what a prior of naive Bayes models is measured against."""

    def __init__(self, prior: NaiveBayesPrior) -> None:
        self.prior = prior

    def adapt_tasks(self, estimator: Any, tasks: Tasks) -> AdaptedNaiveBayes:
        """The shares in each of some tasks."""
        return _AdaptedShares(self.prior, estimator, tasks)


class _AdaptedShares(AdaptedNaiveBayes):
    """Posterior shares of the classes in some tasks; columns say nothing."""

    def _joint(self, values: Any, codes: Index) -> Array:
        return self._log_shares[codes]


def _log_shares(estimator: Any, counts: Array, class_prior: Array | None = None) -> Array:
    """Logarithms of the classes' shares ``(n_tasks, n_classes)``: those of the estimator, of the past, or of the posterior."""
    params = estimator.get_params(deep=False)
    given = params.get("priors", params.get("class_prior"))
    if given is not None and np.shape(given) != counts.shape[1:]:
        raise ValueError(f"priors: wanted a share of each of {counts.shape[1]} classes, found {shown(given)}.")
    with np.errstate(divide="ignore", invalid="ignore"):
        if given is not None:
            return np.log(np.broadcast_to(np.asarray(given, dtype=float), counts.shape))
        if not params.get("fit_prior", True):
            return np.full(counts.shape, -np.log(counts.shape[1]))
        if class_prior is not None:
            return np.log(np.broadcast_to(class_prior, counts.shape))
        return np.log(counts / counts.sum(axis=1, keepdims=True))


def without_prior(prior: Any, **changed: Any) -> Any:
    """The same with a row of each class known of their shares, and other fields changed."""
    return replace(prior, class_counts=np.ones_like(prior.class_counts), unlabelled_weight=0.0, **changed)
