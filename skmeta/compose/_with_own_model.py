"""A learned prior with the task's own model beside it, in case that the past misleads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from skmeta._inference.explained import useless_at_even_odds
from skmeta._inference.mixture import assumed_tasks, learn_weights
from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._adaptation_progress import adaptation_told, each_adapted
from skmeta.base._held_out import SHOTS
from skmeta.base._parts_of_work import PartsOfWork, each_told
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.compose._mixture_prior import MixturePrior
from skmeta.compose._own_model import OwnModelPrior
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_LOOKED_AT = 12  # speed: past tasks whose own models are fitted, to learn how often these are the better ones


class KnownScores(NamedTuple):
    """Log scores of past tasks, which learning has found: whoever adapts to these tasks next need not fit models for them.

    Parameters
    ----------
    codes : ndarray of int of shape (n_codes,)
        The tasks, ascending.
    scores : ndarray of shape (n_codes, n_components)
        Of their rows under each component, each predicted from the task's others.
    learned_too : bool, default=True
        Whether those under the first hold too; they do not where it is adapted by outputs of a model that saw the rows.
    """

    codes: NDArray[np.intp]
    scores: Array
    learned_too: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class PriorWithOwnModel(MixturePrior):
    r"""A mixture of a learned prior and the task's own model, which is fitted only where it may matter.

    Both are judged by how well they predict each of a task's rows from its others, given

    .. math:: (1 - u_t) \, \omega + u_t \, \omega_0

    before, where :math:`u_t` is the probability, by the rows of task :math:`t`, that it is unlike the past; then nothing counts
    of what past tasks say of how often what was learned is the better one (:math:`\omega`). An own model that costs many
    fits is asked where the learned prior's part of that is less than one half.

    Parameters
    ----------
    components : sequence of Prior
        The learned prior, others that a task's rows may prefer, and an `OwnModelPrior`.
    weights, names, weights_without_rows
        As in `MixturePrior`; ``weights`` are those of a task with as many rows as past ones had.
    weights_at_few_rows : array-like of shape (n_components,), default=None
        Weights of a task of ten rows or fewer; those between are means, in logarithms. None for ``weights``: a model that
        predicts best with sixty rows may be the worst with five.
    typical_n_rows : float, default=1.0
        Rows that past tasks had.
    weights_of_unlike : array-like of shape (n_components,), default=None
        Weights :math:`\omega_0` of a task that is unlike the past; None for those of others.
    """

    weights_at_few_rows: Any = None
    typical_n_rows: float = 1.0
    weights_of_unlike: Any = None

    _optional: ClassVar[tuple[str, ...]] = (
        "weights_without_rows",
        "weights_at_few_rows",
        "typical_n_rows",
        "weights_of_unlike",
    )

    def __post_init__(self) -> None:
        if self.weights_at_few_rows is not None and not self.typical_n_rows > SHOTS:
            raise ValueError(
                f"typical_n_rows: wanted more than {SHOTS}, found {self.typical_n_rows}; of tasks of fewer rows all weights "
                "are alike: leave weights_at_few_rows out."
            )
        super().__post_init__()

    def __repr__(self) -> str:
        beside = [f"or {name} with weight {weight:.2g}" for name, weight in list(self.named_weights.items())[1:]]
        return ", ".join([repr(self.components[0]), *beside])

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

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
            Those of the learned prior, averaged with own models where these were asked.
        """
        return self.beside(self.components[0].adapt_tasks(estimator, tasks, n_jobs=n_jobs))

    def beside(self, adapted: AdaptedEstimators, known: KnownScores | None = None) -> AdaptedEstimators:
        """The mixture of estimators that the learned prior has adapted already and of own models.

        Parameters
        ----------
        adapted : AdaptedEstimators
            Of the learned prior.
        known : KnownScores, default=None
            What learning from the same tasks has found of some of them.

        Returns
        -------
        AdaptedEstimators
            Of the same tasks.
        """
        tasks, estimator = adapted.tasks, adapted.model
        weights = np.tile(np.eye(1, len(self.components)), (len(tasks), 1))
        prior_weights = self.weights_of_tasks(adapted)
        asked = np.flatnonzero((tasks.counts > 0) & (prior_weights[:, 0] < 0.5))
        if len(asked):
            scores = self.log_scores(adapted, asked, known)
            with np.errstate(divide="ignore"):  # a component of weight zero is none
                weights[asked] = softmax(scores + np.log(prior_weights[asked]), axis=1)
        made = [adapted, *(each.adapt_tasks(estimator, tasks) for each in self.components[1:])]
        return AdaptedMixture(self, estimator, tasks, made, weights)

    def weights_by_size(self, n_rows: NDArray[np.intp]) -> Array:
        """Weights of tasks by their rows, before these are read.

        Parameters
        ----------
        n_rows : ndarray of int of shape (n_tasks,)
            How many each has.

        Returns
        -------
        ndarray of shape (n_tasks, n_components)
            They sum to one.
        """
        if self.weights_at_few_rows is None:
            return np.tile(self.weights, (len(n_rows), 1))
        many = np.log(np.maximum(n_rows, 1) / SHOTS) / np.log(self.typical_n_rows / SHOTS)
        share = np.clip(many, 0.0, 1.0)[:, None]
        few, all_rows = (
            np.log(np.maximum(each, np.finfo(float).tiny)) for each in (self.weights_at_few_rows, self.weights)
        )
        return np.asarray(softmax((1.0 - share) * few + share * all_rows, axis=1))

    def weights_of_tasks(self, adapted: AdaptedEstimators) -> Array:
        """Weights of tasks by how many rows they have, and by whether these are unlike the past.

        Parameters
        ----------
        adapted : AdaptedEstimators
            Of the learned prior.

        Returns
        -------
        ndarray of shape (n_tasks, n_components)
            They sum to one.
        """
        by_size = self.weights_by_size(adapted.tasks.counts)
        if self.weights_of_unlike is None:
            return by_size
        unlike = adapted.unlike_past[:, None]
        return np.asarray((1.0 - unlike) * by_size + unlike * self.weights_of_unlike)

    def log_scores(self, adapted: Any, codes: NDArray[np.intp], known: KnownScores | None = None) -> Array:
        """How well each component predicts rows of some tasks, each from the task's others.

        Parameters
        ----------
        adapted : AdaptedEstimators
            Of the learned prior.
        codes : ndarray of int
            The tasks, from 0, ascending.
        known : KnownScores, default=None
            As in `beside`.

        Returns
        -------
        ndarray of shape (n_codes, n_components)
            Log scores, comparable within a task.
        """
        scores, new = np.empty((len(codes), len(self.components))), np.ones(len(codes), dtype=bool)
        if known is not None:
            new = ~np.isin(codes, known.codes)
            scores[~new] = known.scores[np.isin(known.codes, codes)]
        if new.any():
            some = adapted.tasks.take(codes[new])
            scores[new, 1:-1] = _scores_of(self.components[1:-1], adapted.model, some)
            own = _each_score(self.components[-1], adapted.model, some)
            scores[new, -1] = each_adapted(own, len(some))
        asked = new if known is None or known.learned_too else np.ones_like(new)
        if asked.any():
            with adaptation_told(None):  # to rows that are left out
                scores[asked, 0] = adapted.leave_one_out_scores(codes[asked])
        return scores

    def _joint(self, estimator: Any, tasks: Tasks) -> Array:
        """By log scores, of which an own model has no others."""
        adapted = self.components[0].adapt_tasks(estimator, tasks)
        with np.errstate(divide="ignore"):
            return self.log_scores(adapted, np.arange(len(tasks))) + np.log(self.weights_of_tasks(adapted))


def _of_unlike(weights: Array, share: float) -> Array:
    """Weights of a task unlike the first component: of this its assumed share, of the others what past tasks say of them."""
    return np.r_[share, (1.0 - share) * weights[1:] / weights[1:].sum()]


def _scores(
    adapted: AdaptedEstimators,
    beside: Sequence[Prior],
    estimator: Any,
    tasks: Tasks,
    codes: NDArray[np.intp],
    progress: Any,
) -> Array:
    """Log scores ``(n_tasks, n_components)`` of tasks that have ``codes`` among the adapted; the last one's costs fits."""
    parts = PartsOfWork(progress, 2)
    of_learned = adapted.leave_one_out_scores(codes)
    parts.did(1)
    others, each_own = _scores_of(beside[:-1], estimator, tasks), _each_score(beside[-1], estimator, tasks)
    return np.column_stack([of_learned, others, each_told(each_own, len(tasks), parts.part(1))])


def _scores_of(priors: Sequence[Prior], estimator: Any, tasks: Tasks) -> Array:
    """Log scores ``(n_tasks, n_priors)``."""
    found = np.empty((len(tasks), len(priors)))
    for k, each in enumerate(priors):
        found[:, k] = each.log_evidence(estimator, tasks)
    return found


def _each_score(prior: Prior, estimator: Any, tasks: Tasks) -> Iterator[float]:
    """That of one task after the other: an own model costs many fits."""
    return (float(prior.log_evidence(estimator, tasks.take(np.array([code])))[0]) for code in range(len(tasks)))


def with_own_model(
    prior: Prior,
    estimator: Any,
    tasks: Tasks,
    adapt: Callable[[NDArray[np.bool_]], AdaptedEstimators] | None = None,
    others: Sequence[tuple[str, Prior]] = (),
    own: OwnModelPrior | None = None,
    *,
    use: float = 1.0,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[PriorWithOwnModel, KnownScores]:
    """A learned prior with the task's own model beside it, as often as past tasks were better off with that.

    Parameters
    ----------
    prior : Prior
        What was learned.
    estimator : estimator
        The model of one task.
    tasks : Tasks
        What it was learned from.
    adapt : callable, default=None
        ``adapt(kept)`` are models adapted to some rows of the tasks, by what a prior that has seen them had not learned of
        them; None for those of ``prior.adapt_tasks``.
    others : sequence of (str, Prior), default=()
        Further components between the two, by name, whose ``log_evidence`` is such a score.
    own : OwnModelPrior, default=None
        What stands beside it; None for the plain estimator, fitted.
    use : float, default=1.0
        Probability that what was learned is of any use for other tasks. Past tasks count by it as their rows say: where there
        was nothing to learn, they do not say that the next one's own model would find nothing. As far as held-out tasks
        spoke against any use (at even odds before) they count as tasks of their own model.
    progress : callable, default=None
        Called as ``progress(done, total)`` after each own model that was judged.

    Returns
    -------
    prior : PriorWithOwnModel
        Whose weights count one task of what was learned, shared by its components, and three of the other, beside those
        looked at; of a task unlike the past the first component counts as assumed.
    known : KnownScores
        Of those looked at; who adapts to the same tasks next need not ask their own models again.
    """
    looked_at = tasks.some(_LOOKED_AT)
    if own is None:
        own = OwnModelPrior(classes=prior.classes, class_prior=prior.class_prior, feature_names=prior.feature_names)
    names, beside = zip(*others, ("own model", own), strict=True)
    one, unlike = assumed_tasks(2)
    assumed = np.r_[np.full(len(beside), one / len(beside)), unlike + useless_at_even_odds(use) * len(looked_at)]

    parts = PartsOfWork(progress, 2)

    def scored(kept: NDArray[np.bool_], number: int) -> Array:
        some = tasks.where(kept)
        adapted = prior.adapt_tasks(estimator, some) if adapt is None else adapt(kept)
        return _scores(adapted, beside, estimator, some.take(looked_at), looked_at, parts.part(number))

    def learned(scores: Array) -> Array:
        return learn_weights(scores, np.full(len(looked_at), use), assumed)

    scores, n_rows = scored(np.ones(tasks.n_rows, dtype=bool), 0), float(tasks.labelled_rows().counts[looked_at].mean())
    weights, known = learned(scores), KnownScores(looked_at, scores)
    without_rows = np.eye(1, len(weights))[0]
    of_unlike = _of_unlike(weights, one / (one + unlike) / len(beside))
    found = PriorWithOwnModel([prior, *beside], weights, ("learned", *names), without_rows, weights_of_unlike=of_unlike)
    # Where it is not the better one with all rows, it is asked where a task's rows say so, not by its weight.
    if weights[0] > 0.5 or tasks.y is None or n_rows <= 2 * SHOTS:
        parts.finish()
        return found, known
    few = learned(scored(tasks.are_shots(SHOTS), 1))
    parts.finish()
    return replace(found, weights_at_few_rows=few, typical_n_rows=n_rows), known
