"""The learner of naive Bayes models: priors from which the parameters of each task are drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.utils import check_scalar

from skmeta.base import Prior, register
from skmeta.base._held_out import simplest
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import check_registered
from skmeta.compose import first_component, with_first
from skmeta.fallback import SharedModel
from skmeta.fallback._may_take_fallback import MayTakeFallback
from skmeta.naive_bayes._held_out import HeldOut
from skmeta.naive_bayes._learned import learn_prior
from skmeta.naive_bayes._naive_bayes_prior import NaiveBayesPrior
from skmeta.naive_bayes._robust_naive_bayes_prior import with_vague_component
from skmeta.tasks import Tasks

_UNLABELLED_WEIGHTS = (0.0625, 0.25, 1.0)  # of a row without label, tried beside none (Nigam et al. 2000, section 5.3)


@register(GaussianNB, MultinomialNB, BernoulliNB, CategoricalNB)
class NaiveBayesLearner(MayTakeFallback):
    r"""Learn the priors from which the parameters of naive Bayes models are drawn, anew for each task.

    .. math:: p(X_t, y_t) = \int \prod_i \pi_{y_i} \prod_j p(x_{ij} \mid \theta_{y_i j}) \; dP(\pi, \theta)

    The priors are conjugate: normal-inverse-gamma for the columns of GaussianNB, Dirichlet for shares of words, of
    categories, of ones, and of classes. The integral has a closed form, and its product over the tasks is maximised. What a
    task makes of the priors is exact too; the plain estimator has the posterior means.

    Three things are settled by tasks held out, each predicted by what the tasks of other folds teach: how much rows
    without labels count, how often a vague prior is the better one, and, where columns depend on each other within a
    class, whether the fallback is better, a shared naive Bayes model corrected by a linear one for each task (`SharedModel`).
    Past tasks speak against the vague prior by how probable it is that what they teach says more of the labels of others
    than the classes' shares do.

    Parameters
    ----------
    unlabelled_weight : "auto" or float, default="auto"
        How much a row of a task without label counts beside one with a label: "auto" is none, a sixteenth, a quarter or
        one, as tasks held out say. Such rows have NaN or None as labels.
    compare_with_fallback : bool, default=True
        Whether the fallback is learned too, and taken where it predicts tasks held out better by more than one standard
        error, and is more probably of use than not. It takes most of the time of learning.
    cv : int, default=5
        Folds of whole tasks, and of the fallback.

    Attributes
    ----------
    scores_ : dict
        Minus the mean log loss of tasks held out, ten rows of each given, of what was compared.
    fallback_ : SharedModel
        Fitted; only where it was better.

    References
    ----------
    T. P. Minka (2000), Estimating a Dirichlet distribution.
    K. Nigam et al. (2000), Text classification from labeled and unlabeled documents using EM, Machine Learning 39.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmeta import WarmStartClassifier
    >>> rng = np.random.default_rng(0)
    >>> task, y = np.repeat(np.arange(8), 10), rng.integers(2, size=80)
    >>> X = rng.normal(size=(80, 2)) + 3.0 * y[:, None] + 2.0 * rng.normal(size=(8, 1))[task]
    >>> model = WarmStartClassifier(GaussianNB(), task=-1).fit(np.column_stack([X, task]), y)
    >>> model.adapt([[0.0, 0.0], [5.0, 5.0]], [0, 1]).predict([[1.0, 1.0], [4.0, 4.0]])
    array([0, 1])
    """

    def __init__(self, unlabelled_weight: Any = "auto", *, compare_with_fallback: bool = True, cv: int = 5) -> None:
        self.unlabelled_weight = unlabelled_weight
        self.compare_with_fallback = compare_with_fallback
        self.cv = cv

    check_takes = check_registered

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection, see `Learner.learn`.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `Learner.learn`; ``prior`` counts as the tasks that it was learned from, and its choices stay;
            ``n_jobs`` are those of the fallback.

        Returns
        -------
        Prior
            A `GaussianNBPrior`, `MultinomialNBPrior`, `BernoulliNBPrior` or `CategoricalNBPrior` with a vague prior
            beside it, or what the fallback learned.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        """
        self._check_parameters()
        self.__dict__.pop("fallback_", None)
        parts = PartsOfWork(progress, 4)
        if prior is not None:
            more = self._learned_on(estimator, tasks, prior, n_jobs)
            parts.finish()
            return more
        learned = learn_prior(estimator, tasks)
        parts.did(1)
        held_out = HeldOut(estimator, tasks, learned, self.cv)
        self.scores_ = {"naive Bayes": float(held_out.scores_of_new.mean())}
        parts.did(2)
        other = self._better_fallback(estimator, tasks, held_out, n_jobs, parts.part(2))
        parts.did(3)
        if other is not None:
            parts.finish()
            return other
        learned = replace(learned, unlabelled_weight=self._weight_of_unlabelled(held_out))
        found = with_vague_component(learned, held_out.vague_gain, held_out.use)
        parts.finish()
        return found

    def _check_parameters(self) -> None:
        check_scalar(self.cv, "cv", int, min_val=2)
        weight = self.unlabelled_weight
        if weight != "auto" and not (isinstance(weight, int | float) and weight >= 0.0):
            raise ValueError(f"unlabelled_weight: wanted 'auto' or a number that is not negative, found {weight!r}.")

    def _learned_on(self, estimator: Any, tasks: Tasks, prior: Any, n_jobs: int | None) -> Prior:
        known = first_component(prior)
        if isinstance(known, NaiveBayesPrior):
            found: Prior = with_first(prior, learn_prior(estimator, tasks, known))
            return found
        return SharedModel().learn(estimator, tasks.labelled_rows(), prior, n_jobs=n_jobs)  # it was better for the past

    def _better_fallback(
        self, estimator: Any, tasks: Tasks, held_out: HeldOut, n_jobs: int | None, progress: Any
    ) -> Prior | None:
        if not self.compare_with_fallback:
            return None
        fallback = SharedModel(cv=self.cv)
        other = fallback.learn(estimator, tasks.labelled_rows(), n_jobs=n_jobs, progress=progress)
        judged = fallback.held_out_scores_[~np.isnan(fallback.held_out_scores_)]
        self.scores_["fallback"] = float(judged.mean()) if len(judged) else float("nan")
        better: Prior | None = simplest([(None, held_out.scores_of_new), (other, fallback.held_out_scores_)])
        # Where it learned nothing but levels, the room's own brake is the better one.
        if better is None or fallback.use_ <= 0.5:
            return None
        self.fallback_ = fallback
        return better

    def _weight_of_unlabelled(self, held_out: HeldOut) -> float:
        """The last weight under which rows without labels help more than under the one before; none where they do not."""
        if self.unlabelled_weight != "auto":
            return float(self.unlabelled_weight)
        return simplest((weight, held_out.scores_with_unlabelled(weight)) for weight in (0.0, *_UNLABELLED_WEIGHTS))
