"""How the score of each model on new tasks grows with the number of rows known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import cross_validate
from sklearn.utils import check_scalar

from skmeta._dataframe import make_frame
from skmeta._progress import telling_of_work
from skmeta.model_selection._n_shot_split import draw_folds_and_ranks
from skmeta.model_selection._table_size import TableSize
from skmeta.model_selection._task_split import Split
from skmeta.tasks._known_ids import expecting_new_tasks


@dataclass(frozen=True, eq=False, repr=False)
class ShotCurve:
    """Scores of models on new tasks, by the number of rows known of them.

    Made by `shot_curve`. ``curve["warm"]`` are the scores of one model; as all models and all numbers of
    shots are scored on the same rows, differences of such arrays are paired. ``print(curve)`` shows the
    means.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_shots, n_splits)
        Score of every model, at every number of shots, on every fold. More is better.
    names : tuple of str
        Names of the models.
    n_shots : tuple of int
        Numbers of shots, increasing.
    scoring : str
        Name of the score; one that begins with ``neg_`` is an error with its sign turned.
    n_tasks : int
        Number of tasks that were scored: those with more than ``max(n_shots)`` rows.
    table : TableSize, default=None
        The table that they are of: ``task``, ``n_tasks`` and ``n_rows``, for the title of a picture.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.model_selection import ShotCurve
    >>> scores = np.array([[[-4.0, -2.0], [-1.0, -1.0]], [[-2.0, -2.0], [-2.0, -2.0]]])
    >>> curve = ShotCurve(scores, ("own", "pooled"), (0, 5), "neg_root_mean_squared_error", n_tasks=6)
    >>> print(curve)
    root_mean_squared_error        0        5
    own                            3        1
    pooled                         2        2
    >>> curve.best
    {0: 'pooled', 5: 'own'}
    >>> curve["own"] - curve["pooled"]
    array([[-2.,  0.],
           [ 1.,  1.]])
    """

    scores: NDArray[np.float64]
    names: tuple[str, ...]
    n_shots: tuple[int, ...]
    scoring: str
    n_tasks: int
    table: TableSize | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        scores = np.array(self.scores, dtype=np.float64)
        if scores.shape[:-1] != (len(self.names), len(self.n_shots)):
            raise ValueError(
                f"scores: wanted shape ({len(self.names)}, {len(self.n_shots)}, n_splits), as there are names and n_shots, "
                f"found {scores.shape}; curves come from shot_curve."
            )
        scores.setflags(write=False)
        object.__setattr__(self, "scores", scores)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.scores.setflags(write=False)  # pickling forgets it

    def __repr__(self) -> str:
        return f"ShotCurve(names={self.names}, n_shots={self.n_shots}, scoring={self.scoring!r})"

    def __str__(self) -> str:
        sign, title = (-1, self.scoring.removeprefix("neg_")) if self.is_error else (1, self.scoring)
        width = max(map(len, (title, *self.names)))
        lines = [f"{title:{width}}" + "".join(f" {n:8d}" for n in self.n_shots)]
        for name, means in zip(self.names, sign * self.mean, strict=True):
            lines.append(f"{name:{width}}" + "".join(f" {mean:8.4g}" for mean in means))
        return "\n".join(lines)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return the scores of one model, of shape (n_shots, n_splits)."""
        if name not in self.names:
            raise KeyError(f"name: wanted a model of this curve, one of {list(self.names)}, found {name!r}.")
        return self.scores[self.names.index(name)]

    @property
    def is_error(self) -> bool:
        """Whether the scores are errors with their sign turned."""
        return self.scoring.startswith("neg_")

    @property
    def mean(self) -> NDArray[np.float64]:
        """Means over the folds, of shape (n_models, n_shots)."""
        return self.scores.mean(axis=-1)

    @property
    def std(self) -> NDArray[np.float64]:
        """Standard deviations over the folds, of shape (n_models, n_shots)."""
        return self.scores.std(axis=-1)

    @property
    def best(self) -> dict[int, str]:
        """Number of shots to the name of the model with the best mean score."""
        return {n: self.names[best] for n, best in zip(self.n_shots, self.mean.argmax(axis=0), strict=True)}

    def to_frame(self) -> Any:
        """Return a pandas frame of columns ``model``, ``n_shots``, ``split``, ``score``, one row a score."""
        rows = product(self.names, self.n_shots, range(self.scores.shape[-1]))
        content = dict(zip(("model", "n_shots", "split"), map(list, zip(*rows, strict=True)), strict=True))
        return make_frame(content | {"score": self.scores.ravel()}, "ShotCurve.to_frame")


def _check_models(models: Mapping[str, Any]) -> None:
    if not isinstance(models, Mapping):
        raise TypeError(
            f"models: wanted a dict of name to estimator, found {type(models).__name__}; write {{'ridge': Ridge()}}."
        )
    if not models or not all(isinstance(name, str) for name in models):
        raise ValueError(
            f"models: wanted at least one estimator, each under a name, found {list(models)}; write {{'ridge': Ridge()}}."
        )
    empty = [name for name, model in models.items() if isinstance(model, list) and not model]
    if empty:
        raise ValueError(f"models: wanted an estimator, or a list of some, found an empty list as {empty[0]!r}.")


def _check_shots(n_shots: Sequence[int]) -> tuple[int, ...]:
    if np.ndim(n_shots) != 1 or len(n_shots) == 0:
        raise ValueError(f"n_shots: wanted numbers of rows, found {n_shots!r}; write (0, 5, 20), or (5,) for one.")
    shots = tuple(int(check_scalar(n, "each of n_shots", Integral, min_val=0)) for n in n_shots)
    if any(later <= earlier for earlier, later in pairwise(shots)):
        raise ValueError(f"n_shots: wanted numbers that increase, found {n_shots!r}; sort them, each once.")
    return shots


def _default_scoring(models: Mapping[str, Any], y: Any) -> tuple[str, Any]:
    """Return name and scorer: log-loss if all models are classifiers, RMSE if none is."""
    models = {name: _alternatives(model)[0] for name, model in models.items()}
    classifiers = [name for name, model in models.items() if is_classifier(model)]
    if not classifiers:
        return "neg_root_mean_squared_error", "neg_root_mean_squared_error"
    if len(classifiers) < len(models):
        raise ValueError(
            f"models: wanted classifiers alone or regressors alone, found classifiers ({', '.join(classifiers)}) among others, "
            "with no score in common; pass scoring."
        )
    without = [name for name, model in models.items() if not hasattr(model, "predict_proba")]
    if without:
        raise ValueError(
            f"models: wanted predict_proba for the default scoring, neg_log_loss, found none in {', '.join(without)}; pass "
            "scoring, such as 'accuracy'."
        )
    if np.shape(y)[1:] not in ((), (1,)):
        raise ValueError(
            f"y: wanted one column of labels for the default scoring, found shape {np.shape(y)}; pass scoring."
        )
    return "neg_log_loss", neg_log_loss


def neg_log_loss(model: Any, X: Any, y: Any) -> float:
    """Return minus the log-loss of a classifier.

    scikit-learn's scorer of this name takes the labels from the rows it scores, and those of a fold need not show
    all that the model knows, nor the model's training rows all that the fold shows.
    """
    return float(np.log(chance_given(model, X, np.ravel(y))).mean())


def chance_given(model: Any, X: Any, y: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability that a classifier gave to each of the labels, at least a rounding error.

    The model need not know them all: a class may be missing from its training rows.
    """
    proba = model.predict_proba(X)
    position = np.searchsorted(model.classes_, y).clip(max=len(model.classes_) - 1)
    chance = np.where(model.classes_[position] == y, proba[np.arange(len(y)), position], 0.0)
    return np.maximum(chance, np.finfo(np.float64).eps)


def _paired_splits(
    folds: NDArray[np.intp], ranks: NDArray[np.intp], n_shots: tuple[int, ...], n_splits: int
) -> list[Split]:
    """Return splits by shots, then folds; a fold has the same test rows at every number of shots."""
    last = max(n_shots)
    return [
        (np.flatnonzero((folds != fold) | (ranks < shots)), np.flatnonzero((folds == fold) & (ranks >= last)))
        for shots in n_shots
        for fold in range(n_splits)
    ]


def _check_defined(scores: NDArray[np.float64], names: tuple[str, ...], n_shots: tuple[int, ...], scoring: str) -> None:
    if np.isnan(scores).any():
        model, shot, fold = np.argwhere(np.isnan(scores))[0]
        raise ValueError(
            f"scoring: wanted a score on the test rows of every fold, found NaN by {scoring!r} for model {names[model]!r} at "
            f"n_shots={n_shots[shot]} in fold {fold}; a score that compares classes needs rows of all of them: use fewer "
            "n_splits or another scoring."
        )


def shot_curve(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    task: str | int | Sequence[str | int],
    n_shots: Sequence[int] = (0, 1, 2, 5, 10, 20),
    n_splits: int = 5,
    order: str | int | None = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> ShotCurve:
    """Score models on new tasks, with more and more known rows.

    Tasks are held out and given rows as in `NShotSplit`. All models and all numbers of shots are compared on
    the same test rows: ``max(n_shots)`` rows of every held-out task are set aside, the first ``n`` of them
    train at ``n`` shots, and only the others are ever tested. A curve that tested "the rest" would change its
    test rows, and with short tasks its very tasks, from point to point. So tasks with ``max(n_shots)`` rows
    or fewer are not tested; the curve says how many were.

    Parameters
    ----------
    models : dict of str to estimator, or to list of estimator
        The models, by name. Each sees the whole table, task column and all. Of a list, such as one model at several strengths
        of its penalty, the best mean score at each number of shots is shown, in hindsight, see `make_baselines`.
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table, with its task column.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    task : str, int or list of them
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first.
    n_shots : sequence of int, default=(0, 1, 2, 5, 10, 20)
        Numbers of rows known of a new task, increasing.
    n_splits : int, default=5
        Number of folds of tasks.
    order : str or int, default=None
        A column of `X`, such as a date: shots are the first rows in it, test rows the later ones. If None,
        shots are drawn at random.
    scoring : str or callable, default=None
        As in `sklearn.model_selection.cross_validate`. If None, ``"neg_root_mean_squared_error"`` for regressors and
        ``"neg_log_loss"`` for classifiers, where a class that the training rows of a fold lack has a probability
        of a rounding error.
    n_jobs : int, default=None
        Number of fits in parallel, over folds and numbers of shots.
    random_state : int, RandomState instance or None, default=None
        Decides which tasks are held out together and which rows are shots; the same for all models.
    verbose : int, default=0
        Progress that is printed: with 1 a line after each tenth of the work, with 2 or more one for each model or strength of
        it.

    Returns
    -------
    ShotCurve
        The scores.

    Raises
    ------
    ValueError
        If fewer than `n_splits` tasks have more than ``max(n_shots)`` rows, a fit fails, or a score is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta.model_selection import OwnModel, PooledModel, shot_curve
    >>> rng = np.random.default_rng(0)
    >>> task = np.repeat(np.arange(20), 15)
    >>> x = rng.normal(size=300)
    >>> y = rng.normal(size=20)[task] * x + 0.1 * rng.normal(size=300)
    >>> models = {"own": OwnModel(Ridge(), task=-1), "pooled": PooledModel(Ridge(), task=-1)}
    >>> curve = shot_curve(models, np.c_[x, task], y, task=-1, n_shots=(0, 10), random_state=0)
    >>> curve.best[10]
    'own'
    """
    _check_models(models)
    shots = _check_shots(n_shots)
    check_scalar(n_splits, "n_splits", Integral, min_val=2)
    name, scorer = _default_scoring(models, y) if scoring is None else (_scoring_name(scoring), scoring)
    folds, ranks = draw_folds_and_ranks(
        X, task, n_shots=max(shots), n_splits=n_splits, order=order, random_state=random_state
    )
    splits = _paired_splits(folds, ranks, shots, n_splits)
    how = {"cv": splits, "scoring": scorer, "n_jobs": n_jobs, "error_score": "raise"}
    with expecting_new_tasks(), telling_of_work("shot_curve", "score the models", verbose) as progress:
        scores = np.array(_scores(models, X, y, how, (len(shots), n_splits), progress))
    _check_defined(scores, tuple(models), shots, name)
    return ShotCurve(
        scores=scores,
        names=tuple(models),
        n_shots=shots,
        scoring=name,
        n_tasks=int(np.count_nonzero(ranks == max(shots))),
        table=TableSize(_column_name(task), int(np.count_nonzero(ranks == 0)), len(ranks)),
    )


def _column_name(task: str | int | Sequence[str | int]) -> str:
    """The task column in words; of nested tasks all of them."""
    if isinstance(task, str):
        return task
    return f"column {task}" if isinstance(task, Integral) else ", ".join(map(_column_name, task))  # type: ignore[arg-type]


def _scores(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    how: dict[str, Any],
    shape: tuple[int, int],
    progress: Callable[[int, int], None],
) -> list[NDArray[np.float64]]:
    """The scores ``(n_shots, n_splits)`` of each model, of a list the best at each number of shots."""
    parts, done = [], 0
    total = sum(map(len, map(_alternatives, models.values())))
    for alternatives in map(_alternatives, models.values()):
        found = []
        for model in alternatives:
            found.append(cross_validate(model, X, y, **how)["test_score"])
            done += 1
            progress(done, total)
        tried = np.reshape(found, (len(alternatives), *shape))
        parts.append(tried[best_in_hindsight(tried), np.arange(shape[0])])
    return parts


def _alternatives(model: Any) -> list[Any]:
    """The models of which the best is shown; one, most often."""
    return model if isinstance(model, list) else [model]


def best_in_hindsight(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which of scores ``(n_alternatives, n_shots, n_splits)`` has the best mean at each number of shots."""
    return np.asarray(scores.mean(axis=-1).argmax(axis=0))


def _scoring_name(scoring: str | Callable[..., float]) -> str:
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
