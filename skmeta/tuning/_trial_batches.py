"""Trials in batches: scored on the same splits, and one of which every fit failed is no reason to stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from skmeta._sklearn import every_fit_failed, param_columns
from skmeta.tasks._warn_caller import warn_caller

_NOT_FINITE = "One or more of the {} scores are non-finite"  # scikit-learn's words; we say them once, not every batch


class DrawnOnce:
    """A splitter that draws its splits once, so that all trials are scored on the same rows.

    Parameters
    ----------
    splitter : splitter
        Any one; unseeded it gives other splits at every call.
    """

    def __init__(self, splitter: Any) -> None:
        self._splitter = splitter
        self._splits: list[Any] | None = None

    def split(self, X: Any, y: Any = None, **params: Any) -> list[Any]:
        """Return the splits of the first call."""
        if self._splits is None:
            self._splits = list(self._splitter.split(X, y, **params))
        return self._splits


class TrialBatches:
    """The trials of one search, as they are made.

    scikit-learn evaluates a batch and ends the search if every fit of it failed: right for a whole grid, but a
    batch may be one trial. Here that trial has failed, as one among others would have, and the search goes on.

    Parameters
    ----------
    evaluate : callable
        scikit-learn's ``evaluate_candidates``.
    splitter : splitter
        How rows are split; drawn from once.
    metric : str or None
        Which of several scores guides; None for the only one or, if there are several, the first.
    error_score : float or "raise"
        Score of a fit that failed.
    """

    def __init__(
        self, evaluate: Callable[..., dict[str, Any]], splitter: Any, metric: str | None, error_score: float | str
    ) -> None:
        self._evaluate = evaluate
        self._splitter = DrawnOnce(splitter)
        self._metric = metric
        self._error_score = error_score
        self._params: list[dict[str, Any]] = []
        self._columns: dict[str, list[Any]] = {}  # what is known of each trial beside its results
        self._failed: list[int] = []  # positions of the trials that scikit-learn's table does not have
        self._results: dict[str, Any] = {}
        self._error: ValueError | None = None

    def __len__(self) -> int:
        return len(self._params)

    def evaluate(self, params: list[dict[str, Any]], columns: dict[str, list[Any]], callback_ctx: Any) -> None:
        """Evaluate one batch.

        Parameters
        ----------
        params : list of dict
            The candidates.
        columns : dict of list
            What is known of each beforehand.
        callback_ctx : CallbackContext
            The batch's.
        """
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", _NOT_FINITE.format(".*"), UserWarning)
                self._results = self._evaluate(
                    params, cv=self._splitter, more_results=columns, callback_ctx=callback_ctx
                )
        except ValueError as error:
            if not every_fit_failed(error):
                raise
            self._failed += range(len(self), len(self) + len(params))
            self._error = self._error or error
        self._params += params
        for name, values in columns.items():
            self._columns.setdefault(name, []).extend(values)

    @property
    def metric(self) -> str | None:
        """The score that guides, as the names of the results end."""
        if f"mean_test_{self._metric}" in self._results:
            return self._metric
        names = (name.removeprefix("mean_test_") for name in self._results if name.startswith("mean_test_"))
        return next(names, self._metric or "score")

    def scores_and_errors(self, n_splits: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean score of each trial so far, nan where it failed, and the standard error of that mean."""
        table = self.table()
        scores, stds = (np.asarray(table.get(f"{kind}_test_{self.metric}", ()), float) for kind in ("mean", "std"))
        finite = np.isfinite(scores)
        return np.where(finite, scores, np.nan), np.where(finite, stds, np.nan) / np.sqrt(n_splits)

    def table(self) -> dict[str, Any]:
        """All trials so far, as ``cv_results_`` has them."""
        if not self._failed:
            return self._results
        results = self._results or {f"{kind}_test_{self.metric}": np.empty(0) for kind in ("mean", "std")}
        return with_failed(results, self._failed, self._params, self._columns, self._error_score)

    def rows(self, start: int) -> dict[str, Any]:
        """The trials from ``start`` on, likewise."""
        return {name: column[start:] for name, column in self.table().items()}

    def finish(self) -> None:
        """Put the trials that failed into scikit-learn's table.

        Raises
        ------
        ValueError
            scikit-learn's own, if no fit of any trial succeeded.
        """
        if self._error is not None and not self._results:
            raise self._error
        if self._failed:
            self._results.update(self.table())
            self._warn_of_failed()
        for name, column in self._results.items():
            if name.startswith(("mean_test_", "mean_train_")) and not np.isfinite(column).all():
                kind = name.split("_")[1]
                warn_caller(f"{_NOT_FINITE.format(kind)}: {column}")

    def _warn_of_failed(self) -> None:
        _, marker, details = str(self._error).partition("Below are more details")
        warn_caller(
            f"\nAll fits failed in {len(self._failed)} trials out of a total of {len(self)}: "
            f"{[self._params[i] for i in self._failed]}.\nTheir score is set to {self._error_score}. If these failures "
            f"are not expected, you can try to debug them by setting error_score='raise'.\n\n{marker}{details}",
            FitFailedWarning,
        )


def with_failed(
    results: dict[str, Any],
    failed: list[int],
    params: list[dict[str, Any]],
    columns: dict[str, list[Any]],
    error_score: Any,
) -> dict[str, Any]:
    """Return a table of results with rows for further trials, of which every fit failed.

    Parameters
    ----------
    results : dict
        As ``cv_results_``, without the trials that failed.
    failed : list of int
        Where they belong.
    params : list of dict
        Candidates of all trials.
    columns : dict of list
        What is known of all trials beside their results.
    error_score : float
        The score of a fit that failed.

    Returns
    -------
    dict
        As ``cv_results_``, with all trials.
    """
    kept = np.setdiff1d(np.arange(len(params)), failed)
    table = {name: np.asarray(values) for name, values in columns.items()}
    for name, column in results.items():
        if name not in table and name != "params" and not name.startswith("param_"):
            table[name] = np.full(len(params), _of_failed(name, error_score))
            table[name][kept] = column
    table |= param_columns(params) | {"params": list(params)}
    for name in [name for name in table if name.startswith("rank_test_")]:
        scores = table[name.replace("rank", "mean", 1)]
        worst = np.nanmin(scores) - 1 if not np.isnan(scores).all() else 0.0
        table[name] = rankdata(-np.where(np.isnan(scores), worst, scores), method="min").astype(np.int32)
    return table


def _of_failed(name: str, error_score: float) -> float:
    """Every split has the error's score; how long a fit took until it failed is not known."""
    if name.endswith("_time"):
        return np.nan
    return 0.0 * error_score if name.startswith("std_") else float(error_score)
