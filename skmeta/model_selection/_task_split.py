"""What splitters of collections share: the tasks are read from a column of the table, never from groups."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

from skmeta.tasks._warn_caller import warn_caller

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


class TaskSplit(BaseCrossValidator):
    """A splitter that reads the tasks from a column of the table."""

    @abstractmethod
    def _splits(self, X: Any, y: Any) -> Iterator[Split]:
        """Rows that train and rows that test, of each split."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Split]:
        """Generate the rows of the training and the test set of each split.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,), default=None
            The labels, where classes are drawn; without effect where only tasks are.
        groups : object
            Always ignored, exists for API compatibility: the tasks are read from the task column.

        Yields
        ------
        train : ndarray
            The training set indices for that split.
        test : ndarray
            The testing set indices for that split.
        """
        if groups is not None:
            name = type(self).__name__
            warn_caller(f"The groups parameter is ignored by {name}, which reads the task column.")
        yield from self._splits(X, y)
