"""The learner of nearest neighbours: a linear metric from all tasks' scatter, and whose rows are the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.utils import check_array, check_scalar

from skmeta._inference.group_sums import group_sums
from skmeta.base import AdaptedEstimators, Prior, register
from skmeta.base._fingerprint import fingerprint
from skmeta.base._held_out import folds_of, simplest
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import check_registered
from skmeta.compose import MixturePrior, known_component, with_own_model
from skmeta.compose._with_own_model import KnownScores
from skmeta.fallback import SharedModel
from skmeta.neighbors._choice import Limits, choose_maps
from skmeta.neighbors._metrics import AS_GIVEN, linear_maps
from skmeta.neighbors._neighbors_prior import NeighborsPrior, SharedNeighbors
from skmeta.neighbors._scatter import Scatter, scatter_of
from skmeta.tasks import Tasks
from skmeta.tasks._own_labels import all_labels, check_labels, labels_are_shared

Array = NDArray[np.float64]

_LINEAR = {"minkowski", "euclidean", "manhattan", "cityblock", "chebyshev", "l1", "l2", "p", "infinity"}


@register(KNeighborsClassifier, KNeighborsRegressor)
class NeighborsLearner(KeepsSeenTasks):
    r"""Learn a linear map that brings rows with like targets near each other, and whether rows of past tasks are neighbours.

    Scatter within tasks, which goes with equal targets, and scatter that goes with different ones suggest maps (labels
    are compared as they are, numbers by slices of a task's targets and by pairs of near rows). Held-out tasks choose one of
    them, its rank included, or rows as they are: the simplest that no other beats by more than a standard error. They choose
    it for neighbours among a task's own rows, and again for neighbours among rows of all past tasks, whose answers are
    corrected for each task as by `SharedModel`. The prior is a mixture of these two and of the plain estimator fitted to a
    task's own rows, weighted by how well they predict each of these rows from the others, see `PriorWithOwnModel`.

    ``n_neighbors``, ``weights`` and all other parameters stay the user's. If a task has fewer rows than ``n_neighbors``, all
    are neighbours. Where tasks have labels of their own, only their own rows are neighbours, and a task without rows raises.
    Metrics other than Minkowski's and sparse tables are compared as they are. A prior that goes on learning keeps its choice:
    scatter adds up, the shared neighbours stay, and their correction goes on.

    Parameters
    ----------
    labels : {"auto", "shared", "own"}, default="auto"
        Whether a label means the same in all tasks, or each task has labels of its own, as for `DiscriminantLearner`.
        Without effect on regressors.
    max_tasks : int, default=100
        Of this many tasks, of all sizes, half teach the maps that the other half judges. Like the next two it bounds the time.
    max_rows : int, default=3000
        Rows of the teaching half that may be neighbours.
    max_task_rows : int, default=500
        Rows of a task that are compared with each other, spread over its targets.
    max_columns : int, default=1000
        Rows of more columns are compared as they are.

    Attributes
    ----------
    maps_ : dict
        Name of the map for neighbours among a task's ``"own"`` rows, and among ``"shared"`` ones.

    References
    ----------
    T. Hastie and R. Tibshirani (1996), Discriminant adaptive nearest neighbor classification, IEEE PAMI 18, section 4.
    K.-C. Li (1991), Sliced inverse regression for dimension reduction, JASA 86.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skmeta import WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, X = np.repeat(np.arange(16), 12), rng.normal(size=(192, 4))
    >>> slope = rng.choice([-2.0, 2.0], 16)
    >>> y = slope[task] * X[:, 0] + 0.1 * rng.normal(size=192)
    >>> model = WarmStartRegressor(KNeighborsRegressor(3), task=-1).fit(np.column_stack([X, task]), y)
    >>> model.learner_.maps_["own"]
    'means, rank 1'
    """

    _shared: SharedModel | None = None  # neighbours among rows of all tasks, where they are taken
    _known_scores: KnownScores | None = None

    def __init__(
        self,
        *,
        labels: str = "auto",
        max_tasks: int = 100,
        max_rows: int = 3000,
        max_task_rows: int = 500,
        max_columns: int = 1000,
    ) -> None:
        self.labels = labels
        self.max_tasks = max_tasks
        self.max_rows = max_rows
        self.max_task_rows = max_task_rows
        self.max_columns = max_columns

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
            As in `Learner.learn`; rows without a target are left out.

        Returns
        -------
        PriorWithOwnModel
            Of a `NeighborsPrior` or two, and own models.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If distances are precomputed.
        """
        self._shared = self._known_scores = self._seen = None
        self._check_parameters()
        _check_distances(estimator)
        tasks = self._learned_rows(tasks)
        X = _as_numbers(estimator, tasks.X, self.max_columns)
        scatter = None if X is None else scatter_of(X, tasks, estimator.n_neighbors, self.max_task_rows)
        parts = PartsOfWork(progress, 4)
        if prior is not None:
            if tasks.classes is not None:
                check_labels(self.labels, known_component(prior, NeighborsPrior).classes is None)
            more = _learned_on(prior, estimator, scatter, tasks, n_jobs)
            parts.finish()
            return more
        found = self._learned(estimator, tasks, X, scatter, n_jobs, parts)
        parts.finish()
        return found

    def _learned(
        self, estimator: Any, tasks: Tasks, X: Any, scatter: Any, n_jobs: int | None, parts: PartsOfWork
    ) -> Prior:
        """What is learned where nothing is known before."""
        self._seen = fingerprint(tasks)
        maps = linear_maps(scatter)
        one_space = labels_are_shared(tasks, self.labels)
        limits = Limits(self.max_tasks, self.max_rows, self.max_task_rows)
        parts.did(1)
        chosen = choose_maps(estimator, X, tasks, maps, limits, one_space=one_space)
        parts.did(2)
        self.maps_ = {"own": chosen.own}
        own = _prior_of(tasks, scatter, chosen.own, maps[chosen.own], one_space)
        if not one_space or len(tasks) < 2:
            found, self._known_scores = with_own_model(own, estimator, tasks, progress=parts.part(3))
            return found
        two = {name: maps[name] for name in (AS_GIVEN, chosen.shared)}
        shared, self._shared = _best_shared(estimator, tasks, own, two, self._corrector, n_jobs, parts.part(2))
        parts.did(3)
        self.maps_["shared"] = shared.description
        seen = partial(self._shared.adapt_shared, shared.shared, shared.compared(estimator), tasks, n_jobs=n_jobs)
        own = replace(own, class_prior=shared.class_prior)
        others = [] if own.description == AS_GIVEN else [("own rows", own)]
        use = 1.0 if others else self._shared.use_  # held-out tasks asked for the map
        found, self._known_scores = with_own_model(
            shared, estimator, tasks, seen, others, use=use, progress=parts.part(3)
        )
        return found

    def _check_parameters(self) -> None:
        check_labels(self.labels)
        for name in ("max_tasks", "max_rows", "max_task_rows", "max_columns"):
            check_scalar(getattr(self, name), name, Integral, min_val=1)

    def _corrector(self) -> SharedModel:
        """What learns how the answers of shared neighbours are corrected for each task; a subclass may have a cheaper one."""
        return SharedModel()

    def _learned_rows(self, tasks: Tasks) -> Tasks:
        return tasks.labelled_rows()

    def _adapt_seen(self, prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """Where rows of all are neighbours, by those of other tasks."""
        first, tasks = prior.components[0], self._learned_rows(tasks)
        if self._shared is None:
            return prior.beside(first.adapt_tasks(estimator, tasks, n_jobs=n_jobs), self._known_scores)
        seen = self._shared.adapt_shared(first.shared, first.compared(estimator), tasks, n_jobs=n_jobs)
        return prior.beside(SharedNeighbors(first, estimator, seen), self._known_scores)

    def why_no_more_rows(self) -> str:
        """Rows of all tasks may be neighbours, see `Learner.why_no_more_rows`."""
        return "" if self._shared is None else "their rows are among the neighbours that all tasks have in common"


def _best_shared(
    estimator: Any,
    tasks: Tasks,
    prior: NeighborsPrior,
    maps: dict[str, Array | None],
    corrector: Callable[[], SharedModel],
    n_jobs: int | None,
    progress: Any,
) -> tuple[NeighborsPrior, SharedModel]:
    """Neighbours among rows of all tasks, under the last map under which held-out tasks gain, corrections included."""
    parts = PartsOfWork(progress, len(maps))

    def candidates() -> Iterator[tuple[tuple[NeighborsPrior, SharedModel], Array]]:
        for number, (name, matrix) in enumerate(maps.items()):
            learner, mapped = corrector(), replace(prior, matrix=matrix, description=name)
            model = mapped.compared(_with_enough_rows(estimator, tasks, learner.cv))
            shared = learner.learn_shared(model, tasks, n_jobs=n_jobs, progress=parts.part(number))
            found = replace(mapped, shared=shared, class_prior=shared.class_prior)
            yield (found, learner), learner.held_out_scores_

    return simplest(candidates())


def _with_enough_rows(estimator: Any, tasks: Tasks, cv: int) -> Any:
    """The estimator with no more neighbours than the smallest training part of ``cv`` folds of tasks has rows."""
    n_rows = min(int(tasks.counts[teach].sum()) for teach, _ in folds_of(tasks, cv))
    return clone(estimator).set_params(n_neighbors=min(estimator.n_neighbors, n_rows))


def _learned_on(prior: Any, estimator: Any, scatter: Scatter | None, tasks: Tasks, n_jobs: int | None) -> Prior:
    """The same choices, their statistics those of past and new tasks together."""
    known = known_component(prior, NeighborsPrior)
    known.check_is_of(estimator)
    first = _one_learned_on(known, scatter, tasks, n_jobs)
    if not isinstance(prior, MixturePrior):
        return first
    others = [
        replace(_one_learned_on(each, scatter, tasks, n_jobs), class_prior=first.class_prior)
        if isinstance(each, NeighborsPrior)
        else each
        for each in prior.components[1:]
    ]
    return replace(prior, components=[first, *others])


def _one_learned_on(past: NeighborsPrior, new: Scatter | None, tasks: Tasks, n_jobs: int | None) -> NeighborsPrior:
    scatter = past.scatter if past.scatter is None or new is None else past.scatter + new
    found = _prior_of(tasks, scatter, past.description, past.matrix, past.classes is not None, past)
    if past.shared is not None:
        shared = past.shared.learned_on(tasks, n_jobs)
        return replace(found, shared=shared, class_prior=shared.class_prior)
    return replace(found, matrix=linear_maps(scatter).get(past.description, past.matrix))


def _prior_of(
    tasks: Tasks,
    scatter: Scatter | None,
    name: str,
    matrix: Array | None,
    one_space: bool,
    past: NeighborsPrior | None = None,
) -> NeighborsPrior:
    """A prior of own rows; tasks of the past count as so many."""
    classes = past.classes if past is not None else all_labels(tasks) if one_space else None
    mean, square = _mean_targets(tasks, classes)
    n_past = 0.0 if past is None else past.n_tasks
    if past is not None:
        # Rows that were drawn by their class say nothing of how frequent labels are.
        share = 0.0 if tasks.class_rates else len(tasks) / (len(tasks) + n_past)
        mean, square = (
            share * new + (1.0 - share) * old
            for new, old in ((mean, past.typical), (square, past.spread**2 + past.typical**2))
        )
    return NeighborsPrior(
        matrix,
        name,
        scatter,
        mean,
        np.sqrt(np.maximum(square - mean**2, 0.0)),
        n_features=int(tasks.X.shape[1]),
        n_tasks=len(tasks) + n_past,
        n_rows=tasks.n_rows + (0.0 if past is None else past.n_rows),
        feature_names=tasks.feature_names if past is None else past.feature_names,
        classes=classes,
    )


def _mean_targets(tasks: Tasks, classes: NDArray[Any] | None) -> tuple[Array, Array]:
    """Mean over tasks of their mean targets, or of their labels' shares, and of the mean squares, one an output each."""
    y: NDArray[Any] = np.asarray(tasks.y)
    Y = np.reshape(y, (len(y), -1)) if tasks.classes is None else np.zeros((len(y), 1))
    if classes is not None:
        Y = y[:, None] == classes
    seen = tasks.counts > 0
    each = group_sums(np.hstack([Y, Y**2]), tasks.codes, len(tasks))
    mean, square = (each[seen] / tasks.counts[seen, None]).mean(axis=0).reshape(2, -1)
    return mean, square


def _check_distances(estimator: Any) -> None:
    if isinstance(estimator.metric, str) and estimator.metric == "precomputed":
        raise ValueError(
            "estimator: wanted a metric of rows, found metric='precomputed', whose rows are distances between the rows of one "
            "task; give the rows themselves and a metric."
        )


def _as_numbers(estimator: Any, X: Any, max_columns: int) -> Array | None:
    """Rows that may be mapped as an array of numbers; None for those to be compared as they are."""
    is_linear = isinstance(estimator.metric, str) and estimator.metric in _LINEAR and estimator.metric_params is None
    if not is_linear or sparse.issparse(X) or X.shape[1] > max_columns:
        return None
    found: Array = check_array(X, dtype=np.float64, input_name="X", estimator=estimator)
    return found
