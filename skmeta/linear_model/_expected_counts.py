r"""Counts after adaptation: the plain intercept that expects as many as the posterior does.

A plain regressor has one set of coefficients. Where the score of a row is :math:`z \sim N(\hat z, s^2)`, the expected count
is about :math:`e^{\hat z + s^2 / 2}` (`expected_means`): the mode's are too few. So the plain intercept is larger by one
number, under which counts expected on rows like the task's (`RowsLike`) are as many as the posterior expects. It is that of
least expected deviance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.expected_means import SeenRows, log_expected_over_mode, shift_of_intercept
from skmeta._inference.moments import take_rows
from skmeta._inference.new_rows import NewRows
from skmeta._inference.threads import blocks_of
from skmeta.linear_model._integrated import share_of
from skmeta.linear_model._rows_like import RowsLike
from skmeta.linear_model._units import Units
from skmeta.linear_model._unknown import Unknown

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_TASKS = 64  # speed: tasks whose shifts are found at once


class ExpectedCounts:
    """Counts that tasks expect after an adaptation; ``scores(X, codes) (n, 1)`` are those of the mode.

    Components that were not ``learned (C,)`` stand for the estimator's own penalty: their answer is the plain estimator's, the
    mode.
    """

    def __init__(self, unknown: Unknown, scores: Callable[[Any, Codes], Array], owners: Codes, learned: Any) -> None:
        self._unknown, self._here, self._scores, self._owners = unknown, unknown.here, scores, owners
        self._learned = learned
        self._share = share_of(unknown.here)

    def shifts(self, codes: Codes, units: Units | None) -> Array:
        """What is added to the intercepts ``(n,)`` of some tasks, each named once; -1 is a task without rows."""
        out, like = np.zeros(len(codes)), RowsLike(self._here, self._scores, units)
        for block in blocks_of(len(codes), _TASKS):
            each = [like.of(code) for code in codes[block].tolist()]
            X, some = np.concatenate([X for X, _ in each]), np.repeat(codes[block], [len(X) for X, _ in each])
            ends = np.cumsum([len(X) for X, _ in each])[:-1]
            scores, excess = (np.split(part, ends) for part in (self._scores(X, some)[:, 0], self._excess(X, some)))
            parts = zip(scores, excess, each, strict=True)
            out[block] = [shift_of_intercept(z, more, often) for z, more, (_, often) in parts]
        return out

    def _excess(self, X: Any, codes: Codes) -> Array:
        """By how much logarithms of expected counts ``(n,)`` are larger than the mode's, on average over the components."""
        here, found, variance = self._here, np.zeros(len(codes)), self._variance_of_own(codes)
        for part in self._unknown.components(X, codes) if len(codes) else ():
            often = (here.mixture.unseen if part.task < 0 else here.posterior.weights[part.task])[part.component]
            if often > 0.0 and self._learned[part.component]:
                rows = self._nothing if part.task < 0 else self._seen(part, variance[part.own])
                left = self._share * part.variance[:, 0], self._share * part.covariance[..., 0]
                found[part.new] += often * log_expected_over_mode(rows, *left)
        return found

    def _seen(self, part: NewRows, variance: Array) -> SeenRows:
        """A task's own rows at the mode under one component, their scores being of this ``variance (n,)``."""
        here, own = self._here, part.own
        weight = np.ones(len(own)) if here.rows.weight is None else here.rows.weight[own]
        weight = weight / (self._share * here.posterior.noise[part.task, part.component, 0])
        return SeenRows(here.mixture.likelihood, part.scores, here.rows.Y[own], weight, self._share * variance)

    @property
    def _nothing(self) -> SeenRows:
        return SeenRows(self._here.mixture.likelihood, *np.zeros((2, 0, 1)), *np.zeros((2, 0)))

    def _variance_of_own(self, codes: Codes) -> Array:
        """Of the scores ``(n,)`` of the own rows of some tasks; of others' nothing is asked."""
        own = np.flatnonzero(np.isin(self._owners, codes))
        found = np.zeros(len(self._owners))
        if len(own):
            found[own] = self._unknown.variance(take_rows(self._here.data.X, own), self._owners[own])[:, 0]
        return found
