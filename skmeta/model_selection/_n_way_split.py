"""Which rows of a collection train and which test, when a new task brings a few classes and a few rows of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_scalar

from skmeta.model_selection._episodes import EpisodeSizes, draw_episodes
from skmeta.model_selection._task_split import Split, TaskSplit


class NWaySplit(TaskSplit):
    """Cross-validation over episodes: a few classes of a new task, with a few known rows each.

    Each episode draws a task and `n_way` classes of it. The training set is all rows of the other tasks and `n_shots`
    rows of each of these classes; the test set is `n_queries` rows of each. No other row of the task is in either, so
    its classes are new to the model but for the shots.

    A model that learns from many tasks is fitted again for each episode. `few_shot_score` learns once, from tasks that
    are kept apart, and has the many episodes of the field's protocol.

    Parameters
    ----------
    task : str, int or list of them
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of
        nested tasks, outermost first.
    n_way : int, default=5
        Classes of an episode, at least 2.
    n_shots : int, default=1
        Rows of each class that go to the training set.
    n_queries : int, default=5
        Rows of each class that are tested.
    n_episodes : int, default=20
        Number of episodes: as many fits.
    random_state : int, RandomState instance or None, default=None
        Decides the episodes. Pass an int for the same ones at every call of `split`.

    Raises
    ------
    ValueError
        From `split`, if there are fewer than two tasks, or a task has fewer than `n_way` classes of
        ``n_shots + n_queries`` rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.model_selection import NWaySplit
    >>> X = np.column_stack([np.arange(12.0), np.repeat([0, 1], 6)])
    >>> y = np.repeat(["a", "b", "c", "d"], 3)
    >>> for train, test in NWaySplit(task=-1, n_way=2, n_queries=1, n_episodes=2, random_state=0).split(X, y):
    ...     print(train, test)
    [ 0  5  6  7  8  9 10 11] [2 3]
    [ 0  1  2  3  4  5  6 10] [ 7 11]
    """

    def __init__(
        self,
        task: str | int | Sequence[str | int],
        *,
        n_way: int = 5,
        n_shots: int = 1,
        n_queries: int = 5,
        n_episodes: int = 20,
        random_state: Any = None,
    ) -> None:
        self.task = task
        self.n_way, self.n_shots, self.n_queries = EpisodeSizes.checked(n_way, n_shots, n_queries)
        self.n_episodes = check_scalar(n_episodes, "n_episodes", Integral, min_val=1)
        self.random_state = random_state

    def _splits(self, X: Any, y: Any) -> Iterator[Split]:
        tasks, _, drawn = draw_episodes(
            X,
            y,
            self.task,
            EpisodeSizes(self.n_way, self.n_shots, self.n_queries),
            n_episodes=self.n_episodes,
            within_task=True,
            random_state=self.random_state,
        )
        if tasks.n_tasks < 2:
            raise ValueError(
                f"task: wanted at least two tasks, as the others train, found {tasks.n_tasks}; few_shot_score needs one."
            )
        for episode in drawn:
            others = np.flatnonzero(tasks.codes != episode.task)
            yield np.sort(np.concatenate([others, episode.shots])), np.sort(episode.queries)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of episodes.

        Parameters
        ----------
        X, y, groups : object
            Always ignored, exist for API compatibility.

        Returns
        -------
        int
            `n_episodes`.
        """
        return self.n_episodes
