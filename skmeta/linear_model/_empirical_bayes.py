"""Empirical Bayes: a Gaussian prior on linear coefficients, learned from a collection of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.utils import check_scalar

from skmeta._inference.hyper_prior import CHOICES
from skmeta.base import AdaptedEstimators, Learner, Prior, register
from skmeta.compose import MixturePrior
from skmeta.linear_model import _collection
from skmeta.linear_model._blocks import check_blocks
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._copies import statistics_without_copies, without_copies
from skmeta.linear_model._data import LinearData, mean_weight, read
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._laws import laws_of, prior_of_laws
from skmeta.linear_model._mixture import explained_by, weighed
from skmeta.linear_model._outliers import check_sums_suffice, learn_from_trusted
from skmeta.linear_model._parts import Part, Parts
from skmeta.linear_model._past import checked_past, learned_component, unit_of
from skmeta.linear_model._structured import LearnedPlaces, learn_among, mixture_of, places_of, structure_among
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._varying import check_varying
from skmeta.linear_model._wide_learning import is_wide, learn_wide_prior, wide_mixture
from skmeta.steps import PriorWithSteps, fit_steps, take_apart, with_constant_column
from skmeta.tasks import Tasks

_SHAPES = ("auto", "factor", "full", "diagonal", "spherical", "blocks")


@register(*FAMILIES)
class EmpiricalBayes(Learner):
    r"""Learn where linear coefficients lie and how they vary between tasks, by empirical Bayes.

    .. math:: y_t = X_t w_t + e_t, \quad w_t \sim N(\mu, \Sigma), \quad e_t \sim N(0, \sigma_t^2 I)

    The mean :math:`\mu`, the covariance :math:`\Sigma` and the noises are estimated by EM on each task's sufficient
    statistics, the mean's uncertainty integrated out (REML); for other likelihoods, on working responses around each
    task's posterior mode (Laplace). How often held-out tasks are unlike the others, in their intercept, in their noise or
    altogether, becomes the weights of the mixture that is handed out, which bound the harm that a misleading past can do:
    what makes held-out tasks no more probable than their levels alone is set aside (``prior_.set_aside``): squared errors
    keep the past's levels, and slopes are the plain estimator's; classes and counts are the plain estimator's.
    For robust estimators (`HuberRegressor`, `QuantileRegressor`) a row weighs by the probability that it is no outlier, in
    learning and where it is judged what a task is like. Contextual effects, of the columns' means on a task's intercept,
    are kept only where held-out tasks become more probable by more than a standard error.

    Parameters
    ----------
    covariance : {"auto", "factor", "full", "diagonal", "spherical", "blocks"}, default="auto"
        Shape of :math:`\Sigma` for standardised columns; the intercept always has a scale of its own. "factor" is low
        rank plus diagonal, the rank chosen; "auto" takes the simplest shape within one standard error of the one that
        makes held-out tasks most probable.
    blocks : dict of str to list of column names or positions, default=None
        Columns that belong together: nothing that varies in one block says anything of another. Held-out tasks tell of
        each block whether its slopes have one variance or any covariance. With "blocks" that is the shape; with "auto" it
        is tried beside the others. Every column is in one block.
    varying : {"all", "intercept"} or list of column names or positions, default="all"
        Which coefficients vary between tasks. With "intercept" slopes are the same in all tasks, ``y ~ x + (1 | task)``
        in the words of lme4; a list names the columns whose slopes vary as the intercept does, ``y ~ x + z + (x |
        task)``. The other slopes are learned from all tasks. With "all" and ``covariance="auto"`` slopes that do not
        vary are tried too.
    rank : int, default=None
        Rank of "factor" (and of the factors that "auto" tries); None chooses by the evidence of held-out tasks.
    noise : {"task", "shared"}, default="task"
        Whether tasks may differ in noise. With "task" their noises get a learned law of their own, which collapses to
        one shared noise unless they differ by more than two standard errors. Only for squared-error models.
    pseudo_tasks : float or {"held-out", "pac-bayes"}, default=None
        Weight of the hyper-prior that keeps few tasks from overfitting, in tasks. None: by shape (two for diagonals;
        as many as coefficients for "full", none once there are four times as many tasks). Zero is plain REML, in which the
        mean is not drawn to zero either. With a word the weight is chosen, an eighth to eight times that of each shape:
        the one that makes held-out tasks clearly most probable, or the one of the least PAC-Bayes bound.
    max_iter : int, default=20
        Sweeps of EM over the tasks. Stopping early is itself a regulariser.
    tol : float, default=1e-4
        Stop when nothing moves by more than this share in a sweep.

    Attributes
    ----------
    structure_ : str
        The shape that was learned at the last call, of the last output.
    scores_ : dict of str to float
        Log-evidence of held-out tasks under each shape tried, its variances scaled to what is best for these tasks, of
        the last output; of all outputs, unscaled, where more than 100 columns outnumber the rows of every task. Empty
        where no task was held out.

    References
    ----------
    N. M. Laird and J. H. Ware (1982), Random-effects models for longitudinal data, Biometrics 38, equations 3.8, 3.9.
    G. K. Smyth (2004), Linear models and empirical Bayes methods, SAGMB 3(1), section 6.2 (the noises).
    J. Rothfuss, V. Fortuin, M. Josifoski and A. Krause (2021), PACOH, ICML, corollary 1 (the bound of "pac-bayes").
    Y. Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46, equation 2.4
    (contextual effects).

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import EmpiricalBayes, WarmStartRegressor
    >>> from skmeta.datasets import make_related_regression
    >>> X, y, truth = make_related_regression(n_tasks=50, n_features=3, random_state=0)
    >>> learner = EmpiricalBayes(covariance="full")
    >>> model = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y)
    >>> model.prior_.covariance.shape
    (4, 4)
    """

    strengths: ClassVar[tuple[str, ...]] = ("alpha", "C")
    _places: LearnedPlaces | None = None

    def __init__(
        self,
        covariance: str = "auto",
        *,
        blocks: Mapping[str, Sequence[str] | Sequence[int]] | None = None,
        varying: str | Sequence[str] | Sequence[int] = "all",
        rank: int | None = None,
        noise: str = "task",
        pseudo_tasks: float | str | None = None,
        max_iter: int = 20,
        tol: float = 1e-4,
    ) -> None:
        self.covariance = covariance
        self.blocks = blocks
        self.varying = varying
        self.rank = rank
        self.noise = noise
        self.pseudo_tasks = pseudo_tasks
        self.max_iter = max_iter
        self.tol = tol

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> MixturePrior:
        """Learn a prior from a collection.

        Parameters
        ----------
        estimator : linear estimator
            The model that each task is to be solved by; it says what kind of target there is.
        tasks : Tasks
            The collection; a task counts as often as its ``task_weight`` says. Tasks with the same statistics are one data
            set under several ids: they count once, with a warning.
        prior : MixturePrior or GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` after each choice of a structure and each fit.

        Returns
        -------
        MixturePrior
            What is known now: the learned prior among what stands beside it.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        """
        return self._learn_tasks(estimator, tasks, prior, n_jobs, progress, without_copies)

    def learn_distinct(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> MixturePrior:
        """The same for tasks that are known to be data sets of their own: what agrees by chance is taken for no copy.

        Rows that take few values, such as leaves of a tree, often agree by chance.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `learn`.

        Returns
        -------
        MixturePrior
            What is known now.
        """
        return self._learn_tasks(estimator, tasks, prior, n_jobs, progress)

    def _learn_tasks(
        self, estimator: Any, tasks: Tasks, prior: Prior | None, n_jobs: Any, progress: Any, distinct: Any = None
    ) -> MixturePrior:
        """The prior of a collection, ``distinct`` being what leaves copies out, if anything does."""
        self._check_parameters()
        family, past = family_of(estimator), learned_component(prior, estimator)
        classes = None if past is None else past.classes
        unit = unit_of(past, mean_weight(tasks, estimator, classes))
        data = read(tasks, estimator, family, classes, unit)
        past = checked_past(past, estimator, family, data, tasks.feature_names)
        if distinct is not None:
            tasks, data = distinct(tasks, data, estimator, family, unit)
        among = self._structure_among(tasks, past)
        coupled = family.likelihood(estimator, data.n_outputs).coupled
        wide = is_wide(self, data.n_features, data.n_rows, past, coupled=coupled)

        def learn(learner: EmpiricalBayes, rows: LinearData) -> MixturePrior:
            if wide:
                found = _collection.of_wide_rows(tasks, rows, estimator, family, past, unit)
                return learner._learn_wide(found, past, prior, n_jobs)
            found = _collection.of_rows(tasks, rows, estimator, family, past, unit, by_columns=among is not None)
            return learner._learn(found, past, prior, n_jobs, progress, among)

        if family.share_of_outliers(estimator) > 0.0:
            # Until outliers are known, what they add must not pass for a larger noise of their tasks.
            start = partial(learn, clone(self).set_params(covariance="diagonal", blocks=None, noise="shared"))
            return learn_from_trusted(start, partial(learn, self), data, estimator, family, n_jobs)
        return learn(self, data)

    def learn_statistics(
        self,
        statistics: SufficientStatistics | Sequence[Part],
        estimator: Any = None,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior without the rows: from sufficient statistics, or from parts that are asked for them.

        It equals what `learn` makes of all rows. For squared errors one `SufficientStatistics` determines the answer. For
        other likelihoods every part is asked once a round for those of its working responses at the present
        coefficients; there are some hundred rounds. These say too little for the computation that `learn` takes where
        more than 100 columns outnumber the rows of every task: there the two are equal with ``covariance="full"`` or
        ``blocks`` alone. There sums also count as those of a dense table: of sparse ones `learn` looks for no contextual
        effects.

        Parameters
        ----------
        statistics : SufficientStatistics, or sequence of WorkingStatistics
            The collection, its parts added up; or parts that hold their rows themselves. A part is anything with
            ``classes`` that is called as `WorkingStatistics` is.
        estimator : linear estimator, default=None
            The model that each task is to be solved by; None is ``Ridge()``.
        prior : MixturePrior or GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` after each choice of a structure and each fit.

        Returns
        -------
        MixturePrior
            What is known now: the learned prior among what stands beside it. Of tables without features, which models read
            as one column of zeros, it stands behind the step that makes it, a `PriorWithSteps`.

        Raises
        ------
        ValueError
            If statistics do not determine the likelihood of ``estimator``, as those of robust ones, which ask of each row
            whether it is an outlier; or if parts know different labels.
        """
        self._check_parameters()
        estimator = Ridge() if estimator is None else estimator
        check_sums_suffice(estimator)
        if isinstance(statistics, SufficientStatistics):
            if statistics.n_features == 0:
                return self._learn_intercepts(statistics, estimator, prior, n_jobs, progress)
            return self._learn_sums(statistics, estimator, prior, n_jobs, progress)
        parts, family = Parts(statistics), family_of(estimator)
        if family.likelihood(estimator, parts.first.n_outputs).quadratic:
            return self.learn_statistics(parts.first, estimator, prior, n_jobs=n_jobs, progress=progress)
        past = learned_component(prior, estimator)
        past = checked_past(past, estimator, family, parts.first, parts.first.feature_names)
        return self._learn(_collection.of_parts(parts, estimator, family, past), past, prior, n_jobs, progress)

    def _learn_intercepts(
        self, sums: SufficientStatistics, estimator: Any, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> Prior:
        """The prior of tables without any feature."""
        no_columns = Tasks(np.zeros((1, 0)), np.zeros(1), np.zeros(1, np.intp), np.zeros(1))
        steps, _ = fit_steps(with_constant_column(take_apart(estimator)), no_columns)
        inner = None if prior is None else prior.split()[1]
        learned = self._learn_sums(sums.with_constant_column(), estimator, inner, n_jobs, progress)
        return PriorWithSteps(replace(steps, input_names=sums.feature_names), learned)

    def _learn_sums(
        self, sums: SufficientStatistics, estimator: Any, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> MixturePrior:
        """The prior of the tasks that there are sums of, by the computation that their rows would take."""
        family, past = family_of(estimator), learned_component(prior, estimator)
        past, sums = checked_past(past, estimator, family, sums, sums.feature_names), statistics_without_copies(sums)
        if is_wide(self, sums.n_features, sums.count, past):
            return self._learn_wide(_collection.of_wide_sums(sums, estimator, family, past), past, prior, n_jobs)
        return self._learn(_collection.of_sums(sums, estimator, family, past), past, prior, n_jobs, progress)

    def _learn(
        self,
        collection: Collection,
        past: GaussianPrior | None,
        prior: Prior | None,
        n_jobs: Any,
        progress: Any,
        among: Any = None,
    ) -> MixturePrior:
        """Laws of all outputs, and how often held-out tasks were unlike them; ``among`` is a structure among the tasks."""
        learning = LawLearning(self, effective_n_jobs(n_jobs), progress)
        found: Sequence[LearnedLaw] = learning.of(collection, laws_of(past, collection))
        self.structure_, self.scores_ = str(found[-1].choice.structure), found[-1].choice.scores
        learned = prior_of_laws([each.law for each in found], collection)
        if among is not None:
            learned, found = learn_among(among, learning, collection, found)
        self._places = places_of(found, collection, among)
        explained = explained_by(found, prior) if collection.likelihood.quadratic else 0.0
        levels = isinstance(self.varying, str) and self.varying == "intercept"
        return mixture_of(*weighed(learned, found, explained, prior, levels=levels), explained)

    def _structure_among(self, tasks: Tasks, past: GaussianPrior | None) -> Any:
        """How tasks belong together; None where nothing is known of it."""
        return structure_among(tasks, past)

    def _learn_wide(
        self, collection: Collection, past: GaussianPrior | None, prior: Prior | None, n_jobs: Any
    ) -> MixturePrior:
        """The same where no matrix of columns by columns is made."""
        wide = learn_wide_prior(self, collection, past, prior, effective_n_jobs(n_jobs))
        self.structure_, self.scores_ = wide.structure, wide.scores
        return wide_mixture(wide, collection, past)

    def adapt_learned(
        self, prior: Any, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None
    ) -> AdaptedEstimators:
        """Adapt to the tasks that were learned from: where they have a structure, each from what the others say of it.

        Parameters
        ----------
        prior, estimator, tasks, n_jobs
            As in `Learner.adapt_learned`.

        Returns
        -------
        AdaptedEstimators
            Of these tasks.
        """
        if self._places is None:
            return super().adapt_learned(prior, estimator, tasks, n_jobs=n_jobs)
        return self._places.adapted(prior, estimator, tasks, n_jobs)

    def _check_parameters(self) -> None:
        if self.covariance not in _SHAPES:
            raise ValueError(f"EmpiricalBayes(covariance=...): wanted one of {_SHAPES}, found {self.covariance!r}.")
        check_blocks(self.blocks, self.covariance)
        check_varying(self.varying)
        if self.noise not in ("task", "shared"):
            raise ValueError(f"EmpiricalBayes(noise=...): wanted 'task' or 'shared', found {self.noise!r}.")
        if self.rank is not None:
            check_scalar(self.rank, "rank", Integral, min_val=1)
        if isinstance(self.pseudo_tasks, str):
            if self.pseudo_tasks not in CHOICES:
                wanted = f"a number, None or one of {CHOICES}"
                raise ValueError(f"EmpiricalBayes(pseudo_tasks=...): wanted {wanted}, found {self.pseudo_tasks!r}.")
        elif self.pseudo_tasks is not None:
            check_scalar(self.pseudo_tasks, "pseudo_tasks", Real, min_val=0)
        check_scalar(self.max_iter, "max_iter", Integral, min_val=1)
        check_scalar(self.tol, "tol", Real, min_val=0)
