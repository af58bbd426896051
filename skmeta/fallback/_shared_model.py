"""The learner of whatever estimator nobody registered: a shared model of all tasks, and the correction of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_scalar

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._class_weight import check_class_weight, class_weight_of
from skmeta.base._fingerprint import fingerprint
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import check_has_targets, register_fallback
from skmeta.compose import PriorWithOwnModel, known_component, with_first, with_own_model
from skmeta.compose._with_own_model import KnownScores
from skmeta.fallback._columns import Candidates, column_candidates
from skmeta.fallback._known_tasks import rows_to_ask, seen_rows_are_fine
from skmeta.fallback._link import Link, link_of
from skmeta.fallback._out_of_fold import Fold, Target, fitted, folds_by_task
from skmeta.fallback._rounds import Round, rounds
from skmeta.fallback._shared_model_prior import SharedModelPrior
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@register_fallback
class SharedModel(KeepsSeenTasks):
    r"""Learn one model of all tasks, and how each task's own deviates from it.

    .. math:: y_{ti} = f(x_{ti}) + z_{ti}^\top b_t + e_{ti}, \qquad b_t \sim N(\mu, \Sigma)

    with the estimator as :math:`f` and the linear model of `EmpiricalBayes` for the rest: :math:`z` holds a one, the output
    of :math:`f`, and raw columns where held-out tasks ask for them: all, those that vary most between tasks, or these
    without the output. The correction is learned from outputs of models that had not seen the task. For
    squared errors the two are then fitted in turn, :math:`f` to the targets less the corrections, as long as held-out tasks
    gain. Classifiers are corrected on their
    log-odds, models of counts and of positive targets (by the name of their loss) on the logarithms of their predictions;
    these go through rounds too where ``fit`` takes scores to start from (LightGBM's ``init_score``, XGBoost's ``base_margin``,
    CatBoost's ``baseline``).

    Parameters
    ----------
    correction : "auto", None or transformer, default="auto"
        What the correction reads beside the shared model's output. With "auto" held-out tasks choose: nothing, all columns
        (with slopes of a task's own, or shared), all columns and the squares of numbers, those of them that vary most between
        tasks, or the columns alone. Where held-out tasks do not tell the best of these from another, the correction is a mean
        of both. Only the shared model reads dates. None for nothing; or a transformer that makes the columns.
    max_rounds : int, default=4
        How often the shared model may be fitted anew.
    cv : int, default=5
        Folds of whole tasks for outputs of models that have not seen a task.

    Attributes
    ----------
    out_of_fold_ : ndarray of shape (n_rows, n_outputs)
        Outputs of the shared model for the labelled rows, each by a model that had not seen its task. Empty where
        learning went on from a prior, whose shared model stays.
    n_rounds_ : int
        How often the shared model was fitted anew.
    held_out_scores_ : ndarray of shape (n_tasks,)
        Minus the loss of each task (root mean squared error; mean log loss or deviance of a row), held out and given ten of
        its rows, in the last of these rounds, under the best correction alone.
    corrects_seen_rows_ : bool
        Whether tasks that were learned from are adapted by the shared model's own outputs for their rows, as rows held out of
        known tasks say, and not by those of models that had not seen the task.
    use_ : float
        Probability that the shared model is of any use for other tasks, beyond a level of each.
    scores_ : list of float
        Means of such scores over the tasks, after each round that was tried.

    References
    ----------
    A. Hajjem, F. Bellavance and D. Larocque (2014), Mixed-effects random forest for clustered data, JSCS 84, section 2.
    P. R. Hansen, A. Lunde and J. M. Nason (2011), The model confidence set, Econometrica 79.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skmeta import SharedModel, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task = np.repeat(np.arange(20), 20)
    >>> x = rng.uniform(-2.0, 2.0, 400)
    >>> y = np.sin(2.0 * x) + rng.normal(size=20)[task] + 0.1 * rng.normal(size=400)
    >>> booster, learner = HistGradientBoostingRegressor(max_iter=20), SharedModel(max_rounds=1)
    >>> model = WarmStartRegressor(booster, task=-1, learner=learner).fit(np.column_stack([x, task]), y)
    >>> plain = model.adapt([[0.0], [1.0]], [5.0, 5.9])
    >>> list(plain.named_steps), plain.predict([[-0.5]]).round(0)
    (['shared', 'correction'], array([4.]))
    """

    _prior_class: ClassVar[type[SharedModelPrior]] = SharedModelPrior  # of the prior that is learned
    _averages: ClassVar[bool] = True  # whether a correction may be a mean of several

    def __init__(self, correction: Any = "auto", *, max_rounds: int = 4, cv: int = 5) -> None:
        self.correction = correction
        self.max_rounds = max_rounds
        self.cv = cv

    check_takes = check_has_targets

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
            As in `Learner.learn`; of a ``prior`` the shared model stays, and the correction goes on from its tasks.

        Returns
        -------
        Prior
            A `SharedModelPrior` with the task's own model beside it.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        """
        self.out_of_fold_, self.corrects_seen_rows_ = np.empty(0), False
        self._known_scores: KnownScores | None = None
        self._seen = None
        self._check_parameters()
        parts = PartsOfWork(progress, 2)
        if prior is not None:
            more = _learned_on(prior, estimator, tasks, n_jobs)
            parts.finish()
            return more
        shared = self.learn_alone(estimator, tasks, n_jobs=n_jobs, progress=parts.part(0))
        parts.did(1)
        found = self.beside_own_models(shared, estimator, tasks, n_jobs=n_jobs, progress=parts.part(1))
        parts.finish()
        return found

    def learn_alone(
        self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None, progress: Any = None
    ) -> SharedModelPrior:
        """What `learn` does before it puts own models beside: weights are taken in units of their mean.

        Parameters
        ----------
        estimator, tasks, n_jobs, progress
            As in `learn`.

        Returns
        -------
        SharedModelPrior
            It knows that unit.
        """
        unit = tasks.mean_weight
        of_mean_one = tasks.weighed_in(unit).weighty_rows()
        shared = self.learn_shared(estimator, of_mean_one, n_jobs=n_jobs, progress=progress)
        return replace(shared, weight_unit=unit, class_weight=class_weight_of(estimator, shared.classes))

    def learn_shared(
        self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None, progress: Any = None
    ) -> SharedModelPrior:
        """Learn the shared model and its correction, without own models beside them.

        Parameters
        ----------
        estimator, tasks, n_jobs, progress
            As in `learn`.

        Returns
        -------
        SharedModelPrior
            The learned component of what `learn` returns.
        """
        link = link_of(estimator)
        tasks = self._fitted_to(tasks)
        unfitted = self._shared(estimator, tasks)
        parts = PartsOfWork(progress, 3)
        best = self._best_round(unfitted, tasks, link, n_jobs, parts.part(0))
        parts.did(1)
        self.out_of_fold_, self.held_out_scores_ = best.outputs, best.correction.score
        self.use_ = best.correction.use
        self.corrects_seen_rows_ = self._corrects_seen_rows(unfitted, tasks, best, link)
        asked = best.correction.candidate.reads_outputs
        model = self._fitted(unfitted, tasks, best.target) if asked else clone(unfitted)
        shared = self._prior_of(model, link, best, tasks)
        parts.did(2)
        more = parts.part(2)
        return self._extended(shared, link, estimator, tasks.labelled_rows(), best.correction.rows.X, n_jobs, more)

    def beside_own_models(
        self, shared: SharedModelPrior, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None, progress: Any = None
    ) -> Prior:
        """Put tasks' own models beside what `learn_alone` returned, with what `learn` keeps of the tasks.

        Parameters
        ----------
        shared : SharedModelPrior
            What was learned, which knows the unit of the weights.
        estimator, tasks, n_jobs, progress
            As in `learn_alone`.

        Returns
        -------
        Prior
            What `learn` returns.
        """
        known = tasks.weighed_in(shared.weight_unit).weighty_rows().labelled_rows()
        as_weighed = replace(shared, weight_unit=1.0)  # the unit of these weights
        seen = partial(self.adapt_shared, as_weighed, estimator, known, n_jobs=n_jobs)
        found, scores = with_own_model(shared, estimator, known, seen, use=self.use_, progress=progress)
        self._known_scores, self._seen = scores, fingerprint(known)
        return found

    def adapt_shared(
        self,
        shared: SharedModelPrior,
        estimator: Any,
        tasks: Tasks,
        kept: NDArray[np.bool_] | None = None,
        *,
        n_jobs: int | None = None,
    ) -> AdaptedEstimators:
        """Adapt what `learn_shared` returned to the tasks that it was learned from, by out-of-fold outputs.

        Parameters
        ----------
        shared : SharedModelPrior
            What was learned.
        estimator, tasks, n_jobs
            As in `learn_shared`.
        kept : ndarray of bool of shape (n_rows,), default=None
            Which of their labelled rows are adapted to; None for all.

        Returns
        -------
        AdaptedEstimators
            Of these tasks.
        """
        outputs = self.out_of_fold_
        if kept is not None:
            tasks, outputs = tasks.where(kept), outputs[kept]
        return shared.adapt_read(estimator, tasks, shared.columns_beside(outputs, tasks.X), n_jobs)

    def _learned_rows(self, tasks: Tasks) -> Tasks:
        return tasks.weighty_rows().labelled_rows()

    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """By outputs of models that had not seen them, which fit them worse."""
        assert self._known_scores is not None
        assert isinstance(prior, PriorWithOwnModel)
        shared, tasks = prior.components[0], self._learned_rows(tasks)
        assert isinstance(shared, SharedModelPrior)
        if self.corrects_seen_rows_:
            adapted = shared.adapt_tasks(estimator, tasks, n_jobs=n_jobs)
            return prior.beside(adapted, self._known_scores._replace(learned_too=False))
        adapted = self.adapt_shared(shared, estimator, tasks.weighed_in(shared.weight_unit), n_jobs=n_jobs)
        return prior.beside(adapted, self._known_scores)

    def why_no_more_rows(self) -> str:
        """The shared model has seen rows of these tasks, see `Learner.why_no_more_rows`; empty where that does no harm."""
        if self._seen is None or self.corrects_seen_rows_ or not self.out_of_fold_.size:
            return ""
        return "the shared model was fitted to their rows, and would predict these better than any to come"

    def _extended(
        self,
        prior: SharedModelPrior,
        link: Link,
        estimator: Any,
        tasks: Tasks,
        Z: Array,
        n_jobs: int | None,
        progress: Any,
    ) -> SharedModelPrior:
        """The prior of whoever does more for a task than correct; ``Z`` is what the correction was learned from."""
        return prior

    def _corrects_seen_rows(self, estimator: Any, tasks: Tasks, best: Round, link: Link) -> bool:
        """One fit more says how known tasks are adapted; where there is no second round, that would be one too many."""
        if not link.is_additive or not best.correction.changes_the_shared_model or tasks.labelled is not None:
            return False
        asked = rows_to_ask(tasks)
        model = self._fitted(estimator, tasks.where(~asked), Target(best.target.y[~asked]))
        return seen_rows_are_fine(model, asked, tasks, best, link)

    def _best_round(self, estimator: Any, tasks: Tasks, link: Link, n_jobs: int | None, progress: Any) -> Round:
        """The last round that explains held-out tasks better than the one before it."""
        found = rounds(
            estimator,
            tasks,
            link,
            self._candidates(estimator, tasks),
            max_rounds=self.max_rounds,
            folds=self._folds(estimator, tasks),
            averages=self._averages,
            n_jobs=n_jobs,
            progress=progress,
        )
        best = next(found)
        self.scores_, self.n_rounds_ = [best.score], 1
        for done, each in enumerate(found, start=1):
            self.scores_.append(each.score)
            if each.score <= best.score:
                break
            best, self.n_rounds_ = each, done + 1
        return best

    def _check_parameters(self) -> None:
        check_scalar(self.max_rounds, "max_rounds", int, min_val=1)
        check_scalar(self.cv, "cv", int, min_val=2)

    # What a learner of some kind of models may know better ------------------------------------------

    def _fitted_to(self, tasks: Tasks) -> Tasks:
        """The rows that the shared model is fitted to."""
        return tasks.weighty_rows().labelled_rows()

    def _shared(self, estimator: Any, tasks: Tasks) -> Any:
        """What is fitted to rows of all tasks."""
        return estimator

    def _candidates(self, estimator: Any, tasks: Tasks) -> Callable[[Array], Candidates]:
        """What makes sets of columns, simpler ones first, of outputs of models that had not seen a row's task."""
        found = column_candidates(tasks.labelled_rows(), self.correction)
        return lambda outputs: found

    def _folds(self, estimator: Any, tasks: Tasks) -> list[Fold]:
        """Rows to fit and rows to predict."""
        return folds_by_task(tasks, self.cv)

    def _fitted(self, estimator: Any, tasks: Tasks, target: Target) -> Any:
        """The model of all tasks."""
        return fitted(estimator, tasks, target)

    def _prior_of(self, model: Any, link: Link, best: Round, tasks: Tasks) -> SharedModelPrior:
        """What a round has learned, around the model that is fitted to all tasks, or to none where nothing asks it."""
        correction = best.correction.prior
        read, outputs = best.correction.candidate, None
        if read.reads_outputs:
            answers = FunctionTransformer(getattr(model, link.method)).fit(tasks.X)
            outputs = Pipeline([("output", answers), *best.steps])
        return self._prior_class(
            model=model,
            outputs=outputs,
            columns=read.transformer,
            correction=correction,
            linear_model=link.linear_model,
            description=best.correction.name,
            learner=read.learner,
            n_tasks=correction.n_tasks,
            n_rows=correction.n_rows,
            feature_names=tasks.feature_names,
            classes=correction.classes,
            class_prior=correction.class_prior,
        )


def _learned_on(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None) -> Prior:
    """The same shared model, its correction learned on from new tasks."""
    known = known_component(prior, SharedModelPrior)
    known.check_is_of(estimator)
    check_class_weight(known, estimator)
    return with_first(prior, known.learned_on(tasks, n_jobs))
