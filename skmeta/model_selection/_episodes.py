"""Episodes: a few classes of one task, a few labelled rows of each, and a few rows to test."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from skmeta.tasks._ids import TaskIndex, as_list, index_of_codes, unique_ids
from skmeta.tasks._read import index_rows
from skmeta.tasks._tables import as_table
from skmeta.tasks._targets import read_targets
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed, shown

Rows = NDArray[np.intp]
Pool = dict[Any, Rows]  # the rows of each class that may be drawn together, by label


class EpisodeSizes(NamedTuple):
    """How many classes an episode has, and how many rows of each are shots and queries."""

    n_way: int
    n_shots: int
    n_queries: int

    @classmethod
    def checked(cls, n_way: Any, n_shots: Any, n_queries: Any) -> EpisodeSizes:
        """Whole numbers, of at least two classes and one row each."""
        smallest = {"n_way": (n_way, 2), "n_shots": (n_shots, 1), "n_queries": (n_queries, 1)}
        return cls(*(int(check_scalar(n, name, Integral, min_val=low)) for name, (n, low) in smallest.items()))


class Episode(NamedTuple):
    """One draw: the code of its task, and its rows, class by class."""

    task: int
    shots: Rows
    queries: Rows


class Episodes(NamedTuple):
    """The tasks that a table was read as, the label of every row, and what was drawn from them."""

    tasks: TaskIndex
    y: NDArray[Any]
    drawn: list[Episode]


def draw_episodes(
    X: Any,
    y: Any,
    task: str | int | Sequence[str | int] | None,
    sizes: EpisodeSizes,
    *,
    n_episodes: int,
    within_task: bool,
    random_state: Any,
) -> Episodes:
    """Draw episodes from a table: a task, then classes of it, then rows of each, all of them at random.

    Queries are drawn before shots and from all rows of a class, so that with one seed more shots are the same shots and
    some more, beside the same queries, where the classes that can be drawn stay the same.
    """
    index, y, labelled = _read(X, y, task)
    together = index.codes if within_task else np.zeros_like(index.codes)
    pools = rows_of_classes(together, y, labelled)
    names = as_list(index.ids) if within_task and task is not None else None
    pools = _with_rows_enough(pools, sizes, names)
    rng = check_random_state(random_state)
    return Episodes(index, y, [draw_episode(pools, sizes, rng) for _ in range(n_episodes)])


def draw_episode(pools: Sequence[Pool], sizes: EpisodeSizes, rng: RandomState) -> Episode:
    """Draw a pool, classes of it, and rows of each of these."""
    task = int(rng.randint(len(pools)))
    rows = list(pools[task].values())
    chosen = [rng.permutation(rows[k]) for k in rng.permutation(len(rows))[: sizes.n_way]]
    last = sizes.n_queries + sizes.n_shots
    queries = np.concatenate([each[: sizes.n_queries] for each in chosen])
    return Episode(task, np.concatenate([each[sizes.n_queries : last] for each in chosen]), queries)


def rows_of_classes(codes: Rows, y: NDArray[Any], labelled: Rows) -> list[Pool]:
    """Return of every task the rows of each of its classes, by label; rows without a label are of none."""
    labels, places = unique_ids(y[labelled])
    classes, of_rows = np.unique(codes[labelled] * len(labels) + places, return_inverse=True)
    index = index_of_codes(classes, of_rows)
    pools: list[Pool] = [{} for _ in range(codes.max() + 1)]
    for k, pair in enumerate(classes):
        task, label = divmod(int(pair), len(labels))
        pools[task][labels[label]] = labelled[index.order[index.starts[k] : index.starts[k + 1]]]
    return pools


def _read(X: Any, y: Any, task: str | int | Sequence[str | int] | None) -> tuple[TaskIndex, NDArray[Any], Rows]:
    """The tasks of a table, its labels, and the rows that have one."""
    if y is None:
        raise ValueError("y: wanted the label of every row, from which classes are drawn, found None; pass y.")
    X, _ = as_table(X)
    y, labelled = read_targets(y, X.shape[0], "a classifier", labels=True)
    one = index_of_codes(np.zeros(1, np.intp), np.zeros(X.shape[0], np.intp))
    index = one if task is None else index_rows(X, task)
    return index, y, np.arange(len(y)) if labelled is None else np.flatnonzero(labelled)


def _with_rows_enough(pools: list[Pool], sizes: EpisodeSizes, names: list[Any] | None) -> list[Pool]:
    """The classes that can be drawn; a task with too few of them raises, classes left out are told."""
    wanted = sizes.n_shots + sizes.n_queries
    kept = [{label: rows for label, rows in pool.items() if len(rows) >= wanted} for pool in pools]
    for k, (pool, all_of_it) in enumerate(zip(kept, pools, strict=True)):
        if len(pool) < sizes.n_way:
            raise ValueError(_too_few(pool, all_of_it, sizes, "" if names is None else f" of task {shown(names[k])}"))
    left_out = [
        label if names is None else (names[k], label)
        for k, pool in enumerate(pools)
        for label in pool.keys() - kept[k].keys()
    ]
    if left_out:
        what = "class(es)" if names is None else "class(es), each named by its task and label,"
        warn_caller(
            f"y: wanted {wanted} rows of every class (n_shots + n_queries), found fewer of {len(left_out)} {what} "
            f"{listed(left_out)}; no episode has these. Ask for fewer rows to draw them too."
        )
    return kept


def _too_few(pool: Pool, whole: Pool, sizes: EpisodeSizes, of_task: str) -> str:
    """What a task lacks: classes at all, or classes with rows enough."""
    if len(whole) < sizes.n_way:
        return (
            f"n_way: wanted {sizes.n_way} classes{of_task} for n_way={sizes.n_way}, found {len(whole)} "
            f"({listed(whole)}); pass a smaller n_way, or leave out the rows of this task."
        )
    counts = sorted((len(rows) for rows in whole.values()), reverse=True)
    return (
        f"n_shots: wanted {sizes.n_shots} + {sizes.n_queries} rows (n_shots + n_queries) in {sizes.n_way} "
        f"classes{of_task}, found as many in {len(pool)} of {len(whole)}; {sizes.n_way} of its classes have "
        f"{counts[sizes.n_way - 1]}: pass a smaller n_shots or n_queries, or leave out the rows of this task."
    )
