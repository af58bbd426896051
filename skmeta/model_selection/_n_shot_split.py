"""Which rows of a collection train and which test, when new tasks come with a few labelled rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from skmeta.model_selection._task_split import Split, TaskSplit
from skmeta.tasks import TaskIndex, index_rows
from skmeta.tasks._locate import locate_column, locate_columns
from skmeta.tasks._order import places_by
from skmeta.tasks._paths import index_levels
from skmeta.tasks._tables import as_table
from skmeta.tasks._task_columns import task_list


def assign_folds(counts: NDArray[np.intp], n_splits: int, rng: RandomState) -> NDArray[np.intp]:
    """Return the fold of every task, at random, large and small tasks spread evenly.

    The ``n_splits`` tasks with the most rows go to different folds, so do the next ``n_splits``, and so on.
    Whenever ``n_splits`` tasks have a row left to test, every fold has one; and the folds never depend on the
    number of shots.
    """
    n_tasks = len(counts)
    by_size = np.lexsort((rng.random_sample(n_tasks), -counts))
    block = np.empty(n_tasks, dtype=np.intp)
    block[by_size] = np.arange(n_tasks) // n_splits
    folds = np.empty(n_tasks, dtype=np.intp)
    folds[np.lexsort((rng.random_sample(n_tasks), block))] = np.arange(n_tasks) % n_splits
    return folds


def rank_rows(index: TaskIndex, key: NDArray[Any]) -> NDArray[np.intp]:
    """Return the place of every row within its task, sorted by `key`; ties keep their order."""
    ranks = np.empty(len(key), dtype=np.intp)
    ranks[np.lexsort((key, index.codes))] = np.arange(len(key)) - np.repeat(index.starts[:-1], index.counts)
    return ranks


def check_testable(counts: NDArray[np.intp], n_shots: int, n_splits: int, what: str = "tasks") -> None:
    """Raise unless every one of `n_splits` folds can have a task with more than `n_shots` rows."""
    if len(counts) < max(n_splits, 2):
        raise ValueError(
            f"n_splits: wanted at least {max(n_splits, 2)} {what} for n_splits={n_splits}, found {len(counts)}; pass a smaller "
            "one, 2 at least."
        )
    n_testable = np.count_nonzero(counts > n_shots)
    if n_testable < n_splits:
        largest = np.sort(counts)[-n_splits] - 1
        raise ValueError(
            f"n_shots: wanted rows left to test in {n_splits} {what}, as many as n_splits, found n_shots={n_shots} to leave "
            f"some in {n_testable} of {len(counts)}; with n_splits={n_splits}, n_shots can be {largest} at most."
        )


def held_out_together(
    X: Any, task: str | int | Sequence[str | int], hold_out: str | int, index: TaskIndex
) -> NDArray[np.intp]:
    """Return of every task which tasks it is held out with: those that have its ids down to the level of `hold_out`."""
    X, _ = as_table(X)
    places, place = locate_columns(X, task_list(task), "task"), locate_column(X, hold_out, "hold_out")
    if place not in places:
        raise ValueError(
            f"hold_out: wanted one of the columns of task={task!r}, found {hold_out!r}; name the level that is held out."
        )
    above = list(index.levels.items())[: places.index(place) + 1]
    return index_levels(dict(above)).codes


def draw_folds_and_ranks(
    X: Any,
    task: str | int | Sequence[str | int],
    *,
    n_shots: int,
    n_splits: int,
    order: str | int | None,
    random_state: Any,
    hold_out: str | int | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return of every row the fold that tests its task, and its turn (0, 1, ...) to become a shot of it.

    Neither depends on `n_shots`, which is only checked: with one seed, more shots are the same shots and some
    more.
    """
    index = index_rows(X, task)
    unit = np.arange(index.n_tasks) if hold_out is None else held_out_together(X, task, hold_out, index)
    largest = np.zeros(unit.max(initial=-1) + 1, dtype=np.intp)  # task of each unit: that one is tested if any is
    np.maximum.at(largest, unit, index.counts)
    check_testable(largest, n_shots, n_splits, "tasks" if hold_out is None else f"values of hold_out={hold_out!r}")
    rng = check_random_state(random_state)
    folds = assign_folds(largest, n_splits, rng)[unit][index.codes]
    key = rng.random_sample(len(folds)) if order is None else places_by(X, order)
    return folds, rank_rows(index, key)


class NShotSplit(TaskSplit):
    """Cross-validation over new tasks with a few known rows, the shots.

    The tasks are divided into `n_splits` folds. Each fold in turn is held out: the training set is all rows
    of the other tasks and `n_shots` rows of every held-out task; the test set is what is left of the held-out
    tasks. The score answers "how well will this do for the next shop, patient or site, of which I have
    `n_shots` rows?"

    Tasks with many and with few rows are spread evenly over the folds. With the same integer `random_state`
    the folds are the same for any `n_shots`, and the shots of a smaller number are among those of a larger
    one. The test sets differ, as they are the rest; `shot_curve` scores all numbers of shots on the same
    rows.

    Parameters
    ----------
    task : str, int or list of them
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first, such as ``["region", "store"]``.
    n_shots : int
        Rows of every held-out task that go to the training set. 0 is legal: the task is wholly new. A
        held-out task with `n_shots` rows or fewer gives them all to training and is not tested.
    n_splits : int, default=5
        Number of folds, at least 2 and at most the number of tasks.
    order : str or int, default=None
        A column of `X`, such as a date. If given, the shots are the first rows of each held-out task in this
        column and the test rows the later ones (rows that tie keep their order in `X`). If None, the shots
        are drawn at random. Other tasks are used whole either way, so the column is about the age of a task,
        not about the calendar.
    hold_out : str or int, default=None
        For nested tasks, the level that is held out, one of the columns of `task`. With ``hold_out="region"`` whole regions are
        held out: their stores are in the training set only with `n_shots` rows each. If None, the innermost level is held out:
        stores, while other stores of their regions are known.
    random_state : int, RandomState instance or None, default=None
        Decides which tasks are held out together and which rows are shots. Pass an int for the same splits at
        every call of `split`; with None they differ from call to call.

    Raises
    ------
    ValueError
        From `split`, if fewer than `n_splits` tasks, or values of `hold_out`, have more than `n_shots` rows in a task.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.model_selection import NShotSplit
    >>> X = np.column_stack([np.arange(8.0), [0, 0, 0, 0, 1, 1, 1, 1]])
    >>> for train, test in NShotSplit(task=-1, n_shots=1, n_splits=2, order=0, random_state=0).split(X):
    ...     print(train, test)
    [0 1 2 3 4] [5 6 7]
    [0 4 5 6 7] [1 2 3]

    Of stores in regions, stores are held out, or whole regions:

    >>> import pandas as pd
    >>> shops = pd.DataFrame({"region": list("nnnnss"), "store": [1, 1, 2, 2, 1, 1]})
    >>> cv = NShotSplit(["region", "store"], n_shots=1, n_splits=2, hold_out="region", random_state=0)
    >>> for train, test in cv.split(shops):
    ...     print(train, test)
    [0 1 2 3 5] [4]
    [0 2 4 5] [1 3]

    It goes wherever a `cv` is asked for:

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> cross_val_score(Ridge(), X, X[:, 0], cv=NShotSplit(task=-1, n_shots=1, n_splits=2)).shape
    (2,)
    """

    def __init__(
        self,
        task: str | int | Sequence[str | int],
        n_shots: int,
        n_splits: int = 5,
        *,
        order: str | int | None = None,
        hold_out: str | int | None = None,
        random_state: Any = None,
    ) -> None:
        self.task = task
        self.n_shots = check_scalar(n_shots, "n_shots", Integral, min_val=0)
        self.n_splits = check_scalar(n_splits, "n_splits", Integral, min_val=2)
        self.order = order
        self.hold_out = hold_out
        self.random_state = random_state

    def _splits(self, X: Any, y: Any) -> Iterator[Split]:
        folds, ranks = draw_folds_and_ranks(
            X,
            self.task,
            n_shots=self.n_shots,
            n_splits=self.n_splits,
            order=self.order,
            hold_out=self.hold_out,
            random_state=self.random_state,
        )
        for fold in range(self.n_splits):
            test = (folds == fold) & (ranks >= self.n_shots)
            yield np.flatnonzero(~test), np.flatnonzero(test)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Always ignored, exist for API compatibility.

        Returns
        -------
        int
            `n_splits`.
        """
        return self.n_splits
