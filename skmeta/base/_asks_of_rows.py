"""What a prior asks of the rows that it is adapted to."""

from __future__ import annotations

from typing import Any

from skmeta.tasks import Tasks


class AsksOfRows:
    """What a prior asks of the rows that it is adapted to: by default the single rows, of any kind."""

    def check_rows(self, estimator: Any, tasks: Tasks) -> None:
        """Raise for rows that adaptation has no use for, before they stand among others; by default none.

        Errors then count the rows that were given. A family overrides it that sums rows up, or refuses some.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The rows as they were given, their columns in the order of ``feature_names``.

        Raises
        ------
        ValueError
            If adaptation to them alone would raise for what stands in a row.
        """

    def needs_rows(self, estimator: Any) -> bool:
        """Whether adaptation asks for the single rows of a task; by default it does.

        Parameters
        ----------
        estimator : estimator
            The model of one task.

        Returns
        -------
        bool
            False where it depends on them through weights, means and products of columns and targets alone, and through how
            many they are (``row_counts`` of `Tasks`): then fewer rows with the same of these may stand for them.
        """
        return True
