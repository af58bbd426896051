"""Empirical Bayes: a Gaussian prior on linear coefficients, learned from a collection of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from joblib import effective_n_jobs
from sklearn.base import clone

from skmeta.base import AdaptedEstimators, Prior, register
from skmeta.base._fingerprint import fingerprint
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import MixturePrior, memberships
from skmeta.linear_model import _collection
from skmeta.linear_model._aged import aged
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._copies import without_copies
from skmeta.linear_model._data import LinearData, mean_weight, read
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._laws import laws_of, prior_of_laws
from skmeta.linear_model._learning_without_rows import LearnsWithoutRows
from skmeta.linear_model._mixture import explained_by, held_out, weighed
from skmeta.linear_model._outliers import learn_from_trusted
from skmeta.linear_model._parameters import check_parameters
from skmeta.linear_model._past import checked_past, unit_of
from skmeta.linear_model._structured import (
    LearnedPlaces,
    learn_among,
    mixture_of,
    places_of,
    structure_among,
)
from skmeta.linear_model._task_kinds import KindsLearning, check_no_structure, check_not_wide
from skmeta.linear_model._wide_learning import check_not_too_wide, is_wide, learn_wide_prior, wide_mixture
from skmeta.tasks import Tasks


@register(*FAMILIES)
class EmpiricalBayes(LearnsWithoutRows):
    r"""Learn where linear coefficients lie and how they vary between tasks, by empirical Bayes.

    .. math:: y_t = X_t w_t + e_t, \quad w_t \sim N(\mu, \Sigma), \quad e_t \sim N(0, \sigma_t^2 I)

    The mean :math:`\mu`, the covariance :math:`\Sigma` and the noises are estimated by EM on each task's sufficient statistics,
    the mean's uncertainty integrated out (REML); for other likelihoods, on working responses around each task's posterior mode
    (Laplace). The learned prior is a mixture. Its weights say how often held-out tasks are unlike the others, in their
    intercept, in their noise or altogether; they bound the harm that a misleading past can do. A prior that makes held-out
    tasks no more probable than their levels alone is set aside (``prior_.set_aside``). Models of squared errors then keep the
    past's levels and have the plain estimator's slopes; those of classes and counts are the plain estimator. For robust
    estimators (`HuberRegressor`, `QuantileRegressor`) a row weighs by the probability that it is no outlier, in learning and
    when mixture components are weighed. Contextual effects, of the columns' means on a task's intercept, are kept only where
    they make held-out tasks more probable by more than a standard error. So are descriptors of tasks (``context`` of the
    estimators around it), which move the mean of their coefficients by a map that is learned too.

    Parameters
    ----------
    covariance : {"auto", "factor", "full", "diagonal", "spherical", "blocks"}, default="auto"
        Shape of :math:`\Sigma` for standardised columns; the intercept always has a scale of its own. "factor" is low
        rank plus diagonal, the rank chosen; "auto" takes the simplest shape within one standard error of the one that
        makes held-out tasks most probable. Where more than 100 sparse columns outnumber the rows of every task, as in
        texts, it also tries one model of all tasks as the mean ("pooled"): fitted with the estimator's own penalty at
        strength one, and so in units of the data, its slopes multiplied by what held-out tasks ask for.
    blocks : dict of str to list of column names or positions, default=None
        Columns that belong together; different blocks are independent. Held-out tasks say for each block whether its slopes
        have one variance or any covariance. With "blocks" this is the shape; with "auto" it is tried beside the others. Every
        column is in one block.
    varying : {"all", "intercept"} or list of column names or positions, default="all"
        Which coefficients vary between tasks. With "intercept" slopes are the same in all tasks, ``y ~ x + (1 | task)``
        in the words of lme4; a list names the columns whose slopes vary as the intercept does, ``y ~ x + z + (x |
        task)``. The other slopes are learned from all tasks. With "all" and ``covariance="auto"`` slopes that do not
        vary are tried too.
    rank : int, default=None
        Rank of "factor" (and of the factors that "auto" tries); None chooses by the evidence of held-out tasks.
    n_components : int or "auto", default=1
        Number of Gaussians :math:`N(\mu_k, \Sigma_k)` of coefficients. Two or more are kinds of tasks, beside the one Gaussian
        for all tasks, which then serves tasks of no kind. "auto" adds a kind where this makes held-out tasks more probable by
        more than a standard error; the search takes ten times as long as everything else. Of more than 512 tasks, kinds are
        learned from 512. See the guide, :doc:`/guide/kinds_of_tasks`.
    noise : {"task", "shared"}, default="task"
        Whether tasks may differ in noise. With "task" their noises get a learned law of their own, which collapses to
        one shared noise unless they differ by more than two standard errors. Only for squared-error models.
    pseudo_tasks : float or {"held-out", "pac-bayes"}, default=None
        Weight of the hyper-prior that keeps few tasks from overfitting, in tasks. None: by shape (two for diagonals; as many as
        coefficients for "full", none once there are four times as many tasks). Zero is plain REML, in which the mean is not
        drawn to zero either. With a word the weight is chosen between an eighth and eight times that of each shape: the one
        that makes held-out tasks clearly most probable, or the one with the least PAC-Bayes bound.
    half_life : float, default=None
        For tasks whose ids are dates (in days) or numbers: a task that is older than the last by this time counts half; what a
        ``prior`` says does not age. For nested tasks the innermost ids are dates. None: all count alike. `StateSpace` learns
        how fast tasks drift.
    max_iter : int, default=20
        Sweeps of EM over the tasks at most. Stopping early is itself a regulariser. Where tasks have a structure, as in
        regions or by descriptors, also rounds at most of sweeps and a search on the evidence.
    tol : float, default=1e-4
        Stop when nothing moves by more than this share in a sweep.
    crossed : bool, default=False
        Whether several task columns are crossed groups, as directors and types of films, and not nested ones: ids of a
        column are the same thing wherever they stand, :math:`w_t = \mu + u_{director} + v_{type}`, in the words of lme4
        ``(1 | director) + (1 | type)``. All tasks have one noise, and no deviation of their own (see `CrossedPrior`).
    random_state : int, RandomState instance or None, default=0
        Which tasks kinds are looked for around, where there are many; only with ``n_components``.
    context_model : regressor, default=None
        The map from what describes a task (``context`` of the estimators around it) to its coefficients, such as
        ``RandomForestRegressor()``; an ``MLPRegressor`` is a network that makes models. None is a linear map whose doubt is
        known. Without ``context`` it raises. See `DescribedPrior`.

    Attributes
    ----------
    memberships_ : ndarray of shape (n_tasks, n_kinds)
        Probability that a task is of each kind, in the order of `MixtureOfKinds.kinds`; what is missing to one is that of no
        kind. Of the last call of `learn`.
    structure_ : str
        The shape that was learned at the last call, of the last output.
    scores_ : dict of str to float
        Log-evidence of held-out tasks under each shape tried, its variances scaled to what is best for these tasks, of
        the last output; of all outputs, unscaled, where more than 100 columns outnumber the rows of every task. Empty
        where no task was held out.

    evidence_ : float or None
        Log-evidence, at the last call, of all tasks together in units of the data, where they are nested or crossed and errors
        are squared. With ``pseudo_tasks=0`` minus twice it is the REML criterion, as lme4 prints it.

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
    follows_drift: ClassVar[str] = "learner=StateSpace()"
    _places: LearnedPlaces | None = None

    def __init__(  # noqa: PLR0913 - a parameter for each thing that may be known of how tasks vary
        self,
        covariance: str = "auto",
        *,
        blocks: Mapping[str, Sequence[str] | Sequence[int]] | None = None,
        varying: str | Sequence[str] | Sequence[int] = "all",
        rank: int | None = None,
        n_components: int | str = 1,
        noise: str = "task",
        pseudo_tasks: float | str | None = None,
        half_life: float | None = None,
        max_iter: int = 20,
        tol: float = 1e-4,
        crossed: bool = False,
        context_model: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.covariance = covariance
        self.blocks = blocks
        self.varying = varying
        self.rank = rank
        self.n_components = n_components
        self.noise = noise
        self.pseudo_tasks = pseudo_tasks
        self.half_life = half_life
        self.max_iter = max_iter
        self.tol = tol
        self.crossed = crossed
        self.context_model = context_model
        self.random_state = random_state

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
            Called as ``progress(done, total)`` as more is done, such as a sweep of EM.

        Returns
        -------
        MixturePrior
            What is known now: the learned prior among what stands beside it.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        """
        return self._seen_once(
            self._learn_tasks(estimator, tasks, prior, n_jobs, progress, without_copies), estimator, tasks
        )

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
        return self._seen_once(self._learn_tasks(estimator, tasks, prior, n_jobs, progress), estimator, tasks)

    def _seen_once(self, prior: MixturePrior, estimator: Any, tasks: Tasks) -> MixturePrior:
        """The prior; which tasks have places is kept, and the kinds' probabilities for each task."""
        self._seen = None if self._places is None else fingerprint(tasks)
        self.memberships_ = memberships(prior, estimator, tasks)
        return prior

    def _learn_tasks(
        self, estimator: Any, tasks: Tasks, prior: Prior | None, n_jobs: Any, progress: Any, distinct: Any = None
    ) -> MixturePrior:
        """The prior of a collection, ``distinct`` being what leaves copies out, if anything does."""
        self._start()
        tasks = self._weighed(tasks)
        family, past = family_of(estimator), self._known(prior, estimator)
        classes = None if past is None else past.classes
        unit = unit_of(past, mean_weight(tasks, estimator, classes))
        data = read(tasks, estimator, family, classes, unit)
        past = checked_past(past, estimator, family, data, tasks.feature_names)
        if distinct is not None and not self.crossed:  # of a pair of levels there may be equal rows
            tasks, data = distinct(tasks, data, estimator, family, unit)
        among = self._structure_among(tasks, past)
        check_no_structure(among, self.n_components)
        coupled = family.likelihood(estimator, data.n_outputs).coupled
        wide = is_wide(self, data.n_features, data.n_rows, past, coupled=coupled)
        if wide and among is not None:
            check_not_too_wide(among.never_wide, data.n_features)
        wide = wide and among is None

        def learn(learner: EmpiricalBayes, rows: LinearData, progress: Any) -> MixturePrior:
            if wide:
                found = _collection.of_wide_rows(tasks, rows, estimator, family, past, unit)
                return learner._learn_wide(found, past, prior, n_jobs, progress)
            found = _collection.of_rows(tasks, rows, estimator, family, past, unit, by_columns=among is not None)
            return learner._learn(found, past, prior, n_jobs, progress, among)

        if family.share_of_outliers(estimator) > 0.0:
            # Until outliers are known, what they add must not pass for a larger noise of their tasks, nor for a kind of them.
            simple = clone(self).set_params(covariance="diagonal", blocks=None, noise="shared")
            simple.n_components = 1  # of learners, too, that have no such parameter
            both = partial(learn, simple), partial(learn, self)
            return learn_from_trusted(*both, data, estimator, family, n_jobs, progress)
        return learn(self, data, progress)

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
        parts = PartsOfWork(progress, 1 + (among is not None) + (self.n_components != 1))
        learning = LawLearning(self, effective_n_jobs(n_jobs), parts.part(0))
        found: Sequence[LearnedLaw] = learning.of(collection, laws_of(past, collection))
        self.structure_, self.scores_ = str(found[-1].choice.structure), found[-1].choice.scores
        learned = prior_of_laws([each.law for each in found], collection)
        placed = None if among is None else learn_among(among, learning, collection, found, parts.part(1))
        among, learned, found = placed or (None, learned, found)
        self._places = places_of(found, collection, among)
        self.evidence_ = None if self._places is None else self._places.evidence
        explained = explained_by(found, prior) if collection.likelihood.quadratic else 0.0
        common_slopes = isinstance(self.varying, str) and self.varying == "intercept"
        if self.n_components != 1:
            learn_kinds = KindsLearning(learning, collection, learned, found, prior, explained, common_slopes)
            kinds = learn_kinds.mixture(parts.part(1))
            if kinds is not None:
                parts.finish()
                return kinds
        parts.finish()
        tasks = held_out(learned, found, explained)
        return mixture_of(*weighed(learned, found, tasks, prior, common_slopes=common_slopes), explained)

    def _start(self) -> None:
        """Check what all ways of learning share, and forget what an earlier collection said of its tasks."""
        check_parameters(self)
        self._places = self._seen = None
        self.__dict__.pop("memberships_", None)

    def _weighed(self, tasks: Tasks) -> Tasks:
        """How often tasks count, by their age."""
        return aged(tasks, self.half_life)

    def _structure_among(self, tasks: Tasks, past: GaussianPrior | None) -> Any:
        """How tasks belong together; None where nothing is known of it."""
        return structure_among(tasks, past, crossed=self.crossed, context_model=self.context_model)

    def _learn_wide(
        self, collection: Collection, past: GaussianPrior | None, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> MixturePrior:
        """The same where no matrix of columns by columns is made."""
        check_not_wide(self.n_components)
        parts = PartsOfWork(progress, 1)
        wide = learn_wide_prior(self, collection, past, prior, effective_n_jobs(n_jobs), parts.part(0))
        parts.finish()
        self.structure_, self.scores_, self.evidence_ = wide.structure, wide.scores, None
        return wide_mixture(wide, collection, past)

    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """Each from what the others say of it: its own rows do not count twice."""
        assert self._places is not None
        return self._places.adapted(prior, estimator, tasks, n_jobs)

    def why_no_more_rows(self) -> str:
        """What is known of a task's parent, or of a time near its own, counts its rows, see `Learner.why_no_more_rows`."""
        return (
            ""
            if self._places is None
            else "what other tasks say of these holds their own rows too, which would count twice"
        )
