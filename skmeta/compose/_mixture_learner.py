"""Kinds of tasks for any family of estimators: a mixture of what its learner makes of the tasks of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.base import clone
from sklearn.utils import check_scalar

from skmeta.base import AdaptedEstimators, Learner, Prior, learner_for
from skmeta.base._evidence import scores_by_other
from skmeta.base._held_out import folds_of, gains
from skmeta.base._learner import adapt_learned, learn_tasks, why_no_more_rows
from skmeta.base._parts_of_work import PartsOfWork, each_told
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.compose._first_component import first_component
from skmeta.compose._mixture_of_kinds import MixtureOfKinds
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_SEEDS = 24  # speed: tasks around which kinds are looked for
_FOLDS = 3  # speed: of tasks held out, for "auto"
_FEWEST = 2  # tasks that a kind is learned from


class MixtureLearner(Learner):
    r"""Learn kinds of tasks, each by the same learner, of any family of estimators.

    .. math:: p(y_t) = \pi_0 \, p(y_t) + \sum_k \pi_k \, p_k(y_t), \quad
        r_{tk} \propto \pi_k \, p_k(y_t)

    The prior :math:`p` of all tasks stays as it is; the prior :math:`p_k` of kind :math:`k` is learned from the tasks of
    largest :math:`r_{tk}`, in turn, which is classification EM. :math:`p_k(y_t)` is ``log_evidence``, which every prior has;
    of many families it is a density of targets given their rows, which learners do not maximise, and shared tasks
    (``task_weight``) would make all kinds alike. The start is tasks whose models predict other tasks well. Linear models
    have ``EmpiricalBayes(n_components="auto")``, where tasks are shared, in one go.

    What the learner offers besides holds here too: which estimators it takes, the parameters that say how far its priors are
    trusted, whether it reads ids as times, and what it keeps of the tasks that it has learned from.

    Parameters
    ----------
    learner : Learner or "auto", default="auto"
        What learns the prior of one kind; "auto" is that of the estimator's family.
    n_components : int or "auto", default="auto"
        Number of kinds. "auto" takes two or more as long as each makes held-out tasks more probable by more than a standard
        error, else none; it learns each number three times more.
    max_iter : int, default=10
        Rounds, each of which learns a prior for each kind.

    Attributes
    ----------
    learner_ : Learner
        That which learned the prior of all tasks; those of kinds are learned by clones of it.
    memberships_ : ndarray of shape (n_tasks, n_kinds)
        Probability that a task is of each kind, of the last call; what is missing to one is that of no kind.

    References
    ----------
    G. Celeux and G. Govaert (1992), A classification EM algorithm for clustering and two stochastic versions, Computational
    Statistics & Data Analysis 14.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmeta import NaiveBayesLearner, WarmStartClassifier
    >>> from skmeta.compose import MixtureLearner
    >>> rng = np.random.default_rng(0)
    >>> task, y = np.repeat(np.arange(12), 20), rng.integers(2, size=240)
    >>> X = rng.normal(size=(240, 2)) + 3.0 * y[:, None] * np.where(task < 6, 1.0, -1.0)[:, None]
    >>> learner = MixtureLearner(NaiveBayesLearner(compare_with_fallback=False), n_components=2)
    >>> model = WarmStartClassifier(GaussianNB(), task=-1, learner=learner)
    >>> model.fit(np.column_stack([X, task]), y).prior_.kinds_in_words
    '2 kinds of tasks (6, 6)'
    """

    def __init__(self, learner: Any = "auto", *, n_components: int | str = "auto", max_iter: int = 10) -> None:
        self.learner = learner
        self.n_components = n_components
        self.max_iter = max_iter

    @property
    def strengths(self) -> tuple[str, ...]:  # type: ignore[override]
        """Parameters of the estimators that say how far the prior of a kind is trusted."""
        found: tuple[str, ...] = self._offered("strengths")
        return found

    @property
    def follows_drift(self) -> str:  # type: ignore[override]
        """What one writes for tasks that drift, in place of the learner of one kind."""
        found: str = self._offered("follows_drift")
        return found

    @property
    def in_time(self) -> bool:  # type: ignore[override]
        """Whether the learner of one kind reads the tasks' own ids as times."""
        found: bool = self._offered("in_time")
        return found

    def _offered(self, name: str) -> Any:
        """What the learner of one kind says of itself; "auto" is known once it has learned."""
        return getattr(getattr(self, "learner_", self.learner), name, getattr(Learner, name))

    def check_takes(self, estimator: Any) -> None:
        """Raise for an estimator that the learner of one kind does not take.

        Parameters
        ----------
        estimator : estimator
            The model of one task.

        Raises
        ------
        TypeError
            If it is of another family than that learner's.
        """
        learner_for(estimator, self.learner)

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior of all tasks, and of each kind.

        Parameters
        ----------
        estimator : estimator
            The model that each task is to be solved by.
        tasks : Tasks
            The collection.
        prior : Prior, default=None
            What was known before. Kinds known before stay as many, and count as the tasks they were learned from.
        n_jobs : int, default=None
            Parallel jobs; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` while the prior of all tasks is learned, and after each part of the rest.

        Returns
        -------
        MixtureOfKinds
            What is known now; the prior of all tasks alone where there are no kinds.

        Raises
        ------
        ValueError
            If there are fewer tasks than two for each kind.
        """
        self._check(tasks, prior)
        self.learner_ = clone(learner_for(estimator, self.learner), safe=False)
        known = list(prior.kinds) if isinstance(prior, MixtureOfKinds) else None
        first = prior.components[0] if isinstance(prior, MixtureOfKinds) else prior
        parts = PartsOfWork(progress, 3)
        whole = learn_tasks(self.learner_, estimator, tasks, first, n_jobs=n_jobs, progress=parts.part(0))
        parts.did(1)
        # What a learner keeps is of the tasks that it saw last: kinds have a learner of their own.
        em = _Mixture(clone(self.learner_, safe=False), estimator, tasks, whole, self.max_iter, n_jobs)
        if known is not None:
            kinds, weights = em.learned_on(known, prior.weights, parts.part(2))  # type: ignore[union-attr]
        else:
            n_kinds = self.n_components if self.n_components != "auto" else em.number_of_kinds(parts.part(1))
            parts.did(2)
            kinds, weights = em.learned(int(n_kinds), parts.part(2))
        self.memberships_ = em.memberships(kinds, weights)
        parts.finish()
        if not kinds:
            return whole
        names = ["learned", *(f"kind {k + 1}" for k in range(len(kinds)))]
        return MixtureOfKinds([whole, *kinds], weights, names, n_kinds=len(kinds))

    def adapt_learned(
        self, prior: Any, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None
    ) -> AdaptedEstimators:
        """Adapt to the tasks that were just learned from: under the prior of all tasks, as its own learner does.

        Parameters
        ----------
        prior, estimator, tasks, n_jobs
            As in `Learner.adapt_learned`.

        Returns
        -------
        AdaptedEstimators
            Of these tasks.
        """
        if not self.memberships_.shape[1]:
            return adapt_learned(self.learner_, prior, estimator, tasks, n_jobs)
        whole, *kinds = prior.components
        first = adapt_learned(self.learner_, whole, estimator, tasks, n_jobs)
        adapted = [first, *(kind.adapt_tasks(estimator, tasks, n_jobs=n_jobs) for kind in kinds)]
        return AdaptedMixture(prior, estimator, tasks, adapted, prior.responsibilities(estimator, tasks))

    def why_no_more_rows(self) -> str:
        """As the learner of one kind says, see `Learner.why_no_more_rows`."""
        return why_no_more_rows(self.learner_)

    def _check(self, tasks: Tasks, prior: Any) -> None:
        wanted = self.n_components
        if isinstance(wanted, str) and wanted != "auto":
            raise ValueError(f"MixtureLearner(n_components=...): wanted 'auto' or a whole number, found {wanted!r}.")
        least = _FEWEST
        if not isinstance(wanted, str):
            check_scalar(wanted, "n_components", Integral, min_val=1)
            least *= int(wanted)
        check_scalar(self.max_iter, "max_iter", Integral, min_val=1)
        known = prior.n_kinds if isinstance(prior, MixtureOfKinds) else None
        if known is not None and wanted not in ("auto", known):
            raise ValueError(
                f"MixtureLearner(n_components=...): wanted 'auto' or {known}, as the prior knows {prior.kinds_in_words}, found "
                f"{wanted}; to leave kinds out give prior=mixture.components[0]."
            )
        if known is None and len(tasks) < least:
            raise ValueError(
                f"MixtureLearner(n_components={wanted!r}): wanted at least {least} tasks, two a kind, found {len(tasks)}; give "
                "fewer kinds, or more tasks."
            )


class _Mixture:
    """Kinds of one collection, beside the prior ``whole`` of all its tasks."""

    def __init__(
        self, learner: Any, estimator: Any, tasks: Tasks, whole: Prior, max_iter: int, n_jobs: int | None
    ) -> None:
        self.learner, self.estimator, self.tasks, self.whole = learner, estimator, tasks, whole
        self.max_iter, self.n_jobs = max_iter, n_jobs
        self.counts = tasks.task_weights
        self.wide = whole.log_evidence(estimator, tasks)

    def learned(self, n_kinds: int, progress: Any = None) -> tuple[list[Prior], Array]:
        """So many kinds, the most frequent first, and the weights ``(1 + K,)`` of all tasks' prior and of them."""
        if not n_kinds:
            return [], np.ones(1)
        kinds, weights = self._settled(self._starts(n_kinds), None, np.zeros(1 + n_kinds), progress)
        order = np.argsort(-weights[1:], kind="stable")
        return [kinds[k] for k in order], weights[np.r_[0, 1 + order]]

    def as_one_kind(self) -> tuple[list[Prior], Array]:
        """All tasks as of one kind, which more kinds have to beat: what was learned, without what stands beside it."""
        often = np.array([1.0, 1.0 + self.counts.sum()])
        return [first_component(self.whole)], often / often.sum()

    def learned_on(self, known: Sequence[Prior], weights: Array, progress: Any) -> tuple[list[Prior], Array]:
        """The kinds known before, each learned on from what was known of it."""
        seen = weights * sum(kind.n_tasks for kind in known)
        return self._settled(softmax(self._joint(known, weights), axis=1), known, seen, progress)

    def memberships(self, kinds: Sequence[Prior], weights: Array) -> Array:
        """Probability of each kind ``(n_tasks, K)``."""
        return np.asarray(softmax(self._joint(kinds, weights), axis=1)[:, 1:])

    def number_of_kinds(self, progress: Any) -> int:
        """As many as make held-out tasks more probable, each by more than a standard error."""
        folds, best, work = folds_of(self.tasks, _FOLDS), 1, PartsOfWork(progress, 2)
        parts = each_told((self._fold(teach) for teach, _ in folds), len(folds), work.part(0))
        score = self._held_out(parts, folds, 1)
        while min(len(teach) for teach, _ in folds) >= _FEWEST * (best + 1):
            other = self._held_out(parts, folds, best + 1, work.part(1))  # of more kinds no more is told
            if not gains((other - score)[self.counts > 0.0]):
                break
            best, score = best + 1, other
        return best if best > 1 else 0

    def _fold(self, teach: NDArray[np.intp]) -> _Mixture:
        some = self.tasks.take(teach)
        whole = self.learner.learn(self.estimator, some, n_jobs=self.n_jobs)
        return _Mixture(self.learner, self.estimator, some, whole, self.max_iter, self.n_jobs)

    def _held_out(self, parts: list[_Mixture], folds: Any, n_kinds: int, progress: Any = None) -> Array:
        found, work = np.empty(len(self.tasks)), PartsOfWork(progress, len(folds))
        for part, (_, judge) in zip(parts, folds, strict=True):
            kinds, weights = part.learned(n_kinds) if n_kinds > 1 else part.as_one_kind()
            some = self.tasks.take(judge)
            each = np.column_stack([prior.log_evidence(self.estimator, some) for prior in (part.whole, *kinds)])
            found[judge] = logsumexp(each, b=weights, axis=1)
            work.one_more()
        return found

    def _joint(self, kinds: Sequence[Prior], weights: Array) -> Array:
        """``log p(y_t, c)`` ``(n_tasks, 1 + K)``."""
        each = [self.wide, *(kind.log_evidence(self.estimator, self.tasks) for kind in kinds)]
        return np.column_stack(each) + np.log(weights)

    def _settled(self, responsibilities: Array, known: Any, seen: Array, progress: Any) -> tuple[list[Prior], Array]:
        """Classification EM from probabilities ``(n_tasks, 1 + K)``; one task of each is assumed, beside those ``seen``."""
        own, n_kinds = responsibilities.argmax(axis=1), responsibilities.shape[1] - 1
        work = PartsOfWork(progress, self.max_iter)
        for _ in range(self.max_iter):
            often = np.bincount(own, self.counts, minlength=1 + n_kinds) + seen + 1.0
            weights = often / often.sum()
            kinds = [
                self._learned_from(own == k, responsibilities[:, k], known and known[k - 1])
                for k in range(1, 1 + n_kinds)
            ]
            responsibilities, before = softmax(self._joint(kinds, weights), axis=1), own
            own = responsibilities.argmax(axis=1)
            work.one_more()
            if np.array_equal(own, before):
                break
        return kinds, weights

    def _learned_from(self, own: NDArray[np.bool_], responsibilities: Array, known: Prior | None) -> Prior:
        """What is learned of a kind from its tasks, two at least, without what stands beside that.

        A task that is unlike a kind is not of it: the prior of all tasks has what is there for tasks unlike the past.
        """
        likely = np.lexsort((-responsibilities, ~own))[: max(int(own.sum()), _FEWEST)]
        some = self.tasks.take(np.sort(likely))
        found: Prior = first_component(self.learner.learn(self.estimator, some, known, n_jobs=self.n_jobs))
        return found

    def _starts(self, n_kinds: int) -> Array:
        """Probabilities ``(n_tasks, 1 + K)``: kinds around tasks whose models predict most of what others' do not."""
        seeds = self.tasks.some(_SEEDS)
        adapted = self.whole.adapt_tasks(self.estimator, self.tasks, n_jobs=self.n_jobs)
        scores = np.column_stack([scores_by_other(adapted, self.estimator, self.tasks, int(seed)) for seed in seeds])
        scores -= scores.max(axis=1, keepdims=True)
        chosen: list[int] = []
        for _ in range(n_kinds):
            gain = [self.counts @ scores[:, [*chosen, seed]].max(axis=1) for seed in range(len(seeds))]
            chosen.append(int(np.argmax(gain)))
        return np.column_stack([np.zeros(len(self.tasks)), softmax(scores[:, chosen], axis=1)])
